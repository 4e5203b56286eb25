"""Figures of a version from the text of a server's /metrics."""

import math
import re

from decision import Figures

_LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\.|[^"\\])*)"')
_BOUNDED = ("squared_error", "zero_one")  # of a probability, and of a class
_INFERENCE = ("ModelInfer", "ModelStreamInfer", "Predict")  # ReportLabels counts for the newest version
_ROLES = {"feature": "feature", "prediction": "output"}  # role → label that names it


def samples(text, model, version):
    """{name of a metric: [(labels, value)]} of one version."""
    found = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        labels = dict(_LABEL.findall(match[2] or ""))
        if labels.get("model_name") == model and labels.get("model_version") == str(version):
            found.setdefault(match[1], []).append((labels, float(match[3])))
    return found


def _sum(found, name, **labels):
    values = [value for have, value in found.get(name, []) if labels.items() <= have.items()]
    return sum(values) if values else None


def _state(found, name, **labels):
    """The label `state` of the sample that is 1."""
    samples_of_one = (have for have, value in found.get(name, []) if value == 1 and labels.items() <= have.items())
    return next((have["state"] for have in samples_of_one), None)


def _drift(found, suffix, **labels):
    values = {}
    for role, label in _ROLES.items():
        for have, value in found.get(f"model_{role}_drift{suffix}", []):
            if labels.items() <= have.items():
                values[role, have[label], have["drift_type"]] = value
    return values


def _error(found, labels):
    """(mean error, its standard error). Of a server that does not say the latter, the most that it can be: errors
    between 0 and 1 with mean m have a variance of at most m(1 − m)."""
    error = _sum(found, "model_prediction_error")
    stated = _sum(found, "model_prediction_error_standard_error")
    bounded = any(have["error"] in _BOUNDED for have, _ in found.get("model_prediction_error", []))
    if stated is None and bounded and labels and 0 <= error <= 1:
        stated = math.sqrt(error * (1 - error) / labels)
    return error, stated


def figures(text, model, version):
    """Figures of `version`, as far as the page knows them."""
    found = samples(text, model, version)
    labels = _sum(found, "driftserve_labels_total", outcome="joined") or 0
    error, standard_error = _error(found, labels)
    requests = {}
    for have, value in found.get("driftserve_requests_total", []):
        if have["method"] in _INFERENCE:
            requests[have["code"]] = requests.get(have["code"], 0) + value
    seconds = _sum(found, "driftserve_request_duration_seconds_sum")
    count = _sum(found, "driftserve_request_duration_seconds_count")
    return Figures(
        version=version, ready=_sum(found, "driftserve_model_ready") == 1,
        requests={code: value for code, value in requests.items() if value},
        latency_seconds=seconds / count if count else None,
        labels=labels, error=error, error_standard_error=standard_error,
        concept_state=_state(found, "model_concept_drift_state", detector="all"),
        model_state=_state(found, "model_drift_state"),
        drift=_drift(found, ""), alert=_drift(found, "_threshold", level="alert"))
