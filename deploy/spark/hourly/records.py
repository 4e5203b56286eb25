"""A message of the samples topic → the cells of one row, or why it is none. The reasons are drift/topic's."""

from dataclasses import dataclass

from hourly.messages import message_class
from hourly.profile import PREDICTION

HEADERS = {"content-type": "application/protobuf", "ce_type": "driftserve.sample.v1",
           "ce_dataschema": "urn:protobuf:driftserve.v1.Record"}
SECOND = 1_000_000_000
LAST_SECOND = 9_214_646_400  # 2262-01-01, before signed 64-bit nanoseconds end
MOST_BYTES = 64 << 20
ID_BYTES, DEEPEST = 4, 32  # of Confluent's frame: its schema number, and levels of nesting


class Skipped(Exception):
    """A message that is no row; its text is the reason."""


@dataclass
class Row:
    model: tuple  # name, version
    boot_id: int
    seq: int
    time_ns: int
    stratum: str
    probability: float
    cells: list  # one per feature of the profile


def check_headers(headers):
    """Skipped("foreign") where they say that the message is something else, or an unknown version of the record."""
    for name, expected in HEADERS.items():
        got = headers.get(name)
        if got is not None and got.split(b";")[0] != expected.encode():
            raise Skipped("foreign")


def unframed(value):
    """Without the frame of Confluent's serializers, which begins with a zero byte, as no message does."""
    if not value.startswith(b"\0"):
        return value
    at = 1 + ID_BYTES
    levels, at = varint(value, at)
    if not 0 <= levels <= DEEPEST:
        raise Skipped("corrupt")
    for _ in range(levels):
        index, at = varint(value, at)
        if index < 0:
            raise Skipped("corrupt")
    return value[at:]


def varint(value, at):
    """(the zigzag varint of at most 32 bits at `at`, the place after it)."""
    bits = 0
    for shift in range(0, 35, 7):
        if at >= len(value):
            break
        byte, at = value[at], at + 1
        bits |= (byte & 0x7F) << shift
        if byte < 0x80:
            return bits >> 1 ^ -(bits & 1), at
    raise Skipped("corrupt")


class RecordReader:
    """`profiles`: {(model, version): Profile}; rows before `from_ns` or from `to_ns` on are out of time."""

    def __init__(self, descriptors, profiles, from_ns, to_ns, any_reference=False):
        self.record = message_class(descriptors, "driftserve.v1.Record")
        self.profiles, self.models = profiles, {name for name, _ in profiles}
        self.from_ns, self.to_ns, self.any_reference = from_ns, to_ns, any_reference

    def read(self, value, headers):
        """The Row of a message. Raises Skipped."""
        check_headers(headers)
        record = self.parse(value)
        profile = self.profile_of(record)
        time_ns = record.time.seconds * SECOND + record.time.nanos
        if not self.from_ns <= time_ns < self.to_ns:
            raise Skipped("out_of_time")
        cells = self.cells(record, profile)
        return Row((record.model_name, record.model_version), record.boot_id, record.seq, time_ns,
                   profile.stratum_of(record.stratum), record.inclusion_probability, cells)

    def parse(self, value):
        """The record, if it does not contradict itself."""
        if not value or len(value) > MOST_BYTES:
            raise Skipped("corrupt")
        try:
            record = self.record.FromString(unframed(value))
        except Skipped:
            raise
        except Exception as error:  # protobuf's DecodeError, or a text that is not UTF-8
            raise Skipped("corrupt") from error
        time = record.time
        sound = (record.model_name and record.model_version and record.seq and 0 < record.inclusion_probability <= 1
                 and 0 < time.seconds < LAST_SECOND and 0 <= time.nanos < SECOND)
        if not sound:
            raise Skipped("corrupt")
        return record

    def profile_of(self, record):
        if record.model_name not in self.models:
            raise Skipped("other_model")
        profile = self.profiles.get((record.model_name, record.model_version))
        if profile is None:
            raise Skipped("other_version")
        if not self.any_reference and record.reference_hash != profile.hash:
            raise Skipped("other_reference")
        return profile

    @staticmethod
    def cells(record, profile):
        fields = {False: {field.name: field for field in reversed(record.features)},
                  True: {field.name: field for field in reversed(record.outputs)}}
        cells = []
        for layout in profile.features:
            field = fields[layout.role == PREDICTION].get(layout.name)
            if field is None:
                raise Skipped("absent_field")
            kind = field.WhichOneof("kind")
            if kind == "keyed_hash":
                raise Skipped("hashed_field")
            cell = layout.cell_of(getattr(field, kind) if kind else None)
            if cell is None:
                raise Skipped("unreadable")
            cells.append(cell)
        return cells
