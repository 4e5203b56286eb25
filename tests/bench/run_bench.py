"""Measures the figures of serving and writes them into README.md of this folder.

    run_bench.py --build build/release [--rounds 5] [--share 1.0] [--only P2,P3] [--dry]

Servers run on core 0, clients on core 1; rounds of the servers that are compared alternate. What each comparison found
is kept in build/bench, and the README is written from all that lies there: after an interruption, or to measure one
comparison again, name those that are wanted with --only.
"""

import argparse
import dataclasses
import os
import pathlib
import signal
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
os.environ["GRPC_VERBOSITY"] = "NONE"  # a port that is not open yet is no news

import against_echo  # noqa: E402
import against_peers  # noqa: E402
import forms  # noqa: E402
import peers  # noqa: E402
import queueing  # noqa: E402
import report  # noqa: E402
import scrape  # noqa: E402
import watching  # noqa: E402
from figures import Figure  # noqa: E402
from outcome import Outcome, measured_now  # noqa: E402
from servers import say  # noqa: E402

README = pathlib.Path(__file__).parent / "README.md"
RESULTS = ROOT / "build" / "bench"


@dataclasses.dataclass
class Context:
    """What a comparison is given. `work` is a folder of its own, removed after it."""
    work: pathlib.Path
    rounds: int
    share: float  # of the requests of a round
    compiled: pathlib.Path = ROOT / "build" / "pt2"
    peers: pathlib.Path = ROOT / ".deps" / "bench-peers"

    def amount(self, requests):
        return max(100, int(requests * self.share))


@dataclasses.dataclass
class Comparison:
    """`keys`: the figures that it gives; `earlier`: what the compared server did on another machine, said where it
    cannot be measured."""
    keys: tuple
    title: str
    run: object
    earlier: str = ""

    @property
    def name(self):
        return "-".join(self.keys)


GHZ = " with 64 in flight (ghz, quiet machine)"
COMPARISONS = (
    Comparison(("P1",), "Everything on, against the bare echo", against_echo.everything_on),
    Comparison(("P2", "P3"), "Triton, by the same client", against_peers.triton,
               "16 300 req/s, ServerLive 53 000, while a bare echo did 85 000 to 90 000 (h2load)"),
    Comparison(("P4",), "mosec, each with its lightest client", against_peers.mosec,
               "30 200 req/s with 64 in flight (wrk), while a bare echo did 85 000 to 90 000 (h2load)"),
    Comparison(("P5",), "One request in flight", against_echo.alone),
    Comparison(("P6",), "Random arrivals", queueing.poisson),
    Comparison(("P7",), "Sampling", watching.sampling),
    Comparison(("P8",), "Drift on 64 features", watching.drift),
    Comparison(("P10",), "Start", forms.start),
    Comparison(("P11",), "Packages against archives", forms.package),
    Comparison(("P12",), "An image", against_echo.image),
    Comparison(("P13",), "Named columns against tensors", forms.columns),
    Comparison(("scrape",), "Scrape of /metrics, 50 features × 4 strata", scrape.page),
    Comparison(("pytriton",), "pytriton, by the same client", against_peers.pytriton, "4155 req/s" + GHZ),
    Comparison(("TorchServe",), "TorchServe, by the same client", against_peers.torchserve, "7977 req/s" + GHZ),
    Comparison(("MLServer",), "MLServer, by the same client", against_peers.mlserver, "1260 req/s" + GHZ),
    Comparison(("KServe",), "KServe's SDK, by the same client", against_peers.kserve, "1701 req/s" + GHZ),
)


def chosen(only):
    """The comparisons that give any of the figures named; all where none is."""
    if not only:
        return COMPARISONS
    wanted = set(only.split(","))
    unknown = wanted - {key for one in COMPARISONS for key in one.keys}
    if unknown:
        known = ", ".join(key for one in COMPARISONS for key in one.keys)
        raise SystemExit(f"--only names {', '.join(sorted(unknown))}; there are {known}")
    return [one for one in COMPARISONS if wanted.intersection(one.keys)]


def attempt(comparison, rounds, share):
    """One comparison: what went wrong in it is a line of the table, and the others go on."""
    say(f"{', '.join(comparison.keys)}: {comparison.title}")
    with tempfile.TemporaryDirectory(prefix="driftserve-bench-", ignore_cleanup_errors=True) as folder:
        context = Context(pathlib.Path(folder), rounds, share)
        try:
            return measured_now(comparison, context)
        except peers.Missing as error:
            return missing(comparison, context, str(error))
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            return missing(comparison, context, f"failed: {str(error).splitlines()[0][:200]}")


def missing(comparison, context, why):
    """The outcome of a comparison that could not be made."""
    say(f"  not measured: {why}")
    why += f". Not measured here, from an earlier run: {comparison.earlier}" if comparison.earlier else ""

    def without_values(_):
        return Outcome([Figure(key, comparison.title, missing=why) for key in comparison.keys])
    return measured_now(dataclasses.replace(comparison, run=without_values), context)


def kept():
    """The outcomes in build/bench, in the order of the table."""
    return [Outcome.read(path) for path in (RESULTS / f"{one.name}.json" for one in COMPARISONS) if path.exists()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of the requests of a round")
    parser.add_argument("--only", help="figures to measure, separated by commas")
    parser.add_argument("--dry", action="store_true", help="print the figures; keep and write nothing")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends, too
    os.environ["DRIFTSERVE_BUILD"] = str(pathlib.Path(arguments.build).resolve())
    outcomes = []
    for comparison in chosen(arguments.only):
        outcomes.append(attempt(comparison, arguments.rounds, arguments.share))
        if not arguments.dry:
            outcomes[-1].write(RESULTS / f"{comparison.name}.json")
    if not arguments.dry:
        report.write(README, kept())
    print("\n".join(report.render(outcomes)))
    say("done")


if __name__ == "__main__":
    main()
