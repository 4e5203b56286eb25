"""Drifted traffic to a real server → rules in a real Prometheus → a real Alertmanager with this project's routes → a
mail and a Slack message. The tests are steps of one story and run in this order."""

import dataclasses
import re

import numpy
import pytest

from conftest import features, mlp_request, x_request
from services import Alertmanager, Prometheus, http_get
from support import alerting, protocol, repository, server
from support.sinks import MailSink, SlackSink

OWNERS, OPERATORS = "model-owners@example.org", "operators@example.org"
DECISION = {"decision": {"observation_period": "6s"}, "sampling": {"default_rate": 1.0}}
MODELS = {
    "mlp": {"monitor": repository.numeric_monitor(8, **DECISION)},
    "wide": {"monitor": repository.numeric_monitor(4, ("INPUT__0", "OUTPUT__0"), **DECISION)},
    "spinning": {"monitor": repository.numeric_monitor(1, ("x", "y"), **DECISION)},
}


@dataclasses.dataclass
class Stack:
    served: server.DriftServer
    prometheus: Prometheus
    alertmanager: Alertmanager
    mail: MailSink
    slack: SlackSink

    def mails(self, words):
        """(recipients, subject, text) of every mail that says `words`."""
        found = []
        for recipients, message in self.mail.received():
            text = message.get_body(("plain",)).get_content()
            if words in text:
                found.append((recipients, message["Subject"], text))
        return found

    def posts(self, words):
        return [body for body in self.slack.received() if words in body["attachments"][0]["text"]]

    def alert(self, name, model):
        """The alerts of that name and model that Alertmanager knows: labels, fingerprint, status."""
        return [
            alert
            for alert in self.alertmanager.alerts()
            if alert["labels"]["alertname"] == name and alert["labels"].get("model_name") == model
        ]

    def send_failures(self):
        text = http_get(self.prometheus.url + "/metrics")[1]
        return sum(map(float, re.findall(r"^prometheus_notifications_errors_total\{.*\} (\S+)$", text, re.M)))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alerts")
    models = repository.make(folder / "models", MODELS)
    served = server.DriftServer(folder / "served", models, {"scheduling": {"watchdog_ms": 200}})
    with MailSink() as mail, SlackSink(refuse=1) as slack:
        alerting.alertmanager_files(folder / "alertmanager", mail, slack)
        alertmanager = Alertmanager(folder / "alertmanager")
        config = alerting.prometheus_files(
            folder / "prometheus", [f"127.0.0.1:{served.operations_port}"], alertmanagers=[alertmanager.address]
        )
        # What could not be sent is sent again after a minute by default.
        prometheus = Prometheus(folder / "prometheus", config, flags=["--rules.alert.resend-delay=1s"])
        with alertmanager, prometheus, served:
            yield Stack(served, prometheus, alertmanager, mail, slack)
            served.kill()  # a run that hangs would be waited for


def send(served, requests):
    with served.channel() as channel:
        for request in requests:
            protocol.inference(channel).ModelInfer(request)


def drifted_mlp(number):
    """Only the first of eight features has moved."""
    values = features(16, seed=number)
    values[:, 0] += 3
    return mlp_request(values)


def drifted_wide(number):
    values = features(16, seed=number, width=50) + numpy.float32(3)
    return protocol.infer_request("wide", [("INPUT__0", "FP32", [16, 50], values.tobytes())])


def drifted_spinning(_):
    return protocol.infer_request("spinning", [("x", "FP32", [8, 1], numpy.full((8, 1), 3, "<f4").tobytes())])


def test_nobody_hears_of_drift_in_the_observation_period(stack):
    send(stack.served, map(drifted_mlp, range(200)))
    server.wait_until("a mail about the feature", lambda: stack.mails("Feature f0 of mlp has drifted"), seconds=60)
    of_f0 = 'model_name="mlp", feature="f0", drift_type="psi"'
    observing = stack.prometheus.query(
        f'max_over_time(timestamp(model_feature_drift_state{{{of_f0}, state="observing"}} == 1)[5m:1s])'
    )
    last_observed = float(observing[0]["value"][1])
    above = stack.prometheus.query(
        f'model_feature_drift{{{of_f0}}} > on () model_feature_drift_threshold{{{of_f0}, level="alert"}}',
        at=last_observed,
    )
    assert len(above) == 1, "there was something to tell of already"
    alerts = stack.prometheus.query('min_over_time(timestamp(ALERTS{model_name="mlp"})[5m:1s])')
    assert alerts and min(float(one["value"][1]) for one in alerts) > last_observed


def test_the_mail_and_the_message_say_what_where_and_what_to_do(stack):
    recipients, subject, text = stack.mails("Feature f0 of mlp has drifted")[0]
    assert recipients == [OWNERS]
    assert subject.startswith("[FIRING") and "mlp" in subject
    assert "https://runbooks.example/driftserve/ModelFeatureDrifted.md" in text
    assert f"{stack.served.operations}/drift/mlp" in text
    for kind in ("psi", "ks"):
        assert f"{kind} of feature f0 of model mlp" in text, "one mail of all that is grouped"
    assert "Feature f3" not in text
    post = server.wait_until("the Slack message", lambda: stack.posts("Feature f0 of mlp has drifted"), seconds=30)[0]
    assert post["channel"] == "#models" and "ModelFeatureDrifted.md" in post["attachments"][0]["text"]
    assert stack.slack.refused() == 1, "answered 500 once, and posted again"


def test_a_drifted_model_holds_back_its_drifted_features(stack):
    send(stack.served, map(drifted_wide, range(200)))
    server.wait_until("the mail", lambda: stack.mails("wide is asked about other data"), seconds=60)
    server.wait_until("the Slack message", lambda: stack.posts("wide is asked about other data"), seconds=60)
    [model] = stack.alert("ModelDrifted", "wide")
    server.wait_until(
        "every feature's alert",
        lambda: (
            {alert["labels"]["feature"] for alert in stack.alert("ModelFeatureDrifted", "wide")}
            == {"f0", "f1", "f2", "f3"}
        ),
    )
    held = stack.alert("ModelFeatureDrifted", "wide")
    assert all(model["fingerprint"] in alert["status"]["inhibitedBy"] for alert in held)
    for kind in ("psi", "ks"):
        words = f"{kind} of feature f0 of model wide"
        assert stack.mails(words) == [] and stack.posts(words) == []
    # Another model's are not held, nor is this one's drift of predictions.
    assert not any(alert["status"]["inhibitedBy"] for alert in stack.alert("ModelFeatureDrifted", "mlp"))
    server.wait_until("the predictions' mail", lambda: stack.mails("The predictions of wide have drifted"))


def test_what_fires_while_alertmanager_is_away_arrives_when_it_is_back(stack):
    assert stack.alertmanager.stop() == 0
    before = stack.send_failures()
    send(stack.served, map(drifted_spinning, range(120)))
    server.wait_until(
        "the alert to fire",
        lambda: stack.prometheus.query('ALERTS{alertname="ModelDrifted", model_name="spinning", alertstate="firing"}'),
        seconds=60,
    )
    server.wait_until("Prometheus to fail to send", lambda: stack.send_failures() > before, seconds=30)
    told_of_mlp = len(stack.mails("Feature f0 of mlp has drifted"))
    assert stack.mails("spinning is asked about other data") == []
    stack.alertmanager.start()
    server.wait_until("the mail", lambda: stack.mails("spinning is asked about other data"), seconds=60)
    server.wait_until("the Slack message", lambda: stack.posts("spinning is asked about other data"), seconds=60)
    assert len(stack.mails("Feature f0 of mlp has drifted")) == told_of_mlp, "it remembers what it has told"


def test_a_model_that_is_not_ready_holds_back_its_drift(stack):
    [drifted] = stack.alert("ModelDrifted", "spinning")
    assert drifted["status"]["inhibitedBy"] == [] and stack.alert("ModelNotReady", "spinning") == []
    with stack.served.channel() as channel:
        call = protocol.inference(channel).ModelInfer.future(x_request("spinning", 600_000.0))  # minutes
        [not_ready] = server.wait_until(
            "the model to be not ready", lambda: stack.alert("ModelNotReady", "spinning"), 60
        )
        [drifted] = stack.alert("ModelDrifted", "spinning")
        assert not_ready["fingerprint"] in drifted["status"]["inhibitedBy"]
        assert not any(alert["status"]["inhibitedBy"] for alert in stack.alert("ModelDrifted", "wide"))
        [(recipients, subject, _)] = server.wait_until("the mail", lambda: stack.mails("spinning is not ready"), 60)
        assert recipients == [OPERATORS] and "critical: spinning ModelNotReady" in subject
        assert (
            server.wait_until("the message", lambda: stack.posts("spinning is not ready"), 60)[0]["channel"]
            == "#operators"
        )
        call.cancel()


def test_a_server_that_died_is_told_of_at_once(stack):
    stack.served.kill()
    [(recipients, subject, text)] = server.wait_until("the mail", lambda: stack.mails("cannot be scraped"), 60)
    assert recipients == [OPERATORS] and subject.startswith("[FIRING 1] critical: DriftserveDown on 127.0.0.1:")
    assert "DriftserveDown.md" in text
