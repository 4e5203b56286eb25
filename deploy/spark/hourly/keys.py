"""Numbers as unsigned 64-bit keys whose order is the values' order, after rounding to the served tensor's type.

The same as drift/dtype.h: both sides must round alike, or identical data would differ."""

import math
import struct
import sys

SIGN = 1 << 63
INTEGERS = {"UINT8": (0, 2**8 - 1), "UINT16": (0, 2**16 - 1), "UINT32": (0, 2**32 - 1), "UINT64": (0, 2**64 - 1),
            "INT8": (-2**7, 2**7 - 1), "INT16": (-2**15, 2**15 - 1), "INT32": (-2**31, 2**31 - 1),
            "INT64": (-2**63, 2**63 - 1), "BOOL": (0, 1)}
# Bits of the significand, exponent of the smallest step, largest number.
FLOATS = {"FP16": (11, -24, 65504.0), "BF16": (8, -133, float.fromhex("0x1.fep127")),
          "FP32": (24, -149, float.fromhex("0x1.fffffep127")), "FP64": (53, -1074, sys.float_info.max)}
DTYPES = (*INTEGERS, *FLOATS, "BYTES")


def key_of(value, dtype):
    """The key of a finite number or boolean, or None where it counts as missing: NaN, infinite, beyond the type."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if dtype == "BOOL":
        return int(value != 0)
    if dtype in INTEGERS:
        low, high = INTEGERS[dtype]
        whole = min(max(round(value), low), high)  # round() is to nearest even
        return whole + SIGN if low < 0 else whole
    rounded = round_to(float(value), dtype)
    return None if rounded is None else floating_key(rounded)


def round_to(value, dtype):
    """A finite float rounded to a floating type; None where the type has no such number."""
    significand, smallest, largest = FLOATS[dtype]
    if dtype != "FP64":
        step = max(math.frexp(value)[1] - significand, smallest)
        value = math.ldexp(round(math.ldexp(value, -step)), step)
    return value if abs(value) <= largest else None


def floating_key(value):
    bits = struct.unpack("<Q", struct.pack("<d", value + 0.0))[0]  # -0.0 + 0.0 is +0.0
    return bits ^ (2 * SIGN - 1) if bits & SIGN else bits | SIGN


def number_of(key, dtype):
    """The number behind a key."""
    if dtype in INTEGERS:
        return key - SIGN if INTEGERS[dtype][0] < 0 else key
    bits = key ^ SIGN if key & SIGN else key ^ (2 * SIGN - 1)
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def key_from_text(text, dtype):
    """The key of a category that is a number in text, as the profile writes it."""
    if dtype == "BOOL":
        return int(text == b"true")
    return key_of(int(text) if dtype in INTEGERS else float(text), dtype)


def mix(key):
    """A bijection of 64 bits; by it the profile knows a number that has no cell of its own."""
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    key = (key ^ key >> 27) * 0x94D049BB133111EB % 2**64
    return key ^ key >> 31


def hash_of_text(text):
    value = 0xCBF29CE484222325
    for byte in text:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return mix(value)
