"""Writes the seeds of tests/fuzz/corpus that no person can type: Parquet, Arrow, reference.pb, records and requests.

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
    (folder / "framed.pb").write_bytes(b"\0\0\0\0\7\2\2" + whole)
    (folder / "frame_alone.pb").write_bytes(b"\0\0\0\0\7\2")
    (folder / "text.pb").write_bytes(b'{"model_name": "m"}')


ROWS = 2
RAW = {"features": bytes(range(16)), "carrier": b"\x02\0\0\0UA\x02\0\0\0DL", "flags": b"\x01\xff"}


def infer_frame():
    """Two rows for the model of tests/fuzz/request_targets.h, without their values."""
    request = protocol.message("inference.ModelInferRequest")(model_name="m", id="id")
    for name, datatype, width in (("features", "FP32", 2), ("carrier", "BYTES", 1), ("flags", "UINT8", 1)):
        request.inputs.add(name=name, datatype=datatype, shape=[ROWS, width])
    return request


def infer_raw(**changes):
    request = infer_frame()
    for name, raw in RAW.items():
        request.raw_input_contents.append(changes.get(name, raw))
    return request


def infer_typed():
    request = infer_frame()
    request.inputs[0].contents.fp32_contents.extend([0.5, -1.5, 1e30, float("nan")])
    request.inputs[1].contents.bytes_contents.extend([b"UA", b""])
    request.inputs[2].contents.uint_contents.extend([0, 255])
    return request


def share(tensor, byte_size, offset, region="r"):
    tensor.parameters["shared_memory_region"].string_param = region
    tensor.parameters["shared_memory_byte_size"].int64_param = byte_size
    tensor.parameters["shared_memory_offset"].int64_param = offset


def infer_shared(outputs=((8, 64), (40, 80)), region="r", byte_size=16, offset=8):
    request = infer_raw()
    share(request.inputs[0], byte_size, offset, region)
    del request.raw_input_contents[0]
    for name, (size, at) in zip(("score", "label"), outputs):
        share(request.outputs.add(name=name), size, at)
    return request


def infer_requests():
    made = {"raw": infer_raw(), "typed": infer_typed(), "shared": infer_shared(), "frame": infer_frame(),
            "overlap": infer_shared(outputs=((8, 64), (40, 70))), "beyond": infer_shared(byte_size=16, offset=120),
            "overflow": infer_shared(offset=2**63 - 1), "no_region": infer_shared(region="other"),
            "odd_size": infer_shared(byte_size=17), "no_room": infer_shared(outputs=((8, 64), (4, 80))),
            "short": infer_raw(features=bytes(15)), "string_beyond": infer_raw(carrier=b"\xff\xff\xff\x7fUA"),
            "string_cut": infer_raw(carrier=b"\x02\0\0\0UA\x02\0"),
            "one_string": infer_raw(carrier=b"\x02\0\0\0UA")}
    for name, shape in (("negative", [-2, 2]), ("huge", [2**62, 2]), ("no_rows", [0, 2]), ("rank", [2, 1, 2]),
                        ("rows", [3, 2])):
        made[name] = infer_raw()
        made[name].inputs[0].shape[:] = shape
    both = made["both"] = infer_raw()
    both.inputs[0].contents.fp32_contents.extend([0, 0, 0, 0])
    mixed = made["mixed"] = infer_typed()
    mixed.inputs[0].contents.int_contents.append(1)
    out_of_range = made["out_of_range"] = infer_typed()
    out_of_range.inputs[2].contents.uint_contents[0] = 256
    twice = made["output_twice"] = infer_raw()
    for name in ("score", "score"):
        twice.outputs.add(name=name)
    swapped = made["swapped"] = infer_typed()
    swapped.inputs[0].CopyFrom(infer_typed().inputs[2])
    swapped.inputs[2].CopyFrom(infer_typed().inputs[0])
    parameters = made["parameters"] = infer_raw()
    parameters.parameters["timeout"].int64_param = 2**62
    parameters.parameters["priority"].uint64_param = 1
    parameters.parameters["triton_enable_empty_final_response"].bool_param = True
    classified = made["classification"] = infer_raw()
    classified.outputs.add(name="score").parameters["classification"].int64_param = 3
    return made


def predict_requests():
    def columns(**changes):
        request = protocol.message("driftserve.v1.PredictRequest")(model_name="m", request_id="id")
        for name in ("temp", "wind"):
            request.columns[name].doubles.values.extend([0.5, -1e300])
        request.columns["carrier"].strings.values.extend([b"UA", b""])
        request.columns["flag"].int64s.values.extend([0, 255])
        for name, change in changes.items():
            change(request.columns[name])
        return request

    return {"whole": columns(),
            "null": columns(temp=lambda c: c.nulls.append(1)),
            "null_twice": columns(temp=lambda c: c.nulls.extend([1, 1])),
            "null_beyond": columns(temp=lambda c: c.nulls.append(9)),
            "null_integer": columns(flag=lambda c: c.nulls.append(0)),
            "longer": columns(wind=lambda c: c.doubles.values.append(1)),
            "too_large": columns(flag=lambda c: c.int64s.values.append(256)),
            "bools": columns(flag=lambda c: c.bools.values.extend([True, False])),
            "text_for_number": columns(temp=lambda c: c.strings.values.extend([b"1", b"2"])),
            "unknown": columns(other=lambda c: c.doubles.values.append(1)),
            "no_kind": columns(temp=lambda c: c.Clear()),
            "nan": columns(wind=lambda c: c.doubles.CopyFrom(type(c.doubles)(values=[float("nan"), 0])))}


def label_requests():
    def labels(*changes):
        request = protocol.message("driftserve.v1.ReportLabelsRequest")(model_name="m")
        for change in changes:
            label = request.labels.add(request_id="a", row=3, number=0.5)
            label.observed_at.seconds = 1_600_000_000
            change(label)
        return request

    return {"two": labels(lambda l: None, lambda l: setattr(l, "text", b"yes")), "none": labels(),
            "no_id": labels(lambda l: l.ClearField("request_id")), "no_label": labels(lambda l: l.ClearField("number")),
            "nan": labels(lambda l: setattr(l, "number", float("nan"))),
            "now": labels(lambda l: l.ClearField("observed_at")),
            "far_future": labels(lambda l: setattr(l.observed_at, "seconds", 2**62)),
            "future": labels(lambda l: setattr(l.observed_at, "seconds", 8_000_000_000)),
            "negative_nanos": labels(lambda l: setattr(l.observed_at, "nanos", -1)),
            "long_id": labels(lambda l: setattr(l, "request_id", "x" * 1025))}


def write_requests():
    for reader, made in (("infer", infer_requests()), ("predict", predict_requests()), ("labels", label_requests())):
        for name, message in made.items():
            # Maps in one order, or the files would differ from run to run.
            (CORPUS / reader / f"{name}.pb").write_bytes(message.SerializeToString(deterministic=True))
        whole = next(iter(made.values())).SerializeToString(deterministic=True)
        (CORPUS / reader / "truncated.pb").write_bytes(whole[:-3])
        (CORPUS / reader / "empty.pb").write_bytes(b"")


if __name__ == "__main__":
    for reader in ("table", "reference", "record", "infer", "predict", "labels"):
        (CORPUS / reader).mkdir(parents=True, exist_ok=True)
    write_tables()
    write_references()
    write_records()
    write_requests()
