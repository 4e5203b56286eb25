"""Measures the costs of the drift library and of `drift report` and writes them into tests/bench/README.md.

    run_drift_bench.py --build build/release [--rounds 5] [--without-peers] [--dry]

One core. Sides that are compared alternate, and ratios are taken within a round. The first run installs the compared
tools into .deps/peers and unpacks the sources of datasketches there, whose KLL sketch is built into the benchmark.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "accuracy"))

import numpy as np  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.parquet  # noqa: E402

import peers_environment  # noqa: E402

README = pathlib.Path(__file__).parent / "README.md"
BEGIN, END = "<!-- drift figures: written by run_drift_bench.py -->", "<!-- end of drift figures -->"
DATASKETCHES = "3.5.1"  # the last release whose archive on PyPI holds the C++ sources
PIN = ["taskset", "-c", "0"]
# Title, and how many times as long as ours it must take at least.
PEERS = {"evidently-ks": ("evidently 0.7.23, KS", 20), "evidently-psi": ("evidently 0.7.23, PSI", 20),
         "alibi-detect": ("alibi-detect 0.13.0, KS", 5), "nannyml": ("nannyml 0.13.1, KS and JS", 1)}
PEAK_SHARE = 0.25  # of the compared tool's peak memory, at most ours
LARGE_SECONDS, LARGE_MEGABYTES = 3, 400


def datasketches():
    """The unpacked sources; their headers are never part of this repository."""
    folder = peers_environment.FOLDER / f"datasketches-{DATASKETCHES}"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as download:
            subprocess.run([peers_environment.python(), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
                            "datasketches", "--disable-pip-version-check", "-d", download,
                            f"datasketches=={DATASKETCHES}"], check=True)
            archive = next(pathlib.Path(download).glob("*.tar.gz"))
            subprocess.run(["tar", "xzf", str(archive), "-C", str(peers_environment.FOLDER)], check=True)
    return folder


def build_benchmark(build, with_peers):
    flag = f"-DDATASKETCHES={datasketches() if with_peers else ''}"
    subprocess.run(["cmake", "-S", str(ROOT), "-B", str(build), flag], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(build), "--target", "drift_bench", "drift_program"], check=True,
                   stdout=subprocess.DEVNULL)


def library_rounds(build, rounds):
    """{benchmark: {"time": [ms], counter: [value]}} over the rounds, by CPU time."""
    found = {}
    for number in range(rounds):
        printed = subprocess.run([*PIN, str(build / "bin/drift_bench"), "--benchmark_format=json",
                                  "--benchmark_min_time=0.3"], check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True).stdout
        for one in json.loads(printed)["benchmarks"]:
            figures = found.setdefault(one["name"].split("/iterations")[0], {})
            figures.setdefault("time", []).append(one["cpu_time"])
            for counter in ("ns_per_value", "MiB", "coarsenings"):
                if counter in one:
                    # libbenchmark prints an inverted rate in seconds.
                    value = one[counter] * (1e9 if counter == "ns_per_value" else 1)
                    figures.setdefault(counter, []).append(value)
        sys.stderr.write(f"\rlibrary {number + 1}/{rounds}   ")
    sys.stderr.write("\n")
    return found


def spread(values, form="{:.2f}"):
    """median (least … most)."""
    low, middle, high = (form.format(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} … {high})"


def bound(values, most=None, least=None, unit=""):
    """"≤ 5 ns", and that it is missed, where the median misses it."""
    middle = statistics.median(values)
    missed = (most is not None and middle > most) or (least is not None and middle < least)
    return (f"≤ {most}{unit}" if most is not None else f"≥ {least}{unit}") + (" (**missed**)" if missed else "")


def quotients(numerators, denominators):
    return [a / b for a, b in zip(numerators, denominators)]


def ratio(numerators, denominators):
    return spread(quotients(numerators, denominators))


def library_table(found):
    def ns(name):
        return spread(found[name]["ns_per_value"])

    cell = found["CellOfValue"]["ns_per_value"]
    lines = ["| step, one core | figure | bound |", "|---|---|---|",
             f"| the cell of an FP32 value among 1000 | {ns('CellOfValue')} ns | {bound(cell, most=5, unit=' ns')} |",
             f"| `std::upper_bound` over the same edges | {ns('UpperBound')} ns, "
             f"{ratio(found['UpperBound']['ns_per_value'], cell)} of ours | |"]
    if "KllUpdate" in found:
        kll = found["KllUpdate"]["ns_per_value"]
        lines.append(f"| KLL sketch's update (datasketches {DATASKETCHES}, k = 200) | {ns('KllUpdate')} ns, "
                     f"{ratio(kll, cell)} of ours | {bound(quotients(kll, cell), least=6)} |")
    lines += [f"| a value into a window, rows of {features}, all of `Window::Add` and expiry | "
              f"{ns(f'ValueIntoWindow/{features}')} ns | |" for features in (1, 10, 50)]
    lines += [f"| one evaluation, 50 features × 4 strata × 1000 cells | {spread(found['OneEvaluation']['time'])} ms | "
              f"{bound(found['OneEvaluation']['time'], most=2, unit=' ms')} |",
              f"| the largest window of 50 features and 4 strata at the defaults | "
              f"{statistics.median(found['LargestWindow']['MiB']):.1f} MiB, "
              f"{statistics.median(found['LargestWindow']['coarsenings']):.0f} coarsenings | "
              f"{bound(found['LargestWindow']['MiB'], most=64, unit=' MiB')} |"]
    return "\n".join(lines) + "\n"


def write_rows(path, rows, columns, seed, shift):
    rng = np.random.default_rng(seed)
    shapes = (rng.standard_normal, rng.standard_exponential, rng.standard_cauchy, rng.random,
              lambda size: np.floor(30 * rng.random(size)))
    table = {f"f{i}": (shapes[i % len(shapes)](rows) + shift * (i == 0)).astype(np.float32) for i in range(columns)}
    pyarrow.parquet.write_table(pyarrow.table(table), path)


def timed(command):
    """(CPU seconds, peak MiB, printed) of a process on one core; a failure shows its output."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.NamedTemporaryFile() as used:
        launcher = [sys.executable, "-S", str(ROOT / "tests/bench/drift/resources.py"), used.name]
        run = subprocess.run([*PIN, *launcher, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=environment, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{run.stdout}")
        resources = json.loads(pathlib.Path(used.name).read_text())
    return resources["seconds"], resources["peak_kib"] / 1024, run.stdout


def report_rounds(build, folder, rounds, with_peers):
    """{side: [(CPU seconds of the whole process, MiB, CPU seconds without starting)]}. Starting: for ours, what
    `drift --version` takes; for the others, importing the tool and what it reads files with."""
    reference, current, output = folder / "reference.parquet", folder / "current.parquet", folder / "out.json"
    write_rows(reference, 100_000, 10, 1, 0)
    write_rows(current, 100_000, 10, 2, 0.1)
    python = peers_environment.python() if with_peers else None
    found = {}
    for number in range(rounds):
        start = timed([build / "bin/drift", "--version"])[0]
        seconds, peak, _ = timed([build / "bin/drift", "report", "--reference-data", reference, "--current", current,
                                  "--json", output, "--quiet"])
        json.loads(output.read_text())
        found.setdefault("ours", []).append((seconds, peak, seconds - start))
        for peer in PEERS if with_peers else ():
            if peer.startswith("evidently") and number >= 3:
                continue
            seconds, peak, printed = timed([python, ROOT / "tests/bench/drift/peer_report.py", peer, reference, current, output])
            found.setdefault(peer, []).append((seconds, peak, float(printed.split()[-1])))
        sys.stderr.write(f"\rreports {number + 1}/{rounds}   ")
    sys.stderr.write("\n")
    return found


def large_rounds(build, folder, rounds):
    reference, current, output = folder / "large-reference.parquet", folder / "large-current.parquet", folder / "out.json"
    write_rows(reference, 3_000_000, 5, 3, 0)
    write_rows(current, 3_000_000, 5, 4, 0.1)
    return [timed([build / "bin/drift", "report", "--reference-data", reference, "--current", current, "--json", output,
                   "--quiet"])[:2] for _ in range(rounds)]


def report_line(title, runs, ours, least):
    """`runs` and `ours`: as report_rounds() gives them. `least`: None for ours."""
    whole, peaks, work = zip(*runs)
    line = f"| {title} | {spread(whole, '{:.3f}')} | {spread(work, '{:.3f}')} | "
    if least is None:
        return line + f"1 | | 1 | {statistics.median(peaks):.0f} | |"
    our_whole, our_peaks, our_work = zip(*ours)
    shares = quotients(our_peaks, peaks)
    return (line + f"{ratio(whole, our_whole)} | {bound(quotients(whole, our_whole), least=least)} | "
            f"{ratio(work, our_work)} | {statistics.median(peaks):.0f} | "
            f"ours ÷ this {spread(shares)}, {bound(shares, most=PEAK_SHARE)} |")


def report_table(found, large):
    lines = ["| one core, 100 000 × 10 against 100 000 × 10 | CPU s, whole process | CPU s, without starting | whole ÷ "
             "ours | bound | without starting ÷ ours | peak RSS, MiB | memory |", "|---|---|---|---|---|---|---|---|",
             report_line("`drift report`, KS and PSI", found["ours"], None, None)]
    for peer, (title, least) in PEERS.items():
        if peer in found:
            lines.append(report_line(title, found[peer], found["ours"], least))
    seconds, peaks = [one[0] for one in large], [one[1] * 1.048576 for one in large]
    lines += ["", f"`drift report`, 3 million × 5 against 3 million × 5: {spread(seconds)} s of CPU, "
              f"{bound(seconds, most=LARGE_SECONDS, unit=' s')}; peak RSS {statistics.median(peaks):.0f} MB, "
              f"{bound(peaks, most=LARGE_MEGABYTES, unit=' MB')}."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--dry", action="store_true", help="print instead of writing tests/bench/README.md")
    options = parser.parse_args()
    build, peers = options.build.resolve(), not options.without_peers
    build_benchmark(build, peers)
    library = library_table(library_rounds(build, options.rounds))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        found = report_rounds(build, folder, options.rounds, peers)
        large = large_rounds(build, folder, min(3, options.rounds))
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    text = (f"{BEGIN}\n\nMeasured {datetime.date.today()} on {model}, {os.cpu_count()} cores, {options.rounds} rounds "
            f"(evidently: 3 at most); median (least … most).\n\n### The library\n\n{library}\n"
            f"### From Parquet to JSON\n\n{report_table(found, large)}\n")
    if options.dry:
        print(text)
        return
    document = README.read_text()
    begin, end = document.index(BEGIN), document.index(END)
    README.write_text(document[:begin] + text + document[end:])


if __name__ == "__main__":
    main()
