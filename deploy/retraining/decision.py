"""Whether a canary is promoted, withdrawn, or has to be watched longer. Pure: figures in, a verdict out.

Every check compares the canary with the version beside it, on the requests that a hash gave to each. One that fails
withdraws; else one that cannot be judged yet waits; else the canary is promoted.
"""

import dataclasses
import math

PASS, FAIL, WAIT = "pass", "fail", "wait"
PROMOTE, WITHDRAW = "promote", "withdraw"
CRASHES = ("INTERNAL", "UNKNOWN", "DATA_LOSS")  # the model raised, or answered in another shape


def _limit(default, text):
    return dataclasses.field(default=default, metadata={"help": text})


@dataclasses.dataclass
class Limits:
    """Each is an option of the step `compare`; none is negative, and those that count are at least 1."""

    minimum_labels: int = _limit(300, "joined labels of each version, before what chance can turn is judged")
    minimum_requests: int = _limit(300, "of each version, before errors and latency are judged")
    error_margin: float = _limit(0.02, "by so much the canary's mean error may be higher, in the error's own unit")
    confidence: float = _limit(1.96, "standard errors by which a difference has to be clear of its margin")
    error_rate_margin: float = _limit(0.01, "by so much its share of failed requests may be higher")
    latency_ratio: float = _limit(2.0, "so many times the other's mean duration it may take")
    drifted_share_margin: float = _limit(0.1, "of the statistics watched, so many more may be above their threshold")


@dataclasses.dataclass
class Figures:
    """What a server's metrics say of one version. None, or a key that is not there: not known yet."""

    version: int
    ready: bool = False
    requests: dict = dataclasses.field(default_factory=dict)  # code → requests
    latency_seconds: float | None = None  # mean
    labels: float = 0  # joined
    error: float | None = None  # weighted mean of the labelled predictions
    error_standard_error: float | None = None
    concept_state: str | None = None
    model_state: str | None = None
    drift: dict = dataclasses.field(default_factory=dict)  # (role, name, drift_type) → value
    alert: dict = dataclasses.field(default_factory=dict)  # the same → value above which it is drifted

    @property
    def answered(self):
        return sum(self.requests.values())

    @property
    def failed(self):
        """Those of callers that went away, or were told to come later, say nothing of the version."""
        return self.answered - sum(self.requests.get(code, 0) for code in ("OK", "CANCELLED", "RESOURCE_EXHAUSTED"))

    def drifted(self, keys):
        """Of `keys`, those above their threshold."""
        return sorted(key for key in keys if self.drift[key] > self.alert[key])


@dataclasses.dataclass
class Check:
    name: str
    outcome: str
    reason: str


def decide(canary, serving, limits):
    """(PROMOTE, WITHDRAW or WAIT, checks) of two Figures."""
    checks = [_ready(canary), _crashes(canary)]
    if all(check.outcome == PASS for check in checks):
        checks += [_error_rate(canary, serving, limits), _latency(canary, serving, limits),
                   _labels(canary, serving, limits), _error(canary, serving, limits), _concept(canary, serving),
                   _drift(canary, serving, limits), _prediction_drift(canary, serving, limits)]
    outcomes = {check.outcome for check in checks}
    return WITHDRAW if FAIL in outcomes else WAIT if WAIT in outcomes else PROMOTE, checks


def _ready(canary):
    return Check("ready", PASS if canary.ready else FAIL,
                 f"version {canary.version} {'answers' if canary.ready else 'is not ready'}")


def _crashes(canary):
    counts = {code: canary.requests.get(code, 0) for code in CRASHES}
    found = ", ".join(f"{code} {count:g}" for code, count in counts.items() if count)
    return Check("crashes", FAIL if found else PASS, found or f"none in {canary.answered:g} requests")


def _requests_wait(canary, serving, limits):
    least = min(canary.answered, serving.answered)
    if least < limits.minimum_requests:
        return f"{canary.answered:g} and {serving.answered:g} requests: {limits.minimum_requests} of each are needed"
    return ""


def _error_rate(canary, serving, limits):
    """One-sided test of two proportions, pooled, against the margin."""
    waiting = _requests_wait(canary, serving, limits)
    if waiting:
        return Check("error rate", WAIT, waiting)
    mine, theirs = canary.failed / canary.answered, serving.failed / serving.answered
    pooled = (canary.failed + serving.failed) / (canary.answered + serving.answered)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / canary.answered + 1 / serving.answered))
    worse = mine - theirs > limits.error_rate_margin + limits.confidence * spread
    return Check("error rate", FAIL if worse else PASS,
                 f"{mine:.2%} of {canary.answered:g} against {theirs:.2%} of {serving.answered:g}: at most "
                 f"{limits.error_rate_margin:.2%} more, and {limits.confidence:g} standard errors of {spread:.2%}")


def _latency(canary, serving, limits):
    waiting = _requests_wait(canary, serving, limits)
    if waiting or not canary.latency_seconds or not serving.latency_seconds:
        return Check("latency", WAIT, waiting or "no durations yet")
    ratio = canary.latency_seconds / serving.latency_seconds
    return Check("latency", FAIL if ratio > limits.latency_ratio else PASS,
                 f"mean {canary.latency_seconds * 1e6:.0f} µs against {serving.latency_seconds * 1e6:.0f} µs: at most "
                 f"{limits.latency_ratio:g} times")


def _enough_labels(canary, serving, limits):
    """What chance can still turn is judged once, when the labels are, and not at every look before."""
    return min(canary.labels, serving.labels) >= limits.minimum_labels


def _labels(canary, serving, limits):
    return Check("labels", PASS if _enough_labels(canary, serving, limits) else WAIT,
                 f"{canary.labels:g} and {serving.labels:g} joined: {limits.minimum_labels} of each are needed")


def _error(canary, serving, limits):
    """Not worse by more than the margin, with both errors' uncertainty: the two mean errors are of other requests, so
    that the variance of their difference is the sum of theirs."""
    known = (canary.error, serving.error, canary.error_standard_error, serving.error_standard_error)
    if None in known or not _enough_labels(canary, serving, limits):
        return Check("error", WAIT, "not known of both versions, or of too few labels")
    difference = canary.error - serving.error
    spread = limits.confidence * math.hypot(canary.error_standard_error, serving.error_standard_error)
    outcome = WAIT
    if difference + spread <= limits.error_margin:
        outcome = PASS
    elif difference - spread > limits.error_margin:
        outcome = FAIL
    return Check("error", outcome, f"mean {canary.error:.4f} against {serving.error:.4f}, difference "
                                   f"{difference:+.4f} ± {spread:.4f}: at most {limits.error_margin:+g}")


def _concept(canary, serving):
    worse = canary.concept_state == "drifted" and serving.concept_state != "drifted"
    return Check("concept drift", FAIL if worse else PASS,
                 f"{canary.concept_state or 'not known'} against {serving.concept_state or 'not known'}")


def _judged(canary, serving, role=None):
    """What both versions have a value and a threshold of."""
    return [key for key in canary.drift if key in canary.alert and key in serving.drift and key in serving.alert
            and (role is None or key[0] == role)]


def _drift(canary, serving, limits):
    keys = _judged(canary, serving)
    if not keys or not _enough_labels(canary, serving, limits):
        return Check("drift", WAIT, "judged once labels are" if keys else "no feature has enough rows in both versions")
    mine, theirs = canary.drifted(keys), serving.drifted(keys)
    worse = len(mine) - len(theirs) > limits.drifted_share_margin * len(keys)
    return Check("drift", FAIL if worse else PASS,
                 f"{len(mine)} of {len(keys)} statistics above their threshold ({_names(mine)}) against {len(theirs)} "
                 f"({_names(theirs)})")


def _prediction_drift(canary, serving, limits):
    keys = _judged(canary, serving, "prediction")
    if not keys or not _enough_labels(canary, serving, limits):
        return Check("prediction drift", WAIT,
                     "judged once labels are" if keys else "no prediction has enough rows in both versions")
    mine, theirs = canary.drifted(keys), serving.drifted(keys)
    return Check("prediction drift", FAIL if len(mine) > len(theirs) else PASS,
                 f"{_names(mine)} against {_names(theirs)}")


def _names(keys):
    return ", ".join(f"{name} {drift_type}" for _, name, drift_type in keys) or "none"
