"""Every query of the four dashboards has data, asked of a real Prometheus with this project's rules that scrapes a real
server with traffic, labels, failures, drift, GPUs, a broker, and a member of `drift watch`."""

import sys

import grpc
import pytest

from conftest import ROOT, features, mlp_request, x_request
from services import Prometheus, ServiceError
from support import alerting, protocol, repository, server
from support.watch import WatchMember

sys.path.insert(0, str(ROOT / "tests" / "deploy"))
import dashboard_queries  # noqa: E402  (the path is set above)

TOPIC = "dashboards"
LABELS = {"name": "truth", "prediction": "p_score", "error": "absolute_error", "time_limit": "5s"}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    monitor = {**repository.mlp_monitor(1.0), **{"sampling": repository.tiered({"gold": 1.0}, 1.0)}, "labels": LABELS}
    return repository.make(tmp_path_factory.mktemp("models") / "models", {"mlp": {"monitor": monitor}, "raising": {}})


@pytest.fixture(scope="module")
def served(start, broker, models, tmp_path_factory):
    return start(
        models,
        {"kafka": {"brokers": broker.bootstrap, "topic": TOPIC}},
        env=server.with_gpus(tmp_path_factory.mktemp("driver")),
    )


@pytest.fixture(scope="module")
def prometheus(served, broker, models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    send(served, 0)  # the first record makes the topic
    with WatchMember(folder / "watch", broker.bootstrap, TOPIC, models) as member:
        targets = [f"127.0.0.1:{port}" for port in (served.operations_port, member.port)]
        config = alerting.prometheus_files(folder, targets, window="30s")
        with Prometheus(folder, config) as running:
            yield running


def send(served, number):
    """A drifted request of each stratum, a label, and a request that fails."""
    label = protocol.message("driftserve.v1.Label")
    report = protocol.message("driftserve.v1.ReportLabelsRequest")
    with served.channel() as channel:
        infer = protocol.inference(channel).ModelInfer
        for tier in ("gold", "silver"):
            values = features(32, seed=number)
            values[:, 0] += 3
            infer(mlp_request(values, request_id=f"{number}-{tier}", parameters={"tier": tier}))
        labels = [label(request_id=f"{number}-gold", row=row, number=float(row % 4 == 0)) for row in range(32)]
        assert protocol.prediction(channel).ReportLabels(report(model_name="mlp", labels=labels)).accepted == len(
            labels
        )
        with pytest.raises(grpc.RpcError):
            infer(x_request("raising", -1.0))


def test_every_query_has_data(served, prometheus):
    numbers = iter(range(1, 10_000))

    def unanswered():
        for _ in range(10):
            send(served, next(numbers))
        return dashboard_queries.check(prometheus.url, seconds=120, rate_interval="10s")

    try:
        server.wait_until("answers", lambda: not unanswered(), seconds=90, interval=0.5)
    except ServiceError:
        assert unanswered() == []


def test_a_query_without_data_is_seen(prometheus, monkeypatch):
    monkeypatch.setattr(
        dashboard_queries, "queries", lambda: [("planted", 'no_such_metric{job=~"$job"}'), ("there", "up")]
    )
    assert dashboard_queries.check(prometheus.url, seconds=120, rate_interval="10s") == ["planted"]
