"""`drift backtest` and `drift calibrate`: a history judged chunk by chunk, and the tolerances that come out of it."""

import json

import numpy
import pyarrow
import pyarrow.parquet
import pytest
from drift_program import done, refused, run

DAY = 86_400
START = 1_356_998_400  # 2013-01-01
MONITOR = """\
# what is watched
features:
  - {name: x, input: x, type: numeric}
  - {name: y, input: y, type: numeric}
thresholds:
  psi: {warn: 0.1, alert: 0.25}  # usual
window: {length: 1h}
"""


def history(days, shift_from=None, seed=1, per_day=600, wander=0.0):
    """Rows of some days, whose x moves by one on day `shift_from`; labels that the predictions then miss."""
    random = numpy.random.default_rng(seed)
    count = days * per_day
    day = numpy.repeat(numpy.arange(days), per_day)
    moved = numpy.zeros(count) if shift_from is None else (day >= shift_from).astype(float)
    x = random.normal(0, 1, count) + moved + numpy.repeat(random.normal(0, 1, days) * wander, per_day)
    return pyarrow.table({"when": START + day * DAY + random.integers(0, DAY, count), "x": x,
                          "y": random.normal(0, 1, count), "predicted": x * 0.5, "truth": x * 0.5 + moved})


@pytest.fixture
def data(tmp_path):
    pyarrow.parquet.write_table(history(10, seed=2), tmp_path / "train.parquet")
    pyarrow.parquet.write_table(history(20, shift_from=12), tmp_path / "history.parquet")
    (tmp_path / "monitor.yaml").write_text(MONITOR)
    return tmp_path


def backtest(data, *arguments, chunk="1d"):
    return run("backtest", "--data", data / "history.parquet", "--time", "when", "--chunk", chunk, "--monitor",
               data / "monitor.yaml", "--reference-data", data / "train.parquet", *arguments)


def test_a_backtest_says_when_and_how_often(data):
    told = json.loads(done(backtest(data, "--label", "truth", "--prediction", "predicted", "--error", "absolute_error",
                                    "--json")).stdout)
    assert [chunk["start"][:10] for chunk in told["chunks"]] == [f"2013-01-{day:02d}" for day in range(1, 21)]
    for day, chunk in enumerate(told["chunks"]):
        assert chunk["rows"] == chunk["labelled_rows"] == 600
        assert chunk["error"] == pytest.approx(0 if day < 12 else 1, abs=1e-9)
        states = {feature["name"]: feature["state"] for feature in chunk["features"]}
        assert states == {"x": "stable" if day < 12 else "drifted", "y": "stable"}
    fired = {(line["feature"], line["measure"]): line for line in told["fired"]}
    assert fired["x", "psi"]["judged"] == 20 and fired["x", "psi"]["drifted"] == 8
    assert fired["y", "ks"]["over_warn"] == 0


def test_its_tables(data):
    lines = done(backtest(data, "--label", "truth", "--prediction", "predicted", "--error", "absolute_error",
                          chunk="1w")).stdout.splitlines()
    assert lines[0].split() == ["chunk", "rows", "absolute_error", "drifted", "warning", "furthest"]
    assert lines[1].split()[:2] == ["2012-12-31", "3600"]  # a Monday
    assert (lines[1].split()[3], lines[3].split()[3]) == ("0", "1")  # the shift is on the 13th
    assert "chunks in which each threshold would have fired:" in lines


def test_rows_may_be_in_any_order(data):
    whole = done(backtest(data, "--json")).stdout
    table = pyarrow.parquet.read_table(data / "history.parquet")
    order = numpy.random.default_rng(3).permutation(table.num_rows)
    pyarrow.parquet.write_table(table.take(order), data / "history.parquet")
    mixed = json.loads(done(backtest(data, "--json")).stdout)
    for a, b in zip(json.loads(whole)["chunks"], mixed["chunks"]):
        assert (a["start"], a["rows"], a["state"]) == (b["start"], b["rows"], b["state"])
        assert a["features"][0]["measures"][0]["value"] == pytest.approx(b["features"][0]["measures"][0]["value"],
                                                                         rel=1e-9)


def test_without_a_reference_each_chunk_is_compared_with_the_whole(data):
    told = json.loads(done(run("backtest", "--data", data / "train.parquet", "--time", "when", "--chunk", "1d",
                               "--json")).stdout)
    assert told["reference"]["rows"] == 6000
    assert all(chunk["state"] == "stable" for chunk in told["chunks"])


def test_bad_histories(data):
    refused(backtest(data, chunk="1y"), "--chunk: expected a chunk of 1 to 1000 min, h, d, w or mo")
    refused(backtest(data, "--label", "truth"), "expected --label and --prediction together")
    refused(backtest(data, "--label", "truth", "--prediction", "predicted"), "expected --error")
    refused(backtest(data, "--label", "truth", "--prediction", "predicted", "--error", "log_loss"),
            "history.parquet: row 1: its prediction and label have no log_loss")
    refused(backtest(data, chunk="1min"), "more than 5000 chunks of 1min")
    refused(run("backtest", "--data", data / "history.parquet", "--time", "then", "--chunk", "1d"),
            "expected column then")


def calibrate(data, *arguments, rate="0.05"):
    return run("calibrate", "--data", data / "wander.parquet", "--time", "when", "--chunk", "1d", "--monitor",
               data / "monitor.yaml", "--false-alarm-rate", rate, *arguments)


def test_calibrated_tolerances_let_chunks_like_these_pass(data):
    pyarrow.parquet.write_table(history(80, seed=4, per_day=1000, wander=0.3), data / "wander.parquet")
    pyarrow.parquet.write_table(history(60, seed=5, per_day=1000, wander=0.3), data / "held_out.parquet")
    told = json.loads(done(calibrate(data, "--in-place", "--json")).stdout)
    psi = told["measures"][0]
    assert psi["measure"] == "psi" and not psi["extrapolated"]
    assert psi["alarms_before"] > 0.1 > psi["alarms_after"]
    text = (data / "monitor.yaml").read_text()
    assert text.startswith("# what is watched\nfeatures:\n") and "# usual\nwindow: {length: 1h}\n" in text
    assert f"rate 0.05 per chunk of 1d; data hash {told['data']['hash']}, 80000 rows\n" in text
    assert f"psi: {{warn: {psi['warn']:.6g}, alert: {psi['alert']:.6g}}}  # usual" in text
    held_out = json.loads(done(run("backtest", "--data", data / "held_out.parquet", "--time", "when", "--chunk", "1d",
                                   "--monitor", data / "monitor.yaml", "--reference-data", data / "wander.parquet",
                                   "--json")).stdout)
    alarms = sum(chunk["state"] in ("warning", "drifted") for chunk in held_out["chunks"])
    assert alarms <= 9  # two measures, each at 5 % of 60 chunks
    again = done(calibrate(data, "--in-place", "--quiet"))
    assert again.stdout == "" and (data / "monitor.yaml").read_text().count("# drift calibrate:") == 3


def test_a_calibration_is_only_shown_unless_asked_to_be_written(data):
    pyarrow.parquet.write_table(history(12, seed=6, wander=0.2), data / "wander.parquet")
    shown = done(calibrate(data, rate="0.01"))
    assert "alarms before" in shown.stdout.splitlines()[0]
    assert "12 chunks cannot show a rate of 0.01, the tolerance is extrapolated; 100 would do" in shown.stderr
    assert (data / "monitor.yaml").read_text() == MONITOR
    done(calibrate(data, "--out", data / "copy.yaml", "--quiet"))
    assert (data / "monitor.yaml").read_text() == MONITOR
    assert "# drift calibrate:" in (data / "copy.yaml").read_text()


def test_bad_calibrations_leave_the_file_as_it_was(data):
    pyarrow.parquet.write_table(history(12, seed=7), data / "wander.parquet")
    refused(calibrate(data, "--in-place", rate="0.6"), "--false-alarm-rate: expected above 0 and below 0.5, got 0.6")
    refused(calibrate(data, "--in-place", "--out", data / "copy.yaml"), "expected one of --in-place and --out")
    pyarrow.parquet.write_table(history(5, seed=7), data / "wander.parquet")
    refused(calibrate(data, "--in-place"), "expected at least 8 chunks with rows enough for psi, got 5")
    pyarrow.parquet.write_table(history(12, seed=7), data / "wander.parquet")
    text = MONITOR.replace("psi: {warn: 0.1, alert: 0.25}", "psi: {warn: &w 0.1, alert: 0.25}")
    (data / "monitor.yaml").write_text(text)
    refused(calibrate(data, "--in-place"), "by hand")
    assert (data / "monitor.yaml").read_text() == text


@pytest.mark.parametrize("command", ["backtest", "calibrate"])
def test_help_shows_an_example(command):
    assert f"drift {command} " in done(run(command, "--help")).stdout.split("Example:")[1]
