"""`drift profile` as a person runs it: the files that it makes, what it prints, and its exit status."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

DRIFT = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", "build/release")) / "bin" / "drift"

MONITOR = """\
features:
  - {name: temp, input: x, column: 0, type: numeric}
  - {name: hour, input: x, column: 1, type: numeric}
  - {name: carrier, input: carrier, type: categorical}
predictions:
  - {name: score, output: y, type: numeric}
sampling:
  stratum: {feature: carrier}
  rates: {UA: 0.1, ZZ: 1.0}
reference: {cycle: 24h}
"""
CONFIG = """\
name: "toy" platform: "pytorch_libtorch" max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 2 ] }
input { name: "carrier" data_type: TYPE_STRING dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP64 dims: [ 1 ] }
"""
ROWS = 2000


def table(rows=ROWS):
    """Missing temperatures, texts that float32 cannot hold exactly, carriers with a rate and without."""
    return pyarrow.table({
        "when": [f"2013-01-{1 + i * 27 // rows:02d}" for i in range(rows)],
        "temp": pyarrow.array([None if i % 10 == 0 else (i * 37 % 1009) / 10 for i in range(rows)], pyarrow.float64()),
        "hour": pyarrow.array([i % 24 for i in range(rows)], pyarrow.int64()),
        "carrier": [("UA", "DL", "AA")[i % 3] for i in range(rows)],
        "score": [(i * 13 % 997) / 997 for i in range(rows)],
    })


@pytest.fixture
def model(tmp_path):
    """A model's folder with its two files and the training rows as CSV."""
    folder = tmp_path / "toy"
    (folder / "3").mkdir(parents=True)
    (folder / "monitor.yaml").write_text(MONITOR)
    (folder / "config.pbtxt").write_text(CONFIG)
    pyarrow.csv.write_csv(table(), tmp_path / "train.csv")
    return folder


def run(*arguments, **environment):
    return subprocess.run([DRIFT, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], **environment,
                               **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})


def profile(model, *arguments, data=None, **environment):
    data = data or model.parent / "train.csv"
    return run("profile", "--monitor", model / "monitor.yaml", "--data", data, "--out", model / "3" / "reference.pb",
               *arguments, **environment)


def summary(model, *arguments, **keywords):
    done = profile(model, "--json", *arguments, **keywords)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def refused(done, *texts):
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    for text in texts:
        assert text in done.stderr
    assert "terminate" not in done.stderr


def test_it_makes_a_profile_and_prints_a_table(model):
    done = profile(model)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["feature", "type", "dtype", "cells", "bins", "missing", "notes"]
    assert lines[1].split()[:3] == ["temp", "numeric", "FP32"]
    assert "10.00 %" in lines[1]
    assert "2000 rows, 2 strata" in lines[-1]
    assert (model / "3" / "reference.pb").stat().st_size > 1000


def test_json_tells_the_same(model):
    told, warnings = summary(model)
    assert warnings == ""
    assert told["rows"] == ROWS
    assert told["model_name"] == "toy"
    assert told["model_version"] == "3"
    assert len(told["hash"]) == 32
    assert told["warnings"] == []
    by_name = {feature["name"]: feature for feature in told["features"]}
    assert [feature["name"] for feature in told["features"]] == ["temp", "hour", "carrier", "score"]
    assert by_name["temp"]["missing_ratio"] == pytest.approx(0.1)
    assert by_name["hour"]["dtype"] == "FP32" and by_name["hour"]["type"] == "numeric"
    assert by_name["carrier"]["cells"] == 5 and by_name["carrier"]["dtype"] == "BYTES"
    assert by_name["score"]["role"] == "prediction" and by_name["score"]["dtype"] == "FP64"


def test_rows_of_listed_strata_have_counts_of_their_own_and_all_others_share_default(model):
    strata = {stratum["name"]: stratum["rows"] for stratum in summary(model)[0]["strata"]}
    assert strata == {"UA": 667, "default": 1333}


def test_csv_parquet_and_arrow_make_the_same_profile(model):
    folder = model.parent
    pyarrow.parquet.write_table(table(), folder / "train.parquet")
    pyarrow.feather.write_feather(table(), folder / "train.arrow", compression="uncompressed")
    pyarrow.csv.write_csv(table().slice(0, 700), folder / "part-1.csv")
    pyarrow.csv.write_csv(table().slice(700), folder / "part-2.csv")
    sources = [folder / "train.csv", folder / "train.parquet", folder / "train.arrow", folder / "part-*.csv"]
    hashes = {summary(model, "--created", 1, data=source)[0]["hash"] for source in sources}
    assert len(hashes) == 1


def test_the_same_rows_make_the_same_bytes(model):
    assert profile(model).returncode == 0
    first = (model / "3" / "reference.pb").read_bytes()
    assert profile(model).returncode == 0
    assert (model / "3" / "reference.pb").read_bytes() == first
    created = summary(model)[0]["created_unix_ns"]
    assert created == int((model.parent / "train.csv").stat().st_mtime) * 10**9
    assert summary(model, SOURCE_DATE_EPOCH="1700000000")[0]["created_unix_ns"] == 1700000000 * 10**9


def test_names_can_be_given(model):
    told, _ = summary(model, "--model-name", "other", "--model-version", "7")
    assert (told["model_name"], told["model_version"]) == ("other", "7")


def test_without_config_pbtxt_the_types_are_the_files_own_and_it_says_so(model):
    (model / "config.pbtxt").rename(model.parent / "elsewhere.pbtxt")
    told, warnings = summary(model)
    assert {f["name"]: f["dtype"] for f in told["features"]} == {
        "temp": "FP64", "hour": "FP64", "carrier": "BYTES", "score": "FP64"}
    assert "no config.pbtxt" in warnings and "--model-config" in warnings
    pyarrow.parquet.write_table(table(), model.parent / "train.parquet")
    told, _ = summary(model, data=model.parent / "train.parquet")
    assert {f["name"]: f["dtype"] for f in told["features"]}["hour"] == "INT64"
    told, warnings = summary(model, "--model-config", model.parent / "elsewhere.pbtxt")
    assert told["features"][0]["dtype"] == "FP32" and warnings == ""


def test_a_time_column_measures_what_the_rows_are_worth(model):
    told, _ = summary(model, "--time", "when")
    assert "worth" in told["features"][0]["notes"][0]
    rows = table().to_pydict()
    rows["when"][1000] = "2012-01-01"
    pyarrow.csv.write_csv(pyarrow.table(rows), model.parent / "train.csv")
    refused(profile(model, "--time", "when"), "train.csv: row 1001: expected a time not before '2013-01-14', got '2012-01-01'")


def test_progress_and_quiet(model):
    done = profile(model, "--progress", "--quiet")
    assert done.returncode == 0
    assert done.stdout == ""
    assert "reading rows [########################] 100 %, 2000 rows\n" in done.stderr


def test_warnings_of_the_content(model):
    rows = table(150).to_pydict()
    rows["temp"] = [20.5] * 150
    rows["hour"] = [None] * 150
    pyarrow.csv.write_csv(pyarrow.table(rows, schema=table().schema), model.parent / "train.csv")
    told, warnings = summary(model)
    assert any(w.startswith("feature 'temp': constant") for w in told["warnings"])
    assert any(w.startswith("feature 'hour': every value is missing") for w in told["warnings"])
    assert any(w.startswith("prediction 'score': too few rows, it will never be ready") for w in told["warnings"])
    for warning in told["warnings"]:
        assert f"warning: {warning}\n" in warnings


@pytest.mark.parametrize("rows, ready", [(169, False), (180, True)])
def test_the_fewest_rows_that_can_ever_be_ready(model, rows, ready):
    pyarrow.csv.write_csv(table(rows), model.parent / "train.csv")
    told, _ = summary(model)
    assert ready != any("'score': too few rows" in warning for warning in told["warnings"])


def test_bad_input_names_what_is_wrong_and_leaves_the_old_file(model):
    out = model / "3" / "reference.pb"
    out.write_bytes(b"old")
    folder = model.parent

    def data(text):
        (folder / "bad.csv").write_text(text)
        return profile(model, data=folder / "bad.csv")

    head = "temp,hour,carrier,score\n"
    refused(data("temp,hour,score\n1,2,3\n"), "bad.csv: expected column carrier; the file has temp, hour, score")
    refused(data(head + "1,2,UA,3\nwarm,2,UA,3\n"), "bad.csv: column 'temp', row 2: expected a number, got 'warm'")
    refused(data(head), "bad.csv: expected rows, got a header alone")
    refused(data(""), "bad.csv: expected rows, got an empty file")
    refused(data(head + "1,2\n"), "bad.csv", "bad.csv: row 1: expected 4 fields, as the header has, got 2")
    refused(profile(model, data=folder / "none.csv"), "none.csv: cannot open")
    refused(profile(model, data=folder / "none*.parquet"), "no file matches")
    pyarrow.parquet.write_table(table(), folder / "cut.parquet")
    (folder / "cut.parquet").write_bytes((folder / "cut.parquet").read_bytes()[:5000])
    refused(profile(model, data=folder / "cut.parquet"), "cut.parquet: not a whole Parquet file")
    refused(profile(model, "--time", "then"), "expected column then")
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in (model / "3").iterdir()) == ["reference.pb"]


def test_a_numeric_parquet_column_for_a_text_tensor(model):
    rows = table().to_pydict()
    rows["carrier"] = list(range(ROWS))
    pyarrow.parquet.write_table(pyarrow.table(rows), model.parent / "train.parquet")
    refused(profile(model, data=model.parent / "train.parquet"),
            "column 'carrier', row 1: expected texts, as the served tensor has, got numbers of type int64")


def test_bad_monitor_and_config_files(model):
    monitor = model / "monitor.yaml"
    monitor.write_text(MONITOR.replace("24h", "daily").replace("rates", "rate"))
    refused(profile(model), f"{monitor}:9:3: key 'sampling.rate'", f"{monitor}:10:20: key 'reference.cycle'")
    monitor.write_text(MONITOR.replace("column: 1", "column: 2").replace("input: carrier", "input: airline"))
    refused(profile(model), "feature 'hour': column 2: expected below 2, the width of input 'x'",
            "feature 'carrier': input 'airline' is not one of the model's: expected one of carrier, x")
    monitor.write_text(MONITOR.replace("input: carrier, type: categorical", "input: carrier, type: numeric")
                       .replace("stratum: {feature: carrier}", "stratum: {parameter: tier}"))
    refused(profile(model), "feature 'carrier': type: expected categorical, as input 'carrier' has texts, got numeric")
    monitor.write_text(MONITOR.replace("output: y, type: numeric", "output: y, reduce: mean"))
    refused(profile(model), "prediction 'score': reduce: expected rows of more than one element, output 'y' has one: "
                            "watch it by column: 0")
    monitor.write_text(MONITOR.replace("input: carrier, type: categorical", "input: carrier, reduce: mean")
                       .replace("stratum: {feature: carrier}", "stratum: {parameter: tier}"))
    refused(profile(model), "feature 'carrier': reduce: expected length, the only one of input 'carrier', which holds "
                            "texts, got mean")
    monitor.write_text(MONITOR)
    (model / "config.pbtxt").write_text('name: "toy"\ninput { nam }')
    refused(profile(model), f"{model / 'config.pbtxt'}:2:")
    refused(profile(model, "--model-config", model / "none.pbtxt"), "none.pbtxt: cannot open")


WIDE_MONITOR = """\
features:
  - {name: brightness, input: image, reduce: mean}
  - {name: darkest, input: image, reduce: min}
  - {name: place, input: image, reduce: argmax}
  - {name: words, input: text, reduce: length}
  - {name: pattern, input: image, reduce: {projections: 2, seed: 3}}
"""
WIDE_CONFIG = """\
name: "wide" platform: "pytorch_libtorch" max_batch_size: 8
input { name: "image" data_type: TYPE_UINT8 dims: [ 2, 3 ] }
input { name: "text" data_type: TYPE_STRING dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""


@pytest.fixture
def wide(tmp_path):
    """A model of images and texts, with its training rows as lists: nested, flat and of a fixed size."""
    folder = tmp_path / "wide"
    (folder / "3").mkdir(parents=True)
    (folder / "monitor.yaml").write_text(WIDE_MONITOR)
    (folder / "config.pbtxt").write_text(WIDE_CONFIG)
    images = np.random.default_rng(1).integers(0, 200, (ROWS, 2, 3), dtype=np.uint8)
    texts = ["é" * (i % 9) for i in range(ROWS)]
    flat = images.reshape(ROWS, 6)
    shapes = {"nested": pyarrow.array(images.tolist(), pyarrow.list_(pyarrow.list_(pyarrow.uint8()))),
              "flat": pyarrow.array(flat.tolist(), pyarrow.large_list(pyarrow.float64())),
              "fixed": pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(flat.ravel()), 6)}
    for name, column in shapes.items():
        pyarrow.parquet.write_table(pyarrow.table({"image": column, "text": texts}), tmp_path / f"{name}.parquet")
    pyarrow.feather.write_feather(pyarrow.table({"image": shapes["flat"], "text": texts}), tmp_path / "flat.arrow",
                                  compression="uncompressed")
    return folder, images, texts


def test_wide_rows_are_reduced_however_their_lists_are_stored(wide):
    model, images, texts = wide
    profiles = []
    for name in ("nested.parquet", "flat.parquet", "fixed.parquet", "flat.arrow"):
        told, warnings = summary(model, "--created", 1, data=model.parent / name)
        assert warnings == ""
        profiles.append((model / "3" / "reference.pb").read_bytes())
        types = [(feature["name"], feature["type"], feature["dtype"]) for feature in told["features"]]
        assert types == [("brightness", "numeric", "FP64"), ("darkest", "numeric", "FP64"),
                         ("place", "categorical", "INT64"), ("words", "numeric", "FP64"),
                         ("pattern_0", "numeric", "FP64"), ("pattern_1", "numeric", "FP64")]
    assert len(set(profiles)) == 1


def test_numbers_reduced_elsewhere_make_the_same_profile_and_are_told_of(wide):
    """Whole numbers have exact sums, so that NumPy's means have our bits."""
    model, images, texts = wide
    monitor = WIDE_MONITOR.replace("  - {name: pattern, input: image, reduce: {projections: 2, seed: 3}}\n", "")
    (model / "monitor.yaml").write_text(monitor)
    summary(model, "--created", 1, data=model.parent / "nested.parquet")
    reduced = (model / "3" / "reference.pb").read_bytes()
    flat = images.reshape(ROWS, 6)
    pyarrow.csv.write_csv(pyarrow.table({"brightness": flat.mean(axis=1), "darkest": flat.min(axis=1),
                                         "place": flat.argmax(axis=1), "words": [len(t.encode()) for t in texts]}),
                          model.parent / "reduced.csv")
    _, warnings = summary(model, "--created", 1, data=model.parent / "reduced.csv")
    assert "column 'brightness' holds single numbers: each is taken as the mean of image, reduced before" in warnings
    assert (model / "3" / "reference.pb").read_bytes() == reduced


def test_wide_rows_that_cannot_be_reduced(wide):
    model, images, texts = wide
    pyarrow.csv.write_csv(pyarrow.table({"image": ["[1, 2]"], "text": ["a"]}), model.parent / "lists.csv")
    refused(profile(model, data=model.parent / "lists.csv"),
            "lists.csv: column 'image': expected lists of numbers, which feature 'brightness' reduces; CSV cannot")
    (model / "config.pbtxt").write_text(WIDE_CONFIG.replace("[ 2, 3 ]", "[ 2, 4 ]"))
    refused(profile(model, data=model.parent / "flat.parquet"),
            "flat.parquet: column 'image', row 1: expected 8 elements, as a row of tensor 'image' has, got 6")
    (model / "config.pbtxt").write_text(WIDE_CONFIG)
    pyarrow.parquet.write_table(pyarrow.table({"image": ["a.png"], "text": ["a"]}), model.parent / "paths.parquet")
    refused(profile(model, data=model.parent / "paths.parquet"),
            "paths.parquet: column 'image', row 1: expected lists of numbers, got values of type string")
    refused(profile(model), "train.csv: cannot open")
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), model.parent / "none.parquet")
    refused(profile(model, data=model.parent / "none.parquet"),
            "expected column brightness or image, darkest or image, place or image, pattern_0 or image, "
            "pattern_1 or image; the file has text")


def test_an_out_that_cannot_be_written(model):
    done = run("profile", "--monitor", model / "monitor.yaml", "--data", model.parent / "train.csv", "--out",
               model / "none" / "reference.pb")
    refused(done, "cannot create: No such file or directory")


@pytest.mark.parametrize("arguments", [[], ["profil"], ["profile"], ["profile", "--monitor"], ["profile", "--colour"]])
def test_bad_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_help_and_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, "drift 0.1.0\n")
    assert "profile" in run("--help").stdout
    done = run("profile", "--help")
    assert done.returncode == 0
    for flag in ("--monitor", "--data", "--out", "--model-config", "--time", "--json", "--progress", "--quiet"):
        assert flag in done.stdout


def test_it_loads_neither_torch_nor_grpc():
    listed = subprocess.run(["ldd", DRIFT], capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]  # without the addresses, which may read c10 too
    assert any("librdkafka" in name for name in names)
    for library in ("torch", "c10", "grpc"):
        assert not any(library in name for name in names)


LABELS = "labels: {name: late, prediction: score, error: squared_error}\n"


def labelled(values):
    return table().append_column("late", values)


@pytest.mark.parametrize("kind", [pyarrow.bool_(), pyarrow.int8(), pyarrow.float64()])
def test_a_declared_label_is_profiled_as_a_number(model, kind):
    values = pyarrow.array([None if i % 50 == 0 else i % 4 == 0 for i in range(ROWS)], pyarrow.bool_()).cast(kind)
    (model / "monitor.yaml").write_text(MONITOR + LABELS)
    pyarrow.parquet.write_table(labelled(values), model.parent / "train.parquet")
    told, warnings = summary(model, data=model.parent / "train.parquet")
    assert warnings == ""
    late = told["features"][-1]
    assert (late["name"], late["role"], late["type"], late["dtype"]) == ("late", "label", "categorical", "FP64")
    assert late["missing_ratio"] == pytest.approx(0.02)


def test_a_label_of_texts_stays_text(model):
    (model / "monitor.yaml").write_text(MONITOR + LABELS)
    values = pyarrow.array([("late", "in time")[i % 2] for i in range(ROWS)])
    pyarrow.csv.write_csv(labelled(values), model.parent / "train.csv")
    assert summary(model)[0]["features"][-1]["dtype"] == "BYTES"


def test_a_label_that_the_data_lack_is_a_warning(model):
    (model / "monitor.yaml").write_text(MONITOR + LABELS)
    told, warnings = summary(model)
    assert "label 'late': the data have no such column" in warnings
    assert [feature["role"] for feature in told["features"]] == ["feature"] * 3 + ["prediction"]
