"""The dashboards keep the rules of Grafana's dashboard linter, and each rule sees a planted fault."""

import copy
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import dashboard_lint  # noqa: E402
import promql  # noqa: E402
from dashboard_queries import DASHBOARDS, panels  # noqa: E402


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_keeps_the_rules(name):
    assert dashboard_lint.lint(DASHBOARDS[name]) == []


def test_every_exclusion_is_needed():
    found = {
        (fault.rule, fault.dashboard, fault.panel)
        for dashboard in DASHBOARDS.values()
        for fault in dashboard_lint.faults(dashboard)
    }
    entries = {
        (rule, entry["dashboard"], entry["panel"])
        for rule, exclusion in dashboard_lint.EXCLUSIONS.items()
        for entry in exclusion["entries"]
    }
    assert entries - found == set()
    assert all(exclusion["reason"] for exclusion in dashboard_lint.EXCLUSIONS.values())


def variable(dashboard, name):
    return next(one for one in dashboard["templating"]["list"] if one["name"] == name)


def panel(dashboard, title="Requests by method"):
    return next(one for _, one in panels(dashboard) if one["title"] == title)


def drop_variable(name):
    def plant(dashboard):
        dashboard["templating"]["list"].remove(variable(dashboard, name))

    return plant


def set_variable(name, **values):
    return lambda dashboard: variable(dashboard, name).update(values)


def set_panel(**values):
    return lambda dashboard: panel(dashboard).update(values)


def set_unit(unit):
    return lambda dashboard: panel(dashboard)["fieldConfig"]["defaults"].update(unit=unit)


def replace(old, new):
    def plant(dashboard):
        target = panel(dashboard)["targets"][0]
        assert old in target["expr"]
        target["expr"] = target["expr"].replace(old, new)

    return plant


def set_query(text):
    return set_variable("job", definition=text, query={"query": text, "refId": "job"})


PLANTED = [
    ("template-datasource-rule", drop_variable("datasource")),
    ("template-datasource-rule", set_variable("datasource", label="Source")),
    ("template-datasource-rule", set_variable("datasource", query="loki")),
    ("template-job-rule", drop_variable("job")),
    ("template-job-rule", set_variable("job", multi=False)),
    ("template-job-rule", set_variable("job", label="job")),
    ("template-instance-rule", drop_variable("instance")),
    ("template-instance-rule", set_variable("instance", allValue=".*")),
    ("template-instance-rule", set_variable("instance", datasource={"type": "prometheus", "uid": "P1"})),
    ("template-label-promql-rule", set_query("label_values(driftserve_build_info{, job)")),
    ("template-label-promql-rule", set_query("values_of(driftserve_build_info, job)")),
    ("template-on-time-change-reload-rule", set_variable("model_name", refresh=1)),
    ("panel-datasource-rule", set_panel(datasource={"type": "prometheus", "uid": "P1"})),
    ("panel-title-description-rule", set_panel(description="")),
    ("panel-title-description-rule", set_panel(title="")),
    ("panel-units-rule", set_unit("")),
    ("panel-units-rule", set_unit("furlong")),
    ("panel-no-targets-rule", set_panel(targets=[])),
    ("target-promql-rule", replace("sum by", "sum buy")),
    ("target-rate-interval-rule", replace("$__rate_interval", "5m")),
    ("target-job-rule", replace('job=~"$job", ', "")),
    ("target-job-rule", replace('job=~"$job"', 'job="driftserve"')),
    ("target-instance-rule", replace('instance=~"$instance", ', "")),
    ("target-counter-agg-rule", replace("rate(", "delta(")),
    ("target-counter-agg-rule", replace("[$__rate_interval]", "")),
    ("uneditable-dashboard", lambda dashboard: dashboard.update(editable=True)),
    ("uneditable-dashboard", lambda dashboard: dashboard.pop("editable")),
]


@pytest.mark.parametrize(
    "number", range(len(PLANTED)), ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(PLANTED)]
)
def test_a_planted_fault_is_found(number):
    rule, plant = PLANTED[number]
    dashboard = copy.deepcopy(DASHBOARDS["serving"])
    plant(dashboard)
    assert rule in {fault.rule for fault in dashboard_lint.lint(dashboard)}


def test_every_rule_is_shown_a_fault():
    assert {rule for rule, _ in PLANTED} == set(dashboard_lint.RULES)


@pytest.mark.parametrize(
    "expression, found",
    [
        (
            'sum by (job, le) (rate(a_total{job=~"$job"}[5m])) / on (x) group_left (y) b:c:d offset 1m',
            [("a_total", {"job": "=~$job"}, "5m", "rate"), ("b:c:d", {}, "", "")],
        ),
        (
            'max(a{x="{b}"}) or label_replace(max(c), "stratum", "all rows", "", "")',
            [("a", {"x": "={b}"}, "", "max"), ("c", {}, "", "max")],
        ),
        (
            "time() - a * 2 and b unless topk(3, c) > 14.4 * scalar(d)",
            [(name, {}, "", "scalar" if name == "d" else "") for name in "abcd"],
        ),
    ],
)
def test_selectors_of_promql(expression, found):
    assert [(one.metric, one.matchers, one.range, one.function) for one in promql.selectors(expression)] == found
