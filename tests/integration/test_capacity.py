"""deploy/CAPACITY.md's numbers of bytes and series, against what a server says and a broker holds."""

import re

import numpy
import pytest

from conftest import ROOT
from support import kafka, protocol, repository, server

FEATURES = 8
STRATA = ("gold", "default")
PAGE = (ROOT / "deploy" / "CAPACITY.md").read_text()
TOPIC = "capacity"


def number(pattern):
    """The one number that the page has where the pattern has its group."""
    [found] = re.findall(pattern, PAGE)
    return int(found)


@pytest.fixture(scope="module")
def served(start, broker):
    monitor = repository.wide_monitor(FEATURES, ["gold"])
    running = start({"wide": {"monitor": monitor}}, {"kafka": {"brokers": broker.bootstrap, "topic": TOPIC}})
    with running.channel() as channel:
        for turn in range(60):
            values = numpy.random.default_rng(turn).normal(size=(64, 50)).astype("<f4")
            parameters = {"tier": "gold"} if turn % 2 else {}
            request = protocol.infer_request(
                "wide", [("INPUT__0", "FP32", [64, 50], values.tobytes())], parameters=parameters
            )
            protocol.inference(channel).ModelInfer(request)
    return running


def test_series_of_a_watched_model(served):
    judged = (FEATURES + 1) * 2 * len(STRATA)
    server.wait_until(
        "every stratum to be judged",
        lambda: (
            len(
                served.metrics().select("model_feature_stratum_drift")
                + served.metrics().select("model_prediction_stratum_drift")
            )
            == judged
        ),
        seconds=60,
    )
    each, a_stratum, once, fixed = map(
        int, re.search(r"F × \((\d+) \+ (\d+) × S\) \+ (\d+) × S \+ (\d+)", PAGE).groups()
    )
    expected = (FEATURES + 1) * (each + a_stratum * len(STRATA)) + once * len(STRATA) + fixed
    metrics = served.metrics()
    assert sum(name.startswith("model_") for name, _, _ in metrics.samples) == expected
    of_server = [labels for name, labels, _ in metrics.samples if name.startswith("driftserve_")]
    of_model = sum(labels.get("model_name") == "wide" for labels in of_server)
    for found, words in (
        (len(of_server), r"has (\d+) to (\d+)\s+more, named"),
        (of_model, r"each further model (\d+) to (\d+)"),
    ):
        least, most = map(int, re.search(words, PAGE).groups())
        assert least <= found <= most


def test_bytes_of_a_record(served, broker):
    server.wait_until(
        "every record to be acknowledged",
        lambda: (lambda counts: counts["acknowledged"] == counts["sampled"] > 0)(served.metrics().records()),
        seconds=60,
    )
    messages = kafka.consume(broker.bootstrap, TOPIC)
    names = [f"f{number}" for number in range(FEATURES)] + ["p_score"]
    values = number(r"without its features \| (\d+)") + sum(
        number(r"beside its name \| (\d+)") + len(name) for name in names
    )
    mean = sum(len(value) for _, _, value in messages) / len(messages)
    assert mean == pytest.approx(values, rel=0.05)
    around = sum(
        len(key) + sum(len(name) + len(text) for name, text in headers.items()) for key, headers, _ in messages
    )
    assert around / len(messages) == pytest.approx(number(r"headers and key \| (\d+)"), rel=0.05)
