#!/usr/bin/env python3
"""The Prometheus configuration of this folder for other servers, intervals, Alertmanagers and another window.

    configuration.py DIRECTORY --targets 127.0.0.1:8002,127.0.0.1:9002 [--alertmanagers 127.0.0.1:9093] [--interval 15s]
        [--window 1h] [--slow-after 0.131072] [--runbooks https://wiki.company/driftserve]

Writes prometheus.yml, targets.json, alertmanagers.json and rules/ into DIRECTORY. Standard library only; `write` does
the same from Python and returns the text of prometheus.yml.
"""

import argparse
import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the rules say that the pages of deploy/runbooks are.
RUNBOOKS = "https://runbooks.example/driftserve"
# What the rules on latency call slow, in seconds.
SLOW_AFTER = "0.131072"
# The bounds of driftserve_request_duration_seconds, as its label `le` has them.
BOUNDS = [f"{16e-6 * 2**power:.7g}" for power in range(20)]


def _read(name):
    with open(os.path.join(HERE, name)) as file:
        return file.read()


def _targets(addresses):
    return json.dumps([{"targets": list(addresses)}]) + "\n"


def write(directory, targets, interval="15s", window="1h", alertmanagers=(), runbooks=RUNBOOKS, slow_after=SLOW_AFTER):
    """Writes the files. `targets`: host:port of operations ports; `window`: the range of the fleet's rules;
    `alertmanagers`: host:port of those that alerts go to; `runbooks`: the address of the folder with their pages;
    `slow_after`: the objective of the latency alerts, a bound of the histogram in seconds, as text."""
    config = (
        _read("prometheus.yml")
        .replace("_interval: 15s", f"_interval: {interval}")
        .replace("refresh_interval: 30s", "refresh_interval: 5s")
    )
    texts = {
        "prometheus.yml": config,
        "rules/fleet.yml": _read("rules/fleet.yml").replace("[1h]", f"[{window}]"),
        "rules/latency.yml": _read("rules/latency.yml").replace(f'le="{SLOW_AFTER}"', f'le="{slow_after}"'),
        "rules/alerts.yml": _read("rules/alerts.yml").replace(RUNBOOKS, runbooks.rstrip("/")),
        "targets.json": _targets(targets),
        "alertmanagers.json": _targets(alertmanagers),
    }
    os.makedirs(os.path.join(directory, "rules"), exist_ok=True)
    for name, text in texts.items():
        path = os.path.join(directory, name)
        # Prometheus reads targets again when they change: never half a file.
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)
    return config


def _addresses(text):
    found = [address for address in text.split(",") if address]
    for address in found:
        port = re.fullmatch(r"[^\s:/]+:(\d{1,5})|\[[0-9a-fA-F:]+\]:(\d{1,5})", address)
        if not port or not 0 < int(port.group(1) or port.group(2)) < 65536:
            raise argparse.ArgumentTypeError(f"expected host:port, the port from 1 to 65535, got {address!r}")
    return found


def _duration(text):
    if not re.fullmatch(r"[1-9]\d*(ms|[smhd])", text):
        raise argparse.ArgumentTypeError(f"expected a duration such as 15s, 5m or 1h, got {text!r}")
    return text


def _bound(text):
    if text not in BOUNDS:
        raise argparse.ArgumentTypeError(
            f"expected a bound of the histogram in seconds ({', '.join(BOUNDS)}), got {text!r}"
        )
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory")
    parser.add_argument("--targets", required=True, type=_addresses, help="host:port,… of operations ports")
    parser.add_argument("--alertmanagers", default=[], type=_addresses, help="host:port,… of Alertmanagers")
    parser.add_argument("--interval", default="15s", type=_duration, help="of scrapes and of rules")
    parser.add_argument("--window", default="1h", type=_duration, help="range of the fleet's PSI and KS")
    parser.add_argument(
        "--slow-after", default=SLOW_AFTER, type=_bound, help="seconds; 99 of 100 requests shall be quicker"
    )
    parser.add_argument("--runbooks", default=RUNBOOKS, help="address of the folder with the alerts' pages")
    write(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
