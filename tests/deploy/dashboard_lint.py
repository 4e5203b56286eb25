"""The published rules of Grafana's dashboard linter, by their names there (grafana/dashboard-linter, docs/index.md).

lint(dashboard) returns the faults that the exclusions of deploy/grafana/.lint leave. Where the linter looks only at
some kinds of panels, these look at all of them.
"""

import dataclasses
import json
import re
import subprocess
import tempfile

import promql
from dashboard_queries import LABEL_VALUES, ROOT, panels, substitute

EXCLUSIONS = json.loads((ROOT / "deploy" / "grafana" / ".lint").read_text())["exclusions"]
DATASOURCES = ("$datasource", "${datasource}")
# Those of Grafana's units that measure what a server of models exports.
UNITS = {
    "none",
    "short",
    "percent",
    "percentunit",
    "bytes",
    "decbytes",
    "Bps",
    "s",
    "ms",
    "µs",
    "ns",
    "reqps",
    "cps",
    "ops",
    "rps",
    "watt",
    "joule",
    "celsius",
    "bool",
    "dateTimeFromNow",
}
RATES = ("rate", "irate", "increase")


@dataclasses.dataclass(frozen=True)
class Fault:
    rule: str
    dashboard: str
    panel: str  # "" where the rule is about the dashboard
    what: str


def template_datasource(dashboard):
    found = [variable for variable in dashboard["templating"]["list"] if variable["type"] == "datasource"]
    if [(variable["name"], variable["label"], variable["query"]) for variable in found] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "", "is without one data source variable called datasource, labelled Data source, for prometheus"


def template_variable(name):
    def rule(dashboard):
        found = [variable for variable in dashboard["templating"]["list"] if variable["name"] == name]
        if not found:
            yield "", f"is missing the {name} variable"
            return
        variable = found[0]
        if variable["type"] != "query" or variable["datasource"]["uid"] not in DATASOURCES:
            yield "", f"{name} is not queried from the templated data source"
        if variable["label"] != name.title():
            yield "", f"{name} is labelled {variable['label']!r}, not {name.title()!r}"
        if not variable["multi"] or variable["allValue"] != ".+":
            yield "", f"{name} does not allow several values, or all of them as .+"

    return rule


def _query_variables(dashboard):
    return [variable for variable in dashboard["templating"]["list"] if variable["type"] == "query"]


def template_label_promql(dashboard):
    for variable in _query_variables(dashboard):
        match = LABEL_VALUES.match(variable["definition"])
        if not match or variable["query"]["query"] != variable["definition"] or promql_faults([match.group(1)]):
            yield "", f"variable {variable['name']} has an invalid query: {variable['query']['query']}"


def template_on_time_change_reload(dashboard):
    for variable in _query_variables(dashboard):
        if variable["refresh"] != 2:
            yield "", f"variable {variable['name']} is not asked again when the time range changes"


def uneditable(dashboard):
    if dashboard.get("editable", True):
        yield "", "is editable"


def panel_datasource(dashboard):
    for _, panel in panels(dashboard):
        for place in [panel, *panel["targets"]]:
            if place["datasource"]["uid"] not in DATASOURCES:
                yield panel["title"], f"uses the data source {place['datasource']['uid']}"


def panel_title_description(dashboard):
    for _, panel in panels(dashboard):
        if not panel["title"] or not panel["description"]:
            yield panel["title"], "is without title or description"


def panel_units(dashboard):
    for _, panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        if not defaults.get("mappings") and defaults.get("unit") not in UNITS:
            yield panel["title"], f"has no valid unit: {defaults.get('unit')!r}"


def panel_no_targets(dashboard):
    for _, panel in panels(dashboard):
        if not panel["targets"]:
            yield panel["title"], "asks nothing"


def _selectors(dashboard):
    for _, panel in panels(dashboard):
        for target in panel["targets"]:
            for selector in promql.selectors(target["expr"]):
                yield panel["title"], selector


def target_promql(dashboard):
    if not promql_faults([target["expr"] for _, panel in panels(dashboard) for target in panel["targets"]]):
        return
    for _, panel in panels(dashboard):
        for fault in promql_faults([target["expr"] for target in panel["targets"]]):
            yield panel["title"], fault


def target_matcher(label):
    def rule(dashboard):
        for title, selector in _selectors(dashboard):
            if selector.matchers.get(label) != f"=~${label}":
                yield title, f'{selector.metric} is not selected by {label}=~"${label}"'

    return rule


def target_rate_interval(dashboard):
    for title, selector in _selectors(dashboard):
        if selector.function in RATES and selector.range != "$__rate_interval":
            yield title, f"{selector.function}({selector.metric}[{selector.range}]) is not over $__rate_interval"


def target_counter_agg(dashboard):
    for title, selector in _selectors(dashboard):
        if selector.metric.endswith("_total") and (selector.function not in RATES or not selector.range):
            yield title, f"{selector.metric} is not aggregated with rate, irate, or increase"


RULES = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_variable("job"),
    "template-instance-rule": template_variable("instance"),
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": target_matcher("job"),
    "target-instance-rule": target_matcher("instance"),
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable,
}


def promql_faults(expressions):
    """What promtool says of expressions that it does not accept, as text; one promtool for all of them."""
    rules = [
        {"record": f"query_{number}", "expr": substitute(expression, "temp", "1m")}
        for number, expression in enumerate(expressions)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)  # JSON is YAML
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=60)
    return [] if done.returncode == 0 else [re.sub(r"\s+", " ", done.stdout + done.stderr)]


def excluded(fault, exclusions=None):
    entries = (EXCLUSIONS if exclusions is None else exclusions).get(fault.rule, {"entries": []})["entries"]
    return {"dashboard": fault.dashboard, "panel": fault.panel} in entries


def faults(dashboard):
    """Everything that the rules find, excluded or not."""
    return [
        Fault(name, dashboard["title"], panel, what) for name, rule in RULES.items() for panel, what in rule(dashboard)
    ]


def lint(dashboard):
    return [fault for fault in faults(dashboard) if not excluded(fault)]
