"""Selectors and PromQL that several panels share."""

TARGET = 'job=~"$job", instance=~"$instance"'
MODEL = TARGET + ', model_name=~"$model_name"'
FLEET = 'model_name=~"$model_name"'  # sums over the fleet have no instance any more

STATES = (
    ("warming", "text"),
    ("observing", "purple"),
    ("stable", "green"),
    ("warning", "orange"),
    ("drifted", "red"),
    ("stale", "blue"),
)
NOT_THE_CALLERS = 'code!~"OK|CANCELLED|INVALID_ARGUMENT|NOT_FOUND"'


def query(expression, legend="", table=False):
    """One target of a panel; a table is asked once, of the end of the range."""
    return {
        "expr": expression,
        "legendFormat": legend or "__auto",
        "instant": table,
        "range": not table,
        "format": "table" if table else "time_series",
    }


def rate(metric, by, selector=MODEL):
    """A counter's increase a second, summed by the labels `by`."""
    return f"sum by ({by}) (rate({metric}{{{selector}}}[$__rate_interval]))"


def quantile(q, metric):
    """The quantile of a histogram by model."""
    return f"histogram_quantile({q}, {rate(metric + '_bucket', 'le, model_name')})"


def mean(metric):
    """The mean of a histogram by model."""
    return f"{rate(metric + '_sum', 'model_name')} / {rate(metric + '_count', 'model_name')}"


def error_share(by):
    """Share of the answers that are errors and not the caller's."""
    failed = rate("driftserve_requests_total", by, f"{MODEL}, {NOT_THE_CALLERS}")
    return f"{failed} / {rate('driftserve_requests_total', by)}"


def state_code(metric, by):
    """The state that holds, as the index of its name in STATES."""
    parts = " or ".join(f'{metric}{{{MODEL}, state="{name}"}} * {code}' for code, (name, _) in enumerate(STATES))
    return f"max by ({by}) ({parts})"


def drift_with_thresholds(metric, label, kind):
    """A statistic by `label`, and the highest thresholds there are, called warn and alert."""
    select = f'{MODEL}, drift_type="{kind}"'
    return [
        query(f"max by (model_name, {label}) ({metric}{{{select}}})", f"{{{{{label}}}}}"),
        *(query(f'max({metric}_threshold{{{select}, level="{level}"}})', level) for level in ("warn", "alert")),
    ]
