"""The loop's steps as commands on a real repository and a real server: published, compared, promoted or withdrawn.

There is no Python torch here, so the step `train` is left out: candidates are the committed model, and archives made of
it that answer worse, raise on some rows, or are broken.
"""

import json
import os
import shutil
import subprocess
import sys

import grpc
import numpy
import pytest

from conftest import ROOT
from support import archives, protocol, server

sys.path.insert(0, str(ROOT / "models" / "flight_delay"))
import flights  # noqa: E402  (the path is set above)

COMMITTED = ROOT / "models" / "flight_delay"
GOOD = (COMMITTED / "1" / "model.pt").read_bytes()
ANSWER = "    return _9\n"
NO_BETTER_THAN_CHANCE = archives.with_line(GOOD, ANSWER, "    return torch.add(torch.mul(_9, 0.), 0.5)\n")
WORSE = archives.with_line(GOOD, ANSWER, "    return torch.rsub(_9, 1)\n")
# No trial finds it: the server tries with zeros and ones.
RAISING = archives.with_line(GOOD, ANSWER, """    if bool(torch.gt(torch.max(torch.select(features, 1, 2)), 10.)):
      ops.prim.RaiseException("far away")
    return _9
""")
# Every row is sampled, and evaluated soon.
OVERRIDES = {"flight_delay": {
    "sampling": {"rates": {}, "default_rate": 1.0}, "window": {"length": "60s", "panes": 60, "evaluate_every": "200ms"},
    "decision": {"observation_period": "0s"}, "labels": {"time_limit": "1h"}}}
Label = protocol.message("driftserve.v1.Label")
Report = protocol.message("driftserve.v1.ReportLabelsRequest")
ROWS = 8  # of a request


class Loop:
    """One repository with version 1, its server, and a run folder whose rows are made once."""

    def __init__(self, start, folder, rows, control="explicit"):
        self.model = folder / "models" / "flight_delay"
        (self.model / "1").mkdir(parents=True)
        for name in ("config.pbtxt", "monitor.yaml", "1/reference.pb"):
            shutil.copy(COMMITTED / name, self.model / name)
        (self.model / "1" / "model.pt").write_bytes(NO_BETTER_THAN_CHANCE)
        self.before = (self.model / "config.pbtxt").read_text()
        self.run_folder = folder / "run"
        shutil.copytree(rows, self.run_folder)
        repository = {"control": control, "models": ["flight_delay"], "poll_interval_ms": 50}
        self.server = start(self.model.parent, {"repository": repository, "monitor_overrides": OVERRIDES})

    def step(self, name, *arguments):
        """(exit code, what it says)."""
        places = {"profile": ("--model-folder",), "validate": ("--model-folder", "--repository"),
                  "compare": ("--server", "--metrics")}.get(name, ("--repository", "--server"))
        values = {"--model-folder": COMMITTED, "--repository": self.model.parent, "--server": self.server.address,
                  "--metrics": self.server.operations + "/metrics"}
        return step(name, self.run_folder, *(word for place in places for word in (place, values[place])), *arguments)

    def candidate(self, archive):
        """In place of the step `train`, and of `profile`, which asks the candidate about every row."""
        (self.run_folder / "candidate").mkdir(exist_ok=True)
        (self.run_folder / "candidate" / "model.pt").write_bytes(archive)
        shutil.copy(COMMITTED / "1" / "reference.pb", self.run_folder / "candidate" / "reference.pb")

    def result(self, name):
        return json.loads((self.run_folder / name).read_text())

    def version_of(self, rows, request_id):
        """The version that answers."""
        with self.server.channel() as channel:
            return self.send(channel, rows, request_id)

    @staticmethod
    def send(channel, rows, request_id):
        inputs = [("features", "FP32", list(rows.features.shape), rows.features.astype("<f4").tobytes())]
        for name in ("carrier", "origin"):
            texts = [text.encode() for text in getattr(rows, name).tolist()]
            content = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
            inputs.append((name, "BYTES", [len(texts), 1], content))
        request = protocol.infer_request("flight_delay", inputs, request_id=request_id)
        return protocol.inference(channel).ModelInfer(request, timeout=30).model_version

    def play(self, rows, name):
        """Rows as requests whose labels follow: (versions that answered, codes of those that failed)."""
        versions, codes = set(), set()
        with self.server.channel() as channel:
            for number in range(len(rows) // ROWS):
                some = rows.take(slice(number * ROWS, (number + 1) * ROWS))
                try:
                    versions.add(self.send(channel, some, f"{name}-{number}"))
                    self.report(channel, some, f"{name}-{number}")
                except grpc.RpcError as error:
                    codes.add(error.code())
        return versions, codes

    @staticmethod
    def report(channel, rows, request_id):
        labels = [Label(request_id=request_id, row=row, number=label)
                  for row, label in enumerate(rows.label.tolist()) if not numpy.isnan(label)]
        protocol.prediction(channel).ReportLabels(Report(model_name="flight_delay", labels=labels), timeout=30)

    def as_before(self):
        return (self.model / "config.pbtxt").read_text() == self.before and not (self.model / "2").exists()


def step(name, folder, *arguments):
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "retraining" / "retrain.py", name, "--run", folder, *map(str, arguments)],
        capture_output=True, text=True, timeout=300, env={**os.environ, "DRIFTSERVE_BUILD": str(server.build_folder())})
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The run folder after the step `window`, run twice."""
    folder = tmp_path_factory.mktemp("window") / "run"
    written = set()
    for _ in range(2):
        code, text = step("window", folder, "--data", os.path.join(flights.DATA, "flights.csv"),
                          "--until", "2013-08-01", "--days", 62, "--holdout-days", 14)
        assert code == 0 and "train.parquet: 45176 rows" in text, text
        written.add(tuple((folder / name).read_bytes() for name in ("train.parquet", "holdout.parquet", "window.json")))
    assert len(written) == 1
    return folder


@pytest.fixture(scope="module")
def august():
    """Flights spread over August, which nobody was trained on."""
    year = flights.load()
    return year.take(numpy.flatnonzero(year.month == 8)[::9])


def test_a_better_candidate_is_published_compared_and_promoted(start, tmp_path, rows, august):
    loop = Loop(start, tmp_path, rows)
    loop.candidate(GOOD)
    (loop.run_folder / "candidate" / "reference.pb").unlink()
    references = set()
    for _ in range(2):
        assert loop.step("profile")[0] == 0
        references.add((loop.run_folder / "candidate" / "reference.pb").read_bytes())
    assert len(references) == 1
    for _ in range(2):
        code, text = loop.step("validate")
        assert code == 0, text
    assert loop.result("validate.json")["candidate_auc"] > 0.7 and loop.result("validate.json")["serving_auc"] == 0.5
    for _ in range(2):
        code, text = loop.step("publish", "--share", 0.4)
        assert code == 0, text
    assert loop.step("compare", "--once")[0] == 2, "nobody has asked the canary yet"
    assert loop.result("verdict.json")["verdict"] == "wait"
    assert loop.play(august, "august") == ({"1", "2"}, set())
    for _ in range(2):
        code, text = loop.step("compare", "--minimum-requests", 100, "--latency-ratio", 1000, "--every", 0.2,
                               "--timeout", 60)
        assert code == 0, text
    found = loop.result("verdict.json")
    assert loop.server.metrics().select("model_prediction_error_standard_error", model_version="2")
    assert found["verdict"] == "promote" and found["canary"]["error"] < found["serving"]["error"] == 0.25
    for _ in range(2):
        assert loop.step("promote")[0] == 0
        assert loop.version_of(august.take(slice(0, 8)), "after") == "2"
    assert (loop.model / "config.pbtxt").read_text() == loop.before and (loop.model / "1").exists()


def test_a_worse_candidate_is_not_published(start, tmp_path, rows):
    loop = Loop(start, tmp_path, rows)
    (loop.model / "1" / "model.pt").write_bytes(GOOD)
    loop.candidate(WORSE)
    assert loop.step("profile")[0] == 0
    code, text = loop.step("validate")
    assert code == 1 and "the candidate is refused: AUC 0.2" in text, text


@pytest.mark.parametrize("control", ["explicit", "poll"])
def test_a_canary_that_raises_is_withdrawn(start, tmp_path, rows, august, control):
    loop = Loop(start, tmp_path, rows, control)
    loop.candidate(RAISING)
    code, text = loop.step("profile")
    assert code == 1 and "far away" in text, "it fails on rows that it was trained on"
    assert loop.step("publish", "--share", 0.4)[0] == 0, "the server's trial cannot know"
    versions, codes = loop.play(august.take(slice(0, 400)), "raising")
    assert versions == {"1"} and codes == {grpc.StatusCode.INTERNAL}
    code, text = loop.step("compare")
    assert code == 1 and "crashes: INTERNAL" in text, text
    assert loop.result("verdict.json")["verdict"] == "withdraw"
    for _ in range(2):
        code, text = loop.step("withdraw")
        assert code == 0 and loop.as_before(), text
    assert (loop.run_folder / "withdrawn" / "2" / "model.pt").read_bytes() == RAISING
    assert loop.play(august.take(slice(0, 400)), "after") == ({"1"}, set())


@pytest.mark.parametrize("broken, control", [(GOOD[:-40], "explicit"), (b"not a model", "poll")],
                         ids=["truncated", "garbage"])
def test_a_broken_candidate_is_refused_and_cleaned_up(start, tmp_path, rows, august, broken, control):
    loop = Loop(start, tmp_path, rows, control)
    loop.candidate(broken)
    for _ in range(2):
        code, text = loop.step("publish", "--share", 0.4)
        assert code == 1 and "expected a TorchScript archive" in text, text
        assert loop.as_before()
    assert loop.version_of(august.take(slice(0, 8)), "after") == "1"
    assert loop.server.metrics().sum("driftserve_model_loads_total", model_name="flight_delay", outcome="failed") >= 1


def test_a_server_that_is_down_is_asked_again_and_then_given_up(start, tmp_path, rows):
    loop = Loop(start, tmp_path, rows)
    loop.candidate(GOOD)
    assert loop.step("publish", "--share", 0.4)[0] == 0
    loop.server.stop()
    few = ("--attempts", 3, "--retry-seconds", 0.01)
    code, text = loop.step("compare", "--once", *few)
    assert code == 75 and "attempt 2 of 3" in text and "did not answer 3 times" in text, text
    code, text = loop.step("withdraw", *few)
    assert code == 75 and loop.as_before(), text
    loop.server.start()
    assert loop.step("withdraw")[0] == 0
