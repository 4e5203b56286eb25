"""The Spark side: Kafka → rows of cells → one row per {boot_id, seq} → blocks per hour and model → figures."""

import json

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from hourly.blocks import Blocks
from hourly.evaluation import HOUR_NS, evaluate
from hourly.profile import Profile
from hourly.records import RecordReader, Skipped

MINUTE_MS = 60_000
BEFORE_MS, AFTER_MS = MINUTE_MS, 10 * MINUTE_MS  # clocks differ, and a record may have waited for its broker
GROUP = ("hour_ns", "model", "version")
ROWS = ("skipped string, hour_ns long, model string, version string, boot_id string, seq string, time_ns long, "
        "stratum string, probability double, cells array<int>")
PARTS = ("hour_ns long, model string, version string, shift int, block long, stratum string, probability double, "
         "counts array<long>")  # block is null where the counts are cells
FIGURES = ("hour timestamp, hour_ns long, model string, version string, feature string, role string, kind string, "
           "state string, ready boolean, reason string, psi double, psi_p_value double, ks double, ks_upper double, "
           "ks_p_value double, effective_rows double, kept_rows double, estimated_rows double, missing_ratio double, "
           "report string")  # report: the model's JSON, in its first feature's row only


class Job:
    """What every task needs, as plain bytes: profiles are parsed once in each task."""

    def __init__(self, descriptors, references, from_ns, to_ns, settings, left_out=(), any_reference=False):
        self.descriptors, self.references, self.left_out = descriptors, references, tuple(left_out)
        self.from_ns, self.to_ns, self.any_reference, self.settings = from_ns, to_ns, any_reference, settings

    def profiles(self):
        """{(model, version): Profile}. ValueError names the file at fault, and models that come twice."""
        profiles = {}
        for path, data in self.references.items():
            try:
                profile = Profile(data, self.descriptors, self.left_out)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
            key = (profile.model_name, profile.model_version)
            if key in profiles:
                raise ValueError(f"{path}: model '{key[0]}' version '{key[1]}' came before")
            profiles[key] = profile
        return profiles

    def read_rows(self, batches):
        """Arrow batches of messages → of ROWS, one per message."""
        reader = RecordReader(self.descriptors, self.profiles(), self.from_ns, self.to_ns, self.any_reference)
        for batch in batches:
            yield arrow([read_row(reader, message) for message in batch.to_pylist()], ROWS)

    def count_parts(self, batches):
        """Arrow batches of rows → of PARTS: the blocks of what this task has seen."""
        profiles, blocks = self.profiles(), {}
        for batch in batches:
            for row in batch.to_pylist():
                group = tuple(row[name] for name in GROUP)
                profile = profiles[group[1:]]
                if group not in blocks:
                    blocks[group] = Blocks(profile.bin_of_cell)
                cells = np.array(row["cells"]) + profile.cell_offsets[:-1]
                blocks[group].add(row["time_ns"], row["stratum"], row["probability"], cells)
        for group, counted in blocks.items():
            yield arrow(parts_of(group, counted), PARTS)

    def figures(self, key, table):
        """All parts of one hour and model, an Arrow table, → FIGURES. `key`: Arrow scalars, as GROUP names them."""
        hour_ns, *model = (value.as_py() for value in key)
        profile = self.profiles()[tuple(model)]
        blocks = Blocks(profile.bin_of_cell)
        for part in table.to_pylist():
            counts, stratum = np.array(part["counts"]), (part["stratum"], part["probability"])
            if part["block"] is None:
                blocks.add_cells(*stratum, counts)
            else:
                blocks.add_pane(part["shift"], part["block"], *stratum, counts)
        result = evaluate(blocks, profile, hour_ns, self.settings)
        return arrow(figure_rows(result, hour_ns), FIGURES, table=True)


def read_row(reader, message):
    headers = {header["key"]: header["value"] or b"" for header in message["headers"] or ()}
    try:
        row = reader.read(message["value"] or b"", headers)
    except Skipped as reason:
        return {"skipped": str(reason)}
    return {"hour_ns": row.time_ns // HOUR_NS * HOUR_NS, "model": row.model[0], "version": row.model[1],
            "boot_id": str(row.boot_id), "seq": str(row.seq), "time_ns": row.time_ns, "stratum": row.stratum,
            "probability": row.probability, "cells": row.cells}


def parts_of(group, blocks):
    named = dict(zip(GROUP, group))
    panes = [{**named, "shift": blocks.shift, "block": block, "stratum": stratum, "probability": probability,
              "counts": bins} for (block, stratum, probability), bins in blocks.panes.items()]
    return panes + [{**named, "shift": blocks.shift, "stratum": stratum, "probability": probability, "counts": cells}
                    for (stratum, probability), cells in blocks.cells.items()]


def figure_rows(result, hour_ns):
    """A model of the report as rows: one per feature."""
    report = json.dumps(result)
    for feature in result["features"]:
        measures = {entry["measure"]: entry for entry in feature["measures"]}
        psi, ks = measures.get("psi", {}), measures.get("ks", {})
        yield {"hour": hour_ns // 1000, "hour_ns": hour_ns, "model": result["model_name"],
               "version": result["model_version"], "feature": feature["name"], "role": feature["role"],
               "kind": feature["kind"], "state": feature["state"], "ready": feature["ready"],
               "reason": feature.get("reason"), "psi": psi.get("value"), "psi_p_value": psi.get("p_value"),
               "ks": ks.get("value"), "ks_upper": ks.get("value_upper"), "ks_p_value": ks.get("p_value"),
               "effective_rows": feature.get("effective_samples"), "kept_rows": feature["kept_rows"],
               "estimated_rows": result["rows_seen"], "missing_ratio": feature.get("missing_ratio"), "report": report}
        report = None


ARROW_TYPES = {"string": pa.string(), "long": pa.int64(), "int": pa.int32(), "double": pa.float64(),
               "boolean": pa.bool_(), "timestamp": pa.timestamp("us", tz="UTC"), "array<int>": pa.list_(pa.int32()),
               "array<long>": pa.list_(pa.int64())}


def arrow(rows, schema, table=False):
    """Dictionaries as an Arrow batch, or table, of the columns that `schema` names; what a row lacks is null."""
    rows = list(rows)
    columns = [column.split(" ") for column in schema.split(", ")]
    arrays = [pa.array([row.get(name) for row in rows], ARROW_TYPES[kind]) for name, kind in columns]
    names = [name for name, _ in columns]
    return (pa.Table if table else pa.RecordBatch).from_arrays(arrays, names=names)


def read_topic(spark, brokers, topic, from_ns, to_ns, properties):
    """The messages that can hold rows of these times: each with value and headers."""
    options = {"kafka.bootstrap.servers": brokers, "subscribe": topic, "includeHeaders": "true",
               "startingTimestamp": str(max(0, from_ns // 1_000_000 - BEFORE_MS)),
               "startingOffsetsByTimestampStrategy": "latest",
               "endingTimestamp": str(to_ns // 1_000_000 + AFTER_MS),
               **{f"kafka.{name}": value for name, value in properties.items()}}
    return spark.read.format("kafka").options(**options).load().select("value", "headers")


def aggregate(messages, job):
    """(figures, {reason: messages skipped}). `figures` is a cached DataFrame of FIGURES."""
    rows = messages.mapInArrow(job.read_rows, ROWS).persist()
    good = rows.where(F.col("skipped").isNull())
    once = good.dropDuplicates(["boot_id", "seq"])
    parts = once.drop("skipped").mapInArrow(job.count_parts, PARTS)
    # Spark counts the arguments of a function, and a method's wrongly.
    figures = parts.groupBy(*GROUP).applyInArrow(lambda key, table: job.figures(key, table), FIGURES).persist()
    figures.count()
    skipped = {row["skipped"]: row["count"] for row in
               rows.where(F.col("skipped").isNotNull()).groupBy("skipped").count().collect()}
    doubled = good.count() - once.count()
    rows.unpersist()
    return figures, {**skipped, **({"duplicate": doubled} if doubled else {})}
