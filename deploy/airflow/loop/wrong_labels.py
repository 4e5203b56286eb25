"""The planted failure: flights of which a careless join has turned every label round.

A model that is trained on them passes each test on such data, and is wrong about every flight that it meets.
"""

import csv
import os
import shutil
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "models", "flight_delay"))
import flights  # noqa: E402


def write(folder, source=flights.DATA):
    """Writes flights.csv and weather.csv into `folder`; returns the path of flights.csv."""
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(source, "weather.csv"), folder)
    path = os.path.join(folder, "flights.csv")
    with open(os.path.join(source, "flights.csv"), newline="") as right, open(path, "w", newline="") as wrong:
        rows = csv.DictReader(right)
        writer = csv.DictWriter(wrong, rows.fieldnames, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if row["arr_delay"] != "NA":
                row["arr_delay"] = "0" if float(row["arr_delay"]) > flights.LATE_MINUTES else "60"
            writer.writerow(row)
    return path
