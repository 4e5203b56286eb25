#!/usr/bin/env python3
"""PSI and KS per hour and model from the servers' samples topic, counted by Spark.

    spark-submit --packages … deploy/spark/hourly_drift.py --brokers broker:9092 --descriptors driftserve.desc \\
        --reference 'models/*/*/reference.pb' --from 2026-07-01T00:00:00Z --to 2026-07-02T00:00:00Z --out drift/

Writes OUT/figures (Parquet, one row per hour, model, version and feature), OUT/report.json (as `drift report --json`,
one model entry per hour) and OUT/skipped.json (messages that are no row, by reason). Exit status 2: bad usage or input.
"""

import argparse
import datetime
import glob
import json
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from hourly.evaluation import HOUR_NS, Settings, utc  # noqa: E402  (the path is set above)


class BadInput(Exception):
    """What the user can put right."""


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--brokers", required=True, help="host:9092,…")
    parser.add_argument("--topic", default="driftserve.samples")
    parser.add_argument("--descriptors", required=True, help="driftserve.desc, as installed in share/driftserve")
    parser.add_argument("--reference", required=True, nargs="+", help="reference.pb files, or quoted patterns")
    parser.add_argument("--from", dest="begin", required=True, help="first hour, RFC 3339: 2026-07-01T00:00:00Z")
    parser.add_argument("--to", dest="end", required=True, help="end of the last hour")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder; replaced as a whole")
    parser.add_argument("--leave-out", nargs="*", default=[], help="features that records do not hold, or hashed")
    parser.add_argument("--any-reference", action="store_true", help="take records made against another reference too")
    parser.add_argument("--kafka-config", action="append", default=[], metavar="PROPERTY=VALUE")
    for name, value in vars(Settings()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    return parser.parse_args(arguments)


def hour(flag, text):
    """Nanoseconds of a whole hour."""
    try:
        time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise BadInput(f"{flag}: expected a time like 2026-07-01T00:00:00Z, got '{text}'") from error
    if time.tzinfo is None:
        raise BadInput(f"{flag}: expected a time with its zone, like 2026-07-01T00:00:00Z, got '{text}'")
    ns = int(time.timestamp()) * 1_000_000_000
    if ns % HOUR_NS or time.microsecond:
        raise BadInput(f"{flag}: expected a whole hour (UTC), got '{text}'")
    return ns


def read_file(flag, path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{flag}: {path}: {error.strerror}") from error


def read_references(patterns):
    """{path: bytes}."""
    paths = []
    for pattern in patterns:
        found = sorted(glob.glob(pattern))
        if not found:
            raise BadInput(f"--reference: no file is named '{pattern}'")
        paths += found
    return {path: read_file("--reference", path) for path in paths}


def properties(texts):
    """Kafka's, without showing a value: it may be a password."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise BadInput("--kafka-config: expected PROPERTY=VALUE")
    return {name: value for name, _, value in pairs}


def make_job(options):
    from hourly.engine import Job

    begin, end = hour("--from", options.begin), hour("--to", options.end)
    if begin >= end:
        raise BadInput("--from: expected an hour before --to")
    settings = Settings(**{name: getattr(options, name) for name in vars(Settings())})
    job = Job(read_file("--descriptors", options.descriptors), read_references(options.reference), begin, end, settings,
              options.leave_out, options.any_reference)
    try:
        job.profiles()
    except ValueError as error:
        raise BadInput(f"--reference: {error}") from error
    return job


def ship_package(context, folder):
    """Sends the modules to the workers of whatever cluster this is."""
    here = pathlib.Path(__file__).resolve().parent
    context.addPyFile(shutil.make_archive(os.path.join(folder, "hourly"), "zip", here, "hourly"))


def write(out, figures, skipped):
    """All of `out`, or nothing: written beside it under another name, then renamed."""
    part, old = (out.with_name(f".{out.name}.{end}") for end in ("part", "old"))
    for folder in (part, old):
        shutil.rmtree(folder, ignore_errors=True)
    part.mkdir(parents=True)
    figures.drop("report", "hour_ns").orderBy("hour", "model", "version", "feature").coalesce(1).write.parquet(
        (part / "figures").as_uri())
    rows = figures.where("report IS NOT NULL").orderBy("hour", "model", "version").select("report").collect()
    models = [json.loads(row["report"]) for row in rows]
    warnings = [f"{count} messages were skipped: {reason}" for reason, count in sorted(skipped.items())
                if reason != "out_of_time"]
    for model in models:
        model["warnings"] += warnings
    report = {"schema_version": 1, "models": models}
    (part / "report.json").write_text(json.dumps(report, ensure_ascii=False) + "\n")
    (part / "skipped.json").write_text(json.dumps(dict(sorted(skipped.items()))) + "\n")
    if out.exists():
        out.rename(old)
    part.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return models


def run(options):
    from pyspark.sql import SparkSession

    from hourly.engine import aggregate, read_topic

    job, kafka = make_job(options), properties(options.kafka_config)
    # Times as Parquet's own type: Spark's default is one that other readers take for local time.
    spark = (SparkSession.builder.appName("driftserve-hourly-drift").config("spark.sql.session.timeZone", "UTC")
             .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").getOrCreate())
    with tempfile.TemporaryDirectory() as folder:
        ship_package(spark.sparkContext, folder)
        messages = read_topic(spark, options.brokers, options.topic, job.from_ns, job.to_ns, kafka)
        figures, skipped = aggregate(messages, job)
        models = write(options.out, figures, skipped)
        spark.stop()
    for model in models:
        begin = utc(int(model["evaluated_seconds"] * 1e9) - HOUR_NS)
        print(f"{begin} {model['model_name']} {model['model_version']}: {model['state']}; "
              f"{model['rows_kept']:.0f} rows. {model['verdict']['sentence']}")
    print(f"skipped: {skipped}")


def main(arguments=None):
    try:
        run(parse_arguments(arguments))
    except BadInput as error:
        print(f"hourly_drift: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
