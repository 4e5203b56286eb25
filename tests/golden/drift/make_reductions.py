"""Writes the golden values of tests/drift/reduction_test.cc with SciPy and plain NumPy.

Run from the repository root: .deps/venv/bin/python tests/golden/drift/make_reductions.py

Rows are drawn on both sides from seeds, as in make_golden.py. Each line of reductions.txt: what to draw, then each
reduction of it; each line of directions.txt: seed, direction, element, and SciPy's normal quantile of its hash.
"""

import math
import pathlib

import numpy as np
from scipy import special, stats

from make_golden import KINDS, draw

HERE = pathlib.Path(__file__).parent
GAMMA = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def direction_element(seed, direction, element):
    stream = mix((mix((seed + GAMMA) & WORD) + GAMMA * (direction + 1)) & WORD)
    bits = mix((stream + GAMMA * (element + 1)) & WORD)
    return float(stats.norm.ppf(((bits >> 12) + 0.5) * 2.0**-52))


def projection(row, seed, direction):
    kept = np.isfinite(row)
    gaussian = np.array([direction_element(seed, direction, i) for i in range(len(row))])
    return math.fsum(gaussian[kept] * row[kept]) / math.sqrt(kept.sum())


def entropy(x):
    with np.errstate(over="ignore"):
        return float(stats.entropy(x if x.min() >= 0 and abs(x.sum() - 1) <= 0.005 else special.softmax(x)))


def case(index, rng):
    kind, form = index % KINDS, ("raw", "shares", "logits")[index % 3]
    length = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 31, 100, 256, 257, 1000]))
    missing = float(rng.choice([0.0, 0.0, 0.25]))
    row = draw(kind, 50000 + index, length, 0.0, missing)
    if form == "shares":
        row = np.abs(row) / np.nansum(np.abs(row)) if np.nansum(np.abs(row)) > 0 else row
    if form == "logits":
        row = 8 * row - 4
    head = [kind, form, length, missing.hex()]
    x = row[np.isfinite(row)]
    if len(x) == 0:
        return head + ["none"]
    figures = [x.mean(), x.std(), x.min(), x.max(), math.sqrt(math.fsum(x * x)), np.mean(x == 0), length, entropy(x),
               x.max(), float(np.nanargmax(row)), projection(row, index, 0), projection(row, index, 5)]
    return head + [repr(float(figure)) for figure in figures]


def main():
    rng = np.random.default_rng(20130101)
    lines = ["# kind form length missing mean std min max l2_norm zero_ratio length entropy top1 argmax "
             "projection_0 projection_5"]
    lines += [" ".join(str(field) for field in case(index, rng)) for index in range(330)]
    (HERE / "reductions.txt").write_text("\n".join(lines) + "\n")
    lines = ["# seed direction element gaussian"]
    for seed in (0, 1, WORD):
        for direction in (0, 63):
            for element in (0, 1, 2, 3, 1000, 150527, 1 << 40):
                lines.append(f"{seed} {direction} {element} {direction_element(seed, direction, element)!r}")
    (HERE / "directions.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
