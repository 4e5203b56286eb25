#!/usr/bin/env python3
"""Runs every query of the Grafana dashboards against a Prometheus. Standard library only.

    dashboard_queries.py http://127.0.0.1:9090 [--seconds 300] [--rate-interval 1m] [--feature temp]

Prints a line per query and exits 1 when one has no data: no series, or none with a finite value, in the last `seconds`.
From Python: check(url, ...) returns the queries without data.
"""

import argparse
import json
import math
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("overview", "drift", "serving", "pipeline")
DASHBOARDS = {name: json.loads((ROOT / "deploy" / "grafana" / f"driftserve-{name}.json").read_text()) for name in NAMES}
# label_values(selector, label) is Grafana's, not PromQL's.
LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)$")


def panels(dashboard):
    """(row, panel) for every panel with queries."""
    row = ""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            yield row, panel


def queries():
    """(name, expression) of everything that Grafana asks: panels, variables and annotations of every dashboard."""
    for board, dashboard in DASHBOARDS.items():
        for row, panel in panels(dashboard):
            for target in panel["targets"]:
                yield f"{board} / {row} / {panel['title']} / {target['refId']}", target["expr"]
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = LABEL_VALUES.match(variable["definition"]).groups()
                yield f"{board} / variable {variable['name']}", f"group by ({label}) ({selector})"
        for annotation in dashboard["annotations"]["list"]:
            yield f"{board} / annotation {annotation['name']}", annotation["expr"]


def substitute(expression, feature, rate_interval):
    """What Grafana would send with every variable at All, but for the one feature."""
    for name, value in (
        ("$__rate_interval", rate_interval),
        ("$feature", feature),
        ("$job", ".+"),
        ("$instance", ".+"),
        ("$model_name", ".+"),
    ):
        expression = expression.replace(name, value)
    return expression


def ask(url, method, **parameters):
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{method}?{query}", timeout=30) as response:
            return json.load(response)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url} refused {parameters['query']!r}: {error.read().decode(errors='replace')}") from None


def finite_series(url, expression, start, end):
    """How many series have a finite value between the two Unix times."""
    step = max((end - start) / 300, 1)
    result = ask(url, "query_range", query=expression, start=start, end=end, step=step)
    return sum(any(math.isfinite(float(value)) for _, value in series["values"]) for series in result)


def check(url, seconds=300, rate_interval="1m", feature=None, say=lambda line: None):
    """Names of the queries without data."""
    url = url.rstrip("/")
    end = time.time()
    if feature is None:
        found = ask(url, "query", query='group by (feature) (model_feature_reference_ratio{role="feature"})')
        if not found:
            return ["no feature: model_feature_reference_ratio has no series"]
        feature = sorted(series["metric"]["feature"] for series in found)[0]
    empty = []
    for name, expression in queries():
        count = finite_series(url, substitute(expression, feature, rate_interval), end - seconds, end)
        say(f"{count:5d} series  {name}")
        if count == 0:
            empty.append(name)
    return empty


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=300, help="how far back data counts")
    parser.add_argument("--rate-interval", default="1m", help="value of $__rate_interval: four scrapes or more")
    parser.add_argument("--feature", help="value of $feature; the first one there is")
    arguments = parser.parse_args()
    empty = check(arguments.url, arguments.seconds, arguments.rate_interval, arguments.feature, print)
    for name in empty:
        print(f"no data: {name}", file=sys.stderr)
    sys.exit(1 if empty else 0)


if __name__ == "__main__":
    main()
