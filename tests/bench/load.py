"""Load from one core, and what the server's threads spent on it."""

import array
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

from ideal_queue import percentile
from support import server

MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer"
SERVER_CORE, CLIENT_CORE = 0, 1
CONNECTIONS, STREAMS = 4, 32
POLLERS = ("poller/", "echo_server")  # how the names of driftserve's and the echo's serving threads begin


@dataclasses.dataclass
class Round:
    """What one round of load against one server showed."""
    requests_per_second: float
    process_us: float  # CPU per request, all threads of all its processes
    poller_us: float   # CPU per request, the threads that serve; 0 where a server does not say which they are
    requests: int
    p50_us: float = 0.0  # 0: not taken


def pinned(core):
    """The words before a command that keep it on `core`, and put it first there where the user may ask for that."""
    return (["nice", "-n", "-20"] if os.geteuid() == 0 else []) + ["taskset", "-c", str(core)]


def run(command, seconds=120):
    """The standard output of a client on its core."""
    done = subprocess.run([*pinned(CLIENT_CORE), *map(str, command)], capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def found(pattern, text):
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"no {pattern!r} in what the client printed:\n{text}")
    return match


@dataclasses.dataclass
class Calls:
    """One unary gRPC call again and again, by h2load."""
    body: pathlib.Path
    method: str = MODEL_INFER
    connections: int = CONNECTIONS
    streams: int = STREAMS
    timed: bool = False  # takes the median latency, too

    def drive(self, port, requests):
        """(requests per second, calls answered, p50 in µs). A call that HTTP/2 lost is an error."""
        with tempfile.NamedTemporaryFile(prefix="driftserve-h2load-") as log:
            printed = run(["h2load", f"-n{requests}", f"-c{self.connections}", f"-m{self.streams}", "-t1",
                           f"-d{self.body}", "-Hcontent-type: application/grpc", "-Hte: trailers",
                           *([f"--log-file={log.name}"] if self.timed else []),
                           f"http://127.0.0.1:{port}{self.method}"])
            latencies = [int(line.split(b"\t")[2]) for line in log] if self.timed else [0]
        succeeded = int(found(r"(\d+) succeeded", printed).group(1))
        if succeeded != requests:
            raise RuntimeError(f"{requests} calls sent, {succeeded} answered:\n{printed}")
        rate = float(found(r"finished in \S+, ([0-9.]+) req/s", printed).group(1))
        return rate, succeeded, percentile(latencies, 0.5)


@dataclasses.dataclass
class Posts:
    """One HTTP/1.1 POST again and again, by wrk; `script` sets method and body."""
    script: pathlib.Path
    path: str
    connections: int = CONNECTIONS * STREAMS

    def drive(self, port, seconds):
        """(requests per second, requests answered, 0), over whole seconds."""
        printed = run(["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "-s", self.script,
                       f"http://127.0.0.1:{port}{self.path}"])
        if "Non-2xx" in printed or "Socket errors" in printed:
            raise RuntimeError(f"wrk had errors:\n{printed}")
        return float(found(r"Requests/sec:\s*([0-9.]+)", printed).group(1)), int(
            found(r"(\d+) requests in", printed).group(1)), 0


def poisson(port, body, rate, seconds, seed):
    """(intended times, latencies), both in seconds, of calls at the times of a Poisson process."""
    with tempfile.NamedTemporaryFile(prefix="driftserve-poisson-") as out:
        run([server.program("poisson_client"), port, MODEL_INFER, body, rate, seconds, seed, out.name])
        values = array.array("d", pathlib.Path(out.name).read_bytes())
    return values[0::2].tolist(), values[1::2].tolist()


def processes(pid):
    """`pid` and its descendants."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue  # the thread ended while we looked
    return found


def cpu(pid):
    """{thread id: (name, CPU nanoseconds)} of a process and its descendants."""
    spent = {}
    for process in processes(pid):
        try:
            spent |= server.threads(process)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spent


def spent_between(before, after, count):
    """(µs of CPU per request of all threads, of the pollers)."""
    spent = {thread: nanos - before.get(thread, ("", 0))[1] for thread, (_, nanos) in after.items()}
    pollers = sum(spent[thread] for thread, (name, _) in after.items() if name.startswith(POLLERS))
    return sum(spent.values()) / count / 1000, pollers / count / 1000


def measure(pid, port, load, amount):
    """One round against the server with process id `pid`: `amount` requests (or seconds, of Posts)."""
    before = cpu(pid)
    rate, count, p50 = load.drive(port, amount)
    process_us, poller_us = spent_between(before, cpu(pid), count)
    return Round(rate, process_us, poller_us, count, p50)


def machine():
    """The processor and how many of it, for the record."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    return f"{model.group(1) if model else 'unknown processor'}, {info.count('processor')} cores"
