"""Prometheus with this project's rules at the pace of a test."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "prometheus"))

import configuration  # noqa: E402  (the path is set above)

HOLD = "1s"  # every alert's `for`


def prometheus_files(folder, targets, window="1m", alertmanagers=()):
    """Writes what deploy/prometheus/configuration.py writes, scraped and evaluated every second and with `for`
    shortened, and returns the text of prometheus.yml."""
    config = configuration.write(str(folder), targets, interval="1s", window=window, alertmanagers=alertmanagers)
    alerts = pathlib.Path(folder) / "rules" / "alerts.yml"
    alerts.write_text(re.sub(r"^( +for:) .*$", rf"\1 {HOLD}", alerts.read_text(), flags=re.M))
    return config
