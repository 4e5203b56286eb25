"""What the DAG drift_retraining decides, without Airflow."""

import dataclasses
import json
import os
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "deploy", "airflow"))
from driftserve_retraining import cooldown, events, settings, steps  # noqa: E402

DRIFT = {"time": "2013-07-20T12:00:00.000000001Z", "model_name": "flight_delay", "model_version": "1",
         "feature": "temp", "drift_type": "psi", "from_state": "warning", "to_state": "drifted", "value": 0.4}
TYPE = [("ce_type", b"driftserve.drift.v1")]


@dataclasses.dataclass
class Message:
    """As confluent_kafka's."""

    body: bytes | None
    names: list | None = dataclasses.field(default_factory=lambda: TYPE)

    def value(self):
        return self.body

    def headers(self):
        return self.names

    def topic(self):
        return "driftserve.events"

    def partition(self):
        return 0

    def offset(self):
        return 7


def event(**changes):
    return Message(json.dumps({**DRIFT, **changes}).encode())


def test_a_feature_that_drifts_is_accepted():
    assert events.EventFilter("flight_delay", 60).accept(event()) == DRIFT


@pytest.mark.parametrize("message, fate", [
    (event(model_name="other"), "other_model"),
    (event(to_state="warning"), "other_state"),
    (event(from_state="drifted"), "other_state"),
    (event(stratum="UA"), "stratum"),
    (Message(json.dumps(DRIFT).encode(), None), "foreign"),
    (Message(b"\x08\x01", [("ce_type", b"driftserve.sample.v1")]), "foreign"),
    (Message(b"\x08\xff", [("ce_type", None), (b"\xff", b"\xff")]), "foreign"),
    (Message(None), "corrupt"),
    (Message(b""), "corrupt"),
    (Message(b"\xff\xfe"), "corrupt"),
    (Message(b"[1]"), "corrupt"),
    (Message(b"[" * 100_000), "corrupt"),
    (event(model_name=3), "corrupt"),
    (event(to_state=None), "corrupt"),
    (event(time="noon"), "corrupt"),
    (event(time="2013-07-20T12:00:00"), "corrupt"),
    (event(time="0001-01-01T00:00:00+23:59"), "accepted"),
])
def test_the_fate_of_a_message_is_counted(message, fate):
    judge = events.EventFilter("flight_delay", 60)
    assert (judge.accept(message) is not None) == (fate == "accepted")
    assert judge.counts == {fate: 1}


def test_what_cannot_be_read_is_named_in_the_log_with_the_counts(caplog):
    judge = events.EventFilter("flight_delay", 60)
    judge.accept(Message(b"{"))
    judge.accept(Message(b"x", []))
    assert "driftserve.events/0/7 cannot be read: expected JSON" in caplog.messages[0]
    assert "{'corrupt': 1, 'foreign': 1}" in caplog.messages[1]


def test_ten_features_that_drift_at_once_are_one_retraining_and_a_later_one_another():
    judge = events.EventFilter("flight_delay", 60)
    burst = [event(feature=f"f{i}", time=f"2013-07-20T12:00:{i:02d}Z") for i in range(10)]
    assert [judge.accept(message) is not None for message in burst] == [True] + [False] * 9
    assert judge.accept(event(time="2013-07-20T12:00:59Z")) is None
    assert judge.accept(event(time="2013-07-20T12:01:00Z")) is not None
    assert judge.counts == {"accepted": 2, "repeated": 10}


def test_the_filter_outlives_the_consumer_by_the_function_that_the_watcher_names():
    assert events.accept(event(), "flight_delay", 60) == DRIFT
    assert events.accept(event(), "flight_delay", 60) is None
    assert events.accept(event(model_name="other"), "other", 60) is not None


def remembered(run_id, at):
    return json.dumps({"run_id": run_id, "admitted_at": at})


@pytest.mark.parametrize("last, now, force, admitted", [
    (None, 1000, False, True),
    (remembered("before", 1000), 1099, False, False),
    (remembered("before", 1000), 1100, False, True),
    (remembered("before", 1000), 1099, True, True),
    (remembered("this", 1000), 1001, False, True),  # the task was cleared
    ("nonsense", 1000, False, True),
    ("[3]", 1000, False, True),
    ('{"run_id": "before"}', 1000, False, True),
])
def test_the_cooldown_between_two_retrainings(last, now, force, admitted):
    found, reason, remember = cooldown.admit(last, "this", now, 100, force)
    assert found == admitted and reason
    assert json.loads(remember)["run_id"] == ("this" if admitted else "before")


def test_a_run_that_is_admitted_twice_does_not_begin_its_cooldown_again():
    assert cooldown.admit(remembered("this", 1000), "this", 2000, 100)[2] == remembered("this", 1000)


RIGHT = {"retrain": "retrain.py", "runs": "runs", "data": "/data/flights.csv", "repository": "models",
         "server": "localhost:8001", "metrics": "http://localhost:8002/metrics", "python": "venv/bin/python",
         "torch_python": "torch/bin/python"}


def load(tmp_path, values):
    path = tmp_path / "settings.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return settings.load(str(path))


def test_paths_are_relative_to_the_file(tmp_path):
    found = load(tmp_path, RIGHT)
    assert found.retrain == str(tmp_path / "retrain.py") and found.data == "/data/flights.csv"
    assert found.model == "flight_delay" and found.options == {}


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    (tmp_path / "there.json").write_text(json.dumps(RIGHT))
    monkeypatch.setenv(settings.VARIABLE, str(tmp_path / "there.json"))
    assert settings.load().server == "localhost:8001"
    monkeypatch.delenv(settings.VARIABLE)
    with pytest.raises(settings.SettingsError, match=settings.VARIABLE):
        settings.load()


@pytest.mark.parametrize("values, says", [
    ("{", "settings.json: expected JSON"),
    ([], "settings.json: expected a JSON object, got list"),
    ({**RIGHT, "cool_down": 1}, "unknown key cool_down; there are retrain, runs"),
    ({name: value for name, value in RIGHT.items() if name != "server"}, "key server is missing"),
    ({**RIGHT, "server": 8001}, "key server: expected text, got 8001"),
    ({**RIGHT, "days": "60"}, "key days: expected a whole number, got '60'"),
    ({**RIGHT, "days": True}, "key days: expected a whole number, got True"),
    ({**RIGHT, "retries": -1}, "key retries: expected a number from 0, got -1"),
    ({**RIGHT, "share": 1}, "key share: expected a number between 0 and 1, got 1.0"),
    ({**RIGHT, "options": []}, "key options: expected an object, got \\[\\]"),
    ({**RIGHT, "options": {"learn": []}}, "key options: unknown step learn; there are window"),
    ({**RIGHT, "options": {"train": "--epochs 3"}}, "key options.train: expected a list of texts, got '--epochs 3'"),
])
def test_wrong_settings_are_named(tmp_path, values, says):
    with pytest.raises(settings.SettingsError, match=says):
        load(tmp_path, values)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(settings.SettingsError, match="gone.json: cannot be read: No such file"):
        settings.load(str(tmp_path / "gone.json"))


def test_the_conf_of_a_run_goes_before_the_file(tmp_path):
    found = load(tmp_path, RIGHT)
    changed = settings.with_conf(found, {"until": "2013-08-01", "days": 30, "force": True, "alert": "ModelDrifted"})
    assert (changed.until, changed.days, changed.data) == ("2013-08-01", 30, found.data)
    assert settings.with_conf(found, None) == found


@pytest.mark.parametrize("conf, says", [
    ({"repository": "/etc"}, "conf: unknown key repository; there are data"),
    ({"days": "30"}, "conf: key days: expected a whole number, got '30'"),
    ({"force": "yes"}, "conf: key force: expected true or false, got 'yes'"),
])
def test_a_wrong_conf_is_named(tmp_path, conf, says):
    with pytest.raises(settings.SettingsError, match=says):
        settings.with_conf(load(tmp_path, RIGHT), conf)


def test_the_commands_are_those_of_retrain(tmp_path):
    found = load(tmp_path, {**RIGHT, "until": "2013-08-01", "options": {"train": ["--epochs", "3"]}})
    run = steps.run_folder(found, "a_run")
    assert run == str(tmp_path / "runs/a_run")
    assert steps.command("train", found, run) == [
        str(tmp_path / "torch/bin/python"), found.retrain, "train", "--run", run, "--epochs", "3"]
    window = steps.command("window", found, run)
    assert window[0] == str(tmp_path / "venv/bin/python")
    assert window[5:] == ["--data", "/data/flights.csv", "--until", "2013-08-01", "--days", "60", "--holdout-days", "7"]
    assert steps.command("compare", found, run)[-1] == "--once"
    for step in settings.STEPS:
        assert steps.command(step, found, run)[1:5] == [found.retrain, step, "--run", run]


def test_without_an_end_the_window_ends_today(tmp_path):
    import datetime
    words = steps.command("window", load(tmp_path, RIGHT), "run", today=datetime.date(2013, 8, 2))
    assert words[words.index("--until") + 1] == "2013-08-02"


def test_each_run_has_a_folder_of_its_own(tmp_path):
    found = load(tmp_path, RIGHT)
    names = [os.path.basename(steps.run_folder(found, run)) for run in ("a:b", "a/b", "a_b", "../a")]
    assert len(set(names)) == 4 and all("/" not in name and ":" not in name for name in names)


def program(tmp_path, text):
    """The words of a step whose retrain.py is `text`."""
    path = tmp_path / "retrain.py"
    path.write_text("import json, os, sys\nfolder = sys.argv[3]\n" + text)
    return [sys.executable, str(path), "compare", "--run", str(tmp_path)]


def test_what_a_step_prints_is_passed_on(tmp_path):
    lines = []
    steps.run(program(tmp_path, "print('one'); print('two', file=sys.stderr)"), lines.append)
    assert sorted(lines) == ["one", "two"]


@pytest.mark.parametrize("code, again, says", [(1, False, "judgement"), (2, False, "bad input"), (75, True, "reached"),
                                               (9, False, "crashed")])
def test_only_what_could_not_be_reached_is_tried_again(tmp_path, code, again, says):
    with pytest.raises(steps.StepFailed, match=says) as failure:
        steps.run(program(tmp_path, f"sys.exit({code})"), print)
    assert failure.value.again == again


def writes(verdict, code):
    return f"json.dump({{'verdict': {verdict!r}}}, open(folder + '/verdict.json', 'w')); sys.exit({code})"


@pytest.mark.parametrize("verdict, code", [("promote", 0), ("wait", 0), ("wait", 2), ("withdraw", 1)])
def test_a_look_returns_the_verdict(tmp_path, verdict, code):
    assert steps.look(program(tmp_path, writes(verdict, code)), str(tmp_path), print) == verdict


@pytest.mark.parametrize("text, again", [("sys.exit(2)", False), ("sys.exit(1)", False), ("sys.exit(0)", False),
                                         ("sys.exit(75)", True), (writes("promote", 75), True)])
def test_a_look_that_comes_to_nothing_is_a_failure_and_no_old_verdict_counts(tmp_path, text, again):
    (tmp_path / "verdict.json").write_text('{"verdict": "promote"}')
    with pytest.raises(steps.StepFailed) as failure:
        steps.look(program(tmp_path, text), str(tmp_path), print)
    assert failure.value.again == again


def test_a_verdict_of_another_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected promote, withdraw or wait, got 'perhaps'"):
        steps.look(program(tmp_path, writes("perhaps", 0)), str(tmp_path), print)


def test_a_step_ends_with_its_caller(tmp_path):
    class Stopped(Exception):
        pass

    pids = []

    def stop(line):
        pids.append(int(line))
        raise Stopped

    with pytest.raises(Stopped):
        steps.run(program(tmp_path, "print(os.getpid(), flush=True)\nimport time\ntime.sleep(600)"), stop)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_looks_that_are_far_apart_hold_no_worker():
    assert [steps.sensor_mode(seconds) for seconds in (5, 59, 60, 3600)] == ["poke", "poke", "reschedule", "reschedule"]


@pytest.mark.parametrize("published, compared, verdict, chosen", [
    ("success", "success", "promote", "promote"),
    ("success", "success", "withdraw", "withdraw"),
    ("success", "failed", None, "withdraw"),
    ("success", "upstream_failed", None, "withdraw"),
    ("success", "skipped", None, "withdraw"),
    ("failed", "upstream_failed", None, "withdraw"),  # it may have got as far as the repository
    ("upstream_failed", "upstream_failed", None, None),
    ("skipped", "skipped", None, None),
    ("None", "None", None, None),
])
def test_what_was_published_and_not_found_good_is_withdrawn(published, compared, verdict, chosen):
    assert steps.choose(published, compared, verdict) == chosen
