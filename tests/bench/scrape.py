"""How long a scrape of /metrics takes with many features and strata, and beside half-sent requests."""

import contextlib
import dataclasses
import http.client
import socket
import time

import load
from figures import Figure, at_most
from outcome import Outcome
from support import protocol, repository, server

FEATURES = 50
STRATA = ("a", "b", "c")  # and the default stratum
SCRAPES = 50
HALF_OPEN = 24


@dataclasses.dataclass
class Scrape:
    series: int
    bytes: int
    seconds_ms: list
    half_open: int
    half_open_ms: list


def get_metrics(port):
    """(milliseconds, body) of one uncompressed GET on a connection of its own."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    connection.close()
    return (time.perf_counter() - start) * 1000, body


@contextlib.contextmanager
def half_sent_requests(port, count):
    """`count` connections that began a request and never end it."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            held = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            held.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        yield


def send_rows(channel, rows_per_stratum):
    """Rows of every stratum, so that each has a view of its own."""
    row = bytes(4 * FEATURES)
    for tier in (*STRATA, "other"):
        inputs = [("INPUT__0", "FP32", [rows_per_stratum, FEATURES], row * rows_per_stratum)]
        protocol.inference(channel).ModelInfer(protocol.infer_request("wide", inputs, parameters={"tier": tier}))


def measure(work):
    models = repository.make(work / "wide-models", {"wide": {"monitor": repository.wide_monitor(FEATURES, STRATA)}})
    config = {"grpc": {"pollers": 1}}
    with server.DriftServer(work / "wide", models, config, load.pinned(0)) as served:
        with served.channel() as channel:
            for _ in range(40):
                send_rows(channel, 64)
        server.wait_until("drift gauges of every feature", lambda: len(
            served.metrics().select("model_feature_drift", drift_type="psi")) >= FEATURES, seconds=60)
        taken = [get_metrics(served.operations_port) for _ in range(SCRAPES)]
        with half_sent_requests(served.operations_port, HALF_OPEN):
            beside = [get_metrics(served.operations_port)[0] for _ in range(10)]
    body = taken[-1][1]
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    return Scrape(series, len(body), [milliseconds for milliseconds, _ in taken], HALF_OPEN, beside)


def page(context):
    found = measure(context.work)
    return Outcome(
        [Figure("scrape", f"one GET of /metrics, {found.series} series, {found.bytes / 1000:.0f} kB", found.seconds_ms,
                at_most(10, " ms")),
         Figure("", f"the same while {found.half_open} half-sent requests are held open", found.half_open_ms,
                at_most(10, " ms"))])
