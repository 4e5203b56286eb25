"""What the demo's Prometheus saw at one moment, in the shape that the table and the checks want."""

import collections
import dataclasses
import re

MODEL = "flight_delay"


@dataclasses.dataclass
class Moment:
    """One month's end. Keys are (name of feature, prediction or label, drift_type); what was not ready is not there."""

    values: dict = dataclasses.field(default_factory=dict)
    states: dict = dataclasses.field(default_factory=dict)
    effective: dict = dataclasses.field(default_factory=dict)  # name -> effective samples, ready or not
    model_state: str = "warming"
    concept_state: str = "warming"
    error: float | None = None  # weighted mean error of the labelled predictions
    join_rate: float | None = None

    def state(self, name):
        """The state of the feature's PSI, else of its KS, else `warming`."""
        return self.states.get((name, "psi")) or self.states.get((name, "ks")) or "warming"


def _name(metric):
    return metric.get("feature") or metric.get("output") or metric.get("label")


def moment(prometheus, at):
    """The gauges of MODEL as of Unix time `at`."""
    seen = Moment()
    select = '{__name__=~"model_(feature|prediction|label)_%s", model_name="' + MODEL + '"}'
    for sample in prometheus.query(select % "drift", at):
        metric = sample["metric"]
        seen.values[_name(metric), metric["drift_type"]] = float(sample["value"][1])
    for sample in prometheus.query(select % "drift_state" + " == 1", at):
        metric = sample["metric"]
        seen.states[_name(metric), metric["drift_type"]] = metric["state"]
    for sample in prometheus.query(select % "effective_samples", at):
        seen.effective[_name(sample["metric"])] = float(sample["value"][1])
    for sample in prometheus.query(f'model_drift_state{{model_name="{MODEL}"}} == 1', at):
        seen.model_state = sample["metric"]["state"]
    for sample in prometheus.query(f'model_concept_drift_state{{model_name="{MODEL}", detector="all"}} == 1', at):
        seen.concept_state = sample["metric"]["state"]
    for sample in prometheus.query(f'model_prediction_error{{model_name="{MODEL}"}}', at):
        seen.error = float(sample["value"][1])
    for sample in prometheus.query(f'model_label_join_ratio{{model_name="{MODEL}"}}', at):
        seen.join_rate = float(sample["value"][1])
    return seen


def concept_states_between(prometheus, start, end):
    """{detector: every state that a scrape between two Unix times found it in}; their verdict is `all`."""
    states = {}
    for one in prometheus.query_range(f'model_concept_drift_state{{model_name="{MODEL}"}} == 1', start, end):
        states.setdefault(one["metric"]["detector"], set()).add(one["metric"]["state"])
    return states


def labels(text):
    """{outcome: labels} of the text of a /metrics page."""
    return {name: counter(text, "driftserve_labels_total", model_name=MODEL, outcome=name)
            for name in ("joined", "unknown", "repeated", "late", "dropped")}


def states_between(prometheus, name, start, end):
    """Every state that a scrape between two Unix times found the feature in, in any drift_type."""
    series = prometheus.query_range(
        f'model_feature_drift_state{{model_name="{MODEL}", feature="{name}"}} == 1', start, end)
    return {one["metric"]["state"] for one in series}


def counter(text, name, **labels):
    """The sum of a metric's samples with these labels in the text of a /metrics page."""
    total = 0.0
    for line in text.splitlines():
        found = re.match(re.escape(name) + r"(?:\{(.*)\})? (\S+)", line)
        if found and all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
            total += float(found[2])
    return total


def kept_by_month(recount, months):
    """One Counter of strata per month of the replay's results: records by the time at which their request came."""
    ends = [month["ended_at"] for month in months]
    kept = [collections.Counter() for _ in months]
    for time, stratum in recount.times:
        # The last month takes what came after its end, too: a request is sent before it is read.
        kept[min(sum(time > end for end in ends), len(ends) - 1)][stratum] += 1
    return kept
