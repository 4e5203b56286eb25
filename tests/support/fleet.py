"""Replicas of one server behind a client that balances among them, and their metrics as one target."""

import http.server
import json
import pathlib
import re
import time

import grpc

from support import server
from support.background import Background
from support.server import http_get

ROOT = pathlib.Path(__file__).resolve().parents[2]


def service_config():
    """The gRPC service config that README.md tells clients of several replicas to use."""
    return json.loads(re.search(r"```json\n(\{.*?\n\})\n```", (ROOT / "README.md").read_text(), re.S).group(1))


class Fleet:
    """Replicas with folders, ports and logs of their own over one repository. As a `served` of SteadyLoad, its channels
    balance over all of them."""

    def __init__(self, folder, repository, count=3, config=None):
        self.servers = [
            server.DriftServer(pathlib.Path(folder) / f"replica-{number}", repository, config)
            for number in range(count)
        ]

    def channel(self, **options):
        target = "ipv4:" + ",".join(one.address for one in self.servers)
        return grpc.insecure_channel(
            target,
            options=[
                ("grpc.service_config", json.dumps(service_config())),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 1000),
                *options.items(),
            ],
        )

    def running(self):
        return any(one.running() for one in self.servers)

    def answered(self, number):
        """Requests that one replica has answered since it started."""
        return self.servers[number].metrics().sum("driftserve_requests_total", method="ModelInfer", code="OK")

    def __enter__(self):
        for one in self.servers:
            one.start()
        return self

    def __exit__(self, *_):
        for one in self.servers:
            one.stop(60)


SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")


class FleetTarget(Background):
    """One scrape target for all replicas, so that their samples have the same timestamps: with the label `instance`
    added (to be scraped with honor_labels) and, once `moments` is set, dated at a moment of rule evaluation.

    increase() extrapolates from its last sample to the moment asked for, each replica by another factor. Dated like
    this there is nothing to extrapolate, and what the rules record can be held to the last digit. Thread-safe."""

    MARGIN = 0.3  # seconds that a scrape may take before its samples are asked for

    def __init__(self, fleet):
        self._fleet = fleet
        self.moments = None  # (a moment of evaluation in Unix seconds, seconds between two)
        super().__init__(http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler()))
        self.address = f"127.0.0.1:{self.port}"

    def _handler(self):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802  (the name that http.server calls)
                body = target.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def text(self):
        date = self._date()
        lines = []
        for one in self._fleet.servers:
            for line in http_get(one.operations + "/metrics")[1].splitlines() if one.running() else ():
                match = SAMPLE.match(line)
                if match:
                    name, labels, value = match.groups()
                    labels = ",".join(filter(None, (labels, f'instance="{one.operations_port}"')))
                    lines.append(f"{name}{{{labels}}} {value}{date}\n")
        return "".join(lines)

    def _date(self):
        if self.moments is None:
            return ""
        moment, interval = self.moments
        turns = (time.time() + self.MARGIN - moment) // interval + 1
        return f" {round((moment + turns * interval) * 1000)}"
