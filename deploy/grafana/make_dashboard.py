#!/usr/bin/env python3
"""Makes driftserve.json, the Grafana dashboard, from the panels listed here. Standard library only.

    make_dashboard.py            writes driftserve.json beside this file
    make_dashboard.py --check    exits 1 when driftserve.json is not what would be written
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, "driftserve.json")

TARGET = 'job=~"$job", instance=~"$instance"'
MODEL = TARGET + ', model_name=~"$model_name"'
FLEET = 'model_name=~"$model_name"'  # sums over the fleet have no instance any more
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

STATES = (("warming", "text"), ("observing", "purple"), ("stable", "green"), ("warning", "orange"), ("drifted", "red"),
          ("stale", "blue"))


def query(expression, legend="", table=False):
    """One target of a panel; a table is asked once, of the end of the range."""
    return {"expr": expression, "legendFormat": legend or "__auto", "instant": table, "range": not table,
            "format": "table" if table else "time_series"}


def state_code(metric, by):
    """The state that holds, as the index of its name in STATES."""
    parts = " or ".join(f'{metric}{{{MODEL}, state="{name}"}} * {code}' for code, (name, _) in enumerate(STATES))
    return f"max by ({by}) ({parts})"


STATE_MAPPING = [{"type": "value", "options": {str(code): {"text": name, "color": color, "index": code}
                                               for code, (name, color) in enumerate(STATES)}}]


def panel(kind, title, description, queries, unit="none", width=8, height=8, **options):
    """A panel; position and number are given by layout(). `options`: defaults, overrides, panel."""
    defaults = {"unit": unit, **options.get("defaults", {})}
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "w": width, "h": height,
            "targets": [{**one, "refId": chr(ord("A") + number), "datasource": DATASOURCE}
                        for number, one in enumerate(queries)],
            "fieldConfig": {"defaults": defaults, "overrides": options.get("overrides", [])},
            "options": options.get("panel", {})}


def series(title, description, queries, unit="none", width=8, **options):
    custom = {"lineWidth": 1, "fillOpacity": options.pop("fill", 0), "showPoints": "never", "spanNulls": False}
    return panel("timeseries", title, description, queries, unit, width,
                 defaults={"custom": custom, **options.pop("defaults", {})},
                 panel={"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                        "tooltip": {"mode": "multi", "sort": "desc"}}, **options)


def stat(title, description, expression, unit="none", legend="{{model_name}}", steps=None, mappings=None):
    thresholds = {"mode": "absolute", "steps": steps or [{"color": "text", "value": None}]}
    return panel("stat", title, description, [query(expression, legend)], unit, 4, 5,
                 defaults={"thresholds": thresholds, "mappings": mappings or []},
                 panel={"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area", "textMode": "auto"})


def threshold_lines():
    """Dashed lines in place of the series called warn and alert."""
    def line(name, color):
        return {"matcher": {"id": "byName", "options": name},
                "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
                               {"id": "custom.lineWidth", "value": 2}, {"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}
    return [line("warn", "orange"), line("alert", "red")]


def drift_with_thresholds(metric, label, kind):
    select = f'{MODEL}, drift_type="{kind}"'
    legend = f"{{{{{label}}}}}"
    return [query(f"max by (model_name, {label}) ({metric}{{{select}}})", legend),
            query(f'max({metric}_threshold{{{select}, level="warn"}})', "warn"),
            query(f'max({metric}_threshold{{{select}, level="alert"}})', "alert")]


def quantile(q, metric):
    return f"histogram_quantile({q}, sum by (le, model_name) (rate({metric}_bucket{{{MODEL}}}[$__rate_interval])))"


ERRORS = 'code!~"OK|CANCELLED|INVALID_ARGUMENT|NOT_FOUND"'
AGE_STEPS = [{"color": "green", "value": None}, {"color": "orange", "value": 120}, {"color": "red", "value": 300}]
SHARE_STEPS = [{"color": "green", "value": None}, {"color": "orange", "value": 0.01}, {"color": "red", "value": 0.5}]
ERROR_STEPS = [{"color": "green", "value": None}, {"color": "red", "value": 0.01}]
GAP_STEPS = [{"color": "red", "value": None}, {"color": "green", "value": 0}, {"color": "red", "value": 1}]

AT_A_GLANCE = [
    stat("State", "The model's drift state as the server judges it.", state_code("model_drift_state", "model_name"),
         mappings=STATE_MAPPING),
    stat("Drifted features", "Share of the features that can be judged and have drifted.",
         f"max by (model_name) (model_drifted_features_ratio{{{MODEL}}})", "percentunit", steps=SHARE_STEPS),
    stat("Requests", "Requests answered a second, over all methods.",
         f"sum by (model_name) (rate(driftserve_requests_total{{{MODEL}}}[$__rate_interval]))", "reqps"),
    stat("Errors", "Share of requests that end in an error that is not the caller's.",
         f"sum by (model_name) (rate(driftserve_requests_total{{{MODEL}, {ERRORS}}}[$__rate_interval]))"
         f" / sum by (model_name) (rate(driftserve_requests_total{{{MODEL}}}[$__rate_interval]))", "percentunit", steps=ERROR_STEPS),
    stat("p99 latency", "99 of 100 requests are answered within this time, from accepting to the reply.",
         quantile(0.99, "driftserve_request_duration_seconds"), "s"),
    stat("Age of the evaluation", "Time since drift was last evaluated.",
         f"max by (model_name) (time() - model_drift_last_evaluation_timestamp_seconds{{{MODEL}}})", "s", steps=AGE_STEPS),
]

DRIFT = [
    series("PSI by feature", "Population stability index against the training data. The dashed lines are the highest warning and "
           "alert thresholds of the features: tolerance plus what chance could add at this sample size.",
           drift_with_thresholds("model_feature_drift", "feature", "psi"), width=12, overrides=threshold_lines()),
    series("KS distance by feature", "Largest gap between the cumulative distributions of training and now, 0 to 1; thresholds as for PSI.",
           drift_with_thresholds("model_feature_drift", "feature", "ks"), width=12, overrides=threshold_lines()),
    panel("state-timeline", "State by feature", "State of every feature and statistic over time.",
          [query(state_code("model_feature_drift_state", "model_name, feature, drift_type"), "{{feature}} {{drift_type}}")],
          width=12, height=10, defaults={"mappings": STATE_MAPPING, "custom": {"fillOpacity": 80, "lineWidth": 0}},
          panel={"mergeValues": True, "showValue": "never", "rowHeight": 0.85}),
    panel("bargauge", "Most drifted features", "The ten features with the highest PSI now.",
          [query(f'topk(10, max by (model_name, feature) (model_feature_drift{{{MODEL}, drift_type="psi"}}))', "{{feature}}")],
          width=6, height=10, panel={"orientation": "horizontal", "displayMode": "basic", "reduceOptions": {"calcs": ["lastNotNull"]}}),
    series("Drift of the predictions", "PSI and KS of the model's own outputs.",
           [query(f"max by (model_name, output, drift_type) (model_prediction_drift{{{MODEL}}})", "{{output}} {{drift_type}}")],
           width=6, height=10),
    series("Effective samples", "Independent rows that the window's rows are worth: the power behind every verdict.",
           [query(f"min by (model_name, feature) (model_feature_effective_samples{{{MODEL}}})", "{{feature}}")]),
    series("Missing values", "Share of missing values by feature, weighted.",
           [query(f"max by (model_name, feature) (model_feature_missing_ratio{{{MODEL}}})", "{{feature}}")], "percentunit"),
    series("PSI by stratum", "PSI of the chosen feature within each stratum, and of all rows: a shift in a small stratum is "
           "invisible in the whole.",
           [query(f'max by (model_name, stratum) (model_feature_stratum_drift{{{MODEL}, feature=~"$feature", drift_type="psi"}})'
                  f' or label_replace(max by (model_name) (model_feature_drift{{{MODEL}, feature=~"$feature", drift_type="psi"}}),'
                  ' "stratum", "all rows", "", "")', "{{stratum}}")]),
]

LABELS = [
    series("Error of the predictions", "Mean error of the labelled predictions, weighted as the traffic.",
           [query(f"max by (model_name, error) (model_prediction_error{{{MODEL}}})", "{{model_name}} {{error}}")]),
    panel("state-timeline", "Concept drift by detector", "State of every detector of concept drift, and of their verdict (all).",
          [query(state_code("model_concept_drift_state", "model_name, detector"), "{{detector}}")],
          width=8, height=8, defaults={"mappings": STATE_MAPPING, "custom": {"fillOpacity": 80, "lineWidth": 0}},
          panel={"mergeValues": True, "showValue": "never", "rowHeight": 0.85}),
    series("Detectors", "Each detector's statistic over the value at which it alarms: 1 is an alarm.",
           [query(f"max by (model_name, detector) (model_concept_drift{{{MODEL}}} / model_concept_drift_threshold{{{MODEL}}})",
                  "{{detector}}")]),
    series("Drift of the labels", "PSI and KS of what happened against the training data.",
           [query(f"max by (model_name, label, drift_type) (model_label_drift{{{MODEL}}})", "{{label}} {{drift_type}}")]),
    series("Labelled share", "Share of the sampled predictions past the time limit that got their label.",
           [query(f"min by (model_name) (model_label_join_ratio{{{MODEL}}})", "{{model_name}}")], "percentunit"),
    series("Delay of the labels", "Time from prediction to label.",
           [query(f"max by (model_name, quantile) (model_label_lag_seconds{{{MODEL}}})", "{{model_name}} {{quantile}}")], "s"),
    series("Labels by outcome", "Reported labels a second, and what became of them. Those of rows that were not sampled are unknown.",
           [query(f"sum by (outcome) (rate(driftserve_labels_total{{{TARGET}}}[$__rate_interval]))", "{{outcome}}")], "cps", width=12),
    series("Predictions to be labelled", "Sampled predictions a second on their way into the table, by outcome.",
           [query(f"sum by (model_name, outcome) (rate(driftserve_label_predictions_total{{{MODEL}}}[$__rate_interval]))",
                  "{{model_name}} {{outcome}}")], "cps", width=12),
]

FLEET_DRIFT = [
    panel("barchart", "$feature: training against now", "Shares of the bins in training and in the fleet's window, weighted over "
          "strata. Needs the recording rules of deploy/prometheus.",
          [query(f'max by (bin) (model_feature_bin:reference:ratio{{{FLEET}, feature="$feature"}})', "training", table=True),
           query(f'max by (bin) (model_feature_bin:current:ratio{{{FLEET}, feature="$feature"}})', "now", table=True)],
          "percentunit", 12, 9, panel={"xField": "bin", "legend": {"showLegend": True, "placement": "bottom", "displayMode": "list"}},
          overrides=[{"matcher": {"id": "byName", "options": "Value #A"}, "properties": [{"id": "displayName", "value": "training"}]},
                     {"matcher": {"id": "byName", "options": "Value #B"}, "properties": [{"id": "displayName", "value": "now"}]}]),
    series("PSI of the fleet", "PSI from the added counts of all replicas; never an average of replicas.",
           [query(f"model_feature:drift_psi:fleet{{{FLEET}}}", "{{feature}}")], width=6, height=9),
    series("KS of the fleet", "KS over the bins' ends from the added counts of all replicas: a lower bound.",
           [query(f"model_feature:drift_ks:fleet{{{FLEET}}}", "{{feature}}")], width=6, height=9),
]
FLEET_DRIFT[0]["transformations"] = [{"id": "joinByField", "options": {"byField": "bin", "mode": "outer"}},
                                     {"id": "organize", "options": {"excludeByName": {"Time": True, "Time 1": True, "Time 2": True}}},
                                     {"id": "sortBy", "options": {"sort": [{"field": "bin"}]}}]

SERVING = [
    series("Requests by method", "Requests answered a second.",
           [query(f"sum by (model_name, method) (rate(driftserve_requests_total{{{MODEL}}}[$__rate_interval]))", "{{model_name}} {{method}}")], "reqps"),
    series("Requests that failed, by code", "Answers other than OK, a second, by gRPC status code.",
           [query(f'sum by (model_name, code) (rate(driftserve_requests_total{{{MODEL}, code!="OK"}}[$__rate_interval]))', "{{code}}")], "reqps"),
    series("Latency", "From accepting a request to its reply.",
           [query(quantile(0.5, "driftserve_request_duration_seconds"), "p50 {{model_name}}"),
            query(quantile(0.99, "driftserve_request_duration_seconds"), "p99 {{model_name}}")], "s"),
    series("Where the time goes", "99th percentile of waiting for a batch, and of one run of the model.",
           [query(quantile(0.99, "driftserve_queue_duration_seconds"), "queue p99 {{model_name}}"),
            query(quantile(0.99, "driftserve_execute_duration_seconds"), "execute p99 {{model_name}}")], "s"),
    series("Rows of a batch", "Mean rows of a batch.",
           [query(f"sum by (model_name) (rate(driftserve_batch_rows_sum{{{MODEL}}}[$__rate_interval]))"
                  f" / sum by (model_name) (rate(driftserve_batch_rows_count{{{MODEL}}}[$__rate_interval]))", "{{model_name}}")], "short"),
    series("Pending requests", "Requests accepted and not yet run.",
           [query(f"sum by (instance) (driftserve_pending_requests{{{TARGET}}})", "{{instance}}")], "short"),
    series("Pending bytes", "Bytes of the requests accepted and not yet run.",
           [query(f"sum by (instance) (driftserve_pending_bytes{{{TARGET}}})", "{{instance}}")], "bytes"),
    series("Ready model versions", "1 while a model version answers requests.",
           [query(f"min by (model_name, model_version) (driftserve_model_ready{{{MODEL}}})", "{{model_name}} {{model_version}}")], "short"),
    series("Rows by stratum", "Rows answered a second, by stratum.",
           [query(f'sum by (model_name, stratum) (rate(model_stratum_rows_total{{{MODEL}, outcome="seen"}}[$__rate_interval]))', "{{stratum}}")], "cps"),
]

PIPELINE = [
    series("Records by outcome", "Sampled records a second, and where they end.",
           [query(f"sum by (outcome) (rate(driftserve_records_total{{{TARGET}}}[$__rate_interval]))", "{{outcome}}")], "cps"),
    series("Records in flight", "Records queued or sent, without an answer yet.",
           [query(f"sum by (instance) (driftserve_records_in_flight{{{TARGET}}})", "{{instance}}")], "short"),
    series("Dropped records by reason", "Sampled records that consumers will miss.",
           [query(f'sum by (reason) (rate(driftserve_records_total{{{TARGET}, outcome="dropped"}}[$__rate_interval]))', "{{reason}}")], "cps"),
    stat("Unaccounted records", "sampled − acknowledged − in flight − dropped: 0 but for what moved during the scrape.",
         f'sum by (instance) (driftserve_records_total{{{TARGET}, outcome="sampled"}})'
         f' - sum by (instance) (driftserve_records_total{{{TARGET}, outcome=~"acknowledged|dropped"}})'
         f" - sum by (instance) (driftserve_records_in_flight{{{TARGET}}})", "short", "{{instance}}", GAP_STEPS),
    stat("Dropped samples", "Requests with selected rows that found the ring to the observer full, a second.",
         f"sum by (instance) (rate(driftserve_tap_dropped_samples_total{{{TARGET}}}[$__rate_interval]))", "cps", "{{instance}}", ERROR_STEPS),
    series("Waiting for the observer", "Bytes in the rings between serving and the observer.",
           [query(f"sum by (instance) (driftserve_tap_queued_bytes{{{TARGET}}})", "{{instance}}")], "bytes"),
    series("Rows the window left out", "Rows a second that could not be counted in the drift window, by reason.",
           [query(f"sum by (model_name, reason) (rate(driftserve_window_left_out_rows_total{{{MODEL}}}[$__rate_interval]))", "{{reason}}")], "cps"),
    series("Kept share by stratum", "Share of the answered rows that was sampled.",
           [query(f'sum by (model_name, stratum) (rate(model_stratum_rows_total{{{MODEL}, outcome="kept"}}[$__rate_interval]))'
                  f' / sum by (model_name, stratum) (rate(model_stratum_rows_total{{{MODEL}, outcome="seen"}}[$__rate_interval]))', "{{stratum}}")], "percentunit"),
    series("Connections to the operations port", "Scrapes, probes and pages a second; refused and incomplete ones are clients in trouble.",
           [query(f"sum by (outcome) (rate(driftserve_operations_connections_total{{{TARGET}}}[$__rate_interval]))", "{{outcome}}")], "cps"),
]

ROWS = (("At a glance", AT_A_GLANCE), ("Drift", DRIFT), ("Labels and concept drift", LABELS), ("Fleet", FLEET_DRIFT), ("Serving", SERVING), ("Pipeline", PIPELINE))


def layout(rows):
    """Numbers the panels and sets them left to right, top to bottom, each row under its title."""
    panels, y = [], 0
    for title, members in rows:
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [], "id": len(panels) + 1,
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, line = 0, y + 1, 0
        for member in members:
            member = dict(member)
            width, height = member.pop("w"), member.pop("h")
            if x + width > WIDTH:
                x, y, line = 0, y + line, 0
            panels.append({"id": len(panels) + 1, **member, "gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x, line = x + width, max(line, height)
        y += line
    return panels


def variable(name, label, expression, several=True):
    return {"type": "query", "name": name, "label": label, "datasource": DATASOURCE, "refresh": 2, "sort": 1,
            "query": {"query": expression, "refId": name}, "definition": expression, "multi": several, "includeAll": several,
            "allValue": ".+" if several else None, "current": {"text": "All", "value": "$__all"} if several else {}, "hide": 0}


def dashboard():
    variables = [
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "current": {}, "hide": 0},
        variable("job", "Job", "label_values(driftserve_build_info, job)"),
        variable("instance", "Instance", 'label_values(driftserve_build_info{job=~"$job"}, instance)'),
        variable("model_name", "Model", f"label_values(driftserve_model_ready{{{TARGET}}}, model_name)"),
        variable("feature", "Feature", f"label_values(model_feature_reference_ratio{{{MODEL}}}, feature)", several=False),
    ]
    return {"title": "driftserve", "uid": "driftserve", "description": "Serving, drift and the sample pipeline of driftserve.",
            "tags": ["driftserve", "drift"], "schemaVersion": 39, "version": 1, "editable": False, "graphTooltip": 1,
            "time": {"from": "now-6h", "to": "now"}, "refresh": "30s", "timezone": "browser",
            "templating": {"list": variables}, "annotations": {"list": []}, "panels": layout(ROWS), "links": [
                {"type": "link", "title": "Live page", "url": "http://${instance}/drift/${model_name}", "targetBlank": True,
                 "icon": "external link", "tooltip": "Histograms of one instance and model", "includeVars": False}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    text = json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"
    if parser.parse_args().check:
        with open(FILE) as file:
            sys.exit(file.read() != text and f"{FILE} is not what make_dashboard.py makes: run it")
    with open(FILE, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
