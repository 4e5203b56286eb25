"""Labels that come later, over gRPC: what becomes of each, and concept drift where they are flipped and only there."""

import collections
import itertools
import json
import shutil
import time

import numpy
import pytest

from support import protocol, repository, server

WIDTH = 50
COUNTED = ("joined", "unknown", "repeated", "late", "from_future", "wrong_type", "dropped")
MONITOR = {
    "features": [{"name": "x", "input": "INPUT__0", "column": 0, "type": "numeric"}],
    # The model returns its input: the prediction is what is sent, here the probability of a label 1.
    "predictions": [{"name": "p", "output": "OUTPUT__0", "column": 0, "type": "numeric"}],
    "labels": {"name": "truth", "prediction": "p", "error": "zero_one", "time_limit": "1h"},
    "sampling": {"default_rate": 1.0},
    "window": {"length": "60s", "panes": 60, "evaluate_every": "200ms"},
    "decision": {"observation_period": "0s"},
}

Label = protocol.message("driftserve.v1.Label")
Request = protocol.message("driftserve.v1.ReportLabelsRequest")


class Client:
    """Predicts and reports; request ids are never used twice."""

    ids = (f"id-{number}" for number in itertools.count())

    def __init__(self, served):
        self.served = served
        channel = served.channel()
        self.infer = protocol.inference(channel).ModelInfer
        self.report_labels = protocol.prediction(channel).ReportLabels

    def send(self, probabilities, request_id, version=""):
        values = numpy.zeros((len(probabilities), WIDTH), "<f4")
        values[:, 0] = probabilities
        inputs = [("INPUT__0", "FP32", list(values.shape), values.tobytes())]
        request = protocol.infer_request("wide", inputs, request_id=request_id)
        request.model_version = version
        return self.infer(request, timeout=60)

    def predict(self, *probabilities, request_id=None):
        request_id = request_id or next(self.ids)
        self.send(probabilities, request_id)
        return request_id

    def predict_by(self, request_id, version=""):
        """The version that answers."""
        return self.send([0.9], request_id, version).model_version

    def report(self, *labels):
        return self.report_labels(Request(model_name="wide", labels=labels), timeout=60)

    def counts(self):
        metrics = self.served.metrics()
        return {name: metrics.sum("driftserve_labels_total", model_name="wide", outcome=name) for name in COUNTED}

    def moves(self, before, **by):
        """Waits until each of the counters has grown by so many, then sees that no other has."""
        expected = {name: before[name] + by.get(name, 0) for name in COUNTED}
        server.wait_until(f"label counters {by}", lambda: self.counts() == expected or None, seconds=30)

    def state(self, detector="all"):
        found = [labels["state"] for labels, value in self.served.metrics().select(
            "model_concept_drift_state", model_name="wide", detector=detector) if value == 1]
        return found[0] if found else None


@pytest.fixture(scope="module")
def client(start):
    client = Client(start({"wide": {"monitor": MONITOR}}))
    server.wait_until("the first evaluation", client.state)
    return client


def test_a_label_joins_its_prediction_by_id_and_row(client):
    before = client.counts()
    request_id = client.predict(0.9, 0.1)
    reply = client.report(Label(request_id=request_id, row=0, number=1), Label(request_id=request_id, row=1, number=0))
    assert (reply.accepted, reply.first_refused) == (2, "")
    client.moves(before, joined=2)


def test_the_same_label_again_is_repeated(client):
    before = client.counts()
    request_id = client.predict(0.9)
    for _ in range(2):
        client.report(Label(request_id=request_id, number=1))
    client.moves(before, joined=1, repeated=1)


def test_a_label_of_what_was_never_predicted_is_unknown(client):
    before = client.counts()
    request_id = client.predict(0.9)
    client.report(Label(request_id="never", number=1), Label(request_id=request_id, row=1, number=1))
    client.moves(before, unknown=2)


def test_a_label_may_come_before_its_prediction(client):
    before = client.counts()
    client.report(Label(request_id="early", number=1))
    client.predict(0.9, request_id="early")
    client.moves(before, joined=1)


def test_a_label_from_the_future_is_refused(client):
    before = client.counts()
    request_id = client.predict(0.9)
    label = Label(request_id=request_id, number=1)
    label.observed_at.FromSeconds(int(time.time()) + 3600)
    reply = client.report(label)
    assert (reply.accepted, reply.from_future) == (0, 1)
    assert "ahead of this server's clock" in reply.first_refused
    client.moves(before, from_future=1)


def test_a_label_of_another_type_is_refused(client):
    before = client.counts()
    request_id = client.predict(0.9)
    reply = client.report(Label(request_id=request_id, text=b"yes"), Label(request_id=request_id, number=1))
    assert (reply.accepted, reply.wrong_type) == (1, 1)
    assert reply.first_refused == "labels[0]: expected a number, got a text"
    client.moves(before, wrong_type=1, joined=1)


def test_a_label_that_no_error_can_be_made_of_is_of_the_wrong_type(client):
    before = client.counts()
    client.report(Label(request_id=client.predict(0.9), number=17))
    client.moves(before, wrong_type=1)


def test_a_label_after_the_time_limit_is_late(start):
    overrides = {"wide": {"labels": {"time_limit": "1ms"}}}
    client = Client(start({"wide": {"monitor": MONITOR}}, {"monitor_overrides": overrides}))

    def late():
        client.report(Label(request_id=client.predict(0.9), number=1))
        return client.counts()["late"] > 0 or None

    server.wait_until("a label that is more than a millisecond late", late)


def test_labels_for_no_model_are_counted_too(client):
    import grpc
    with pytest.raises(grpc.RpcError):
        client.report_labels(Request(model_name="nothing", labels=[Label(request_id="a", number=1)]), timeout=60)
    assert client.served.metrics().sum("driftserve_labels_total", outcome="unknown_model") == 1


def play(client, requests, wrong):
    """Requests of 32 rows whose labels follow; a share `wrong` of the predictions is not met."""
    for number in range(requests):
        rows = numpy.arange(32)
        truth = (rows + number) % 4 == 0
        right = (rows * 7919 + number * 104729) % 100 >= 100 * wrong
        request_id = client.predict(*numpy.where(truth == right, 0.9, 0.1))
        client.report(*(Label(request_id=request_id, row=int(row), number=float(truth[row])) for row in rows))


def test_concept_drift_is_found_where_labels_are_flipped_and_only_there(start):
    client = Client(start({"wide": {"monitor": MONITOR}}))
    play(client, 60, 0.05)
    server.wait_until("a verdict", lambda: client.state() == "stable" or None)
    server.wait_until("label drift", lambda: client.served.metrics().select("model_label_drift", label="truth") or None)
    assert client.state("adwin") == "stable"
    play(client, 60, 0.95)
    server.wait_until("concept drift", lambda: client.state() == "drifted" or None)
    metrics = client.served.metrics()
    assert metrics.sum("model_concept_drift_alarms_total", detector="adwin") >= 1
    assert 0.1 < metrics.sum("model_prediction_error", error="zero_one") < 0.9
    assert metrics.select("model_label_lag_seconds", quantile="0.5")

    def all_joined():
        concept = json.loads(client.served.get("/drift")[1])["models"][0]["concept_drift"]
        return concept if concept["labels_joined"] == 120 * 32 else None

    assert server.wait_until("every label in /drift", all_joined)["state"] == "drifted"
    assert "concept drift was" in client.served.log_text()


def test_a_canary_gets_its_share_of_the_requests_and_the_labels_of_those(start, tmp_path):
    models = repository.make(tmp_path / "models", {"wide": {"monitor": MONITOR}})
    shutil.copytree(models / "wide" / "1", models / "wide" / "2")
    config = models / "wide" / "config.pbtxt"
    config.write_text(config.read_text() + 'parameters { key: "CANARY_SHARE" value { string_value: "0.25" } }\n')
    served = start(models)
    client = Client(served)
    ids = [f"request-{number}" for number in range(200)]
    answered = {request_id: client.predict_by(request_id) for request_id in ids}
    shares = collections.Counter(answered.values())
    assert set(shares) == {"1", "2"} and 30 <= shares["2"] <= 70
    assert answered == {request_id: client.predict_by(request_id) for request_id in ids}, "the same ones again"
    assert client.predict_by("request-0", version="1") == "1" and client.predict_by("request-0", version="2") == "2"

    reply = client.report(*(Label(request_id=request_id, number=1) for request_id in ids))
    assert (reply.accepted, reply.first_refused) == (200, "")
    server.wait_until("every label joined with the version that answered", lambda: {
        version: served.metrics().sum("driftserve_labels_total", model_version=version, outcome="joined")
        for version in ("1", "2")} == dict(shares) or None, seconds=30)
