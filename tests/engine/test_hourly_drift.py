"""`deploy/spark/hourly_drift.py` in local mode on a real broker: its figures are those of `drift report` from the same
topic over the same hour."""

import json
import os
import pathlib
import subprocess
import sys

import confluent_kafka
import jsonschema
import pyarrow.parquet
import pytest
import rows
from confluent_kafka.admin import AdminClient, NewTopic
from conftest import ROOT, _fixtures
from support import kafka, protocol, repository
from support.server import wait_until

from hourly.evaluation import utc

SPARK = ROOT / ".deps" / "spark" / "home"
RATES = {"gold": 1.0, "silver": 0.5}


def hourly(*arguments, expected=0):
    """Runs the program, with a master of two threads."""
    py4j = next((SPARK / "pyspark" / "python" / "lib").glob("py4j*.zip"))
    environment = {**os.environ, "SPARK_HOME": str(SPARK / "pyspark"), "PYSPARK_PYTHON": sys.executable,
                   "PYTHONPATH": f"{SPARK}{os.pathsep}{py4j}",
                   "SPARK_LOCAL_IP": "127.0.0.1",
                   "PYSPARK_SUBMIT_ARGS": "--master local[2] --driver-memory 1g --conf spark.ui.enabled=false "
                                          "--conf spark.sql.shuffle.partitions=4 pyspark-shell"}
    done = subprocess.run([sys.executable, ROOT / "deploy/spark/hourly_drift.py", *map(str, arguments)], text=True,
                          capture_output=True, timeout=400, env=environment)
    assert done.returncode == expected, done.stdout + done.stderr[-6000:]
    return done.stdout + done.stderr


def in_process(broker, topic, monitor, reference, begin, end, folder):
    """The model that `drift report` makes of the same hour."""
    report = folder / "drift-report.json"
    rows.drift("report", "--reference", reference, "--monitor", monitor, "--json", report,
               "--current", f"kafka://{broker.bootstrap}/{topic}", "--since", begin, "--to", end)
    return json.loads(report.read_text())["models"][0]


def produce(bootstrap, topic, messages):
    """[(partition, value, headers, milliseconds)]"""
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap})
    for partition, value, headers, timestamp in messages:
        producer.produce(topic, value=value, headers=headers, partition=partition, timestamp=timestamp)
        producer.poll(0)
    assert producer.flush(60) == 0


@pytest.fixture(scope="module")
def topic(broker, tmp_path_factory):
    """Two hours of rows, the second with drift in the stratum kept least, and among them what is no row."""
    monitor, reference = rows.make_reference(tmp_path_factory.mktemp("engine") / "rows")
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    # The rows are of a fixed day, which retention would not keep.
    new = NewTopic("hourly", num_partitions=3, replication_factor=1, config={"retention.ms": "-1"})
    admin.create_topics([new])["hourly"].result(60)
    profile_hash = json.loads(rows.drift("report", "--reference", reference, "--current",
                                         rows.write_csv(monitor.parent / "c.csv", rows.draw(500, 9)), "--json"))[
                                             "models"][0]["reference"]["hash"]
    quiet = rows.sampled(rows.draw(6000, 2), 3)
    loud = [(row[0] + 3600 * 10**9, *row[1:]) for row in rows.sampled(rows.draw(6000, 4, shift=2.0), 5)]
    records = rows.records(quiet + loud, profile_hash)
    messages = [(number % 3, record.SerializeToString(), {}, record.time.seconds * 1000)
                for number, record in enumerate(records)]
    whole, now = records[0].SerializeToString(), rows.HOUR * 1000
    other, wrong = (protocol.message("driftserve.v1.Record").FromString(whole) for _ in range(2))
    other.model_name, other.seq = "another", 1 << 40
    wrong.features[0].text, wrong.seq = b"forty", 1 << 41
    messages += [(0, whole, {"ce_dataschema": b"urn:protobuf:driftserve.v2.Record"}, now),
                 (0, whole[: len(whole) // 2], {}, now), (1, b"no record", {}, now), (0, whole, {}, now),
                 (2, other.SerializeToString(), {}, now), (2, wrong.SerializeToString(), {}, now)]
    produce(broker.bootstrap, "hourly", messages)
    return monitor, reference


def test_both_hours_are_the_in_process_ones(broker, topic, descriptors, tmp_path):
    monitor, reference = topic
    begin, middle, end = (utc((rows.HOUR + 3600 * hours) * 10**9) for hours in range(3))
    out = tmp_path / "out"
    text = hourly("--brokers", broker.bootstrap, "--topic", "hourly", "--descriptors", descriptors, "--reference",
                  reference, "--from", begin, "--to", end, "--out", out)
    report = json.loads((out / "report.json").read_text())
    schema = json.loads((ROOT / "drift" / "report" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    first, second = report["models"]
    rows.assert_same_figures(first, in_process(broker, "hourly", monitor, reference, begin, middle, tmp_path))
    rows.assert_same_figures(second, in_process(broker, "hourly", monitor, reference, middle, end, tmp_path))
    assert first["features"][0]["state"] == "stable" and second["features"][0]["state"] == "drifted", text

    skipped = {"corrupt": 2, "duplicate": 1, "foreign": 1, "other_model": 1, "unreadable": 1}
    assert json.loads((out / "skipped.json").read_text()) == skipped
    assert "1 messages were skipped: foreign" in first["warnings"]

    table = pyarrow.parquet.read_table(out / "figures").to_pylist()
    assert len(table) == 2 * len(rows.FEATURES)
    by_place = {(row["hour"].isoformat(), row["feature"]): row for row in table}
    for model, hour in ((first, begin), (second, middle)):
        for feature in model["features"]:
            row = by_place[hour.replace("Z", "+00:00"), feature["name"]]
            measures = {entry["measure"]: entry["value"] for entry in feature["measures"]}
            assert (row["model"], row["version"]) == (rows.MODEL, rows.VERSION)
            assert (row["psi"], row["ks"]) == (measures["psi"], measures.get("ks"))
            assert (row["effective_rows"], row["kept_rows"]) == (feature["effective_samples"], feature["kept_rows"])


@pytest.fixture(scope="module")
def served(start, broker, tmp_path_factory):
    """A server's own records of strata kept at 1, 0.5 and 0.25, on a topic of their own: (models, topic)."""
    models = repository.make(tmp_path_factory.mktemp("served") / "models",
                             {"mlp": {"monitor": repository.tiered_monitor(RATES, 0.25)}})
    running = start(models, {"kafka": {"brokers": broker.bootstrap, "topic": "served"}})
    with running.channel() as channel:
        call = protocol.inference(channel).ModelInfer
        for number in range(400):
            call(_fixtures.mlp_request(_fixtures.features(4, seed=number), request_id=f"id-{number}",
                                       parameters={"tier": ("gold", "silver", "bronze", "bronze")[number % 4]}))

    def acknowledged():
        counts = running.metrics().records()
        return counts["in_flight"] == 0 and counts["sampled"] == counts["acknowledged"] > 0
    wait_until("every record to be acknowledged", acknowledged, seconds=90, interval=0.2)
    return models


def test_a_servers_records(broker, served, descriptors, tmp_path):
    monitor, reference = served / "mlp" / "monitor.yaml", served / "mlp" / "1" / "reference.pb"
    seconds = [record.time.seconds for record in kafka.records(broker.bootstrap, "served")]
    first, last = min(seconds) // 3600, max(seconds) // 3600 + 1
    out = tmp_path / "out"
    hourly("--brokers", broker.bootstrap, "--topic", "served", "--descriptors", descriptors, "--reference",
           served / "*" / "*" / "reference.pb", "--from", utc(first * 3600 * 10**9), "--to", utc(last * 3600 * 10**9),
           "--out", out)
    models = json.loads((out / "report.json").read_text())["models"]
    assert sum(model["rows_kept"] for model in models) == len(seconds)
    for model in models:  # two, where the hour turned meanwhile
        end = int(model["evaluated_seconds"]) * 10**9
        expected = in_process(broker, "served", monitor, reference, utc(end - 3600 * 10**9), utc(end), tmp_path)
        rows.assert_same_figures(model, expected)
    assert json.loads((out / "skipped.json").read_text()) == {}


@pytest.mark.parametrize("flag, value, message", [
    ("--from", "2026-07-01T11:30:00Z", "--from: expected a whole hour (UTC), got '2026-07-01T11:30:00Z'"),
    ("--from", "yesterday", "--from: expected a time like"),
    ("--to", "2020-07-01T00:00:00Z", "--from: expected an hour before --to"),
    ("--reference", "nope.pb", "--reference: no file is named 'nope.pb'"),
    ("--descriptors", "nope.desc", "--descriptors: nope.desc: No such file"),
    ("--reference", str(pathlib.Path(__file__)), "not Protobuf of driftserve.v1.Reference"),
    ("--kafka-config", "s3cret", "--kafka-config: expected PROPERTY=VALUE"),
])
def test_bad_usage_is_refused_before_spark_starts(topic, descriptors, tmp_path, flag, value, message):
    flags = {"--brokers": "127.0.0.1:1", "--descriptors": descriptors, "--reference": topic[1],
             "--from": "2026-07-01T11:00:00Z", "--to": "2026-07-01T12:00:00Z", "--out": tmp_path / "out", flag: value}
    text = hourly(*(part for pair in flags.items() for part in pair), expected=2)
    assert message in text and "s3cret" not in text and "Traceback" not in text
    assert not (tmp_path / "out").exists()
