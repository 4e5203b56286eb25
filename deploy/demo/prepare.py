#!/usr/bin/env python3
"""Writes the flights of July to December 2013, in order of scheduled departure, for the replay to send.

    prepare.py FILE

CSV: `seconds` since 1 July 00:00 by New York's clock, `month`, the model's nine numbers (empty = missing), `carrier`,
`origin`, `label` (1 = more than 15 minutes late, 0 = not, empty = never arrived), `arrived` (seconds as above, when the
label is known; empty = never). Skipped when FILE was made from the same data.
"""

import os
import sys

import numpy as np

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "models", "flight_delay"))
import flights  # noqa: E402

FIRST = np.datetime64("2013-07-01T00:00:00")
COLUMNS = ("seconds", "month", *flights.NUMERIC, "carrier", "origin", "label", "arrived")


def prepare(path):
    """Returns the number of flights in `path`, making the file where it is missing or of other data."""
    stamp = path + ".stamp"
    digest = flights.data_hash()
    if os.path.exists(path) and os.path.exists(stamp):
        with open(stamp) as file:
            made_from, count = file.read().split()
        with open(path) as file:
            columns = file.readline().strip()
        if made_from == digest and columns == ",".join(COLUMNS):
            return int(count)
    rows = flights.load()
    rows = rows.take(rows.time >= FIRST)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(_lines(rows))
    with open(stamp, "w") as file:
        file.write(f"{digest} {len(rows)}")
    return len(rows)


def _lines(rows):
    seconds = (rows.time - FIRST).astype(int).tolist()
    # The shortest text that reads back to the same float32.
    numbers = [["" if text == "nan" else text for text in column.astype(str).tolist()] for column in rows.features.T]
    labels = ["" if np.isnan(label) else f"{label:.0f}" for label in rows.label.tolist()]
    arrived = ["" if np.isnan(minutes) else f"{departed + 60 * minutes:.0f}"
               for departed, minutes in zip(seconds, rows.arrival.tolist())]
    columns = zip(seconds, rows.month.tolist(), *numbers, rows.carrier.tolist(), rows.origin.tolist(), labels, arrived)
    return (",".join(map(str, values)) + "\n" for values in columns)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{prepare(sys.argv[1])} flights in {sys.argv[1]}")
