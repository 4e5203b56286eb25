"""The DAG as Airflow sees it; run by make loop with Airflow's own Python, which the other tests have not."""

import pytest

PATH = ["admit", "window", "train", "profile", "validate", "publish", "compare", "choose"]


@pytest.fixture
def dag(stage):
    return stage.dag


def test_the_tasks_and_their_order(dag):
    assert set(dag.task_ids) == {*PATH, "promote", "withdraw", "undo_promotion", "outcome"}
    for before, after in zip(PATH, PATH[1:]):
        assert after in dag.get_task(before).downstream_task_ids
    assert dag.get_task("choose").upstream_task_ids == {"publish", "compare"}
    assert dag.get_task("choose").downstream_task_ids == {"promote", "withdraw"}
    assert dag.get_task("undo_promotion").upstream_task_ids == {"promote"}
    assert dag.get_task("outcome").upstream_task_ids == {"withdraw", "undo_promotion"}


def test_what_runs_after_a_failure(dag):
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    after_failure = {"choose": "all_done", "undo_promotion": "all_failed", "outcome": "all_done"}
    assert rules == {**dict.fromkeys(rules, "all_success"), **after_failure}


def test_one_run_at_a_time_and_its_retries(dag):
    assert dag.max_active_runs == 1 and dag.catchup is False
    assert {task.retries for task in dag.tasks if task.task_id != "outcome"} == {2}
    assert dag.get_task("outcome").retries == 0
    compare = dag.get_task("compare")
    assert (compare.mode, compare.poke_interval) == ("poke", 0)


def test_the_watcher(dag):
    [asset] = dag.timetable.asset_condition.objects
    [watcher] = asset.watchers
    name, values = watcher.trigger.serialize()
    assert name.endswith("AwaitMessageTrigger")
    assert values["topics"] == ["driftserve.events"] and values["kafka_config_id"] == "driftserve_kafka"
    assert values["apply_function"] == "driftserve_retraining.events.accept"
    assert values["apply_function_kwargs"] == {"model": "flight_delay", "burst_seconds": 42}
    assert values["poll_interval"] == 0 and values["commit_offset"] is True


def test_the_function_that_the_watcher_names_is_there(dag):
    from airflow.providers.common.compat.module_loading import import_string
    assert callable(import_string("driftserve_retraining.events.accept"))
