#!/usr/bin/env python3
"""Runs every panel's query of the Grafana dashboard against a Prometheus. Standard library only.

    dashboard_queries.py http://127.0.0.1:9090 [--seconds 300] [--rate-interval 1m] [--feature temp]

Prints a line per panel and exits 1 when a panel has no data: no series, or none with a finite value, in the last
`seconds`. From Python: check(url, ...) returns the panels without data.
"""

import argparse
import json
import math
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DASHBOARD = os.path.join(ROOT, "deploy", "grafana", "driftserve.json")


def panels():
    """(row, panel) for every panel with queries."""
    with open(DASHBOARD) as file:
        dashboard = json.load(file)
    row = ""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            yield row, panel


def substitute(expression, feature, rate_interval):
    """What Grafana would send with every variable at All, but for the one feature."""
    for name, value in (("$__rate_interval", rate_interval), ("$feature", feature), ("$job", ".+"), ("$instance", ".+"),
                        ("$model_name", ".+")):
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
    """Names of the queries without data, as "row / panel / query"."""
    url = url.rstrip("/")
    end = time.time()
    if feature is None:
        found = ask(url, "query", query='group by (feature) (model_feature_reference_ratio{role="feature"})')
        if not found:
            return ["no feature: model_feature_reference_ratio has no series"]
        feature = sorted(series["metric"]["feature"] for series in found)[0]
    empty = []
    for row, panel in panels():
        for target in panel["targets"]:
            name = f"{row} / {panel['title']} / {target['refId']}"
            count = finite_series(url, substitute(target["expr"], feature, rate_interval), end - seconds, end)
            say(f"{count:5d} series  {name}")
            if count == 0:
                empty.append(name)
    return empty


def unanswered(prometheus, seconds=120, rate_interval="10s"):
    """check() of a Prometheus that scrapes every second, given as the object that started it (services.Prometheus)."""
    return check(prometheus.url, seconds, rate_interval)


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
