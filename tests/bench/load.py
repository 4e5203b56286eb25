"""Load by h2load from one core, and what the server's threads spent on it."""

import dataclasses
import os
import pathlib
import re
import subprocess

from support import server

METHOD = "/inference.GRPCInferenceService/ModelInfer"
CONNECTIONS = 4
STREAMS = 32


@dataclasses.dataclass
class Round:
    """What one run of h2load against one server showed."""
    requests_per_second: float
    process_us: float  # CPU per request, all threads
    poller_us: float   # CPU per request, threads called poller/N (the echo's one thread is its poller)


def pinned(core):
    """The words before a command that keep it on `core`, before everything else there where the user may ask for that."""
    return (["nice", "-n", "-20"] if os.geteuid() == 0 else []) + ["taskset", "-c", str(core)]


def drive(port, body, requests, core):
    """Sends `requests` calls; (requests per second, calls answered). A failed call is an error."""
    done = subprocess.run(
        [*pinned(core), "h2load", f"-n{requests}", f"-c{CONNECTIONS}", f"-m{STREAMS}", "-t1", f"-d{body}",
         "-Hcontent-type: application/grpc", "-Hte: trailers", f"http://127.0.0.1:{port}{METHOD}"],
        capture_output=True, text=True, timeout=300, check=True)
    rate = float(re.search(r"finished in \S+, ([0-9.]+) req/s", done.stdout).group(1))
    succeeded = int(re.search(r"(\d+) succeeded", done.stdout).group(1))
    if succeeded != requests:
        raise RuntimeError(f"{requests} calls sent, {succeeded} answered:\n{done.stdout}")
    return rate, succeeded


def measure(pid, port, body, requests, core):
    """One round against the server with process id `pid`."""
    before = server.threads(pid)
    rate, count = drive(port, body, requests, core)
    after = server.threads(pid)
    spent = {thread: nanos - before.get(thread, ("", 0))[1] for thread, (_, nanos) in after.items()}
    pollers = [thread for thread, (name, _) in after.items() if name.startswith("poller/")] or [pid]
    return Round(rate, sum(spent.values()) / count / 1000, sum(spent[thread] for thread in pollers) / count / 1000)


def machine():
    """The processor and how many of it, for the record."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    return f"{model.group(1) if model else 'unknown processor'}, {info.count('processor')} cores"
