"""Which steps run after which failure, by Airflow itself."""

FORCE = {"force": True}
BEFORE = ["window", "train", "profile", "validate"]


def test_a_better_version_is_promoted_and_the_next_drift_is_within_the_cooldown(stage):
    states, steps, state = stage.run(FORCE, verdicts=["wait", "promote"])
    assert steps == [*BEFORE, "publish", "compare", "compare", "promote"]
    assert (states["withdraw"], states["undo_promotion"], state) == ("skipped", "skipped", "success")
    states, steps, state = stage.run(verdicts=["promote"])
    assert steps == [] and states["admit"] == "success"
    assert {states[task] for task in states if task != "admit"} == {"skipped"}


def test_a_candidate_that_is_refused_is_judged_once_and_nothing_is_published(stage):
    states, steps, state = stage.run(FORCE, validate=[1])
    assert steps == BEFORE
    assert states["validate"] == "failed" and states["publish"] == states["compare"] == "upstream_failed"
    assert (states["promote"], states["withdraw"]) == ("skipped", "skipped")
    assert (states["outcome"], state) == ("failed", "failed")


def test_what_could_not_be_reached_is_tried_again_as_often_as_the_settings_say(stage):
    _, steps, state = stage.run(FORCE, publish=[75, 75], verdicts=["promote"])
    assert steps == [*BEFORE, "publish", "publish", "publish", "compare", "promote"] and state == "success"
    states, steps, _ = stage.run(FORCE, publish=[75, 75, 75])
    assert steps == [*BEFORE, "publish", "publish", "publish", "withdraw"] and states["withdraw"] == "success"


def test_a_canary_that_is_worse_is_withdrawn(stage):
    states, steps, state = stage.run(FORCE, compare=[1], verdicts=["withdraw"])
    assert steps == [*BEFORE, "publish", "compare", "withdraw"]
    assert (states["promote"], states["undo_promotion"], state) == ("skipped", "skipped", "failed")


def test_a_canary_is_withdrawn_when_it_cannot_be_looked_at(stage):
    states, steps, _ = stage.run(FORCE, compare=[9])
    assert steps == [*BEFORE, "publish", "compare", "withdraw"]
    assert (states["compare"], states["withdraw"]) == ("failed", "success")


def test_a_promotion_that_fails_half_way_is_undone(stage):
    states, steps, state = stage.run(FORCE, promote=[2], verdicts=["promote"])
    assert steps == [*BEFORE, "publish", "compare", "promote", "withdraw"]
    assert (states["promote"], states["withdraw"], states["undo_promotion"]) == ("failed", "skipped", "success")
    assert state == "failed"


def test_a_wrong_conf_ends_the_run_before_anything_is_done(stage):
    states, steps, _ = stage.run({"dayz": 3})
    assert steps == [] and states["admit"] == "failed" and states["withdraw"] == "skipped"
