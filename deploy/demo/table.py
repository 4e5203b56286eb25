"""The demo's table: one column a month, plain text."""

FEATURES = ("temp", "dewp", "pressure", "wind_speed", "visib", "precip", "day_of_week", "hour", "distance", "carrier",
            "origin", "p_late", "late")
MEASURES = ("psi", "ks")
_WIDTH = 17
_NAME = 20


def _line(name, cells):
    return f"{name:<{_NAME}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)


def render(months, moments, kept, rates):
    """months: the replay's months; moments: {month name: Moment}; kept: a Counter of strata per month."""
    names = list(moments)
    lines = [_line("", names),
             _line("flights answered", [month["answered"] for month in months]),
             _line("late, of labelled", [_number(month["late_share"]) for month in months]),
             _line("AUC", [_number(month["auc"]) for month in months]),
             _line("rows sampled", [sum(counts.values()) for counts in kept]),
             _line("model", [moment.model_state for moment in moments.values()]),
             _line("Brier score", [_number(moment.error) for moment in moments.values()]),
             _line("labelled share", [_number(moment.join_rate) for moment in moments.values()]),
             _line("concept drift", [moment.concept_state for moment in moments.values()]),
             "", "PSI and KS at the month's end, as Prometheus saw them"]
    for feature in FEATURES:
        for measure in MEASURES:
            cells = [_cell(moment, feature, measure) for moment in moments.values()]
            if any(cells) or measure == MEASURES[0]:
                lines.append(_line(f"{feature} {measure}", cells))
    lines += ["", "rows sampled of rows answered, by carrier (rate)"]
    for stratum in sorted({name for month in months for name in month["rows_by_carrier"]}):
        cells = [f"{counts[stratum]} / {month['rows_by_carrier'].get(stratum, 0)}" for counts, month in zip(kept, months)]
        lines.append(_line(f"{stratum} ({rates.get(stratum, 0):g})", cells))
    return "\n".join(line.rstrip() for line in lines)


def _number(value):
    return "-" if value is None else f"{value:.3f}"


def _cell(moment, feature, measure):
    value = moment.values.get((feature, measure))
    if value is not None:
        return f"{value:.3f} {moment.states.get((feature, measure), '')}".strip()
    # Not ready: how many independent rows there are. A category has no KS.
    if measure == MEASURES[0] and feature in moment.effective:
        return f"warming, n={moment.effective[feature]:.0f}"
    return ""
