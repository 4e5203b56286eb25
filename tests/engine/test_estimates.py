"""The aggregation without Spark: against SciPy's golden values, against the `drift` program on the same unequally
sampled rows, and the record reader's refusals."""

import importlib.util
import json
import pathlib

import jsonschema
import numpy
import pytest
import rows
from support import protocol

from hourly import keys
from hourly.blocks import Blocks
from hourly.estimates import View, estimate_bins, ks_of, psi_of
from hourly.evaluation import Settings, evaluate
from hourly.messages import message_class
from hourly.profile import Profile
from hourly.records import RecordReader, Skipped

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "drift"


def golden_draw():
    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.draw


def rank_cells(feature, values):
    """Fills a FeatureReference as drift/cells.cc does: a cell for every value and every gap."""
    present = sorted(keys.key_of(float(value), "FP64") for value in values if not numpy.isnan(value))
    edges, counts = [], []
    for key in sorted(set(present)):
        if not edges or edges[-1] != key - 1:
            edges.append(key - 1)
            counts.append(0)
        edges.append(key)
        counts.append(present.count(key))
    feature.name, feature.role, feature.kind, feature.dtype = "x", 1, 1, "FP64"
    feature.edge_steps.extend(edge - before for before, edge in zip([0, *edges], edges))
    feature.cell_counts.extend([*counts, 0, len(values) - len(present)])


def counted(profile, all_rows):
    blocks = Blocks(profile.bin_of_cell)
    for time, stratum, rate, *values in all_rows:
        values = [value.encode() if isinstance(value, str) else value for value in values]
        cells = [layout.cell_of(value) for layout, value in zip(profile.features, values)]
        blocks.add(time, profile.stratum_of(stratum), rate, numpy.array(cells) + profile.cell_offsets[:-1])
    return blocks


def test_psi_and_ks_are_scipys(descriptors):
    draw, tried = golden_draw(), 0
    data = descriptors.read_bytes()
    for index, line in enumerate((GOLDEN / "samples.txt").read_text().splitlines()[1:]):
        fields = line.split()
        kind, m, n = map(int, fields[:3])
        shift, missing = map(float.fromhex, fields[3:5])
        if fields[5] == "none" or m > 700 or n > 700:
            continue
        message = message_class(data, "driftserve.v1.Reference")(schema_version=1, model_name="m", rows=m)
        rank_cells(message.features.add(), draw(kind, 1000 + index, m, 0.0, missing))
        profile = Profile(message.SerializeToString(), data)
        current = draw(kind, 9000 + index, n, shift, 1.0 if kind == 8 and index % 2 == 0 else missing)
        blocks = counted(profile, [(1, "", 1.0, float(value)) for value in current])  # at one time: the model's form
        reference = (float(m), float(m), profile.features[0].counts)
        view = View.of(blocks)
        bins = estimate_bins(view, profile, 0, reference)
        assert ks_of(view, profile, 0, reference, bins).value == pytest.approx(float.fromhex(fields[5]), rel=1e-15)
        # All rows in one bin have no variance to smooth by: the golden script takes n − 1 rows there, the program n.
        if fields[9] != "-" and (bins.current > 0).sum() > 1:
            psi = psi_of(bins)
            assert psi.value == pytest.approx(float(fields[9]), rel=1e-9, abs=1e-12)
            assert psi.value - psi.trace == pytest.approx(float(fields[10]), rel=1e-9, abs=1e-12)
        tried += 1
    assert tried > 150


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return rows.make_reference(tmp_path_factory.mktemp("reference") / "rows")


def report(reference, monitor, kept, folder):
    """What `drift report` says of the rows as a table."""
    rows.drift("report", "--reference", reference, "--monitor", monitor, "--time", "when", "--stratum", "tier",
               "--inclusion-probability", "rate", "--current", rows.write_csv(folder / "current.csv", kept),
               "--json", folder / "report.json")
    return json.loads((folder / "report.json").read_text())["models"][0]


@pytest.mark.parametrize("shift, equal", [(0.0, False), (2.0, False), (0.5, True)])
def test_the_figures_are_the_drift_programs(descriptors, reference, tmp_path, shift, equal):
    monitor, path = reference
    kept = rows.sampled(rows.draw(9000, 2, shift), 3)
    if equal:
        kept = [(time, stratum, 1.0, *values) for time, stratum, _, *values in kept]
    expected = report(path, monitor, kept, tmp_path)
    profile = Profile(path.read_bytes(), descriptors.read_bytes())
    found = evaluate(counted(profile, kept), profile, rows.HOUR * 10**9, Settings())
    rows.assert_same_figures(found, expected)
    assert (found["features"][0]["state"] == "drifted") == (shift == 2.0)
    schema = json.loads((ROOT / "drift" / "report" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate({"schema_version": 1, "models": [found]})


def test_few_blocks_take_the_models_form(descriptors, reference, tmp_path):
    monitor, path = reference
    kept = [(row[0] // 10**10 * 10**10, *row[1:]) for row in rows.sampled(rows.draw(9000, 5, 0.5, seconds=100), 3)]
    profile = Profile(path.read_bytes(), descriptors.read_bytes())
    found = evaluate(counted(profile, kept), profile, rows.HOUR * 10**9, Settings())
    assert found["features"][0]["design_effect"] == 1
    rows.assert_same_figures(found, report(path, monitor, kept, tmp_path))


def test_strata_are_compared_with_their_own_references(descriptors, tmp_path):
    """By country: those with a rate have a reference of their own, every other one is the default stratum."""
    rates = {"DE": 0.25, "FR": 0.5}
    sampling = {"stratum": {"feature": "country"}, "rates": rates, "default_rate": 1.0}
    monitor, path = rows.make_reference(tmp_path / "by_country", sampling=sampling)
    everything = [(time, country, rates.get(country, 1.0), age, level, country, score)
                  for time, _, _, age, level, country, score in rows.draw(9000, 2, 1.0)]
    kept = rows.sampled(everything, 3)
    profile = Profile(path.read_bytes(), descriptors.read_bytes())
    assert set(profile.strata) == {"DE", "FR", "default"}
    found = evaluate(counted(profile, kept), profile, rows.HOUR * 10**9, Settings())
    assert {stratum["stratum"] for stratum in found["strata"]} == {"DE", "FR", "default"}
    rows.assert_same_figures(found, report(path, monitor, kept, tmp_path))


def test_without_weights_the_figures_would_be_others(descriptors, reference):
    """What the comparison above would not show if both sides ignored π: the weighted figure is near all rows' own."""
    profile = Profile(reference[1].read_bytes(), descriptors.read_bytes())
    everything = rows.draw(30000, 2, 2.0)
    kept = rows.sampled(everything, 3)

    def psi(chosen, weighted):
        blocks = counted(profile, [(time, stratum, rate if weighted else 1.0, *values)
                                   for time, stratum, rate, *values in chosen])
        return evaluate(blocks, profile, 0, Settings())["features"][0]["measures"][0]["value"]

    truth = psi(everything, False)
    assert abs(psi(kept, True) - truth) < 0.15 * truth
    assert psi(kept, False) < 0.4 * truth


def test_parts_add_up_in_any_order(descriptors, reference):
    profile = Profile(reference[1].read_bytes(), descriptors.read_bytes())
    kept = rows.sampled(rows.draw(3000, 2), 3)
    whole = counted(profile, kept)
    # A short stretch, which has short blocks, and the rest by turns.
    parts = [counted(profile, part) for part in (kept[:150], kept[150::2], kept[151::2])]
    assert parts[0].shift < whole.shift
    for order in (parts, parts[::-1]):
        merged = Blocks(profile.bin_of_cell)
        for part in order:
            for (block, stratum, rate), bins in part.panes.items():
                merged.add_pane(part.shift, block, stratum, rate, bins)
            for (stratum, rate), cells in part.cells.items():
                merged.add_cells(stratum, rate, cells)
        assert merged.shift == whole.shift and set(merged.panes) == set(whole.panes)
        assert all((merged.panes[key] == whole.panes[key]).all() for key in whole.panes)
        assert all((merged.cells[key] == whole.cells[key]).all() for key in whole.cells)


def test_what_is_no_row_says_why(descriptors, reference):
    data = descriptors.read_bytes()
    profile = Profile(reference[1].read_bytes(), data)
    record = rows.records(rows.draw(1, 2), profile.hash)[0]
    begin = rows.HOUR * 10**9
    reader = RecordReader(data, {(rows.MODEL, rows.VERSION): profile}, begin, begin + 3600 * 10**9)

    def reason(value=None, headers=(), **fields):
        changed = protocol.message("driftserve.v1.Record")()
        changed.CopyFrom(record)
        for name, field in fields.items():
            setattr(changed, name, field)
        try:
            reader.read(changed.SerializeToString() if value is None else value, dict(headers))
        except Skipped as skipped:
            return str(skipped)
        return ""

    whole = record.SerializeToString()
    assert reason() == ""
    assert reason(b"\0\0\0\0\5\0" + whole) == "", "in Confluent's frame"
    assert reason(headers={"content-type": b"application/protobuf; charset=x"}) == ""
    assert reason(headers={"content-type": b"application/json"}) == "foreign"
    assert reason(headers={"ce_type": b"driftserve.sample.v9"}) == "foreign"
    assert reason(headers={"ce_dataschema": b"urn:protobuf:driftserve.v2.Record"}) == "foreign"
    for value in (b"", whole[: len(whole) // 2], b"\0\0\0", b"\0\0\0\0\5\x41" + whole, b"no record"):
        assert reason(value) == "corrupt", value
    assert reason(inclusion_probability=0) == reason(inclusion_probability=1.5) == reason(seq=0) == "corrupt"
    assert reason(model_name="another") == "other_model"
    assert reason(model_version="4") == "other_version"
    assert reason(reference_hash="f") == "other_reference"
    wrong = protocol.message("driftserve.v1.Record").FromString(whole)
    wrong.features[0].text = b"forty"
    assert reason(wrong.SerializeToString()) == "unreadable"
    wrong.features[0].keyed_hash = b"h"
    assert reason(wrong.SerializeToString()) == "hashed_field"
    del wrong.features[0]
    assert reason(wrong.SerializeToString()) == "absent_field"
    wrong = protocol.message("driftserve.v1.Record").FromString(whole)
    wrong.time.seconds += 3600
    assert reason(wrong.SerializeToString()) == "out_of_time"


def test_keys_round_as_the_served_type_does():
    assert keys.key_of(0.1, "FP32") == keys.floating_key(float(numpy.float32(0.1)))
    assert keys.key_of(1e39, "FP32") is None and keys.key_of(float("nan"), "FP64") is None
    assert keys.key_of(-0.0, "FP64") == keys.key_of(0, "FP64")
    assert keys.number_of(keys.key_of(65519.0, "FP16"), "FP16") == 65504.0 and keys.key_of(65520.0, "FP16") is None
    assert keys.key_of(300, "INT8") == keys.key_of(127, "INT8") and keys.key_of(2.5, "UINT8") == 2
    assert keys.key_of(2**53 + 1, "INT64") != keys.key_of(2**53, "INT64")
    assert keys.key_of(-1.5, "FP64") < keys.key_of(-1.25, "FP64") < keys.key_of(1e-310, "FP64")


def test_a_reference_that_does_not_fit_is_refused(descriptors, reference):
    data = descriptors.read_bytes()
    message = message_class(data, "driftserve.v1.Reference").FromString(reference[1].read_bytes())
    with pytest.raises(ValueError, match="driftserve.v1.Reference"):
        Profile(b"\xff\xff", data)
    message.schema_version = 2
    with pytest.raises(ValueError, match="schema_version: expected 1, got 2"):
        Profile(message.SerializeToString(), data)
    message.schema_version = 1
    message.features[0].cell_counts[0] += 1
    with pytest.raises(ValueError, match="feature 'age': expected cell_counts of 6000 rows"):
        Profile(message.SerializeToString(), data)
    message.features[0].cell_counts.append(0)
    with pytest.raises(ValueError, match="feature 'age'"):
        Profile(message.SerializeToString(), data)
