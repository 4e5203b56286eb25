"""The way from Alertmanager to Airflow: a real Alertmanager and the bridge, for an alert that the loop raises."""

import datetime
import json
import os
import re
import sys
import urllib.request

import services

HERE = os.path.dirname(os.path.abspath(__file__))
BRIDGE = os.path.join(HERE, "..", "alertmanager_bridge.py")
CONFIGURATION = """\
route: {{receiver: retraining, group_by: [area, model_name], group_wait: 1s, group_interval: 5s, repeat_interval: 10s}}
receivers:
  - name: retraining
    webhook_configs: [{{url: "{url}/alerts", send_resolved: true}}]
"""


class Way:
    """`alertmanager` and `bridge` are services; fire() raises ModelDrifted as Prometheus would."""

    def __init__(self, directory, airflow, model, keep=False):
        self.model = model
        folder = os.path.join(directory, "alertmanager")
        os.makedirs(folder, exist_ok=True)
        port = services.free_port(9095)
        self.url = f"http://127.0.0.1:{port}"
        password = os.path.join(folder, "airflow_password")
        with open(password, "w") as file:
            file.write(airflow.password)
        with open(os.path.join(folder, "alertmanager.yml"), "w") as file:
            file.write(CONFIGURATION.format(url=self.url))
        self.bridge = services.Service(
            "bridge", [sys.executable, BRIDGE, "--airflow", airflow.url, "--username", airflow.user, "--password-file",
                       password, "--model", model, "--listen", f"127.0.0.1:{port}"],
            folder, lambda: services.http_get(self.url + "/healthz")[0] == 200, keep=keep)
        self.alertmanager = services.Alertmanager(folder, keep=keep)

    def fire(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        labels = {"alertname": "ModelDrifted", "model_name": self.model, "model_version": "2", "area": "drift",
                  "severity": "warning"}
        alert = {"labels": labels,
                 "startsAt": now.isoformat(), "endsAt": (now + datetime.timedelta(hours=1)).isoformat()}
        request = urllib.request.Request(self.alertmanager.url + "/api/v2/alerts", json.dumps([alert]).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10):
            pass

    def counts(self):
        """{(outcome, reason): webhooks} as the bridge counts them."""
        text = services.http_get(self.url + "/metrics")[1]
        found = re.findall(r'^driftserve_bridge_webhooks_total\{outcome="(\w+)",reason="(\w*)"\} (\d+)$', text, re.M)
        return {(outcome, reason): int(count) for outcome, reason, count in found}
