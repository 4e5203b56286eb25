"""Measures the figures of drift/ACCURACY.md and writes them there; `make accuracy` runs it.

    measure_accuracy.py --build build/release [--replications 2000] [--peer-replications 40] [--days 300] [--cases 1000]
                        [--without-peers] [--dry]

Everything is drawn from fixed seeds. The compared tools are installed into .deps/peers at the first run.
"""

import argparse
import datetime
import hashlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "golden" / "drift"), str(ROOT / "tests" / "accuracy")]

import make_golden  # noqa: E402
import peers_environment  # noqa: E402

DOCUMENT = ROOT / "drift" / "ACCURACY.md"
BEGIN, END = "<!-- figures: written by measure_accuracy.py -->", "<!-- end of figures -->"
SIZES = [1, 2, 3, 8, 20, 29, 30, 70, 150, 400, 1000, 3000, 10_000]


def program(build, *arguments):
    """The JSON lines that drift_accuracy prints."""
    printed = subprocess.run([str(build / "bin" / "drift_accuracy"), *map(str, arguments)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


def random_pairs(cases):
    """Pairs of samples of every kind of make_golden, with at least one number on each side."""
    rng = np.random.default_rng(20131231)
    pairs = []
    for index in range(cases):
        kind, (m, n) = index % make_golden.KINDS, rng.choice(SIZES, 2)
        if index % 40 == 0:
            m, n = rng.integers(10_001, 60_000, 2)
        shift, missing = float(rng.choice([0.0, 0.0, 0.125, 0.5])), float(rng.choice([0.0, 0.0, 0.25]))
        reference = make_golden.draw(kind, 500_000 + index, int(m), 0.0, missing)
        current = make_golden.draw(kind, 900_000 + index, int(n), shift, missing)
        if not (np.isnan(reference).all() or np.isnan(current).all()):
            pairs.append((reference, current))
    return pairs


def plain_psi(reference, current, samples):
    """PSI over the deciles by the definition, in double precision."""
    ends = make_golden.psi_bins(reference[~np.isnan(reference)])
    p, q = make_golden.shares(reference, ends), make_golden.shares(current, ends)
    used = (p > 0) | (q > 0)
    p, q, m = p[used], q[used], len(reference)
    half = len(p) / 2
    p, q = (p * m + 0.5) / (m + half), (q * samples + 0.5) / (samples + half)
    return math.fsum((q - p) * np.log(q / p))


TIED = 0.005  # ks_ties.h: a value with this share of the rows
DRAWS = 20_000


def has_ties(x, y):
    counts = np.unique(np.concatenate([x, y]), return_counts=True)[1]
    return counts.max() >= TIED * (len(x) + len(y))


def interpolated_law(d, m, n):
    """The one-sample law that SciPy takes at n m/(n + m) rounded, between its two whole neighbours."""
    rows = m * n / (m + n)
    low = math.floor(rows)
    below, above = stats.kstwo.sf(d, low), stats.kstwo.sf(d, low + 1)
    return below + (rows - low) * (above - below)


def permutation_tail(x, y, rng):
    """P(D >= d) over random divisions of all rows into two samples of these sizes; None where values are too many."""
    values, counts = np.unique(np.concatenate([x, y]), return_counts=True)
    if len(values) > 100:
        return None
    of_x = np.searchsorted(np.sort(x), values, side="right")
    total = np.cumsum(counts)

    def largest(cumulated):
        return np.abs(cumulated * (len(x) + len(y)) - total * len(x)).max(axis=-1)

    drawn = rng.multivariate_hypergeometric(counts, len(x), size=DRAWS)
    return float(np.mean(largest(np.cumsum(drawn, axis=1)) >= largest(of_x)))


def compare_distances(build, cases):
    pairs = random_pairs(cases)
    with tempfile.NamedTemporaryFile() as file:
        for pair in pairs:
            file.write(np.array([len(pair[0]), len(pair[1])], np.int64).tobytes())
            file.writelines(sample.tobytes() for sample in pair)
        file.flush()
        ours = program(build, "distances", file.name)
    rng = np.random.default_rng(20131231)
    equal = equal_below = below = untied = tied = 0
    worst_d = worst_exact = worst_rounded = worst_law = worst_scipy = worst_ours = worst_tied = worst_psi = 0.0
    for (reference, current), found in zip(pairs, ours, strict=True):
        x, y = reference[~np.isnan(reference)], current[~np.isnan(current)]
        small = max(len(x), len(y)) <= 10_000  # where SciPy takes the exact law
        theirs = stats.ks_2samp(x, y)
        d = float.fromhex(found["d"])
        equal += d == theirs.statistic
        below += small
        equal_below += small and d == theirs.statistic
        worst_d = max(worst_d, abs(d - theirs.statistic))
        if len(x) * len(y) <= 250_000 or (min(len(x), len(y)) < 30 and small):
            worst_exact = max(worst_exact, abs(found["p"] - theirs.pvalue) / max(theirs.pvalue, 1e-9))
        elif min(len(x), len(y)) >= 30:
            if has_ties(x, y):
                tail = permutation_tail(x, y, rng)
                tied += tail is not None
                worst_tied = max(worst_tied, abs(found["p"] - tail) if tail is not None else 0)
            else:
                untied += 1
                rounded = stats.ks_2samp(x, y, method="asymp").pvalue
                worst_rounded = max(worst_rounded, abs(found["p"] - rounded))
                worst_law = max(worst_law, abs(found["p"] - interpolated_law(theirs.statistic, len(x), len(y))))
                worst_scipy = max(worst_scipy, abs(rounded - theirs.pvalue) if small else 0)
                worst_ours = max(worst_ours, abs(found["p"] - theirs.pvalue) if small else 0)
        if "psi" in found:
            psi = plain_psi(reference, current, found["samples"])
            worst_psi = max(worst_psi, abs(found["psi"] - psi) / max(psi, 1e-9))
    return (f"{len(pairs)} pairs of samples of 1 to 60 000 rows: uniform, few and many ties, constants, heavy tails, "
            f"denormals, negative zeros, rounded to float32, a quarter missing; every third pair shifted.\n\n"
            f"| compared with | figure |\n|---|---|\n"
            f"| SciPy's D, up to 10 000 rows a side | bit-equal in {equal_below} of {below} |\n"
            f"| SciPy's D, all | bit-equal in {equal} of {len(pairs)}; largest difference {worst_d:.2g} |\n"
            f"| SciPy's exact p-value, where ours is exact | largest relative difference {worst_exact:.2g} |\n"
            f"| the law of SciPy's asymptotic p-value at n m/(n + m), elsewhere from 30 rows on, {untied} pairs without "
            f"a value of {100 * TIED:g} % of the rows | largest difference {worst_law:.2g} |\n"
            f"| SciPy's asymptotic p-value there, which rounds n m/(n + m) | largest difference {worst_rounded:.2g} |\n"
            f"| SciPy's exact p-value there, where it has one | largest difference {worst_ours:.2g}; SciPy's own "
            f"asymptotic one {worst_scipy:.2g} |\n"
            f"| {DRAWS} permutations, {tied} pairs with such a value, for which SciPy's laws are too large | largest "
            f"difference {worst_tied:.2g} (a permutation's standard error is up to {0.5 / math.sqrt(DRAWS):.1g}) |\n"
            f"| PSI by its definition, in double precision | largest relative difference {worst_psi:.2g} |\n")


def percent(share):
    return "–" if share is None else f"{100 * share:.3g} %" if share < 0.0995 else f"{100 * share:.0f} %"


def ask_peers(build, names, replications):
    """{situation: {"same"|"drifted": {column: share}}}; "unequal_rates, repeated": rows by their weight. Kept in the
    build folder until the scenarios, the tools or the count change."""
    parts = [(ROOT / "tests" / "drift" / "scenarios.cc"), peers_environment.REQUIREMENTS,
             ROOT / "tests" / "accuracy" / "peer_verdicts.py"]
    key = hashlib.sha256(b"".join(part.read_bytes() for part in parts) + str(replications).encode()).hexdigest()
    kept = build / f"peer-verdicts-{key[:16]}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    python = peers_environment.python()
    found = {}
    for name in names:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([str(build / "bin" / "drift_accuracy"), "dump", name, str(replications), folder], check=True)
            for title, extra in [(name, []), *([(name + ", repeated", ["repeat"])] if name == "unequal_rates" else [])]:
                printed = subprocess.run([python, str(ROOT / "tests/accuracy/peer_verdicts.py"), folder,
                                          str(replications), *extra], check=True, stdout=subprocess.PIPE, text=True)
                found[title] = json.loads(printed.stdout.splitlines()[-1])
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    kept.write_text(json.dumps(found))
    return found


def table(rows, columns, ours, peers):
    """A line per situation, "size / power" per tool; `columns` of ours by heading, of the peers by their own names."""
    theirs = [name for name in next(iter(peers.values()), {"same": {}})["same"] if name in columns]
    own = [name for name in columns if name in ("PSI", "KS", "PSI, category")]
    lines = ["| no drift, and | " + " | ".join([f"**ours, {name}**" for name in own] + theirs) + " |",
             "|---|" + "---|" * (len(own) + len(theirs))]
    key = {"PSI": "psi", "KS": "ks", "PSI, category": "category"}
    for name, what, of in rows:
        cells = [f"**{percent(ours[of, 0][key[c]])} / {percent(ours[of, 1][key[c]])}**" for c in own]
        if name in peers:
            cells += [f"{percent(peers[name]['same'].get(c))} / {percent(peers[name]['drifted'].get(c))}" for c in theirs]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sizes(build, replications, peers):
    found = program(build, "sizes", replications)
    ours = {(one["scenario"], one["drifted"]): one for one in found}
    rows = []
    for one in found:
        if one["drifted"]:
            continue
        rows.append((one["scenario"], one["what"], one["scenario"]))
        if one["scenario"] == "unequal_rates":
            rows.append(("unequal_rates, repeated", "the same, every row repeated by its weight (ours: as above)",
                         "unequal_rates"))
    text = table(rows, ["PSI", "KS", "evidently PSI", "evidently KS", "alibi-detect KS", "nannyml KS", "nannyml JS"],
                 ours, peers)
    text += "\nThe category of the same rows:\n\n"
    text += table(rows, ["PSI, category", "evidently PSI, category", "evidently χ², category",
                         "alibi-detect χ², category", "nannyml JS, category", "nannyml χ², category"], ours, peers)
    missing = [(one["what"], one["missing"], ours[one["scenario"], 1]["missing"]) for one in found
               if not one["drifted"] and one["scenario"] in ("unequal_rates", "rates_change")]
    text += "\nThe missing share's own test: " + "; ".join(
        f"{what}: {percent(size)} / {percent(power)}" for what, size, power in missing) + ".\n"
    if peers:
        values = [f"{what}: {peers[name]['same']['mean evidently PSI']:.3g} without drift, "
                  f"{peers[name]['drifted']['mean evidently PSI']:.3g} with it (ours {ours[of, 0]['mean_psi']:.3g}, "
                  f"{ours[of, 1]['mean_psi']:.3g})"
                  for name, what, of in rows if name in ("unequal_rates", "outlier", "small_samples")]
        text += "\nMean PSI, evidently's and ours: " + "; ".join(values) + ".\n"
    return text


def alarms(build, days, seconds):
    lines = ["| rows an hour | no drift, tolerance 0 | no drift, PSI 0.1 tolerated | PSI 0.1, PSI 0.1 tolerated | "
             "days with \"p ≤ 0.05 in 3 of 5\", no drift | minutes from a jump to PSI 0.25 until found |",
             "|---|---|---|---|---|---|"]
    found = program(build, "alarms", days, seconds)
    jumps = {one["rows"]: one for one in found if "minutes" in one}
    for rows in sorted({one["rows"] for one in found}):
        runs = {(one["what"], one["psi_warn"]): one for one in found if one["rows"] == rows and "days" in one}

        def rate(what, level):
            one = runs.get((what, level))
            return f"{one['alarms'] / one['days']:.3f}" if one else "–"

        usual = runs.get(("no drift", 0))
        jump = jumps.get(rows)
        lines.append(f"| {rows} | {rate('no drift', 0)} | {rate('no drift', 0.1)} | {rate('PSI at the level', 0.1)} | "
                     + (f"{usual['usual']} of {usual['days']}" if usual else "–") + " | "
                     + (f"{jump['minutes']:.0f} ({jump['found']} of {jump['tries']} found)" if jump else "–") + " |")
    return f"Alarms a day, over {days} days each, one feature, evaluated every {seconds} s.\n\n" + "\n".join(lines) + "\n"


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{model}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--peer-replications", type=int, default=40)
    parser.add_argument("--days", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=60, help="between the evaluations of a rolling window")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--dry", action="store_true", help="print instead of writing drift/ACCURACY.md")
    options = parser.parse_args()
    build = options.build.resolve()
    names = ["unequal_rates", "rates_change", "feature_is_stratum", "eight_alike", "bursts", "many_categories",
             "small_samples", "outlier", "float32_traffic"]
    distances = compare_distances(build, options.cases)
    peers = {} if options.without_peers else ask_peers(build, names, options.peer_replications)
    text = (f"{BEGIN}\n\nMeasured {datetime.date.today()} on {machine()}, by `make accuracy`: "
            f"{options.replications} replications of ours, {options.peer_replications} of evidently 0.7.23, alibi-detect "
            f"0.13.0 and nannyml 0.13.1, of the same seeds.\n\n### D, p-values and PSI\n{distances}\n"
            f"### Size and power\n{sizes(build, options.replications, peers)}\n"
            f"### A rolling window\n{alarms(build, options.days, options.seconds)}\n")
    if options.dry:
        print(text)
        return
    document = DOCUMENT.read_text()
    begin, end = document.index(BEGIN), document.index(END)
    DOCUMENT.write_text(document[:begin] + text + document[end:])


if __name__ == "__main__":
    main()
