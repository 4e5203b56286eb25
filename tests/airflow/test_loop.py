"""The loop's checks catch what they are there for, each with a planted fault; its traffic; its planted failure."""

import csv
import os
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "deploy", "demo"), os.path.join(ROOT, "deploy", "airflow", "loop")]
import july  # noqa: E402
import loop_checks as checks  # noqa: E402
import wrong_labels  # noqa: E402


def holds(check):
    return check[1]


EVENT = {"model_name": "flight_delay", "model_version": "1", "feature": "temp", "to_state": "drifted", "time": "t"}


def test_the_event_started_the_run():
    payload = {"from_trigger": True, "payload": EVENT}
    other = {**EVENT, "feature": "hour"}
    assert holds(checks.event_seen([other, EVENT], [payload]))
    assert not holds(checks.event_seen([], []))
    assert not holds(checks.event_seen([EVENT], []))
    assert not holds(checks.event_seen([EVENT], [{**payload, "payload": other}]))


def test_what_is_no_event_is_named():
    log = "message at t/0/0 is not a drift event; drift event at t/0/1 cannot be read"
    assert holds(checks.passed_over(log))
    assert not holds(checks.passed_over("message at t/0/0 is not a drift event"))
    assert not holds(checks.passed_over(""))


def test_one_retraining():
    assert holds(checks.one_run(["a", "b"], ["a"], 10))
    assert not holds(checks.one_run(["a", "b"], ["a", "b"], 10))
    assert not holds(checks.one_run([], [], 10))


def test_the_tasks():
    states = {task: (state, 1) for task, state in checks.PROMOTED.items()}
    assert holds(checks.tasks("promotion", states, checks.PROMOTED))
    assert not holds(checks.tasks("promotion", states, checks.WITHDRAWN))
    name, ok, detail = checks.tasks("promotion", {**states, "train": ("failed", 3)}, checks.PROMOTED)
    assert not ok and "train failed instead of success" in detail and "{'train': 3}" in detail
    assert not holds(checks.tasks("promotion", {}, checks.PROMOTED))


def test_the_logs():
    assert holds(checks.logged("promotion", {"train": "python retrain.py train --run x"}))
    assert not holds(checks.logged("promotion", {"train": "python retrain.py train --run x", "profile": "nothing"}))
    assert not holds(checks.logged("promotion", {}))


def verdict(found="promote", **canary):
    one = {"version": 1, "answered": 100, "labels": 10, "error": 0.2}
    return {"verdict": found, "serving": one, "canary": {**one, "version": 2, **canary}}


def test_the_comparison():
    assert holds(checks.compared("promotion", verdict(), "promote"))
    assert not holds(checks.compared("promotion", verdict("withdraw"), "promote"))
    assert not holds(checks.compared("promotion", verdict(answered=0), "promote"))
    assert not holds(checks.compared("promotion", verdict(labels=0, error=None), "promote"))


def test_the_validation():
    found = {"candidate_auc": 0.7, "serving_auc": 0.65, "tolerance": 0.0, "rows": 9}
    assert holds(checks.validated(found))
    assert not holds(checks.validated({**found, "candidate_auc": 0.64}))


def test_who_serves():
    assert holds(checks.serves(2, [2], {2: 200}))
    assert not holds(checks.serves(2, [1, 2], {2: 200}))
    assert not holds(checks.serves(2, [2], {1: 1, 2: 199}))
    assert not holds(checks.serves(2, [2], {}))


def played_july(answered=10, failed=0, sent=10, accepted=8):
    return {"answered": answered, "failed": failed, "rows_sent": sent, "errors": {"code 14": failed} if failed else {},
            "labels": {"reported": 8, "accepted": accepted}}


def test_every_request_of_every_july():
    assert holds(checks.answered([played_july(), played_july()]))
    assert not holds(checks.answered([played_july(), played_july(9, 1)]))
    assert not holds(checks.answered([played_july(), played_july(9)]))
    assert not holds(checks.answered([]))


def test_every_label():
    assert holds(checks.labels_accepted([played_july(), played_july()]))
    assert not holds(checks.labels_accepted([played_july(), played_july(accepted=7)]))
    assert not holds(checks.labels_accepted([]))


def test_the_bridge():
    assert holds(checks.bridged({("triggered", ""): 1, ("duplicate", ""): 3}, "run"))
    assert not holds(checks.bridged({("triggered", ""): 1}, None))
    assert not holds(checks.bridged({("duplicate", ""): 3}, "run"))
    assert not holds(checks.bridged({("triggered", ""): 1, ("failed", "http_500"): 1}, "run"))


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "flights.csv").write_text("seconds,month,temp\n60,7,70.5\n61,7,\n2678400,8,71\n")
    return july.write(tmp_path / "flights.csv", tmp_path / "july.csv")


def test_july_alone_is_replayed(tmp_path, rows):
    assert rows == 2
    assert (tmp_path / "july.csv").read_text() == "seconds,month,temp\n60,7,70.5\n61,7,\n"


PROGRAM = """#!/bin/sh
while [ "$1" != --out ]; do shift; done
{text}
"""


def replay(tmp_path, rows, text):
    program = tmp_path / "replay"
    program.write_text(PROGRAM.format(text=text))
    program.chmod(0o755)
    return july.Julys(str(program), str(tmp_path / "july.csv"), rows, "nowhere", str(tmp_path), 2000)


def test_july_is_replayed_again_until_the_last(tmp_path, rows):
    played = replay(tmp_path, rows, 'echo \'{"answered": 1}\' > "$2"')
    while len(played.results) < 2:
        assert not played.tick()
    played.last = True
    while not played.tick():
        pass
    assert len(played.results) == 3 and played.results[0] == {"answered": 1, "rows_sent": 2}


def test_a_replay_without_results_is_an_error(tmp_path, rows):
    played = replay(tmp_path, rows, "exit 3")
    with pytest.raises(july.services.ServiceError, match="ended with exit code 3 and no results"):
        while not played.tick():
            pass


def test_a_replay_is_stopped(tmp_path, rows):
    played = replay(tmp_path, rows, "exec sleep 600")
    played.tick()
    played.stop()
    assert played._process.returncode == -15


def test_every_label_is_wrong_and_what_has_none_stays_so(tmp_path):
    right = tmp_path / "right"
    right.mkdir()
    (right / "weather.csv").write_text("x\n")
    (right / "flights.csv").write_text("year,arr_delay,hour\n2013,16,5\n2013,15,6\n2013,-3,7\n2013,NA,8\n")
    with open(wrong_labels.write(tmp_path / "wrong", right), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["arr_delay"] for row in rows] == ["0", "60", "60", "NA"]
    assert [row["hour"] for row in rows] == ["5", "6", "7", "8"]
    assert (tmp_path / "wrong" / "weather.csv").read_text() == "x\n"
