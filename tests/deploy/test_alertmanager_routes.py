"""Alertmanager's configuration, without a running one: it is valid, every alert reaches those it is for, and what holds
back others is an alert that exists."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "alertmanager"
CONFIGURATION = (FOLDER / "alertmanager.yml").read_text()
ALERTS = (ROOT / "deploy" / "prometheus" / "rules" / "alerts.yml").read_text()
NAMES = re.findall(r"- alert: (\w+)", ALERTS)
ADDRESSES = [
    "--smarthost",
    "smtp.company:25",
    "--from",
    "drift@company",
    "--operators",
    "ops@company",
    "--model-owners",
    "ml@company",
    "--models-channel",
    "#ml",
    "--slack-url-file",
    "/run/secrets/slack",
]


def amtool(*arguments):
    done = subprocess.run(["amtool", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_configuration_is_valid():
    code, output = amtool("check-config", FOLDER / "alertmanager.yml")
    assert code == 0 and "1 templates" in output, output


@pytest.mark.parametrize(
    "old, new",
    [("receiver: operators_now", "receiver: nobody"), ("group_wait: 30s", "group_wait: soon"), ("equal:", "equals:")],
)
def test_a_fault_in_it_would_be_seen(tmp_path, old, new):
    assert old in CONFIGURATION
    (tmp_path / "alertmanager.yml").write_text(CONFIGURATION.replace(old, new).replace("[templates/*.tmpl]", "[]"))
    assert amtool("check-config", tmp_path / "alertmanager.yml")[0] != 0


def receiver(severity, area):
    """Who hears of drift, and who of the rest."""
    if area == "drift":
        return "model_owners_mail" if severity == "info" else "model_owners"
    return "operators_now" if severity == "critical" else "operators"


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_reaches_those_it_is_for(name):
    text = next(text for text in ALERTS.split("- alert: ") if text.startswith(name + "\n"))
    severity, area = re.search(r"severity: (\w+), area: (\w+)", text).groups()
    code, output = amtool(
        "config",
        "routes",
        "test",
        f"--config.file={FOLDER / 'alertmanager.yml'}",
        f"alertname={name}",
        f"severity={severity}",
        f"area={area}",
        "model_name=m",
        "instance=a",
    )
    assert code == 0 and output.splitlines()[0] == receiver(severity, area), output


def test_alerts_that_hold_back_others_exist():
    rules = re.search(r"^inhibit_rules:\n(.*?)^receivers:", CONFIGURATION, re.M | re.S).group(1)
    named = {name for names in re.findall(r'alertname!?=~?"([^"]*)"', rules) for name in names.split("|")}
    assert len(named) > 5 and named <= set(NAMES)


def test_a_configuration_for_other_addresses(tmp_path):
    subprocess.run([sys.executable, FOLDER / "configuration.py", tmp_path, *ADDRESSES, "--without-tls"], check=True)
    text = (tmp_path / "alertmanager.yml").read_text()
    for value in ADDRESSES[1::2]:
        assert value in text, value
    assert "example.org" not in text and "smtp_require_tls: false" in text
    code, output = amtool("check-config", tmp_path / "alertmanager.yml")
    assert code == 0, output


def test_an_address_that_is_missing_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / "configuration.py", tmp_path, *ADDRESSES[2:]], capture_output=True, text=True
    )
    assert done.returncode == 2 and "--smarthost" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option, value, expected",
    [
        ("--smarthost", "smtp.company", "expected host:port, got 'smtp.company'"),
        ("--operators", "ops", "expected a mail address, got 'ops'"),
        ("--models-channel", "ml", "expected #channel or @person, got 'ml'"),
        ("--slack-url-file", "slack_url", "expected an absolute path, got 'slack_url'"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, option, value, expected):
    done = subprocess.run(
        [sys.executable, FOLDER / "configuration.py", tmp_path, *ADDRESSES, option, value],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and f"{option}: {expected}" in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []
