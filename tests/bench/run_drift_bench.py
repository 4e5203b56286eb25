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
PEERS = {"evidently-ks": "evidently 0.7.23, KS", "evidently-psi": "evidently 0.7.23, PSI",
         "alibi-detect": "alibi-detect 0.13.0, KS", "nannyml": "nannyml 0.13.1, KS and JS"}


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


def ratio(numerators, denominators):
    return spread([a / b for a, b in zip(numerators, denominators)])


def library_table(found):
    def ns(name):
        return spread(found[name]["ns_per_value"])

    cell = found["CellOfValue"]["ns_per_value"]
    lines = ["| step, one core | figure | bound |", "|---|---|---|",
             f"| the cell of an FP32 value among 1000 | {ns('CellOfValue')} ns | ≤ 5 ns |",
             f"| `std::upper_bound` over the same edges | {ns('UpperBound')} ns, "
             f"{ratio(found['UpperBound']['ns_per_value'], cell)} of ours | |"]
    if "KllUpdate" in found:
        kll = found["KllUpdate"]["ns_per_value"]
        lines.append(f"| KLL sketch's update (datasketches {DATASKETCHES}, k = 200) | {ns('KllUpdate')} ns, "
                     f"{ratio(kll, cell)} of ours | ≥ 6 |")
    lines += [f"| a value into a window, rows of {features}, all of `Window::Add` and expiry | "
              f"{ns(f'ValueIntoWindow/{features}')} ns | |" for features in (1, 10, 50)]
    lines += [f"| one evaluation, 50 features × 4 strata × 1000 cells | {spread(found['OneEvaluation']['time'])} ms | "
              f"≤ 2 ms |",
              f"| the largest window of 50 features and 4 strata at the defaults | "
              f"{statistics.median(found['LargestWindow']['MiB']):.1f} MiB, "
              f"{statistics.median(found['LargestWindow']['coarsenings']):.0f} coarsenings | ≤ 64 MiB |"]
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
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*PIN, *map(str, command)], stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        printed = output.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{printed}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed


def report_rounds(build, folder, rounds, with_peers):
    """{side: [(seconds, MiB)]}. Ours is the whole process; the others' seconds leave out importing the tool."""
    reference, current, output = folder / "reference.parquet", folder / "current.parquet", folder / "out.json"
    write_rows(reference, 100_000, 10, 1, 0)
    write_rows(current, 100_000, 10, 2, 0.1)
    python = peers_environment.python() if with_peers else None
    found = {}
    for number in range(rounds):
        seconds, peak, _ = timed([build / "bin/drift", "report", "--reference-data", reference, "--current", current,
                                  "--json", output, "--quiet"])
        json.loads(output.read_text())
        found.setdefault("ours", []).append((seconds, peak))
        for peer in PEERS if with_peers else ():
            if peer.startswith("evidently") and number >= 3:
                continue
            _, peak, printed = timed([python, ROOT / "tests/bench/drift/peer_report.py", peer, reference, current, output])
            found.setdefault(peer, []).append((float(printed.split()[-1]), peak))
        sys.stderr.write(f"\rreports {number + 1}/{rounds}   ")
    sys.stderr.write("\n")
    return found


def large_rounds(build, folder, rounds):
    reference, current, output = folder / "large-reference.parquet", folder / "large-current.parquet", folder / "out.json"
    write_rows(reference, 3_000_000, 5, 3, 0)
    write_rows(current, 3_000_000, 5, 4, 0.1)
    return [timed([build / "bin/drift", "report", "--reference-data", reference, "--current", current, "--json", output,
                   "--quiet"])[:2] for _ in range(rounds)]


def report_table(found, large):
    ours = [seconds for seconds, _ in found["ours"]]
    lines = ["| one core | CPU seconds | ÷ ours | peak RSS, MiB |", "|---|---|---|---|",
             f"| `drift report`, 100 000 × 10 against 100 000 × 10, the whole process | {spread(ours, '{:.3f}')} | 1 | "
             f"{statistics.median(peak for _, peak in found['ours']):.0f} |"]
    for peer, title in PEERS.items():
        if peer in found:
            seconds = [one for one, _ in found[peer]]
            lines.append(f"| {title}, the same files, without its import | {spread(seconds, '{:.3f}')} | "
                         f"{ratio(seconds, ours)} | {statistics.median(peak for _, peak in found[peer]):.0f} |")
    lines.append(f"| `drift report`, 3 million × 5 against 3 million × 5 | {spread([one for one, _ in large])} | | "
                 f"{statistics.median(peak for _, peak in large):.0f} |")
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
