#!/usr/bin/env python3
"""The loop, closed: real flights drift, Airflow retrains, a canary is compared, promoted, and a wrong one withdrawn.

    make loop      or      .deps/venv/bin/python deploy/airflow/loop/loop.py --build build/release [--keep] [--once]

Starts a Kafka broker, driftserve over a copy of models/flight_delay and a whole Airflow, and replays July again and
again. The drift that the server finds starts the DAG drift_retraining by the events topic; version 2 is promoted. Then
Alertmanager starts it by the bridge, on data with wrong labels; version 3 is withdrawn (not with --once). Exit status
0: every check holds; 1: one does not; 2: something could not be started or did not happen in time. Everything started
is stopped again, except with --keep (or KEEP=1 in the environment).
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "demo"), os.path.join(HERE, ".."), HERE]
import airflow_services  # noqa: E402
import alerts  # noqa: E402
import july  # noqa: E402
import loop_checks as checks  # noqa: E402
import observed  # noqa: E402
import prepare  # noqa: E402
import services  # noqa: E402
import wrong_labels  # noqa: E402
from answers import versions_that_answer  # noqa: E402
from drift_topic import DriftTopic, spoil  # noqa: E402
from driftserve_retraining import settings as settings_file, steps  # noqa: E402
from services import ROOT  # noqa: E402

WORK = os.path.join(ROOT, ".demo")
RUN = os.path.join(WORK, "loop")
PIDS = os.path.join(RUN, "pids")
SERVER_CONFIG = os.path.join(HERE, "server.yaml")
FLIGHTS = os.path.join(ROOT, ".deps", "data", "flights.csv")
DAY_MS = 2000  # as in server.yaml
DAG = "drift_retraining"
TOPIC = "driftserve.events"
JULY_SECONDS = DAY_MS * 31 / 1000
UNTIL = "2013-08-01"  # July is over when Airflow begins to listen, so that its labels are known
RUN_SECONDS = 900
ASK_EVERY_SECONDS = 2
ASKED_AT_THE_END = 200


def say(line=""):
    print(line, flush=True)


class Loop:
    """The programs of one run. stop() is safe at any time."""

    def __init__(self, build, keep):
        self.build = build
        self.keep = keep
        self.started = []
        self.began = time.monotonic()
        self.repository = os.path.join(RUN, "models")
        self.broker = services.KafkaBroker(os.path.join(RUN, "kafka"), keep=keep)
        self.grpc = f"127.0.0.1:{services.free_port(8001)}"
        self.operations = f"127.0.0.1:{services.free_port(8002)}"
        self.server = services.Service(
            "driftserve",
            [self.program("driftserve"), "--model-repository", self.repository, "--model-control", "explicit",
             "--grpc-address", self.grpc, "--operations-address", self.operations, "--config", SERVER_CONFIG,
             "--set", f"repository.models={observed.MODEL}"],
            RUN, lambda: services.http_get(f"http://{self.operations}/readyz")[0] == 200, seconds=60, keep=keep,
            env={"DRIFTSERVE_KAFKA__BROKERS": self.broker.bootstrap})
        self.settings = os.path.join(RUN, "retraining.json")
        self.airflow = airflow_services.Airflow(
            os.path.join(RUN, "airflow"), self.settings, self.broker.bootstrap, keep)
        self.replay = None
        self.topic = None
        self.values = self._settings()
        self.said = {}

    def program(self, name):
        path = os.path.join(self.build, "bin", name)
        if not os.path.exists(path):
            raise services.ServiceError(f"{path} is missing: run `make loop`, which builds it")
        return path

    def _settings(self):
        programs = ["--programs", os.path.join(self.build, "bin")]
        return {
            "retrain": os.path.join(ROOT, "deploy", "retraining", "retrain.py"), "runs": os.path.join(RUN, "runs"),
            "data": FLIGHTS, "until": UNTIL, "days": 60, "holdout_days": 7, "repository": self.repository,
            "server": self.grpc, "metrics": f"http://{self.operations}/metrics",
            "python": os.path.join(ROOT, ".deps", "venv", "bin", "python"),
            "torch_python": os.path.join(ROOT, ".deps", "torch", "bin", "python"),
            "model": observed.MODEL, "topic": TOPIC, "share": 0.5,
            # A window of the loop has 1500 labels of each version: a difference of 0.02 would drown in their spread.
            "options": {"profile": programs, "validate": programs, "compare": ["--error-margin", "0.03"]},
            # Longer than the loop: whatever drifts later, in the canary too, is of the same summer.
            "burst_seconds": 3600, "cooldown_seconds": 3600,
            "retries": 3, "retry_delay_seconds": 5, "step_timeout_seconds": 600,
            "compare_every_seconds": 5, "compare_timeout_seconds": RUN_SECONDS}

    def set(self, **changes):
        """Changes the DAG's settings; a task reads them when it begins."""
        self.values.update(changes)
        with open(self.settings + ".new", "w") as file:
            json.dump(self.values, file, indent=1)
        os.replace(self.settings + ".new", self.settings)

    def say(self, text):
        say(f"loop: {time.monotonic() - self.began:4.0f} s  {text}")

    def start(self, service):
        self.say(f"starting {service.name}")
        self.started.append(service)
        service.start()
        self.note(service)

    def note(self, service):
        """Writes down which processes a run with --keep would leave."""
        with open(PIDS, "a") as file:
            file.writelines(f"{pid} {began(pid) or 0}\n" for pid in pids_of(service))

    def stop(self):
        if self.topic:
            self.topic.close()
        if self.replay:
            self.replay.stop()
        for service in reversed(self.started):
            service.stop()

    def tick(self):
        """Keeps the replay going and takes what came by the topic."""
        self.replay.tick()
        self.topic.poll()

    def wait(self, what, predicate, seconds):
        """services.wait_for with the replay going on: it is looked after more often than Airflow is asked."""
        asked = [float("-inf")]

        def once():
            self.tick()
            if time.monotonic() < asked[0] + ASK_EVERY_SECONDS:
                return None
            asked[0] = time.monotonic()
            return predicate()
        return services.wait_for(what, once, seconds, interval=0.2)


def pids_of(service):
    return service.pids() if isinstance(service, airflow_services.Airflow) else [service.pid]


def dag_is_there(loop):
    """Whether Airflow knows the DAG. ServiceError with what it says where it cannot be read."""
    errors = loop.airflow.get("importErrors")["import_errors"]
    if errors:
        raise services.ServiceError(f"Airflow cannot read the DAG:\n{errors[0]['stack_trace']}")
    return any(dag["dag_id"] == DAG for dag in loop.airflow.get("dags")["dags"])


def run_ended(loop, run_id):
    """The run's state once it has one that stays; says what each task came to meanwhile."""
    for task, (state, _) in loop.airflow.tasks(DAG, run_id).items():
        if state and loop.said.get((run_id, task)) != state:
            loop.said[run_id, task] = state
            loop.say(f"  {task} {state}")
    state = next(run["state"] for run in loop.airflow.runs(DAG) if run["dag_run_id"] == run_id)
    return state if state in ("success", "failed") else None


def result_of(loop, run_id, name):
    """What a step of the run has written."""
    settings = settings_file.parse(loop.values, loop.settings)
    with open(os.path.join(steps.run_folder(settings, run_id), name)) as file:
        return json.load(file)


def logs(loop, run_id, last):
    return {step: loop.airflow.task_log(DAG, run_id, step) for step in (*checks.STEPS, last)}


def promotion(loop):
    """From the event in the topic to version 2; returns the checks that hold then."""
    first = loop.wait("the DAG's run", lambda: (loop.airflow.runs(DAG) or [None])[0], 60)["dag_run_id"]
    loop.say(f"Airflow runs {first}")
    state = loop.wait("the retraining to end", lambda: run_ended(loop, first), RUN_SECONDS)
    loop.say(f"the run ended: {state}")
    by_events = [run["dag_run_id"] for run in loop.airflow.runs(DAG) if run["run_type"] == "asset_triggered"]
    admitted = [run for run in by_events if loop.airflow.tasks(DAG, run)["window"][0] not in (None, "skipped")]
    found = [checks.event_seen(loop.topic.drifts, loop.airflow.started_by(DAG, first)),
             checks.passed_over(loop.airflow.triggerer.text()),
             checks.one_run(by_events, admitted, len(loop.topic.drifts)),
             checks.tasks("promotion", loop.airflow.tasks(DAG, first), checks.PROMOTED)]
    if state == "success":
        found += [checks.validated(result_of(loop, first, "validate.json")),
                  checks.compared("promotion", result_of(loop, first, "verdict.json"), "promote"),
                  checks.logged("promotion", logs(loop, first, "promote"))]
    return found


def withdrawal(loop):
    """A model that was trained on wrong labels, by way of Alertmanager; returns the checks."""
    loop.set(data=wrong_labels.write(os.path.join(RUN, "wrong")), cooldown_seconds=0)
    way = alerts.Way(RUN, loop.airflow, observed.MODEL, loop.keep)
    for service in (way.bridge, way.alertmanager):
        loop.start(service)
    way.fire()
    loop.say("Alertmanager was told that the model drifted")
    run_id = loop.wait("the alert's run", lambda: next(
        (run["dag_run_id"] for run in loop.airflow.runs(DAG) if run["run_type"] != "asset_triggered"), None), 120)
    loop.say(f"Airflow runs {run_id}")
    state = loop.wait("the second retraining to end", lambda: run_ended(loop, run_id), RUN_SECONDS)
    loop.say(f"the run ended: {state}")
    return [checks.bridged(way.counts(), run_id),
            checks.tasks("withdrawal", loop.airflow.tasks(DAG, run_id), checks.WITHDRAWN),
            checks.compared("withdrawal", result_of(loop, run_id, "verdict.json"), "withdraw"),
            checks.logged("withdrawal", logs(loop, run_id, "withdraw"))]


def first_july(loop):
    """July, in which the model drifts, while Airflow starts. Nobody listens yet: the event waits in the topic."""
    rows_file = os.path.join(RUN, "july.csv")
    prepare.prepare(os.path.join(WORK, "flights.csv"))
    rows = july.write(os.path.join(WORK, "flights.csv"), rows_file)
    loop.say(f"{rows} flights of July, one day in {DAY_MS} ms")
    spoil(loop.broker.bootstrap, TOPIC)
    loop.topic = DriftTopic(loop.broker.bootstrap, TOPIC)
    loop.replay = july.Julys(loop.program("demo_replay"), rows_file, rows, loop.grpc, RUN, DAY_MS)
    loop.tick()
    loop.start(loop.airflow)
    event = loop.wait("a drift event in the topic", loop.topic.poll, JULY_SECONDS)
    loop.say(f"drift event: {event.get('feature') or event.get('drift_type') or 'the model'} is drifted")
    loop.wait("July to end", lambda: loop.replay.results, JULY_SECONDS + 60)
    services.wait_for("Airflow to know the DAG", lambda: dag_is_there(loop), 60, interval=1)
    loop.say("July is over; Airflow begins to listen")
    loop.airflow.listen()
    loop.note(loop.airflow)


def run(loop, once):
    shutil.copytree(os.path.join(ROOT, "models", observed.MODEL), os.path.join(loop.repository, observed.MODEL),
                    ignore=shutil.ignore_patterns("__pycache__"))
    loop.set()
    for service in (loop.broker, loop.server):
        loop.start(service)
    first_july(loop)
    found = promotion(loop)
    if not once and all(ok for _, ok, _ in found):
        found += withdrawal(loop)
    loop.replay.last = True
    loop.say("July is replayed to its end")
    loop.wait("the replay to end", loop.replay.tick, JULY_SECONDS + 60)
    versions, answers = versions_that_answer(loop.grpc, observed.MODEL, ASKED_AT_THE_END)
    found += [checks.serves(2, versions, answers), checks.answered(loop.replay.results),
              checks.labels_accepted(loop.replay.results)]
    say()
    for name, ok, detail in found:
        say(f"{'ok  ' if ok else 'FAIL'}  {name}: {detail}")
    return 0 if all(ok for _, ok, _ in found) else 1


def stop_kept_run():
    """Stops what a run with --keep has left, by the numbers and beginnings of processes that it wrote down."""
    if not os.path.exists(PIDS):
        return
    with open(PIDS) as file:
        noted = {tuple(map(int, words)) for words in map(str.split, file) if len(words) == 2}
    if not ended(noted, signal.SIGTERM, 20) and not ended(noted, signal.SIGKILL, 10):
        raise services.ServiceError("what a run with --keep has left does not end")


def ended(noted, number, seconds):
    """Sends the signal to the groups of those that run still; whether they ended in time."""
    left = [(pid, start) for pid, start in noted if began(pid) == start]
    for pid, _ in left:
        os.killpg(pid, number)
    try:
        return services.wait_for("the kept run to end", lambda: all(began(pid) != start for pid, start in left), seconds)
    except services.ServiceError:
        return False


def began(pid):
    """When a process began, in ticks since the machine did; None where there is none. Its name may hold anything, and
    Airflow's servers change theirs."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, *fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(fields[18])


def say_addresses(loop):
    say()
    say("loop: left running:")
    say(f"  live page    http://{loop.operations}/drift/{observed.MODEL}")
    say(f"  predictions  {loop.grpc} (gRPC)")
    say(f"  Airflow      {loop.airflow.url} (user {loop.airflow.user}, password {loop.airflow.password})")
    say(f"  Kafka        {loop.broker.bootstrap}")
    say("stop it with: kill -- " + " ".join(f"-{pid}" for service in loop.started for pid in pids_of(service)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"), help="folder with bin/driftserve")
    parser.add_argument("--keep", action="store_true", default=bool(os.environ.get("KEEP")), help="leave it running")
    parser.add_argument("--once", action="store_true", help="the promotion alone, without the model that is withdrawn")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    loop = None
    status = 2
    try:
        stop_kept_run()
        shutil.rmtree(RUN, ignore_errors=True)
        os.makedirs(RUN)
        loop = Loop(os.path.abspath(options.build), options.keep)
        status = run(loop, options.once)
    except (services.ServiceError, settings_file.SettingsError) as error:
        print(f"loop: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("loop: interrupted", file=sys.stderr)
    finally:
        if loop and options.keep and status != 2:
            say_addresses(loop)
        elif loop:
            loop.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
