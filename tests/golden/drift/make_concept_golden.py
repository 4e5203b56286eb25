#!/usr/bin/env python3
"""Writes concept.txt: what River's detectors of concept drift say to streams that the C++ test makes again by itself.

    python3 -m venv /tmp/river && /tmp/river/bin/pip install river==0.21.2
    /tmp/river/bin/python tests/golden/drift/make_concept_golden.py

One stream a line, then one line a detector:

    stream NAME KIND SEED COUNT:FROM:TO …
    adwin INDEX …            indices (from 0) of the errors at which it alarmed
    ddm INDEX …              binary streams only
    ddm_warning FIRST-LAST … runs of errors at which it warned
    page_hinkley INDEX …

Error i of a segment has the level FROM + (TO − FROM)·i/COUNT. KIND binary: 1 where u < level, else 0; real: 2·u·level.
u is the next number of SplitMix64 with that seed, its upper 53 bits as a fraction.
"""

import os

from river import drift
from river.drift import binary

STREAMS = (
    ("steady", "binary", 1, [(4000, 0.2, 0.2)]),
    ("steady_long", "binary", 2, [(20000, 0.1, 0.1)]),
    ("abrupt_rise", "binary", 3, [(1500, 0.2, 0.2), (1500, 0.4, 0.4)]),
    ("abrupt_fall", "binary", 4, [(1500, 0.5, 0.5), (1500, 0.2, 0.2)]),
    ("gradual", "binary", 5, [(1000, 0.1, 0.1), (4000, 0.1, 0.5), (1000, 0.5, 0.5)]),
    ("there_and_back", "binary", 6, [(2000, 0.1, 0.1), (500, 0.6, 0.6), (2000, 0.1, 0.1), (2000, 0.3, 0.3)]),
    ("none_then_some", "binary", 7, [(500, 0.0, 0.0), (500, 0.05, 0.05), (500, 1.0, 1.0)]),
    ("all_wrong", "binary", 8, [(500, 1.0, 1.0)]),
    ("real_steady", "real", 9, [(5000, 0.2, 0.2)]),
    ("real_abrupt", "real", 10, [(2000, 0.1, 0.1), (1000, 0.3, 0.3), (1000, 0.05, 0.05)]),
    ("real_gradual", "real", 11, [(1000, 0.1, 0.1), (6000, 0.1, 0.4)]),
    ("real_constant", "real", 12, [(400, 0.0, 0.0)]),
)
MASK = (1 << 64) - 1


def fractions(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((z ^ (z >> 31)) >> 11) * 2.0**-53


def errors(kind, seed, segments):
    u = fractions(seed)
    for count, first, last in segments:
        for i in range(count):
            level = first + (last - first) * i / count
            yield float(next(u) < level) if kind == "binary" else 2 * next(u) * level


def alarms(detector, stream):
    found = []
    for i, error in enumerate(stream):
        detector.update(error)
        if detector.drift_detected:
            found.append(str(i))
    return found


def warnings(stream):
    detector, runs, first = binary.DDM(), [], None
    for i, error in enumerate(stream):
        detector.update(error)
        if detector.warning_detected and first is None:
            first = i
        if not detector.warning_detected and first is not None:
            runs.append(f"{first}-{i - 1}")
            first = None
    return runs + ([f"{first}-{len(stream) - 1}"] if first is not None else [])


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "concept.txt")
    with open(path, "w") as file:
        for name, kind, seed, segments in STREAMS:
            stream = list(errors(kind, seed, segments))
            parts = " ".join(f"{count}:{first}:{last}" for count, first, last in segments)
            print(f"stream {name} {kind} {seed} {parts}", file=file)
            print(" ".join(["adwin", *alarms(drift.ADWIN(), stream)]), file=file)
            if kind == "binary":
                print(" ".join(["ddm", *alarms(binary.DDM(), stream)]), file=file)
                print(" ".join(["ddm_warning", *warnings(stream)]), file=file)
            print(" ".join(["page_hinkley", *alarms(drift.PageHinkley(), stream)]), file=file)


if __name__ == "__main__":
    main()
