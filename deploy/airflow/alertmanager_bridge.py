#!/usr/bin/env python3
"""Starts a run of an Airflow DAG when Alertmanager says that a model drifted.

    alertmanager_bridge.py --airflow http://airflow:8080 --username bridge --password-file FILE
        [--dag drift_retraining] [--model flight_delay] [--listen 127.0.0.1:9095] [--cooldown 3600]

Point a webhook receiver of Alertmanager at http://…:9095/alerts (webhook version 4). GET /metrics counts what became of
each, GET /healthz says that it runs. Standard library only.

An answer takes ten seconds at most: 200 when the run was started, had been, or the alert is not for a retraining; 503
when Airflow could not be told, so that Alertmanager tries again; 400 for what Alertmanager does not send.
"""

import argparse
import collections
import datetime
import hashlib
import http.client
import http.server
import json
import logging
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

LONGEST_BODY = 4 << 20
LONGEST_ANSWER = 1 << 20
log = logging.getLogger("alertmanager_bridge")


class BadWebhook(ValueError):
    """A body that Alertmanager's webhook version 4 does not have; says what was expected."""


class AirflowError(RuntimeError):
    """Airflow was not told. `reason` is a label of the metrics."""

    def __init__(self, reason, detail):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Counters:
    """Counts by name and labels, as Prometheus reads them. Thread-safe."""

    HELP = {
        "driftserve_bridge_webhooks_total": "Webhooks of Alertmanager by what became of them.",
        "driftserve_bridge_retries_total": "Requests to Airflow that were sent again, by the reason.",
    }

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = collections.Counter()

    def add(self, name, **labels):
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += 1

    def read(self, name, **labels):
        with self._lock:
            return self._counts[name, tuple(sorted(labels.items()))]

    def text(self):
        with self._lock:
            counts = sorted(self._counts.items())
        lines = []
        for name, help_text in self.HELP.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} counter"]
            lines += [f"{name}{{{','.join(f'{key}={json.dumps(value)}' for key, value in labels)}}} {count}"
                      for (counted, labels), count in counts if counted == name]
        return "\n".join(lines) + "\n"


class AirflowClient:
    """Airflow's REST API v2. Not thread-safe.

    `request_seconds`: of connecting and of the answer of one request; `budget_seconds`: by then the last request of a
    call has begun, so that a call lasts nine seconds at most.
    `attempts`: how often what failed for a passing reason (no connection, 5xx, 429) is sent.
    """

    def __init__(self, url, username, password, counters, request_seconds=3.0, budget_seconds=6.0, attempts=3,
                 backoff_seconds=0.5, monotonic=time.monotonic, sleep=time.sleep):
        self.url = url.rstrip("/")
        self._credentials = {"username": username, "password": password}
        self._counters = counters
        self._request_seconds = request_seconds
        self._budget_seconds = budget_seconds
        self._attempts = attempts
        self._backoff_seconds = backoff_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._token = None

    def start_run(self, dag, run_id, conf):
        """"triggered", or "duplicate" where the run is there already. AirflowError when Airflow was not told."""
        deadline = self._monotonic() + self._budget_seconds
        path = f"/api/v2/dags/{urllib.parse.quote(dag, safe='')}/dagRuns"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        refreshed = False
        while True:
            if self._token is None:
                self._token = self._new_token(deadline)
            status, text = self._send(path, body, deadline, self._token)
            if status in (200, 201):
                return "triggered"
            if status == 409:
                return "duplicate"
            if status not in (401, 403) or refreshed:
                raise AirflowError("unauthorized" if status == 401 else f"http_{status}", text[:300])
            # The token's time is over, or (403) it was signed with a key that Airflow has no more. One new one: a
            # password that is refused stays refused.
            refreshed = True
            self._token = None
            self._counters.add("driftserve_bridge_retries_total", reason="token")

    def _new_token(self, deadline):
        status, text = self._send("/auth/token", self._credentials, deadline)
        if status not in (200, 201):
            raise AirflowError("unauthorized" if status == 401 else f"http_{status}", f"no token: {text[:300]}")
        try:
            token = json.loads(text)["access_token"]
        except (ValueError, KeyError, TypeError):
            token = None
        if not isinstance(token, str):
            raise AirflowError("unauthorized", "the answer of /auth/token has no access_token")
        return token

    def _send(self, path, body, deadline, token=None):
        """(status, text) of a POST, sent again while it fails for a passing reason and there is time."""
        for attempt in range(1, self._attempts + 1):
            try:
                status, text = self._post(path, body, deadline, token)
                failure = AirflowError(f"http_{status}", text[:300])
                if status < 500 and status != 429:
                    return status, text
            except (OSError, http.client.HTTPException) as error:
                failure = AirflowError("unreachable", str(error) or type(error).__name__)
            wait = self._backoff_seconds * 2 ** (attempt - 1)
            if attempt == self._attempts or self._monotonic() + wait >= deadline:
                raise failure
            self._counters.add("driftserve_bridge_retries_total", reason=failure.reason)
            self._sleep(wait)

    def _post(self, path, body, deadline, token):
        seconds = min(self._request_seconds, deadline - self._monotonic())
        if seconds <= 0:
            raise TimeoutError("no time is left")
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return response.status, response.read(LONGEST_ANSWER).decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(LONGEST_ANSWER).decode(errors="replace")


class Webhook:
    """What a webhook says, checked. BadWebhook where it is none."""

    def __init__(self, body):
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadWebhook(f"expected JSON: {error}") from None
        if not isinstance(message, dict) or message.get("version") != "4":
            found = message.get("version") if isinstance(message, dict) else type(message).__name__
            raise BadWebhook(f"expected a webhook of version \"4\", got {found!r}")
        self.group_key = message.get("groupKey")
        self.status = message.get("status")
        alerts = message.get("alerts")
        if not isinstance(self.group_key, str) or not isinstance(self.status, str) or not isinstance(alerts, list):
            raise BadWebhook("expected groupKey and status as text and alerts as a list")
        self.alerts = [alert for alert in alerts if isinstance(alert, dict) and alert.get("status") == "firing"
                       and isinstance(alert.get("labels"), dict)]

    def of_model(self, model):
        """The firing alerts of `model`, or all without one."""
        return [alert for alert in self.alerts if not model or alert["labels"].get("model_name") == model]


def run_id(group_key, alerts):
    """The same for each time that Alertmanager repeats a group: from its key and the first of its alerts to fire."""
    starts = []
    for alert in alerts:
        try:
            start = datetime.datetime.fromisoformat(alert["startsAt"])
            starts.append(start.astimezone(datetime.timezone.utc))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise BadWebhook(f"alerts[].startsAt: expected a time, got {alert.get('startsAt')!r}") from None
    digest = hashlib.sha256(group_key.encode(errors="replace")).hexdigest()[:16]
    return f"alertmanager__{min(starts):%Y%m%dT%H%M%S.%fZ}__{digest}"


class Bridge:
    """Decides on one webhook after another. Thread-safe: one at a time, the others wait `wait_seconds` for that."""

    def __init__(self, client, counters, dag, model="", cooldown_seconds=3600.0, wait_seconds=1.0,
                 monotonic=time.monotonic):
        self._client = client
        self._counters = counters
        self._dag = dag
        self._model = model
        self._cooldown_seconds = cooldown_seconds
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._last = None  # (run id, when it was started)

    def handle(self, body):
        """(HTTP status, text) for a webhook's body."""
        try:
            outcome, reason, detail = self._decide(Webhook(body))
        except BadWebhook as error:
            outcome, reason, detail = "refused", "bad_webhook", str(error)
        self._counters.add("driftserve_bridge_webhooks_total", outcome=outcome, reason=reason)
        level = logging.WARNING if outcome in ("refused", "failed") else logging.INFO
        log.log(level, "%s%s: %s", outcome, f" ({reason})" if reason else "", detail)
        return {"refused": 400, "failed": 503}.get(outcome, 200), f"{outcome}: {detail}\n"

    def _decide(self, webhook):
        if webhook.status != "firing":
            return "ignored", "not_firing", f"status {webhook.status}"
        alerts = webhook.of_model(self._model)
        if not alerts:
            return "ignored", "other_model", f"no firing alert of model {self._model}"
        identity = run_id(webhook.group_key, alerts)
        if not self._turn.acquire(timeout=self._wait_seconds):
            return "failed", "busy", "another webhook is being passed on"
        try:
            return self._start(identity, sorted({str(alert["labels"].get("alertname")) for alert in alerts}))
        finally:
            self._turn.release()

    def _start(self, identity, names):
        now = self._monotonic()
        if self._last and self._last[0] != identity and now - self._last[1] < self._cooldown_seconds:
            return "ignored", "cooldown", f"{self._last[0]} was started {now - self._last[1]:.0f} s ago"
        try:
            outcome = self._client.start_run(self._dag, identity, {"alert": ", ".join(names)})
        except AirflowError as error:
            return "failed", error.reason, f"{identity} was not started: {error}"
        if outcome == "triggered" or self._last is None:
            self._last = (identity, now)
        return outcome, "", f"{identity} for {', '.join(names)}"


class Handler(http.server.BaseHTTPRequestHandler):
    """POST /alerts, GET /metrics, GET /healthz. `server` has bridge and counters."""

    timeout = 5  # of reading a request

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if self.path != "/alerts":
            return self._answer(404, "POST /alerts\n")
        if not length.isdecimal():
            return self._answer(411, "expected a Content-Length\n")
        if int(length) > LONGEST_BODY:
            self.server.counters.add("driftserve_bridge_webhooks_total", outcome="refused", reason="too_large")
            return self._answer(413, f"expected at most {LONGEST_BODY} bytes, got {length}\n")
        self._answer(*self.server.bridge.handle(self.rfile.read(int(length))))

    def do_GET(self):
        if self.path == "/metrics":
            return self._answer(200, self.server.counters.text(), "text/plain; version=0.0.4; charset=utf-8")
        self._answer(*((200, "ok\n") if self.path == "/healthz" else (404, "GET /metrics or /healthz\n")))

    def _answer(self, status, text, content_type="text/plain; charset=utf-8"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: each webhook has its own line."""


class Server(http.server.ThreadingHTTPServer):
    """Serves `bridge` and `counters` on (host, port); port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, address, bridge, counters):
        self.bridge = bridge
        self.counters = counters
        super().__init__(address, Handler)


def parse_arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--airflow", required=True, help="address of Airflow's api-server")
    parser.add_argument("--username", required=True)
    parser.add_argument("--password-file", required=True, help="file that holds the password and nothing else")
    parser.add_argument("--dag", default="drift_retraining", help="the DAG to run (%(default)s)")
    parser.add_argument("--model", default="", help="only alerts with this model_name (all)")
    parser.add_argument("--listen", default="127.0.0.1:9095", help="host:port (%(default)s)")
    parser.add_argument("--cooldown", type=float, default=3600.0, help="seconds between two runs (%(default)s)")
    options = parser.parse_args(words)
    host, _, port = options.listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        parser.error(f"--listen: expected host:port, got {options.listen!r}")
    if not options.airflow.startswith(("http://", "https://")):
        parser.error(f"--airflow: expected http://… or https://…, got {options.airflow!r}")
    try:
        with open(options.password_file) as file:
            options.password = file.read().strip()
    except OSError as error:
        parser.error(f"--password-file: {options.password_file} cannot be read: {error.strerror}")
    if not options.password:
        parser.error(f"--password-file: {options.password_file} is empty")
    options.address = (host.strip("[]"), int(port))
    return options


def main():
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    options = parse_arguments()
    counters = Counters()
    client = AirflowClient(options.airflow, options.username, options.password, counters)
    bridge = Bridge(client, counters, options.dag, options.model, options.cooldown)
    with Server(options.address, bridge, counters) as server:
        log.info("listening on %s:%d, for the DAG %s at %s", *server.server_address[:2], options.dag, options.airflow)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
