"""Dashboards, rules and runbooks, without a Prometheus: what they name is there, and each has its test."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import dashboard_queries  # noqa: E402

ROOT = dashboard_queries.ROOT
GRAFANA = ROOT / "deploy" / "grafana"
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "deploy" / "runbooks"
ALERTS = (PROMETHEUS / "rules" / "alerts.yml").read_text()
ALERT_TESTS = (ROOT / "tests" / "deploy" / "alerts_test.yml").read_text()
NAMES = re.findall(r"- alert: (\w+)", ALERTS)
DASHBOARDS = dashboard_queries.DASHBOARDS
EACH_DASHBOARD = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)


def alert_text(name):
    return next(text for text in ALERTS.split("- alert: ") if text.startswith(name + "\n"))


def test_the_dashboards_are_what_their_source_makes():
    done = subprocess.run([sys.executable, GRAFANA / "make_dashboards.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in GRAFANA.glob("*.json")} == {f"driftserve-{name}" for name in DASHBOARDS}


def test_a_dashboard_that_was_edited_by_hand_is_found(tmp_path):
    subprocess.run(["cp", "-r", GRAFANA, tmp_path / "grafana"], check=True)
    edited = tmp_path / "grafana" / "driftserve-drift.json"
    edited.write_text(edited.read_text().replace("PSI by feature", "PSI"))
    done = subprocess.run(
        [sys.executable, tmp_path / "grafana" / "make_dashboards.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "driftserve-drift.json" in done.stderr and "serving" not in done.stderr


@EACH_DASHBOARD
def test_panels_have_numbers_and_places_of_their_own(dashboard):
    cells = set()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not own & cells, f"{panel['title']} lies over another panel"
        cells |= own


@EACH_DASHBOARD
def test_queries_follow_the_model(dashboard):
    for _, panel in dashboard_queries.panels(dashboard):
        for target in panel["targets"]:
            for selector in re.findall(
                r"(?:model_|driftserve_model|driftserve_requests|model:)[\w:]*\{([^{}]*)\}", target["expr"]
            ):
                assert 'model_name=~"$model_name"' in selector, f"{panel['title']}: {target['expr']}"


@EACH_DASHBOARD
def test_links_lead_somewhere(dashboard):
    """Runbooks that exist, and the page of the server that the series is of: its labels have to be in the query."""
    for _, panel in dashboard_queries.panels(dashboard):
        for link in panel["links"]:
            name = re.fullmatch(r"\$\{runbooks:raw\}/(\w+)\.md", link["url"]).group(1)
            assert (RUNBOOKS / f"{name}.md").is_file(), f"{panel['title']}: {link['url']}"
        for link in panel["fieldConfig"]["defaults"].get("links", []):
            labels = re.findall(r"\$\{__(?:field\.labels|data\.fields)\.(\w+)(?::raw)?\}", link["url"])
            assert labels == ["instance", "model_name"]
            for target in panel["targets"]:
                grouped = re.search(r"by \(([^)]*)\)", target["expr"]).group(1).split(", ")
                assert set(labels) <= set(grouped), f"{panel['title']}: {target['expr']}"


def test_versions_and_alerts_are_annotated_and_the_boards_lead_to_each_other():
    for dashboard in DASHBOARDS.values():
        assert [one["name"] for one in dashboard["annotations"]["list"]] == ["Model versions", "Alerts"]
        boards = [link for link in dashboard["links"] if link["type"] == "dashboards"]
        assert [link["tags"] for link in boards] == [["driftserve"]] and "driftserve" in dashboard["tags"]
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)


def test_the_dashboard_that_shows_drift_asks_for_all_of_it():
    asked = " ".join(
        target["expr"] for _, panel in dashboard_queries.panels(DASHBOARDS["drift"]) for target in panel["targets"]
    )
    for metric in (
        "model_feature_drift{",
        "model_feature_drift_threshold{",
        "model_feature_drift_state{",
        "model_feature_effective_samples{",
        "model_feature_stratum_drift{",
        "model_prediction_drift{",
        "model_feature_bin:reference:ratio{",
        "model_drift_last_evaluation_timestamp_seconds{",
    ):
        assert metric in asked, metric


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_complete(name):
    text = alert_text(name)
    assert re.search(r"labels: \{severity: (critical|warning|info), area: (drift|pipeline|serving)\}", text)
    assert re.search(r"^ +for: \d+[smh]$", text, re.M)
    for key in ("summary:", "description:"):
        assert key in text, key
    assert f"runbook_url: https://runbooks.example/driftserve/{name}.md\n" in text


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_seen_to_fire_and_to_be_quiet(name):
    quiet = re.search(rf"alertname: {name}, eval_time: \w+, exp_alerts: \[\]", ALERT_TESTS)
    fires = re.search(rf"alertname: {name}\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels:", ALERT_TESTS)
    assert quiet and fires


def test_every_alert_has_a_page_and_every_page_an_alert():
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_it_means_how_to_look_and_what_to_do(name):
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", page, re.M) == ["What it means", "How to look", "What to do"]
    severity = re.search(r"severity: (\w+)", alert_text(name)).group(1)
    held = re.search(r"for: (\w+)", alert_text(name)).group(1)
    assert f"Severity {severity}, after {held}." in page
    assert f"[{name}]({name}.md)" in (RUNBOOKS / "README.md").read_text()


def known_metrics():
    """Names in the collectors' sources, in the rules, and in the stored scrape (which has those made of parts); and the
    reasons of a refusal, which look like metrics."""
    texts = [
        path.read_text()
        for path in [
            *(ROOT / "server" / "metrics").glob("*.cc"),
            *(PROMETHEUS / "rules").glob("*.yml"),
            ROOT / "tests" / "golden" / "metrics" / "drift.txt",
            ROOT / "server" / "base" / "serving_counters.h",
        ]
    ]
    return set(re.findall(r"\b(?:driftserve|model)[\w:]+", "".join(texts)))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_metrics_options_and_alerts_that_exist(name):
    page = (RUNBOOKS / f"{name}.md").read_text()
    for metric in re.findall(r"\b((?:driftserve|model)[_:][\w:]+)", page):
        assert {metric, re.sub(r"_(bucket|count|sum)$", "", metric)} & known_metrics(), metric
    options = (ROOT / "server" / "config" / "options.cc").read_text()
    monitored = (ROOT / "drift" / "profile" / "README.md").read_text()
    for option in re.findall(r"`((?:grpc|operations|repository|tap|kafka|scheduling|shutdown)\.\w+)", page):
        assert f'"{option}"' in options, option
    for option in re.findall(r"`(?:window|sampling|labels|record)\.(\w+)", page):
        assert option in monitored or f'labels.{option}"' in options, option
    for other in re.findall(r"\b(?:(?:Model|Driftserve|Fleet)[A-Z]\w+|DriftEvaluation\w+)", page):
        assert other in NAMES or other == "ModelInfer", other


def test_a_configuration_for_other_targets_is_valid(tmp_path):
    subprocess.run(
        [
            sys.executable,
            PROMETHEUS / "configuration.py",
            tmp_path,
            "--targets",
            "127.0.0.1:1,127.0.0.1:2",
            "--interval",
            "1s",
            "--window",
            "40s",
            "--alertmanagers",
            "127.0.0.1:3",
            "--runbooks",
            "https://wiki.company/runbooks/",
        ],
        check=True,
    )
    assert json.loads((tmp_path / "targets.json").read_text()) == [{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}]
    assert json.loads((tmp_path / "alertmanagers.json").read_text()) == [{"targets": ["127.0.0.1:3"]}]
    assert "[40s]" in (tmp_path / "rules" / "fleet.yml").read_text()
    assert "scrape_interval: 1s" in (tmp_path / "prometheus.yml").read_text()
    alerts = (tmp_path / "rules" / "alerts.yml").read_text()
    assert "runbook_url: https://wiki.company/runbooks/ModelDrifted.md" in alerts and "runbooks.example" not in alerts
    done = subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True)
    assert done.returncode == 0 and "3 rule files found" in done.stdout, done.stdout + done.stderr


def test_another_objective_of_latency(tmp_path):
    subprocess.run(
        [sys.executable, PROMETHEUS / "configuration.py", tmp_path, "--targets", "a:1", "--slow-after", "0.016384"],
        check=True,
    )
    rules = (tmp_path / "rules" / "latency.yml").read_text()
    assert rules.count('le="0.016384"}') == 4 and 'le="0.131072"}' not in rules


@pytest.mark.parametrize(
    "option, value, expected",
    [
        ("--targets", "127.0.0.1", "expected host:port, the port from 1 to 65535, got '127.0.0.1'"),
        ("--targets", "a:1,b:70000", "got 'b:70000'"),
        ("--alertmanagers", "http://a:9093", "expected host:port, the port from 1 to 65535, got 'http://a:9093'"),
        ("--interval", "15", "expected a duration such as 15s, 5m or 1h, got '15'"),
        ("--window", "1 hour", "got '1 hour'"),
        ("--slow-after", "0.1", "expected a bound of the histogram in seconds (1.6e-05, "),
    ],
)
def test_a_wrong_value_is_named(tmp_path, option, value, expected):
    done = subprocess.run(
        [sys.executable, PROMETHEUS / "configuration.py", tmp_path, "--targets", "a:1", option, value],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and f"argument {option}: " in done.stderr and expected in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []
