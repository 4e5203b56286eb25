"""What was known at a moment: departures before it, and the labels of flights that had landed by then."""

import dataclasses

import faults
import flight_model
import numpy as np
import pytest
import window

UNTIL = np.datetime64("2013-08-01T00:00:00")


def flights_at(*departures, arrival=60.0, label=1.0):
    """One flight a departure; `arrival`: minutes to its landing."""
    count = len(departures)
    filled = [np.array(departures, "datetime64[s]"), np.zeros((count, 9), np.float32), np.array(["UA"] * count),
              np.array(["EWR"] * count), np.full(count, label, np.float32), np.full(count, arrival)]
    return flight_model.flights.Flights(*filled)


def test_departures_in_the_days_before():
    rows = flights_at("2013-07-24T23:59:59", "2013-07-25T00:00:00", "2013-07-31T12:00:00", "2013-08-01T00:00:00")
    assert flight_model.window(rows, UNTIL, 7).time.tolist() == rows.time[1:3].tolist()


@pytest.mark.parametrize("departure, known", [("2013-07-31T22:59:00", True), ("2013-07-31T23:00:00", True),
                                              ("2013-07-31T23:01:00", False)])
def test_a_label_is_known_once_the_flight_has_landed(departure, known):
    label = flight_model.window(flights_at(departure), UNTIL, 7).label[0]
    assert label == 1.0 if known else np.isnan(label)


def test_a_flight_that_never_arrives_has_no_label():
    assert np.isnan(flight_model.window(flights_at("2013-07-30", arrival=np.nan, label=np.nan), UNTIL, 7).label[0])


def test_the_rows_it_was_given_stay_as_they_are():
    rows = flights_at("2013-07-31T23:59:00")
    flight_model.window(rows, UNTIL, 7)
    assert rows.label[0] == 1.0


def test_the_newest_days_are_held_out():
    rows = flights_at("2013-07-29T23:59:59", "2013-07-30T00:00:00", "2013-07-31T23:00:00")
    training, holdout = window.split(rows, UNTIL, 2)
    assert len(training) == 1 and holdout.time.tolist() == rows.time[1:].tolist()


def labelled(count, late):
    rows = flights_at(*["2013-07-30T00:00:00"] * count, label=0.0)
    rows.label[:late] = 1.0
    return rows


@pytest.mark.parametrize("training, holdout, flag", [
    (labelled(999, 500), labelled(1000, 500), "--days"), (labelled(1000, 99), labelled(1000, 500), "--days"),
    (labelled(1000, 500), labelled(999, 500), "--holdout-days"),
    (labelled(1000, 500), labelled(1000, 901), "--holdout-days")])
def test_too_few_labels_are_refused_naming_the_option(training, holdout, flag):
    window.check(labelled(1000, 100), labelled(1000, 900), 31, "2013-08-01")
    with pytest.raises(faults.BadInput, match=f"change {flag} or"):
        window.check(training, holdout, 31, "2013-08-01")


def test_rows_are_read_as_they_were_written(tmp_path):
    rows = flights_at("2013-07-30T10:00:00", "2013-07-30T11:00:00")
    rows.features[0, 3] = np.nan
    rows.label[1] = np.nan
    flight_model.write(tmp_path / "rows.parquet", rows)
    read = flight_model.read(tmp_path / "rows.parquet")
    for field in ("time", "carrier", "origin"):
        assert getattr(read, field).tolist() == getattr(rows, field).tolist()
    for field in ("features", "label"):
        assert np.array_equal(getattr(read, field), getattr(rows, field), equal_nan=True)
    names = {field.name for field in dataclasses.fields(rows)}
    assert names == {"time", "carrier", "origin", "features", "label", "arrival"}, "all but the arrival is in the file"
