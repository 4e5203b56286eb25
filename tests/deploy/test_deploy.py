"""The dashboard and the rules, without a Prometheus: the published rules of Grafana's dashboard linter, and PromQL."""

import json
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import dashboard_queries  # noqa: E402

ROOT = dashboard_queries.ROOT
GRAFANA = os.path.join(ROOT, "deploy", "grafana")
PROMETHEUS = os.path.join(ROOT, "deploy", "prometheus")

with open(dashboard_queries.DASHBOARD) as _file:
    DASHBOARD = json.load(_file)
TARGETS = [(row, panel, target) for row, panel in dashboard_queries.panels() for target in panel["targets"]]
UNITS = {"none", "short", "percentunit", "reqps", "cps", "s", "bytes"}


def named(targets):
    return [pytest.param(*one, id=f"{one[1]['title']}-{one[2]['refId']}") for one in targets]


def test_the_dashboard_is_what_its_source_makes():
    done = subprocess.run([sys.executable, os.path.join(GRAFANA, "make_dashboard.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_variables_are_templated():
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    for name in ("job", "instance", "model_name"):
        variable = variables[name]
        assert variable["type"] == "query" and variable["multi"] and variable["allValue"] == ".+"
        assert variable["refresh"] == 2, "variables follow the time range"
        assert variable["datasource"]["uid"] == "${datasource}"


def test_the_dashboard_cannot_be_edited_by_accident():
    assert DASHBOARD["editable"] is False


@pytest.mark.parametrize("panel", [panel for _, panel in dashboard_queries.panels()], ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows(panel):
    assert panel["title"] and panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]


def test_panels_have_numbers_and_places_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not own & cells, f"{panel['title']} lies over another panel"
        cells |= own


@pytest.mark.parametrize("row, panel, target", named(TARGETS))
def test_every_query_follows_the_variables(row, panel, target):
    expression = target["expr"]
    selectors = re.findall(r"\{([^{}]*)\}", expression)
    assert selectors, "a query without a selector reads every job"
    for selector in selectors:
        if row == "Fleet":  # recorded over all instances
            assert 'model_name=~"$model_name"' in selector
        else:
            assert 'job=~"$job"' in selector and 'instance=~"$instance"' in selector


@pytest.mark.parametrize("row, panel, target", named(TARGETS))
def test_counters_are_read_as_rates_over_the_rate_interval(row, panel, target):
    expression = target["expr"]
    for counter in re.finditer(r"\b[a-z_]+_(total|bucket|sum|count)\{", expression):
        if panel["title"] == "Unaccounted records":
            continue  # a difference of totals: what is conserved
        assert re.search(r"\brate\($", expression[:counter.start()]), f"{counter.group()} without rate()"
    assert all(interval == "$__rate_interval" for interval in re.findall(r"\[([^\]]*)\]", expression))


def test_every_query_is_promql(tmp_path):
    rules = [{"record": f"query_{number}", "expr": dashboard_queries.substitute(target["expr"], "temp", "1m")}
             for number, (_, _, target) in enumerate(TARGETS)]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))  # JSON is YAML
    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_severity_and_text():
    with open(os.path.join(PROMETHEUS, "rules", "alerts.yml")) as file:
        alerts = file.read().split("- alert: ")[1:]
    assert len(alerts) >= 10
    for alert in alerts:
        assert re.search(r"severity: (critical|warning|info)\b", alert), alert
        for key in ("for:", "summary:", "description:"):
            assert key in alert, f"{key} is missing in {alert}"


def test_every_alert_is_tested():
    with open(os.path.join(PROMETHEUS, "rules", "alerts.yml")) as file:
        alerts = re.findall(r"- alert: (\w+)", file.read())
    with open(os.path.join(ROOT, "tests", "deploy", "alerts_test.yml")) as file:
        tests = file.read()
    assert [alert for alert in alerts if f"alertname: {alert}\n" not in tests] == []


def test_a_configuration_for_other_targets_is_valid(tmp_path):
    subprocess.run([sys.executable, os.path.join(PROMETHEUS, "configuration.py"), str(tmp_path), "--targets",
                    "127.0.0.1:1,127.0.0.1:2", "--interval", "1s", "--window", "40s"], check=True)
    assert json.loads((tmp_path / "targets.json").read_text()) == [{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}]
    assert "[40s]" in (tmp_path / "rules" / "fleet.yml").read_text()
    assert "scrape_interval: 1s" in (tmp_path / "prometheus.yml").read_text()
    done = subprocess.run(["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True)
    assert done.returncode == 0 and "2 rule files found" in done.stdout, done.stdout + done.stderr
