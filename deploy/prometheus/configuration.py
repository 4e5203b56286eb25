#!/usr/bin/env python3
"""The Prometheus configuration of this folder for other servers, intervals, Alertmanagers and another window.

    configuration.py DIRECTORY --targets 127.0.0.1:8002,127.0.0.1:9002 [--alertmanagers 127.0.0.1:9093] [--interval 15s]
        [--window 1h] [--runbooks https://wiki.company/driftserve]

Writes prometheus.yml, targets.json, alertmanagers.json and rules/ into DIRECTORY. Standard library only; `write` does
the same from Python and returns the text of prometheus.yml.
"""

import argparse
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the rules say that the pages of deploy/runbooks are.
RUNBOOKS = "https://runbooks.example/driftserve"


def _read(name):
    with open(os.path.join(HERE, name)) as file:
        return file.read()


def _targets(addresses):
    return json.dumps([{"targets": list(addresses)}]) + "\n"


def write(directory, targets, interval="15s", window="1h", alertmanagers=(), runbooks=RUNBOOKS):
    """Writes the files. `targets`: host:port of operations ports; `window`: the range of the fleet's rules;
    `alertmanagers`: host:port of those that alerts go to; `runbooks`: the address of the folder with their pages."""
    config = (
        _read("prometheus.yml")
        .replace("_interval: 15s", f"_interval: {interval}")
        .replace("refresh_interval: 30s", "refresh_interval: 5s")
    )
    texts = {
        "prometheus.yml": config,
        "rules/fleet.yml": _read("rules/fleet.yml").replace("[1h]", f"[{window}]"),
        "rules/latency.yml": _read("rules/latency.yml"),
        "rules/alerts.yml": _read("rules/alerts.yml").replace(RUNBOOKS, runbooks.rstrip("/")),
        "targets.json": _targets(targets),
        "alertmanagers.json": _targets(alertmanagers),
    }
    os.makedirs(os.path.join(directory, "rules"), exist_ok=True)
    for name, text in texts.items():
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)
    return config


def _addresses(text):
    return [address for address in text.split(",") if address]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory")
    parser.add_argument(
        "--targets", required=True, type=_addresses, help="host:port of operations ports, separated by commas"
    )
    parser.add_argument(
        "--alertmanagers", default="", type=_addresses, help="host:port of Alertmanagers, separated by commas"
    )
    parser.add_argument("--interval", default="15s", help="of scrapes and of rules")
    parser.add_argument("--window", default="1h", help="range of the fleet's PSI and KS")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="address of the folder with the alerts' pages")
    given = parser.parse_args()
    write(given.directory, given.targets, given.interval, given.window, given.alertmanagers, given.runbooks)


if __name__ == "__main__":
    main()
