"""Step `window`: the newest rows whose truth is known, split into those to learn from and those to be judged by."""

import numpy as np

import flight_model
from faults import BadInput

LEAST_LABELS = 1000  # of either outcome in training, and of both in the holdout: below it a figure says nothing


def midnight(text):
    """numpy.datetime64 of a day or a time; times are New York's, as the data's."""
    try:
        return np.datetime64(text, "s")
    except ValueError:
        raise BadInput(f"--until: expected a day or a time, as 2013-08-01 or 2013-08-01T06:00, got {text!r}") from None


def split(rows, until, holdout_days):
    """(training rows, holdout rows): the newest days are held out, as the days after them will be asked about."""
    held = rows.time >= until - np.timedelta64(holdout_days, "D")
    return rows.take(~held), rows.take(held)


def check(training, holdout, days, until):
    """Raises BadInput where either part has too few labels to learn or to judge."""
    for name, rows, flag in (("training", training, "--days"), ("holdout", holdout, "--holdout-days")):
        late, known = int(np.nansum(rows.label)), int((~np.isnan(rows.label)).sum())
        least = min(late, known - late)
        if least < LEAST_LABELS // 10 or known < LEAST_LABELS:
            raise BadInput(f"--until {until}, --days {days}: expected at least {LEAST_LABELS} labelled rows for "
                           f"{name}, {LEAST_LABELS // 10} of either outcome, got {known}, of which {late} are late; "
                           f"change {flag} or --until")


def run(folder, data, until, days, holdout_days):
    """Writes train.parquet and holdout.parquet."""
    if not 0 < holdout_days < days:
        raise BadInput(f"--holdout-days: expected from 1 to {days - 1}, fewer than --days, got {holdout_days}")
    moment = midnight(until)
    rows = flight_model.window(flight_model.load(data), moment, days)
    training, holdout = split(rows, moment, holdout_days)
    check(training, holdout, days, until)
    result = {"until": str(moment), "days": days, "holdout_days": holdout_days}
    for name, part in (("train", training), ("holdout", holdout)):
        flight_model.write(folder.file(f"{name}.parquet"), part)
        labelled = ~np.isnan(part.label)
        result[name] = {"rows": len(part), "labelled": int(labelled.sum()), "first": str(part.time[0]),
                        "last": str(part.time[-1]), "late_share": round(float(part.label[labelled].mean()), 4)}
        folder.log(f"{name}.parquet: {len(part)} rows from {part.time[0]} to {part.time[-1]}, {labelled.sum()} with a "
                   f"label, {result[name]['late_share']:.1%} late")
    return folder.write_result(result)
