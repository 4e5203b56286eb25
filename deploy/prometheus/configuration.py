#!/usr/bin/env python3
"""The Prometheus configuration of this folder for other servers, intervals and another window.

    configuration.py DIRECTORY --targets 127.0.0.1:8002,127.0.0.1:9002 [--interval 15s] [--window 1h]

Writes prometheus.yml, targets.json and rules/ into DIRECTORY. Standard library only; `write` does the
same from Python and returns the text of prometheus.yml.
"""

import argparse
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def _read(name):
    with open(os.path.join(HERE, name)) as file:
        return file.read()


def write(directory, targets, interval="15s", window="1h"):
    """Writes the files; `targets` are host:port of operations ports, `window` the range of the fleet's rules."""
    config = _read("prometheus.yml").replace("_interval: 15s", f"_interval: {interval}").replace(
        "refresh_interval: 30s", "refresh_interval: 5s")
    texts = {
        "prometheus.yml": config,
        "rules/fleet.yml": _read("rules/fleet.yml").replace("[1h]", f"[{window}]"),
        "rules/alerts.yml": _read("rules/alerts.yml"),
        "targets.json": json.dumps([{"targets": list(targets)}]) + "\n",
    }
    os.makedirs(os.path.join(directory, "rules"), exist_ok=True)
    for name, text in texts.items():
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory")
    parser.add_argument("--targets", required=True, help="host:port of operations ports, separated by commas")
    parser.add_argument("--interval", default="15s", help="of scrapes and of rules")
    parser.add_argument("--window", default="1h", help="range of the fleet's PSI and KS")
    arguments = parser.parse_args()
    write(arguments.directory, arguments.targets.split(","), arguments.interval, arguments.window)


if __name__ == "__main__":
    main()
