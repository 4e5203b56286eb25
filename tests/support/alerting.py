"""Prometheus and Alertmanager with this project's rules and routes, at the pace of a test."""

import pathlib
import re
import runpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Both folders have a configuration.py: loaded by path, not by name.
PROMETHEUS = runpy.run_path(str(ROOT / "deploy" / "prometheus" / "configuration.py"))
WRITE_ALERTMANAGER = runpy.run_path(str(ROOT / "deploy" / "alertmanager" / "configuration.py"))["write"]

HOLD = "1s"  # every alert's `for`
GROUP_WAIT = "2s"  # long enough that what holds others back is there when a group is first notified


def prometheus_files(folder, targets, window="1m", alertmanagers=()):
    """Writes what deploy/prometheus/configuration.py writes, scraped and evaluated every second and with `for`
    shortened, and returns the text of prometheus.yml."""
    config = PROMETHEUS["write"](str(folder), targets, interval="1s", window=window, alertmanagers=alertmanagers)
    alerts = pathlib.Path(folder) / "rules" / "alerts.yml"
    alerts.write_text(re.sub(r"^( +for:) .*$", rf"\1 {HOLD}", alerts.read_text(), flags=re.M))
    return config


def alertmanager_files(folder, mail, slack):
    """Writes what deploy/alertmanager/configuration.py writes for these sinks, with groups that wait seconds."""
    folder = pathlib.Path(folder)
    text = WRITE_ALERTMANAGER(
        str(folder),
        smarthost=f"127.0.0.1:{mail.port}",
        without_tls=True,
        slack_url_file=str(folder.resolve() / "slack_url"),
    )
    text = re.sub(r"^( +group_(?:wait|interval):) .*$", rf"\1 {GROUP_WAIT}", text, flags=re.M)
    (folder / "alertmanager.yml").write_text(text)
    (folder / "slack_url").write_text(slack.url)
