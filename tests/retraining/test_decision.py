"""The verdict on a canary: each way of being worse is planted, and each finds its own check."""

import copy

import pytest
from decision import FAIL, PASS, PROMOTE, WAIT, WITHDRAW, Figures, Limits, decide

LIMITS = Limits()
KEYS = [("feature", "temp", "psi"), ("feature", "temp", "ks"), ("feature", "hour", "psi"), ("prediction", "p", "psi")]


def figures(version, **more):
    values = {"ready": True, "requests": {"OK": 2000.0, "INVALID_ARGUMENT": 10.0}, "latency_seconds": 200e-6,
              "labels": 1000.0, "error": 0.15, "error_standard_error": 0.005, "concept_state": "stable",
              "drift": {key: 0.05 for key in KEYS}, "alert": {key: 0.25 for key in KEYS}}
    return Figures(version, **copy.deepcopy({**values, **more}))


def verdict(canary=None, serving=None, limits=LIMITS):
    """(verdict, {check: outcome} of those that do not pass)."""
    found, checks = decide(figures(2, **(canary or {})), figures(1, **(serving or {})), limits)
    return found, {check.name: check.outcome for check in checks if check.outcome != PASS}


def drifted(*keys):
    return {"drift": {key: 1.0 if key in keys else 0.05 for key in KEYS}}


def test_an_equal_one_is_promoted():
    assert verdict() == (PROMOTE, {})


def test_a_better_one_is_promoted():
    assert verdict({"error": 0.1, "latency_seconds": 100e-6}, drifted(*KEYS)) == (PROMOTE, {})


@pytest.mark.parametrize("check, canary", [
    ("error", {"error": 0.25}),
    ("latency", {"latency_seconds": 900e-6}),
    ("error rate", {"requests": {"OK": 1900.0, "INVALID_ARGUMENT": 110.0}}),
    ("concept drift", {"concept_state": "drifted"}),
    ("drift", drifted(*KEYS[:3])),
    ("prediction drift", drifted(KEYS[3])),
    ("crashes", {"requests": {"OK": 2000.0, "INTERNAL": 1.0}}),
    ("crashes", {"requests": {"OK": 2000.0, "UNKNOWN": 1.0}}),
    ("ready", {"ready": False})])
def test_a_worse_one_is_withdrawn(check, canary):
    limits = Limits(drifted_share_margin=0.5)  # three statistics of four are more, one is not
    assert verdict(canary, limits=limits) == (WITHDRAW, {check: FAIL})


@pytest.mark.parametrize("canary", [{"ready": False}, {"requests": {"INTERNAL": 1.0}}])
def test_one_that_crashes_is_withdrawn_before_it_has_been_asked_much(canary):
    found, checks = decide(Figures(2, **{"ready": True, **canary}), Figures(1, ready=True), LIMITS)
    assert found == WITHDRAW and len(checks) == 2


def test_a_silent_one_is_waited_for():
    found, outcomes = decide(Figures(2, ready=True), figures(1), LIMITS)
    assert found == WAIT
    assert {check.name for check in outcomes if check.outcome == WAIT} == {
        "error rate", "latency", "labels", "error", "drift", "prediction drift"}


def test_what_both_share_is_no_fault_of_the_canary():
    both = {"concept_state": "drifted", "requests": {"OK": 1000.0, "INVALID_ARGUMENT": 900.0}, **drifted(*KEYS)}
    assert verdict(both, both) == (PROMOTE, {})


def test_few_labels_are_waited_for_however_bad_they_look():
    few = {"labels": LIMITS.minimum_labels - 1.0, "error": 0.9, **drifted(*KEYS)}
    assert verdict(few) == (WAIT, {"labels": WAIT, "error": WAIT, "drift": WAIT, "prediction drift": WAIT})
    assert verdict({}, {"labels": LIMITS.minimum_labels - 1.0})[0] == WAIT


def test_a_difference_that_chance_may_have_made_is_waited_for():
    wide = {"error": 0.16, "error_standard_error": 0.02}
    assert verdict(wide) == (WAIT, {"error": WAIT})
    assert verdict({**wide, "error_standard_error": 0.001}) == (PROMOTE, {})
    assert verdict({"error_standard_error": None}) == (WAIT, {"error": WAIT})


def test_the_error_has_to_be_on_one_side_of_the_margin():
    exact = {"error_standard_error": 0.0}
    assert verdict({**exact, "error": 0.15 + LIMITS.error_margin - 1e-9}, exact)[0] == PROMOTE
    assert verdict({**exact, "error": 0.15 + LIMITS.error_margin + 1e-9}, exact)[0] == WITHDRAW


def test_callers_that_went_away_are_no_errors():
    assert verdict({"requests": {"OK": 1000.0, "CANCELLED": 900.0, "RESOURCE_EXHAUSTED": 900.0}}) == (PROMOTE, {})


def test_only_what_both_have_a_value_of_is_compared():
    alone, usual = ("feature", "new", "psi"), figures(2)
    canary = {"drift": {**usual.drift, alone: 3.0}, "alert": {**usual.alert, alone: 0.25}}
    assert verdict(canary) == (PROMOTE, {})
    assert verdict({"drift": {}}) == (WAIT, {"drift": WAIT, "prediction drift": WAIT})
