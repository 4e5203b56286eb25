"""The operations port and a real Prometheus that scrapes it."""

import http.client
import json
import socket
import time

import jsonschema
import numpy
import pytest

from conftest import ROOT, features, mlp_request, x_request
from services import Prometheus, prometheus_config
from support import alerting, protocol, repository, server

HALF_OPEN = 24
FEATURES = [f"f{i}" for i in range(8)]


@pytest.fixture(scope="module")
def served(start, tmp_path_factory):
    return start({"mlp": {"monitor": repository.mlp_monitor(1.0)}, "raising": {}},
                 env=server.with_gpus(tmp_path_factory.mktemp("driver")))


@pytest.fixture(scope="module")
def prometheus(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    rules = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
    config = prometheus_config([f"127.0.0.1:{served.operations_port}"], rule_files=rules)
    with Prometheus(folder, config) as running:
        yield running


def send(served, count, shift=0.0, rows=16, seed=0):
    with served.channel() as channel:
        for number in range(count):
            values = features(rows, seed=seed + number)
            values[:, 0] += shift
            protocol.inference(channel).ModelInfer(mlp_request(values))


def test_nothing_is_said_of_drift_before_there_is_traffic(served):
    assert served.metrics().select("model_feature_drift") == []


def test_model_feature_drift_appears_once_ready(served, prometheus):
    send(served, 400, shift=3.0)
    found = server.wait_until("model_feature_drift of every feature in Prometheus", lambda: (
        lambda result: result if len(result) >= 2 * len(FEATURES) else None)(
            prometheus.query('model_feature_drift{model_name="mlp",model_version="1"}')), seconds=60)
    value = {(r["metric"]["feature"], r["metric"]["drift_type"]): float(r["value"][1]) for r in found}
    assert {feature for feature, _ in value} >= set(FEATURES)
    assert value["f0", "psi"] > 1 and value["f0", "ks"] > 0.8
    assert value["f3", "psi"] < 0.1 and value["f3", "ks"] < 0.1


CONTRACT = {
    "model_feature_drift_threshold": {"feature": "f0", "drift_type": "psi", "level": "warn"},
    "model_feature_drift_p_value": {"feature": "f0", "drift_type": "psi"},
    "model_feature_drift_state": {"feature": "f0", "drift_type": "psi"},
    "model_feature_drift_bias_corrected": {"feature": "f0", "drift_type": "psi"},
    "model_feature_effective_samples": {"feature": "f0"},
    "model_feature_design_effect": {"feature": "f0"},
    "model_feature_missing_ratio": {"feature": "f0"},
    "model_prediction_drift": {"output": "p_score", "drift_type": "psi"},
    "model_drifted_features_ratio": {},
    "model_drift_state": {},
    "model_reference_info": {},
    "model_drift_last_evaluation_timestamp_seconds": {},
    "model_stratum_rows_total": {"stratum": "default", "outcome": "kept"},
    "model_feature_bin_observations_total": {"feature": "f0", "stratum": "default"},
    "model_feature_reference_ratio": {"feature": "f0"},
}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_gauges_of_the_contract(served, name):
    server.wait_until(name, lambda: served.metrics().select(name, model_name="mlp", **CONTRACT[name]), seconds=30)


def test_states_are_one_series_each(served):
    states = served.metrics().select("model_feature_drift_state", model_name="mlp", feature="f0", drift_type="psi")
    assert len(states) == len({tuple(sorted(labels.items())) for labels, _ in states}) > 1
    assert sum(value for _, value in states) == 1


def test_values_that_are_no_numbers_count_as_missing(served):
    values = features(64)
    values[:32, 5] = numpy.nan
    values[32:48, 5] = numpy.inf
    with served.channel() as channel:
        for _ in range(20):
            protocol.inference(channel).ModelInfer(mlp_request(values))
    server.wait_until("the missing share of f5", lambda: served.metrics().sum(
        "model_feature_missing_ratio", model_name="mlp", feature="f5") > 0.05, seconds=30)
    assert served.metrics().sum("model_feature_missing_ratio", model_name="mlp", feature="f4") == 0


def test_requests_are_counted_by_status(served):
    def count(**labels):
        return served.metrics().sum("driftserve_requests_total", method="ModelInfer", **labels)

    before = count(model_name="mlp", code="OK"), count(code="INVALID_ARGUMENT"), count(model_name="raising", code="INTERNAL")
    send(served, 3, rows=1)
    with served.channel() as channel:
        infer = protocol.inference(channel).ModelInfer
        for request in (protocol.infer_request("mlp", [("features", "FP32", [1, 7], bytes(28))]),
                        x_request("raising", -1.0)):
            with pytest.raises(server.grpc.RpcError):
                infer(request)
    after = count(model_name="mlp", code="OK"), count(code="INVALID_ARGUMENT"), count(model_name="raising", code="INTERNAL")
    assert tuple(b - a for a, b in zip(before, after)) == (3, 1, 1)


def test_histograms_of_serving(served):
    metrics = served.metrics()
    for name in ("driftserve_request_duration_seconds", "driftserve_queue_duration_seconds",
                 "driftserve_execute_duration_seconds", "driftserve_batch_rows"):
        count = metrics.sum(name + "_count", model_name="mlp")
        assert count > 0 and metrics.sum(name + "_bucket", model_name="mlp", le="+Inf") == count, name
    for name in ("driftserve_pending_requests", "driftserve_pending_bytes", "driftserve_model_ready", "driftserve_build_info"):
        assert metrics.select(name), name


def test_the_latency_rules_know_the_bounds_of_the_histogram(served):
    buckets = served.metrics().select("driftserve_request_duration_seconds_bucket", model_name="mlp")
    assert [labels["le"] for labels, _ in buckets] == [*alerting.PROMETHEUS["BOUNDS"], "+Inf"]


def test_histograms_count_every_request_once(served):
    """Requests and rows by their number; a refused request has a duration and never ran."""
    names = {"request": "driftserve_request_duration_seconds_count", "queue": "driftserve_queue_duration_seconds_count",
             "execute": "driftserve_execute_duration_seconds_count", "batches": "driftserve_batch_rows_count",
             "rows": "driftserve_batch_rows_sum"}

    def read():
        metrics = served.metrics()
        return {key: metrics.sum(name, model_name="mlp") for key, name in names.items()}

    before, seconds = read(), served.metrics().sum("driftserve_request_duration_seconds_sum", model_name="mlp")
    with served.channel() as channel:
        infer = protocol.inference(channel).ModelInfer
        for rows in (1, 2, 5):
            infer(mlp_request(features(rows)))
        with pytest.raises(server.grpc.RpcError):
            infer(mlp_request(features(1, width=3)))
    risen = {key: value - before[key] for key, value in read().items()}
    assert risen == {"request": 4, "queue": 3, "execute": 3, "batches": 3, "rows": 8}
    assert 0 < served.metrics().sum("driftserve_request_duration_seconds_sum", model_name="mlp") - seconds < 60


def test_gpus_of_the_machine(served):
    """As perf_analyzer --collect-metrics reads them; without a driver there are none (gpu_collector_test.cc)."""
    metrics = served.metrics()
    for name, value in (("nv_gpu_utilization", 0.75), ("nv_gpu_power_usage", 61.5), ("nv_gpu_memory_used_bytes", 400),
                        ("nv_gpu_memory_total_bytes", 1000)):
        assert metrics.select(name) == [({"gpu_uuid": "GPU-0"}, value), ({"gpu_uuid": "GPU-1"}, value)]


def test_promtool_finds_no_fault_in_a_scrape(served):
    import subprocess
    done = subprocess.run(["promtool", "check", "metrics"], input=served.metrics().text, capture_output=True, text=True, timeout=30)
    faults = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    assert not faults, faults


@pytest.mark.parametrize("path,status,part", [
    ("/livez", 200, ""), ("/readyz", 200, ""), ("/version", 200, "0.1.0"), ("/drift", 200, "f0"), ("/drift/mlp", 200, "<html"),
    ("/drift/nosuch", 404, "nosuch"), ("/nosuch", 404, "")])
def test_pages(served, path, status, part):
    found, text = served.get(path)
    assert found == status, text
    assert part in text


@pytest.mark.parametrize("path", ["/drift", "/drift/mlp.json"])
def test_drift_as_json(served, path):
    document = json.loads(served.get(path)[1])
    jsonschema.validate(document, json.loads((ROOT / "drift" / "report" / "report.schema.json").read_text()))
    assert [model["model_name"] for model in document["models"]] == ["mlp"]


def test_half_sent_requests_delay_nobody(served):
    """24 connections that begin a request and never end it, and others that say nothing at all."""
    held = []
    try:
        for number in range(HALF_OPEN):
            connection = socket.create_connection(("127.0.0.1", served.operations_port), timeout=5)
            if number % 4:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            held.append(connection)
        began = time.monotonic()
        for _ in range(5):
            assert served.get("/metrics", seconds=5)[0] == 200
        # Five scrapes behind any one of them would have to wait for its read timeout, a second.
        assert time.monotonic() - began < 1.0
    finally:
        for connection in held:
            connection.close()


def test_scrapes_are_never_compressed_with_brotli(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.operations_port, timeout=10)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "br, gzip"})
    answer = connection.getresponse()
    answer.read()
    assert answer.getheader("Content-Encoding") in (None, "gzip")
    connection.close()
