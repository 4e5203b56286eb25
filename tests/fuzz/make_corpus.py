"""Writes the seeds of tests/fuzz/corpus that no person can type: Parquet, Arrow, reference.pb and records.

    .deps/venv/bin/python tests/fuzz/make_corpus.py          after `make programs`; the other seeds stay as they are

Seeds are small, so that damage hits something, and each is of a kind of its own.
"""

import datetime
import decimal
import pathlib
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.feather
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from support import protocol  # noqa: E402

CORPUS = HERE / "corpus"
DRIFT = HERE.parent.parent / "build" / "release" / "bin" / "drift"


def typed_rows():
    """Three rows, the middle one null, of every type that a column of single values may have."""
    day = datetime.datetime(2013, 1, 5, 6)
    return pyarrow.table({
        "double": pyarrow.array([0.5, None, -1e300]),
        "half": pyarrow.array([1.5, None, 2.5], pyarrow.float16()),
        "int8": pyarrow.array([-1, None, 7], pyarrow.int8()),
        "uint64": pyarrow.array([2**64 - 1, None, 0], pyarrow.uint64()),
        "bool": pyarrow.array([True, None, False]),
        "text": pyarrow.array(["UA", None, "é"]),
        "bytes": pyarrow.array([b"\xff\x00", None, b""]),
        "dictionary": pyarrow.array(["a", None, "b"]).dictionary_encode(),
        "time": pyarrow.array([day, None, day], pyarrow.timestamp("us", "UTC")),
        "date": pyarrow.array([day.date(), None, day.date()]),
        "decimal": pyarrow.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.50")], pyarrow.decimal128(9, 2)),
        "digits": pyarrow.array(["1", None, "-2.5e3"]),
        "null": pyarrow.nulls(3),
    })


def list_rows():
    """Three rows, the middle one null, of lists: nested, ragged, of fixed size, of texts; and a struct."""
    return pyarrow.table({
        "image": pyarrow.array([[[0, 1], [2, 3]], None, [[4, 5], [6, 7]]],
                               pyarrow.list_(pyarrow.list_(pyarrow.uint8()))),
        "ragged": pyarrow.array([[1.0, None], None, []], pyarrow.large_list(pyarrow.float32())),
        "fixed": pyarrow.array([[1, 2], None, [3, 4]], pyarrow.list_(pyarrow.int16(), 2)),
        "words": pyarrow.array([["a", "bc"], None, [None]]),
        "struct": pyarrow.array([{"a": 1}, None, {"a": 2}]),
    })


def write_tables():
    folder = CORPUS / "table"
    for name, table in (("typed", typed_rows()), ("lists", list_rows()), ("no_rows", typed_rows().slice(0, 0))):
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet", compression="snappy", store_schema=False)
        pyarrow.feather.write_feather(table, folder / f"{name}.arrow", compression="uncompressed")
    numbers = pyarrow.table({"x": [i / 7 for i in range(40)], "city": ["Oslo", "Rome"] * 20})
    pyarrow.parquet.write_table(numbers, folder / "groups.parquet", row_group_size=9, compression="zstd",
                                data_page_version="2.0", column_encoding={"x": "BYTE_STREAM_SPLIT", "city": "PLAIN"},
                                use_dictionary=False, store_schema=False)
    whole = (folder / "typed.parquet").read_bytes()
    (folder / "truncated.parquet").write_bytes(whole[:len(whole) // 2])
    (folder / "no_end.parquet").write_bytes(whole[:-4])
    (folder / "truncated.arrow").write_bytes((folder / "typed.arrow").read_bytes()[:700])


def write_references():
    folder = CORPUS / "reference"
    monitor = """\
features:
  - {name: x, input: x, type: numeric}
  - {name: city, input: city, type: categorical}
predictions: [{name: p, output: y, type: numeric}]
sampling: {stratum: {feature: city}, rates: {Oslo: 1.0}}
"""
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        (work / "monitor.yaml").write_text(monitor)
        for name, rows in (("small", 30), ("one_row", 1), ("constant", 12)):
            x = [3.0 if name == "constant" else (i * 37 % 101) / 7 for i in range(rows)]
            table = {"x": x, "city": [("Oslo", "Rome", None)[i % 3] for i in range(rows)],
                     "p": [i / 50 for i in range(rows)]}
            pyarrow.parquet.write_table(pyarrow.table(table), work / "rows.parquet")
            subprocess.run([DRIFT, "profile", "--monitor", work / "monitor.yaml", "--data", work / "rows.parquet",
                            "--out", folder / f"{name}.pb", "--model-name", "m", "--created", "1700000000", "--quiet"],
                           check=True, stderr=subprocess.DEVNULL)
    whole = (folder / "small.pb").read_bytes()
    (folder / "truncated.pb").write_bytes(whole[:len(whole) // 2])


def record(**changes):
    """A record of tests/drift_profile/small_reference.h's model."""
    made = protocol.message("driftserve.v1.Record")(
        boot_id=0xb007, seq=1, request_id="order-17", row=2, model_name="m", model_version="3", stratum="UA",
        inclusion_probability=0.5, sampling_rule=9, sampling_key=1, reference_hash="0" * 32)
    made.time.seconds = 1_764_000_000
    made.features.add(name="temperature", number=-3.5)
    made.features.add(name="number", integer=-(2**53))
    made.features.add(name="carrier", text=b"UA")
    made.features.add(name="flag", boolean=True)
    made.outputs.add(name="score", number=0.25)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def write_records():
    folder = CORPUS / "record"
    made = {"whole": record(), "never_kept": record(inclusion_probability=0), "other_model": record(model_name="n"),
            "no_number": record(seq=0), "far_future": record()}
    made["far_future"].time.seconds = 2**62
    missing = made["missing"] = record()
    for field in missing.features:
        field.ClearField(field.WhichOneof("kind"))
    absent = made["absent"] = record()
    del absent.features[1]
    hashed = made["hashed"] = record()
    hashed.features[2].keyed_hash = b"\x01" * 16
    wrong = made["wrong_type"] = record()
    wrong.features[0].text = b"warm"
    other_kinds = made["other_kinds"] = record()
    other_kinds.features[0].unsigned_integer = 2**64 - 1
    other_kinds.features[2].text = b"\xff\xfe"
    for name, message in made.items():
        (folder / f"{name}.pb").write_bytes(message.SerializeToString())
    whole = made["whole"].SerializeToString()
    (folder / "truncated.pb").write_bytes(whole[:-9])
    (folder / "twice.pb").write_bytes(whole + whole)
    (folder / "text.pb").write_bytes(b'{"model_name": "m"}')


if __name__ == "__main__":
    for reader in ("table", "reference", "record"):
        (CORPUS / reader).mkdir(parents=True, exist_ok=True)
    write_tables()
    write_references()
    write_records()
