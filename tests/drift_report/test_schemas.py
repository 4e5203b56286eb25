"""Every JSON document against its schema, and the schemas against documents that are wrong."""

import copy
import datetime
import itertools
import json
import os
import pathlib
import random
import subprocess

import jsonschema
import pytest
import referencing

SCHEMAS = pathlib.Path("drift/report")
PROGRAMS = pathlib.Path(os.environ["DRIFTSERVE_BUILD"]) / "bin"
SAMPLES = ["drifted", "stable", "report", "large", "hostile", "warming", "observing", "stale", "bare"]


def load(path):
    """The document; a number that JSON does not know (NaN, Infinity) and a key that comes twice are faults."""
    def pairs(items):
        keys = [key for key, _ in items]
        assert len(keys) == len(set(keys)), f"{path}: a key comes twice among {keys}"
        return dict(items)

    def refuse(name):
        raise AssertionError(f"{path}: {name} is not JSON")

    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"), object_pairs_hook=pairs, parse_constant=refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("samples")
    subprocess.run([PROGRAMS / "render_sample", made], check=True)
    return made


def validator(name):
    schemas = {path.name: load(path) for path in SCHEMAS.glob("*.schema.json")}
    registry = referencing.Registry().with_resources(
        (schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas.values())
    return jsonschema.Draft202012Validator(schemas[name], registry=registry)


NATIVE, EVIDENTLY = validator("report.schema.json"), validator("evidently.schema.json")


@pytest.mark.parametrize("schema", [NATIVE, EVIDENTLY], ids=["report", "evidently"])
def test_the_schemas_are_schemas(schema):
    jsonschema.Draft202012Validator.check_schema(schema.schema)
    assert schema.schema["$id"].startswith("urn:driftserve:")


def test_every_document_of_the_samples_is_looked_at(folder):
    natives = {path.name for path in folder.glob("*.json") if not path.name.endswith(".evidently.json")}
    assert natives == {f"{name}.json" for name in SAMPLES + ["none"]}


@pytest.mark.parametrize("name", SAMPLES + ["none"])
def test_native_documents_keep_the_schema(folder, name):
    NATIVE.validate(load(folder / f"{name}.json"))


@pytest.mark.parametrize("name", SAMPLES + ["metrics", "tests"])
def test_evidently_documents_keep_the_schema(folder, name):
    EVIDENTLY.validate(load(folder / f"{name}.evidently.json"))


def test_what_the_toolbox_writes_keeps_the_schemas(tmp_path):
    """Two files with times, strata, a missing share, a constant, and a category that is new."""
    chance = random.Random(20260101)
    for name, shift, cities in (("reference", 0, "AB"), ("current", 1, "ABC")):
        rows = [f"{i * 600},{chance.gauss(shift, 1) if i % 9 else ''},{chance.choice(cities)},{'xy'[i % 2]},1"
                for i in range(3000)]
        (tmp_path / f"{name}.csv").write_text("time,value,city,tier,one\n" + "\n".join(rows) + "\n")
    made = {"json": NATIVE, "evidently-json": EVIDENTLY}
    subprocess.run([PROGRAMS / "drift", "report", "--reference-data", tmp_path / "reference.csv",
                    "--current", tmp_path / "current.csv", "--time", "time", "--stratum", "tier", "--quiet",
                    *itertools.chain(*((f"--{kind}", tmp_path / kind) for kind in made))], check=True)
    for kind, schema in made.items():
        schema.validate(load(tmp_path / kind))
    model = load(tmp_path / "json")["models"][0]
    assert model["comparison"]["current"]["rows"] == 3000 and len(model["history"]) > 1 and len(model["strata"]) == 2
    assert [value["value"] for feature in model["features"] for value in feature.get("appeared", [])] == ["C"]
    columns = load(tmp_path / "evidently-json")["metrics"][1]["result"]["drift_by_columns"]
    assert columns["value"]["drift_detected"] and columns["city"]["drift_detected"]


TEMP = ("metrics", 1, "result", "drift_by_columns", "temp")
# Each a change after which the document is no longer one, as (path, value or None to take the key away).
FAULTS = [
    (NATIVE, "report.json", ("schema_version",), 2),
    (NATIVE, "report.json", ("models", 0, "state"), "fine"),
    (NATIVE, "report.json", ("models", 0, "verdict"), None),
    (NATIVE, "report.json", ("models", 0, "unknown"), 1),
    (NATIVE, "report.json", ("models", 0, "features", 0, "unknown"), 1),
    (NATIVE, "report.json", ("models", 0, "features", 0, "bins"), None),
    (NATIVE, "report.json", ("models", 0, "features", 0, "ready"), False),
    (NATIVE, "report.json", ("models", 0, "features", 0, "measures", 0, "value"), None),
    (NATIVE, "report.json", ("models", 0, "features", 0, "measures", 0, "p_value"), 2),
    (NATIVE, "report.json", ("models", 0, "strata", 0, "features", 0, "bins"), []),
    (NATIVE, "report.json", ("models", 0, "comparison", "current", "rows"), "many"),
    (NATIVE, "report.json", ("models", 0, "comparison", "made"), "yesterday"),
    (NATIVE, "report.json", ("models", 0, "concept_drift", "join_rate"), 93.4),
    (NATIVE, "report.json", ("models", 0, "concept_drift", "detectors", 0, "alarms"), -1),
    (EVIDENTLY, "report.evidently.json", ("metrics", 0, "metric"), "DataDriftTable"),
    (EVIDENTLY, "report.evidently.json", ("metrics", 0, "result", "drift_share"), None),
    (EVIDENTLY, "report.evidently.json", (*TEMP, "drift_score"), None),
    (EVIDENTLY, "report.evidently.json", (*TEMP, "column_type"), "cat"),
    (EVIDENTLY, "report.evidently.json", (*TEMP, "driftserve", "state"), "?"),
    (EVIDENTLY, "report.evidently.json", ("tests", 0, "status"), "OK"),
    (EVIDENTLY, "report.evidently.json", ("summary", "all_passed"), "yes"),
    (EVIDENTLY, "report.evidently.json", ("summary", "by_status", "OK"), 1),
]


@pytest.mark.parametrize("schema, name, path, value", FAULTS, ids=[".".join(map(str, fault[2])) for fault in FAULTS])
def test_the_schemas_refuse_what_is_wrong(folder, schema, name, path, value):
    wrong = copy.deepcopy(load(folder / name))
    place = wrong
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(wrong)


def test_what_users_of_evidently_read(folder):
    """The look-ups that their scripts do, on a report and on a test suite."""
    document = load(folder / "report.evidently.json")
    dataset, table = (metric["result"] for metric in document["metrics"][:2])
    columns = table["drift_by_columns"]
    drifted = sorted(name for name, column in columns.items() if column["drift_detected"])
    assert drifted == ["dewp", "temp"]
    assert dataset["number_of_drifted_columns"] == table["number_of_drifted_columns"] == 2
    assert dataset["number_of_columns"] == len(columns) == 7, "visibility waits for rows, year is constant"
    assert dataset["share_of_drifted_columns"] == pytest.approx(2 / 7)
    assert dataset["dataset_drift"] is (dataset["share_of_drifted_columns"] >= dataset["drift_share"])
    temp = columns["temp"]
    assert temp["stattest_name"] == "PSI" and temp["drift_score"] > temp["stattest_threshold"]
    assert [metric["result"]["column_name"] for metric in document["metrics"][2:]] == ["p_late", "late"]
    datetime.datetime.fromisoformat(document["timestamp"])

    summary, tests = document["summary"], document["tests"]
    assert summary["all_passed"] is False
    assert summary["total_tests"] == len(tests) == sum(summary["by_status"].values())
    assert summary["failed_tests"] == 3, "temp, dewp, and quality"
    assert {test["parameters"]["column_name"] for test in tests if test["status"] == "SKIPPED"} == {"visibility"}
    status = {test["parameters"].get("column_name"): test["status"] for test in tests}
    assert status["year"] == "SUCCESS", "a constant did not drift"
    assert status["pressure"] == "WARNING"


def test_small_distributions_are_distributions(folder):
    for name in SAMPLES:
        for metric in load(folder / f"{name}.evidently.json")["metrics"][1:]:
            result = metric["result"]
            for column in result.get("drift_by_columns", {"": result}).values():
                for side in ("current", "reference"):
                    small = column[side]["small_distribution"]
                    if column["column_type"] == "cat":
                        assert len(small["x"]) == len(small["y"]) > 0
                        continue
                    x, y = small["x"], small["y"]
                    assert len(x) == 11 and len(y) == 10 and x == sorted(x)
                    assert sum(h * (b - a) for h, a, b in zip(y, x, x[1:])) == pytest.approx(1)


def test_each_flavour_has_its_own_keys(folder):
    assert set(load(folder / "metrics.evidently.json")) == {"version", "metrics", "timestamp", "driftserve"}
    assert set(load(folder / "tests.evidently.json")) == {"version", "tests", "summary", "timestamp", "driftserve"}


def test_all_passed_only_where_all_could_be_judged(folder):
    assert load(folder / "stable.evidently.json")["summary"] == {
        "all_passed": False, "total_tests": 10, "success_tests": 9, "failed_tests": 0,
        "by_status": {"SKIPPED": 1, "SUCCESS": 9}}
    assert load(folder / "warming.evidently.json")["summary"]["success_tests"] == 0


def test_names_that_read_alike_stay_apart(folder):
    columns = load(folder / "hostile.evidently.json")["metrics"][1]["result"]["drift_by_columns"]
    assert {"a\\xff", "a\\xff (2)"} <= set(columns)
