"""What the loop has to know of its model: where its labelled rows come from, and how a row is asked.

Another model is retrained by the same steps with another such file.
"""

import os
import sys

import numpy as np
import pyarrow
import pyarrow.parquet

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = os.path.join(ROOT, "models", "flight_delay")
sys.path.insert(0, FOLDER)
import flights  # noqa: E402  (the path is set above)

from faults import BadInput  # noqa: E402
from run_folder import write_whole  # noqa: E402

NAME = "flight_delay"
PREDICTION = "p_late"
LABEL = "late"


def load(data):
    """Every flight of a flights.csv, with the weather.csv beside it."""
    if os.path.basename(data) != "flights.csv" or not os.path.isfile(data):
        raise BadInput(f"--data: expected the path of a flights.csv, with weather.csv beside it, got {data}")
    try:
        return flights.load(os.path.dirname(os.path.abspath(data)))
    except (OSError, ValueError) as error:
        raise BadInput(f"--data: {error}") from error


def window(rows, until, days):
    """The rows whose departure lies in the `days` days before `until` (numpy.datetime64), with the labels that were
    known then: a flight that had not landed has none."""
    first = until - np.timedelta64(days, "D")
    rows = rows.take((rows.time >= first) & (rows.time < until))
    landed = rows.time + (60 * np.nan_to_num(rows.arrival)).astype("timedelta64[s]")
    rows.label = np.where(~np.isnan(rows.arrival) & (landed <= until), rows.label, np.nan).astype(np.float32)
    return rows


def write(path, rows, score=None):
    """A Parquet file with columns as in monitor.yaml, in time order; empty = missing."""
    columns = {"time": pyarrow.array(rows.time)}
    for column, name in enumerate(flights.NUMERIC):
        values = rows.features[:, column]
        columns[name] = pyarrow.array(values, mask=np.isnan(values))
    columns.update(carrier=pyarrow.array(rows.carrier.tolist()), origin=pyarrow.array(rows.origin.tolist()),
                   late=pyarrow.array(rows.label, mask=np.isnan(rows.label)))
    if score is not None:
        columns[PREDICTION] = pyarrow.array(score)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    write_whole(path, sink.getvalue().to_pybytes())


def read(path):
    """The rows of such a file; without arrivals, which its labels hold already."""
    if not os.path.exists(path):
        raise BadInput(f"{path}: expected the rows that the step `window` writes, got no file; run it with this --run")
    try:
        table = pyarrow.parquet.read_table(path)
        features = np.column_stack([_numbers(table, name) for name in flights.NUMERIC])
        return flights.Flights(table["time"].to_numpy().astype("datetime64[s]"), features, _texts(table, "carrier"),
                               _texts(table, "origin"), _numbers(table, LABEL), np.full(len(table), np.nan))
    except (pyarrow.ArrowInvalid, KeyError) as error:
        raise BadInput(f"{path}: expected the rows that the step `window` writes: {error}") from error


def _numbers(table, name):
    return table[name].to_numpy(zero_copy_only=False).astype(np.float32)


def _texts(table, name):
    return np.array(table[name].to_pylist())


def inputs(rows):
    """{input: array} of a request for these rows; texts are bytes objects, one a row."""
    return {"features": rows.features,
            "carrier": np.array([[text.encode()] for text in rows.carrier.tolist()], dtype=object),
            "origin": np.array([[text.encode()] for text in rows.origin.tolist()], dtype=object)}
