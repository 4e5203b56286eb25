"""Writes the golden values of tests/drift/golden_test.cc with SciPy and plain NumPy.

Run from the repository root: .deps/venv/bin/python tests/golden/drift/make_golden.py

The samples are not stored: both sides draw them from SplitMix64 by seed, with operations that IEEE 754 rounds
alike everywhere (no logarithms). Each line of samples.txt: what to draw, then what SciPy says of it.
"""

import math
import pathlib

import numpy as np
from scipy import stats
from scipy.spatial import distance

HERE = pathlib.Path(__file__).parent
KINDS = 11


def uniforms(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(kind, seed, count, shift, missing):
    """Two uniforms a value: the value itself, and whether it is missing."""
    u = uniforms(seed, 2 * count)
    value, lost = u[0::2], u[1::2]
    half = np.where(lost < 0.5, -1.0, 1.0)
    made = {
        0: value,
        1: np.floor(value * 7),
        2: np.full(count, 3.25),
        3: half / (value * value + 1e-200),
        4: value / (1 - value),
        5: np.floor(value * 1000),
        6: np.where(value < 0.3, 0.0, value),
        7: value * 1e-310,
        8: value,
        9: np.where(value < 0.25, -0.0, np.floor(value * 3)),
        10: value.astype(np.float32).astype(np.float64),
    }[kind]
    if kind != 7:
        made = made + shift
    return np.where(lost < missing, np.nan, made)


def psi_bins(reference):
    """Upper ends of the decile bins: closed at the first value where the cumulative share reaches the decile."""
    values, counts = np.unique(reference, return_counts=True)
    ends, total, reached, closed = [], counts.sum(), 0.0, [0.0]
    for value, count in zip(values, counts):
        reached += count
        decile = math.floor(10 * closed[-1] / total + 1e-9)
        if reached / total >= (decile + 1) / 10 - 1e-12:
            ends.append(value)
            closed.append(reached)
    while ends and total - closed[-1] < 0.05 * total:
        ends.pop()
        closed.pop()
    return ends


def shares(sample, ends):
    present = sample[~np.isnan(sample)]
    counts = np.bincount(np.searchsorted(ends, present, side="left"), minlength=len(ends) + 1)
    return np.append(counts, len(sample) - len(present)) / len(sample)


def psi_test(p, q, m, n):
    """PSI, its bias-corrected value and p-values at 0 and 0.1, for one plain sample (no panes, no weights)."""
    b = len(p)
    nd = n - 1.0
    ps, qs = (p * m + 0.5) / (m + b / 2), (q * nd + 0.5) / (nd + b / 2)
    psi = float(np.sum((qs - ps) * np.log(qs / ps)))
    sq = (np.diag(q) - np.outer(q, q)) / (n - 1)
    sp = (np.diag(ps) - np.outer(ps, ps)) / m
    dq, dp = np.sqrt(np.minimum(1 / ps, 3 / qs)), np.sqrt(1 / ps)
    both = dq[:, None] * sq * dq + dp[:, None] * sp * dp
    t1, t2 = np.trace(both), np.sum(both * both)
    g, h = np.log(qs / ps) + 1 - ps / qs, -np.log(qs / ps) + 1 - qs / ps
    rho = (g @ sq @ g + h @ sp @ h) / (4 * psi) if psi > 0 else 0.0
    tails = []
    for level in (0.0, 0.1):
        a = (t2 + 2 * rho * level) / (t1 + 2 * level)
        if psi <= 0:
            tails.append(1.0)
        elif level == 0:
            tails.append(stats.chi2.sf(psi / a, t1 / a))
        else:
            tails.append(stats.ncx2.sf(psi / a, t1 / a, level / a))
    return psi, psi - t1, tails[0], tails[1]


def case(index, rng):
    kind = index % KINDS
    large = index % 29 == 0
    pool = [1, 2, 3, 5, 8, 13, 20, 29, 30, 45, 70, 100, 150, 250, 400, 700, 1000, 1500]
    m, n = (int(rng.integers(3000, 10001)) for _ in range(2)) if large else (int(rng.choice(pool)) for _ in range(2))
    shift = float(rng.choice([0.0, 0.0, 0.125, 0.5]))
    missing = float(rng.choice([0.0, 0.0, 0.25]))
    reference = draw(kind, 1000 + index, m, 0.0, missing)
    current = draw(kind, 9000 + index, n, shift, 1.0 if kind == 8 and index % 2 == 0 else missing)
    head = [kind, m, n, shift.hex(), missing.hex()]
    x, y = reference[~np.isnan(reference)], current[~np.isnan(current)]
    if len(x) == 0 or len(y) == 0:
        return head + ["none"] + ["-"] * 13
    ks = stats.ks_2samp(x, y, method="auto")  # exact up to 10 000 rows
    asymptotic = stats.ks_2samp(x, y, method="asymp")
    ends = psi_bins(x)
    p, q = shares(reference, ends), shares(current, ends)
    keep = (p > 0) | (q > 0)
    p, q = p[keep], q[keep]
    fields = [float(ks.statistic).hex(), repr(float(ks.pvalue)), repr(float(asymptotic.pvalue)), len(p)]
    if len(p) > 1 and n > 1:
        fields += [repr(float(v)) for v in psi_test(p, q, m, n)]
    else:
        fields += ["-"] * 4
    # What lies between two values of the reference is seen at the upper one, and beyond the last at the last.
    values = np.unique(x)
    seen = values[np.minimum(np.searchsorted(values, y), len(values) - 1)]
    fields += [repr(float(distance.jensenshannon(p, q))) if len(p) > 1 else "-",
               repr(float(stats.wasserstein_distance(x, seen) / x.std())) if x.std() > 0 else "-"]
    # χ² as SciPy defines it over frequencies, here of the smoothed shares with the n_d of a plain sample.
    half, nd = len(p) / 2, n - 1.0
    ps, qs = (p * m + 0.5) / (m + half), (q * nd + 0.5) / (nd + half)
    fields += [repr(float(distance.euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2))),
               repr(float(distance.chebyshev(p, q))),
               repr(float(stats.chisquare(qs, ps / ps.sum() * qs.sum()).statistic)) if len(p) > 1 and n > 1 else "-"]
    return head + fields


def main():
    rng = np.random.default_rng(20130101)
    lines = ["# kind m n shift missing D ks_p ks_p_asymptotic bins psi psi_bias_corrected p_at_0 p_at_0.1 jensen_shannon wasserstein hellinger l_infinity chi_square"]
    lines += [" ".join(str(field) for field in case(index, rng)) for index in range(360)]
    (HERE / "samples.txt").write_text("\n".join(lines) + "\n")

    lines = ["# freedom noncentrality x upper_tail quantile_at_5_percent quantile_at_1e-4"]
    for freedom in (0.7, 1, 3, 9, 20, 49.5):
        for noncentrality in (0, 0.01, 1, 17, 199, 201, 2000, 40000):
            law = stats.ncx2(freedom, noncentrality) if noncentrality else stats.chi2(freedom)
            for z in (-8, -3, -1, 0, 1, 2, 4, 6):
                x = max(law.mean() + z * law.std(), 0.01)
                row = [freedom, noncentrality, x, law.sf(x), law.isf(0.05), law.isf(1e-4)]
                lines.append(" ".join(repr(float(v)) for v in row))
    (HERE / "chi_squared.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
