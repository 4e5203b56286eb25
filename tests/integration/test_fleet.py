"""Three replicas behind clients that balance as README.md says: rolling restarts, and drift of the whole fleet.

FLEET_ROUNDS says how often all replicas are restarted (2; `make fleet-test` 20 times).
"""

import json
import os
import re
import subprocess

import numpy
import pytest

from conftest import features, mlp_request, scores
from services import Prometheus
from support import alerting, protocol, repository, server
from support.fleet import Fleet, FleetTarget
from support.load import SteadyLoad

ROUNDS = int(os.environ.get("FLEET_ROUNDS", "2"))
REPLICAS = 3
MONITOR = repository.tiered_monitor({"gold": 1.0}, 1.0)
# Hours, so that no row leaves a window while the test runs.
MONITOR["window"] = {"length": "2h", "panes": 60, "evaluate_every": "500ms"}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return repository.make(tmp_path_factory.mktemp("models") / "models", {"mlp": {"monitor": MONITOR}})


def totals(fleet):
    """(answered, refused or failed) of every run of every replica, as each logged them when it stopped."""
    found = [
        tuple(map(int, match))
        for one in fleet.servers
        for match in re.findall(r"requests: (\d+) answered, (\d+) refused or failed", one.log_text())
    ]
    return len(found), sum(answered for answered, _ in found), sum(refused for _, refused in found)


def test_no_request_fails_while_all_replicas_are_restarted_in_turn(models, tmp_path):
    with Fleet(tmp_path, models, REPLICAS, {"shutdown": {"lame_duck_ms": 500}}) as fleet:
        with SteadyLoad(
            fleet, lambda number: mlp_request(features(1, seed=number), request_id=str(number)), threads=4
        ) as load:
            for _ in range(ROUNDS):
                for number, one in enumerate(fleet.servers):
                    server.wait_until(f"replica {number} to be asked", lambda: fleet.answered(number) > 0, seconds=60)
                    assert one.terminate_and_wait() == 0, one.log_tail()
                    one.start()
                    assert load.failures() == []
            for number in range(REPLICAS):
                server.wait_until(f"replica {number} to be asked again", lambda: fleet.answered(number) > 0, seconds=60)
    assert load.failed == [] and len(load.ok) > 100 * ROUNDS
    assert totals(fleet) == (REPLICAS * (ROUNDS + 1), len(load.ok), 0)


NAMES = [f"f{i}" for i in range(8)] + ["p_score"]


def send(one, number):
    """Rows of a replica with what it answered, and 1 for gold: [rows, 10]. `number`: how many, and how far moved."""
    sent = []
    with one.channel() as channel:
        call = protocol.inference(channel).ModelInfer
        for turn in range(40 * (number + 1)):
            gold = turn % 3 == 0
            values = features(32, seed=1000 * number + turn)
            values[:, :3] += 0.3 * number + 0.2 * gold
            reply = call(mlp_request(values, parameters={"tier": "gold" if gold else "silver"}))
            sent.append(numpy.column_stack([values, scores(reply), numpy.full(len(values), float(gold))]))
    return numpy.concatenate(sent)


def wait_for_zero(prometheus, replicas):
    """Until a scrape has found no row on as many replicas."""
    empty = 'sum by (instance) (model_stratum_rows_total{outcome="seen"}) == 0'
    server.wait_until("counters at 0", lambda: len(prometheus.query(empty)) == replicas, seconds=60)


def recorded(target, prometheus, rows):
    """{feature: PSI} that the rules recorded once they rest on all rows, undisturbed by extrapolation."""
    counted = 'model_feature:observations:increase{feature="f0"}'
    [one] = server.wait_until("a recorded figure", lambda: prometheus.query(f"timestamp({counted})"), seconds=30)
    target.moments = (float(one["value"][1]), 1.0)
    at = server.wait_until(
        "the figure of all rows",
        lambda: [moment for moment, value in prometheus.query(counted + "[30s]")[0]["values"] if float(value) == rows],
        seconds=60,
    )[0]
    psi = "model_feature:drift_psi:fleet"
    server.wait_until(
        "its last rule to be evaluated",
        lambda: {float(one["value"][1]) for one in prometheus.query(f"timestamp({psi})", at=at)} == {at},
        seconds=30,
    )
    return {one["metric"]["feature"]: float(one["value"][1]) for one in prometheus.query(psi, at=at)}


def report_of(rows, models, folder):
    """{name: feature} of what `drift report` says of rows; the last column is left out."""
    numpy.savetxt(folder / "rows.csv", rows[:, :-1], fmt="%.9g", delimiter=",", header=",".join(NAMES), comments="")
    subprocess.run(
        [
            server.program("drift"),
            "report",
            "--reference",
            models / "mlp" / "1" / "reference.pb",
            "--monitor",
            models / "mlp" / "monitor.yaml",
            "--current",
            folder / "rows.csv",
            "--json",
            folder / "report.json",
            "--quiet",
        ],
        check=True,
        timeout=120,
    )
    [model] = json.loads((folder / "report.json").read_text())["models"]
    return {feature["name"]: feature for feature in model["features"]}


def shares(feature, key):
    """Shares of a feature's bins in a report, 0 where a bin was empty."""
    return numpy.array([one.get(key) or 0.0 for one in feature["bins"]])


def psi_of_union(whole, parts):
    """PSI of a feature with the smoothing of drift/psi.h, at the effective samples of the model form (drift/README.md):
    counters know no bursts. `whole`, `parts`: the feature in the reports of all rows and of each stratum."""
    p, q = shares(whole, "reference_share"), shares(whole, "current_share")
    used = (p > 0) | (q > 0)
    rows = whole["kept_rows"]
    reference = (p[used] * repository.REFERENCE_ROWS + 0.5) / (repository.REFERENCE_ROWS + used.sum() / 2)
    within, mix = 0.0, -(q**2)
    for part in parts:
        f, weight = shares(part, "current_share"), part["kept_rows"] / rows
        within = within + weight**2 * f * (1 - f) / (part["kept_rows"] - 1)
        mix = mix + weight * f**2
    variance = (within + mix / rows)[used]
    effective = (q * (1 - q))[used] @ (1 / reference) / (variance @ (1 / reference))
    current = (q[used] * effective + 0.5) / (effective + used.sum() / 2)
    return float((current - reference) @ numpy.log(current / reference))


def test_fleet_psi_is_that_of_all_rows_together(models, tmp_path):
    with Fleet(tmp_path, models, REPLICAS) as fleet, FleetTarget(fleet) as target:
        config = alerting.prometheus_files(tmp_path / "prometheus", [target.address], window="10m")
        config = config.replace("- job_name: driftserve", "- job_name: driftserve\n    honor_labels: true")
        with Prometheus(tmp_path / "prometheus", config) as prometheus:
            wait_for_zero(prometheus, REPLICAS)
            rows = [send(one, number) for number, one in enumerate(fleet.servers)]
            recorded(target, prometheus, sum(map(len, rows)))
            # A replica begins anew in between: its counters fall to 0, and what it counted before stays in the fleet's.
            fleet.servers[0].restart()
            wait_for_zero(prometheus, 1)
            rows.append(send(fleet.servers[0], REPLICAS))
            found = recorded(target, prometheus, sum(map(len, rows)))
    rows = numpy.concatenate(rows)
    report = report_of(rows, models, tmp_path)
    strata = [report_of(rows[rows[:, -1] == gold], models, tmp_path) for gold in (0, 1)]
    assert set(found) == set(NAMES) == set(report)
    for name, whole in report.items():
        expected = psi_of_union(whole, [stratum[name] for stratum in strata])
        assert abs(found[name] - expected) < 1e-6, f"{name}: {found[name]} by the rules, {expected} of all rows"
        # The library knows the rows' order, too, and smooths by it.
        assert found[name] == pytest.approx(whole["measures"][0]["value"], rel=0.02)
