"""Rows of three strata, sampled unequally, that lack values and drift: as a table for `drift` and as records."""

import json
import subprocess

import numpy
from support import protocol, server

HOUR = 1_782_903_600  # 2026-07-01T11:00:00Z
STRATA, RATES = ("gold", "silver", "bronze"), (1.0, 0.5, 0.0625)
MODEL, VERSION = "rows", "3"
FEATURES = ("age", "level", "country", "score")  # score is the prediction
MONITOR = {
    "features": [{"name": "age", "input": "age", "column": 0, "type": "numeric"},
                 {"name": "level", "input": "level", "column": 0, "type": "numeric"},
                 {"name": "country", "input": "country", "column": 0, "type": "categorical"}],
    "predictions": [{"name": "score", "output": "score", "column": 0, "type": "numeric"}],
    "sampling": {"stratum": {"parameter": "tier"}, "rates": dict(zip(STRATA, RATES)), "default_rate": 1.0},
}


def draw(rows, seed, shift=0.0, seconds=3600):
    """[(time in nanoseconds, stratum, rate, age, level, country, score)]; a value may be None. `shift` moves the bronze
    stratum alone, which is kept least."""
    random = numpy.random.default_rng(seed)
    times = HOUR * 10**9 + numpy.sort(random.integers(0, seconds * 10**9, rows))
    strata = random.integers(0, 3, rows)
    ages = random.normal(size=rows) * 10 + 40 + 10 * shift * (strata == 2)
    levels = random.poisson(6, rows) * 0.5
    countries = random.choice(["DE", "FR", "PT", "ES"], rows, p=[0.5, 0.3, 0.15, 0.05])
    scores, missing = random.random(rows), random.random(rows) < 0.08
    countries = numpy.where((random.random(rows) < 0.02) & (shift > 0), "XX", countries)
    return [(int(time), STRATA[h], RATES[h], None if lost else float(numpy.float32(age)), float(level), str(country),
             float(score)) for time, h, age, level, country, score, lost in
            zip(times, strata, ages, levels, countries, scores, missing)]


def sampled(rows, seed):
    """Those that a server with these rates would keep."""
    kept = numpy.random.default_rng(seed).random(len(rows))
    return [row for row, chance in zip(rows, kept) if chance < row[2]]


def write_csv(path, rows):
    lines = ["when,tier,rate," + ",".join(FEATURES)]
    for time, stratum, rate, *values in rows:
        when = str(numpy.datetime64(time, "ns")) + "Z"
        lines.append(",".join([when, stratum, repr(rate), *("" if value is None else str(value) for value in values)]))
    path.write_text("\n".join(lines) + "\n")
    return path


def drift(*arguments):
    done = subprocess.run([server.program("drift"), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_reference(folder, **settings):
    """(monitor.yaml, reference.pb) in a new `folder`; `settings` replace sections of monitor.yaml."""
    folder.mkdir()
    monitor, reference = folder / "monitor.yaml", folder / "reference.pb"
    monitor.write_text(json.dumps({**MONITOR, **settings}))
    data = write_csv(folder / "reference.csv", draw(6000, 1))
    drift("profile", "--monitor", monitor, "--data", data, "--out", reference, "--model-name", MODEL,
          "--model-version", VERSION)
    return monitor, reference


def records(rows, reference_hash, boot_id=7):
    """(key, value) of the Record messages that a server would have written for them."""
    made = []
    for seq, (time, stratum, rate, age, level, country, score) in enumerate(rows, start=1):
        record = protocol.message("driftserve.v1.Record")(
            boot_id=boot_id, seq=seq, request_id=f"r{seq}", model_name=MODEL, model_version=VERSION, stratum=stratum,
            inclusion_probability=rate, reference_hash=reference_hash)
        record.time.seconds, record.time.nanos = divmod(time, 10**9)
        record.features.add(name="age", **({} if age is None else {"number": age}))
        record.features.add(name="level", number=level)
        record.features.add(name="country", text=country.encode())
        record.outputs.add(name="score", number=score)
        made.append(record)
    return made


def assert_same_figures(found, expected, by=1e-9):
    """The measures, states and effective rows of two models of the report's JSON."""
    assert found["state"] == expected["state"]
    assert found["rows_kept"] == expected["rows_kept"]
    assert abs(found["rows_seen"] / expected["rows_seen"] - 1) < by
    assert_same_features(found["features"], expected["features"], by)
    strata = {stratum["stratum"]: stratum for stratum in found["strata"]}
    assert set(strata) == {stratum["stratum"] for stratum in expected["strata"]}
    for stratum in expected["strata"]:
        assert_same_features(strata[stratum["stratum"]]["features"], stratum["features"], by)


def assert_same_features(found, expected, by):
    assert [feature["name"] for feature in found] == [feature["name"] for feature in expected]
    for ours, theirs in zip(found, expected):
        where = ours["name"]
        assert (ours["ready"], ours["state"]) == (theirs["ready"], theirs["state"]), where
        for key in ("kept_rows", "effective_samples", "kish_samples", "design_effect", "reference_missing_ratio",
                    "missing_ratio", "missing_p_value"):
            assert (key in ours) == (key in theirs), (where, key)
            assert abs(ours.get(key, 0) - theirs.get(key, 0)) <= by * max(1, abs(theirs.get(key, 0))), (where, key)
        assert len(ours["measures"]) == len(theirs["measures"]), where
        for mine, other in zip(ours["measures"], theirs["measures"]):
            for key, value in mine.items():
                if isinstance(value, float):
                    tolerance = by if key in ("value", "value_upper", "bias_corrected") else 1e-5
                    assert abs(value - other[key]) <= tolerance, (where, mine["measure"], key, value, other[key])
                else:
                    assert value == other[key], (where, key)
        for mine, other in zip(ours.get("bins", ()), theirs.get("bins", ())):
            for key in ("reference_share", "current_share"):
                assert abs(mine[key] - other[key]) <= by, (where, mine["label"], key)
