"""Measures the figures of tests/bench/README.md and writes them there.

    run_bench.py --build build/release [--rounds 7] [--requests 200000] [--only echo|watch|scrape] [--dry]

The server runs on core 0, the client on core 1; rounds of the sides that are compared alternate.
"""

import argparse
import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]

import load  # noqa: E402
import scrape  # noqa: E402
from support import protocol, repository, server  # noqa: E402
from services import KafkaBroker  # noqa: E402

README = pathlib.Path(__file__).parent / "README.md"
BEGIN, END = "<!-- figures: written by run_bench.py -->", "<!-- end of figures -->"
SERVER_CORE, CLIENT_CORE = 0, 1
PIN_SERVER = load.pinned(SERVER_CORE)
CONFIG = {"grpc": {"pollers": 1}}


class Echo:
    """The bare echo server as a context."""

    def __enter__(self):
        self._process = subprocess.Popen([*PIN_SERVER, server.program("echo_server"), "127.0.0.1:0"],
                                         stdout=subprocess.PIPE, text=True)
        self.grpc_port = int(self._process.stdout.readline().split()[-1])
        self.address = f"127.0.0.1:{self.grpc_port}"
        self.pid = self._process.pid
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


def prove(address, request):
    """One real call: h2load counts HTTP statuses and would not notice an error of gRPC's."""
    with server.grpc.insecure_channel(address) as channel:
        reply = protocol.inference(channel).ModelInfer(request)
    if not reply.raw_output_contents:
        raise RuntimeError(f"{address} answered without contents: {reply}")


def alternate(sides, body, requests, rounds):
    """{name: [Round]}: after one round of warming each, `rounds` of each in turn."""
    found = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            result = load.measure(side.pid, side.grpc_port, body, requests if number else requests // 4, CLIENT_CORE)
            if number:
                found[name].append(result)
            sys.stderr.write(f"\r{name} {number}/{rounds} {result.requests_per_second:.0f} req/s      ")
    sys.stderr.write("\n")
    return found


def ratios(numerators, denominators, field):
    """Ratio round by round: neighbours in time saw the same machine."""
    return [getattr(a, field) / getattr(b, field) for a, b in zip(numerators, denominators)]


def spread(values, form="{:.2f}"):
    """median (least … most)."""
    low, middle, high = (form.format(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} … {high})"


def table(found):
    rows = ["| server | req/s | poller CPU, µs per request | process CPU, µs per request |", "|---|---|---|---|"]
    for name, rounds in found.items():
        rows.append(f"| {name} | {spread([r.requests_per_second for r in rounds], '{:.0f}')} "
                    f"| {spread([r.poller_us for r in rounds])} | {spread([r.process_us for r in rounds])} |")
    return rows


def bench_echo(work, arguments, request, body):
    """The model's server against the bare echo."""
    models = repository.make(work / "echo-models", {"mlp": {}})
    with Echo() as echo, server.DriftServer(work / "echo", models, CONFIG, PIN_SERVER) as served:
        prove(echo.address, request)
        prove(served.address, request)
        found = alternate({"bare echo": echo, "driftserve, mlp": served}, body, arguments.requests, arguments.rounds)
    echoes, serves = found.values()
    rate = ratios(serves, echoes, "requests_per_second")
    cost = ratios(echoes, serves, "process_us")
    return ["### Against the bare echo", "", *table(found), "",
            f"req/s ÷ bare echo: **{spread(rate)}** (bound: ≥ 0.75). CPU of the echo ÷ CPU of driftserve: {spread(cost)}."]


def bench_watch(work, arguments, request, body):
    """Poller CPU with sampling at 1 % and drift, against none."""
    plain = repository.make(work / "plain-models", {"mlp": {}})
    monitor = {**repository.mlp_monitor(0.01), "window": {"length": "1h", "panes": 60, "evaluate_every": "15s"}}
    watched = repository.make(work / "watched-models", {"mlp": {"monitor": monitor}})
    with KafkaBroker(work / "kafka") as broker:
        on = {**CONFIG, "kafka": {"brokers": broker.bootstrap}}
        with server.DriftServer(work / "off", plain, CONFIG, PIN_SERVER) as unwatched, \
                server.DriftServer(work / "on", watched, on, PIN_SERVER) as watching:
            os.sched_setaffinity(broker.pid, {CLIENT_CORE})
            prove(unwatched.address, request)
            prove(watching.address, request)
            found = alternate({"not watched": unwatched, "1 % sampled, drift, Kafka": watching}, body,
                              arguments.requests, arguments.rounds)
            records = watching.metrics().records()
    off, on = found.values()
    return ["### Sampling at 1 % with drift", "", *table(found), "",
            f"Poller CPU per request, off ÷ on: **{spread(ratios(off, on, 'poller_us'), '{:.3f}')}** (bound: ≥ 0.98). "
            f"Records: {records['sampled']:.0f} sampled, {records['acknowledged']:.0f} acknowledged, "
            f"{records['dropped']:.0f} dropped, {records['in_flight']:.0f} in flight when the load ended."]


def bench_scrape(work, arguments, request, body):
    figures = scrape.measure(work)
    return ["### Scrape of /metrics, 50 features × 4 strata", "",
            f"{figures.series} series, {figures.bytes / 1000:.0f} kB uncompressed. One GET: "
            f"**{spread(figures.seconds_ms)} ms** over {len(figures.seconds_ms)} scrapes (bound: ≤ 10 ms). "
            f"While {figures.half_open} half-sent requests were held open: {spread(figures.half_open_ms)} ms."]


SECTIONS = {"echo": bench_echo, "watch": bench_watch, "scrape": bench_scrape}


def write(lines):
    text = README.read_text()
    head, _, rest = text.partition(BEGIN)
    README.write_text(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.partition(END)[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--only", choices=SECTIONS)
    parser.add_argument("--dry", action="store_true", help="print the figures, do not write them into README.md")
    arguments = parser.parse_args()
    os.environ["DRIFTSERVE_BUILD"] = str(pathlib.Path(arguments.build).resolve())

    request = protocol.infer_request("mlp", [("features", "FP32", [1, 8], bytes(32))])
    lines = ["", f"Measured {datetime.date.today()} on {load.machine()}: server on core {SERVER_CORE}, h2load on core "
             f"{CLIENT_CORE} with {load.CONNECTIONS} connections × {load.STREAMS} streams, {arguments.requests} requests of "
             f"{request.ByteSize()} bytes a round, {arguments.rounds} alternating rounds; median (least … most).", ""]
    with tempfile.TemporaryDirectory(prefix="driftserve-bench-") as folder:
        work = pathlib.Path(folder)
        body = work / "body"
        body.write_bytes(protocol.grpc_body(request))
        for name, section in SECTIONS.items():
            if arguments.only in (None, name):
                lines += [*section(work, arguments, request, body), ""]
    print("\n".join(lines))
    if not arguments.dry:
        write(lines)


if __name__ == "__main__":
    main()
