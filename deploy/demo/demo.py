#!/usr/bin/env python3
"""Replays July to December 2013 of real flights against driftserve, and shows what it saw.

    make demo            or    .deps/venv/bin/python deploy/demo/demo.py --build build/release [--keep]

Starts a Kafka broker, Prometheus and driftserve with the repository models/, sends every flight at the pace of its
scheduled departure (400 ms a day, 75 s in all) and reports whether it was late once it has landed, then prints what
Prometheus saw month by month and checks it. Exit status 0: every check holds; 1: one does not; 2: something could not be
started. Everything started is stopped again, except with --keep (or KEEP=1 in the environment); the next run stops what
a kept one left.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prometheus"))
import checks  # noqa: E402
import configuration  # noqa: E402
import observed  # noqa: E402
import prepare  # noqa: E402
import services  # noqa: E402
import table  # noqa: E402
from recount import recount  # noqa: E402
from services import ROOT  # noqa: E402

WORK = os.path.join(ROOT, ".demo")
RUN = os.path.join(WORK, "run")
PIDS = os.path.join(RUN, "pids")
SERVER_CONFIG = os.path.join(ROOT, "deploy", "demo", "server.yaml")
DAY_MS = 400  # server.yaml's panes are as long
WINDOW = "14s"  # as in server.yaml; here for the fleet's rules
MONTHS = ("July", "August", "September", "October", "November", "December")
# Prometheus scrapes once a second, so the values of a month's end are there a second later.
SCRAPE_SECONDS = 1.0


def say(line=""):
    print(line, flush=True)


class Demo:
    """The programs of one run. stop() is safe at any time."""

    def __init__(self, build, keep):
        self.build = build
        self.keep = keep
        self.started = []
        self.labels_accepted = 0
        self.broker = services.KafkaBroker(os.path.join(RUN, "kafka"), keep=keep)
        self.grpc = f"127.0.0.1:{services.free_port(8001)}"
        self.operations = f"127.0.0.1:{services.free_port(8002)}"
        folder = os.path.join(RUN, "prometheus")
        scrape = configuration.write(folder, [self.operations], interval="1s", window=WINDOW)
        self.prometheus = services.Prometheus(folder, scrape, keep=keep)
        self.server = services.Service(
            "driftserve",
            [self.program("driftserve"), "--model-repository", os.path.join(ROOT, "models"),
             "--grpc-address", self.grpc, "--operations-address", self.operations,
             "--config", SERVER_CONFIG],
            RUN, lambda: services.http_get(f"http://{self.operations}/readyz")[0] == 200, seconds=60, keep=keep,
            env={"DRIFTSERVE_KAFKA__BROKERS": self.broker.bootstrap})

    def program(self, name):
        path = os.path.join(self.build, "bin", name)
        if not os.path.exists(path):
            raise services.ServiceError(f"{path} is missing: run `make demo`, which builds it")
        return path

    def start(self):
        for service in (self.broker, self.server, self.prometheus):
            say(f"demo: starting {service.name}")
            self.started.append(service)
            service.start()
            with open(PIDS, "a") as file:
                file.write(f"{service.pid}\n")

    def stop(self):
        for service in reversed(self.started):
            service.stop()

    def replay(self, rows):
        """Runs the replay to its end and returns its results."""
        out = os.path.join(RUN, "replay.json")
        command = [self.program("demo_replay"), "--rows", rows, "--out", out, "--server", self.grpc, "--day-ms", str(DAY_MS)]
        done = subprocess.run(command, timeout=DAY_MS * 184 / 1000 * 3)
        if not os.path.exists(out):
            raise services.ServiceError(f"the replay failed with exit status {done.returncode}")
        with open(out) as file:
            results = json.load(file)
        self.labels_accepted = results["labels"]["accepted"]
        return results

    def counters(self):
        """The server's own count of records, once nothing is in flight any more (waits up to 20 s)."""
        def settled():
            text = services.http_get(f"http://{self.operations}/metrics")[1]
            found = {name: observed.counter(text, "driftserve_records_total", outcome=name)
                     for name in ("sampled", "acknowledged", "dropped")}
            found["in_flight"] = observed.counter(text, "driftserve_records_in_flight")
            return found if found["in_flight"] == 0 and found["sampled"] > 0 else None
        return services.wait_for("every sampled record to be acknowledged or dropped", settled, 20)

    def labels(self):
        """The server's count of labels by outcome, once each has one: an unknown one waits some seconds for its row."""
        def settled():
            found = observed.labels(services.http_get(f"http://{self.operations}/metrics")[1])
            return found if sum(found.values()) >= self.labels_accepted else None
        return services.wait_for("every label to be joined or given up", settled, 30)


def stop_kept_run():
    """Stops what a run with --keep has left, by the process numbers it wrote down."""
    if not os.path.exists(PIDS):
        return
    with open(PIDS) as file:
        left = [pid for pid in map(int, file) if of_a_demo(pid)]
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    services.wait_for("the kept run to end", lambda: not any(of_a_demo(pid) for pid in left), 20)


def of_a_demo(pid):
    """Whether that process number is still one of ours: its command line names this folder's files."""
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            command = file.read()
    except OSError:
        return False
    return RUN in command or SERVER_CONFIG in command


def by_carrier(months, key):
    """{carrier: count} over all months."""
    total = {}
    for month in months:
        for carrier, count in month[key].items():
            total[carrier] = total.get(carrier, 0) + count
    return total


def report(demo, replay, rows):
    """Prints the table and the checks; returns whether all hold."""
    months = replay["months"]
    counters = demo.counters()
    counted = recount(demo.broker.bootstrap, RUN)
    with open(os.path.join(ROOT, "models", observed.MODEL, "monitor.yaml")) as file:
        rates, default_rate = checks.sampling_rates(file.read())
    moments = {MONTHS[month["month"] - 7]: observed.moment(demo.prometheus, month["ended_at"] + SCRAPE_SECONDS)
               for month in months}
    end = months[-1]["ended_at"] + SCRAPE_SECONDS
    between = {name: observed.states_between(demo.prometheus, name, end - replay["seconds"] - SCRAPE_SECONDS, end)
               for name in checks.CONTROLS}
    concept = observed.concept_states_between(demo.prometheus, end - replay["seconds"] - SCRAPE_SECONDS, end)
    seen, labelled = by_carrier(months, "rows_by_carrier"), by_carrier(months, "labelled_by_carrier")
    say()
    say(table.render(months, moments, observed.kept_by_month(counted, months), rates))
    say()
    latency = replay["latency_us"]
    say(f"{replay['rows']} requests in {replay['seconds']:.1f} s; latency p50 {latency['p50'] / 1000:.2f} ms, "
        f"p99 {latency['p99'] / 1000:.2f} ms; at most {replay['largest_lag_ms']:.0f} ms behind the schedule")
    say()
    results = [checks.answered(replay, rows), checks.conserved(counted, counters),
               checks.shares(counted, seen, rates, default_rate), checks.drifted(moments),
               checks.controls(moments, between), checks.shown(moments),
               checks.labels_accepted(replay, sum(labelled.values())),
               checks.joined(demo.labels(), counted.by_stratum, seen, labelled), checks.concept_drift(concept)]
    for name, ok, detail in results:
        say(f"{'ok  ' if ok else 'FAIL'}  {name}: {detail}")
    return all(ok for _, ok, _ in results)


def run(demo):
    rows_file = os.path.join(WORK, "flights.csv")
    rows = prepare.prepare(rows_file)
    demo.start()
    say(f"demo: {rows} flights of July to December 2013, one day in {DAY_MS} ms")
    say(f"demo: live page  http://{demo.operations}/drift/{observed.MODEL}")
    say(f"demo: Prometheus {demo.prometheus.url}")
    replay = demo.replay(rows_file)
    time.sleep(2 * SCRAPE_SECONDS)  # until Prometheus has scraped the last month's end
    return 0 if report(demo, replay, rows) else 1


def say_addresses(demo):
    say()
    say("demo: left running:")
    say(f"  predictions  {demo.grpc} (gRPC)")
    say(f"  live page    http://{demo.operations}/drift/{observed.MODEL}")
    say(f"  metrics      http://{demo.operations}/metrics")
    say(f"  Prometheus   {demo.prometheus.url}")
    say(f"  Kafka        {demo.broker.bootstrap}")
    say("stop it with: kill " + " ".join(str(service.pid) for service in demo.started))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"), help="folder with bin/driftserve")
    parser.add_argument("--keep", action="store_true", default=bool(os.environ.get("KEEP")), help="leave it running")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    demo = None
    status = 2
    try:
        stop_kept_run()
        shutil.rmtree(RUN, ignore_errors=True)
        os.makedirs(RUN)
        demo = Demo(os.path.abspath(options.build), options.keep)
        status = run(demo)
    except services.ServiceError as error:
        print(f"demo: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
    finally:
        if demo and options.keep and status != 2:
            say_addresses(demo)
        elif demo:
            demo.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
