#!/usr/bin/env python3
"""Trains `flight_delay` on January to June and writes everything its folder of the model repository holds.

    python3 -m venv .deps/train && .deps/train/bin/pip install -r models/flight_delay/requirements-train.txt
    .deps/train/bin/python models/flight_delay/export.py

writes 1/model.pt and MODEL_CARD.md here, the samples of tests/models, and .deps/work/flight_delay/train.parquet, the
rows of which `drift profile` makes 1/reference.pb. config.pbtxt and monitor.yaml are written by hand and checked.
One minute on one core; the same data and versions give the same figures.
"""

import os
import re
import sys

import numpy as np
import pyarrow
import pyarrow.parquet
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import card  # noqa: E402
import flights  # noqa: E402
import network  # noqa: E402

WORK = os.path.join(flights.ROOT, ".deps", "work", "flight_delay")
SAMPLES = os.path.join(flights.ROOT, "tests", "models")
FOLDS = 5
TRAINING_MONTHS = 6
GOLDEN_ROWS, SAMPLE_ROWS = 400, 6000


def log(line):
    print(f"export: {line}", flush=True)


def held_out_predictions(rows):
    """p_late of every row by a network that saw no row of the same day (five folds, day number modulo five)."""
    fold = rows.day % FOLDS
    score = np.empty(len(rows), np.float32)
    for held in range(FOLDS):
        score[fold == held] = network.predict(*network.train(rows.take(fold != held)), rows.take(fold == held))
        log(f"fold {held + 1}/{FOLDS} done")
    return score


def serve(module, rows):
    """p_late as the served module answers, float32 [n]."""
    with torch.inference_mode():
        answer = module(torch.from_numpy(rows.features), rows.carrier.tolist(), rows.origin.tolist())
    return answer.squeeze(1).numpy()


def write_training_rows(rows, score):
    """The reference rows for `drift profile`, in time order, columns named as in monitor.yaml."""
    columns = {"time": pyarrow.array(rows.time)}
    for column, name in enumerate(flights.NUMERIC):
        values = rows.features[:, column]
        columns[name] = pyarrow.array(values, mask=np.isnan(values))
    columns.update(carrier=pyarrow.array(rows.carrier.tolist()), origin=pyarrow.array(rows.origin.tolist()),
                   p_late=pyarrow.array(score), late=pyarrow.array(rows.label, mask=np.isnan(rows.label)))
    os.makedirs(WORK, exist_ok=True)
    path = os.path.join(WORK, "train.parquet")
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    log(f"{path}: {len(rows)} rows")


def write_sample(name, module, rows):
    """A CSV of rows as a client would send them, with the answer expected; empty = missing."""
    score = serve(module, rows)
    path = os.path.join(SAMPLES, name)
    with open(path, "w") as file:
        file.write(",".join(("month", *flights.NUMERIC, "carrier", "origin", "label", "p_late")) + "\n")
        for i in range(len(rows)):
            numbers = ["" if np.isnan(x) else np.format_float_positional(x, trim="-") for x in rows.features[i]]
            label = "" if np.isnan(rows.label[i]) else f"{rows.label[i]:.0f}"
            file.write(",".join([str(rows.month[i]), *numbers, rows.carrier[i], rows.origin[i], label,
                                 f"{score[i]:.6f}"]) + "\n")
    log(f"{path}: {len(rows)} rows, {os.path.getsize(path)} bytes, AUC {flights.auc(rows.label, score):.4f}")
    return flights.auc(rows.label, score)


def golden(rows):
    """Rows spread over the year, some made odd: unknown strings, all numbers missing, no weather, a huge number."""
    no_weather = np.flatnonzero(np.isnan(rows.features[:, 3]))[::80]
    spread = np.linspace(0, len(rows) - 1, GOLDEN_ROWS - len(no_weather)).astype(int)
    some = rows.take(np.sort(np.concatenate([no_weather, spread])))
    for step, column, value in ((20, "carrier", "ZZ"), (30, "origin", "XX"), (41, "carrier", "")):
        getattr(some, column)[::step] = value
    some.features[::50] = np.nan
    some.features[7::90, 3] = 1e30
    return some


def check_monitor(rows):
    """monitor.yaml states the features in the order of the input tensor, and a rate for every small carrier."""
    text = open(os.path.join(HERE, "monitor.yaml")).read()
    columns = re.findall(r"name: (\w+),\s+input: features,\s+column: (\d+)", text)
    expected = [(name, str(column)) for column, name in enumerate(flights.NUMERIC)]
    if columns != expected:
        raise SystemExit(f"export: monitor.yaml lists the features {columns}, expected {expected}")
    rates = dict(re.findall(r"(\w\w): ([0-9.]+)", re.search(r"rates:\s*\{(.*?)\}", text, re.S)[1]))
    missing = sorted(set(rows.carrier.tolist()) - set(rates))
    if missing:
        raise SystemExit(f"export: monitor.yaml has no sampling rate for {', '.join(missing)}")


def main():
    rows = flights.load()
    check_monitor(rows)
    training = rows.take(rows.month <= TRAINING_MONTHS)
    held_out = held_out_predictions(training)
    trained, encoder = network.train(training, log=log)
    module = network.served(trained, encoder)
    score = serve(module, rows)
    difference = np.abs(score - network.predict(trained, encoder, rows)).max()
    if difference > 1e-5:
        raise SystemExit(f"export: the served module differs from the trained network by {difference:g}")
    os.makedirs(os.path.join(HERE, "1"), exist_ok=True)
    path = os.path.join(HERE, "1", "model.pt")
    module.save(path)
    log(f"{path}: {os.path.getsize(path)} bytes")
    write_training_rows(training, score[rows.month <= TRAINING_MONTHS])
    write_sample("golden_rows.csv", module, golden(rows))
    sample = rows.take(np.linspace(0, len(rows) - 1, SAMPLE_ROWS).astype(int))
    sample_auc = write_sample("sample_rows.csv", module, sample)
    card.write(os.path.join(HERE, "MODEL_CARD.md"), rows, score, held_out, sample_auc, len(sample), trained)


if __name__ == "__main__":
    main()
