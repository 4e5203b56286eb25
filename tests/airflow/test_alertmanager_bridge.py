"""The bridge from Alertmanager to Airflow, against an Airflow that answers what a real one answers on a bad day."""

import json
import os
import socket
import sys
import threading
import urllib.error
import urllib.request

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "deploy", "airflow"), os.path.dirname(__file__)]
import alertmanager_bridge as bridge_program  # noqa: E402
from fake_airflow import FakeAirflow  # noqa: E402

CREATED = (200, {"dag_run_id": "made"})
WEBHOOKS = "driftserve_bridge_webhooks_total"
RETRIES = "driftserve_bridge_retries_total"


def alert(starts="2013-08-01T00:00:00.5Z", status="firing", model="flight_delay", name="ModelDrifted"):
    labels = {"alertname": name, "model_name": model}
    return {"status": status, "labels": labels, "startsAt": starts, "fingerprint": "f"}


def webhook(alerts=None, status="firing", group_key='{}:{model_name="flight_delay"}', **more):
    return json.dumps({"version": "4", "groupKey": group_key, "status": status,
                       "alerts": [alert()] if alerts is None else alerts, **more}).encode()


class Clock:
    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Case:
    """A bridge to `url` with a clock of its own."""

    def __init__(self, url, cooldown=3600, request_seconds=3.0):
        self.clock = Clock()
        self.counters = bridge_program.Counters()
        client = bridge_program.AirflowClient(url, "bridge", "secret", self.counters, request_seconds=request_seconds,
                                              monotonic=self.clock, sleep=self.clock.sleep)
        self.bridge = bridge_program.Bridge(client, self.counters, "drift_retraining", "flight_delay", cooldown,
                                            monotonic=self.clock)

    def send(self, body=None):
        return self.bridge.handle(webhook() if body is None else body)[0]

    def counted(self, outcome, reason=""):
        return self.counters.read(WEBHOOKS, outcome=outcome, reason=reason)


def test_a_firing_alert_starts_a_run():
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 200
        assert airflow.requests[0] == ("/auth/token", "", {"username": "bridge", "password": "secret"})
        path, token, body = airflow.requests[1]
        assert (path, token) == ("/api/v2/dags/drift_retraining/dagRuns", "token-1")
        assert body["logical_date"] is None and body["conf"] == {"alert": "ModelDrifted"}
        assert set(body) == {"dag_run_id", "logical_date", "conf"}
        assert case.counted("triggered") == 1


def test_a_repeated_webhook_has_the_same_run_id_and_409_is_success():
    with FakeAirflow([CREATED, (409, {"detail": "exists"})]) as airflow:
        case = Case(airflow.url)
        assert [case.send(), case.send()] == [200, 200]
        first, second = airflow.runs()
        assert first["dag_run_id"] == second["dag_run_id"]
        assert (case.counted("triggered"), case.counted("duplicate")) == (1, 1)


def test_the_run_id_is_that_of_the_first_alert_and_of_the_group():
    early, late = alert("2013-08-01T00:00:00Z"), alert("2013-08-01T02:00:00.25+02:00")
    assert bridge_program.run_id("a", [late, early]) == bridge_program.run_id("a", [early])
    assert bridge_program.run_id("a", [late]).startswith("alertmanager__20130801T000000.250000Z__")
    assert bridge_program.run_id("a", [early]) != bridge_program.run_id("b", [early])


@pytest.mark.parametrize("refusal", [401, 403])  # expired; signed with a key that a restart has changed
def test_a_token_that_is_no_longer_good_is_renewed_once(refusal):
    with FakeAirflow([CREATED]) as airflow:
        airflow.expired, airflow.refusal = {"token-1"}, refusal
        case = Case(airflow.url)
        assert case.send() == 200
        assert [path for path, _, _ in airflow.requests] == [
            "/auth/token", "/api/v2/dags/drift_retraining/dagRuns"] * 2
        assert case.counters.read(RETRIES, reason="token") == 1
        assert case.counted("triggered") == 1


@pytest.mark.parametrize("status, reason", [(401, "unauthorized"), (403, "http_403")])
def test_what_a_new_token_does_not_open_is_a_failure(status, reason):
    with FakeAirflow([(status, {})]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 503
        assert airflow.tokens == 2
        assert case.counted("failed", reason) == 1


def test_a_refused_password_is_a_failure_at_once():
    with FakeAirflow([CREATED], token_answers=[(401, {})]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 503
        assert len(airflow.requests) == 1
        assert case.counted("failed", "unauthorized") == 1


@pytest.mark.parametrize("answer", [(201, {}), (201, []), (201, {"access_token": 3})])
def test_an_answer_without_a_token_is_a_failure(answer):
    with FakeAirflow([CREATED], token_answers=[answer]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 503
        assert case.counted("failed", "unauthorized") == 1


@pytest.mark.parametrize("bad, reason", [((500, {}), "http_500"), ((503, {}), "http_503"), ((429, {}), "http_429"),
                                         ("close", "unreachable")])
def test_what_passes_is_tried_again(bad, reason):
    with FakeAirflow([bad, bad, CREATED]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 200
        assert case.counters.read(RETRIES, reason=reason) == 2
        assert case.clock.slept == [0.5, 1.0]
        assert case.counted("triggered") == 1


@pytest.mark.parametrize("bad, reason", [((500, {}), "http_500"), ("close", "unreachable")])
def test_what_does_not_pass_is_given_back_to_alertmanager(bad, reason):
    with FakeAirflow([bad]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 503
        assert len(airflow.runs()) == 3
        assert case.counted("failed", reason) == 1
        # Alertmanager's next try goes through: a failure starts no cooldown.
        airflow.answers[0] = CREATED
        assert case.send() == 200


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_airflow_refuses_is_not_tried_again(status):
    with FakeAirflow([(status, {"detail": "no"})]) as airflow:
        case = Case(airflow.url)
        assert case.send() == 503
        assert len(airflow.runs()) == 1
        assert case.counted("failed", f"http_{status}") == 1


def test_an_airflow_that_hangs_costs_its_time_and_no_more():
    with FakeAirflow(["hang"]) as airflow:
        case = Case(airflow.url, request_seconds=0.05)
        assert case.send() == 503
        assert case.counted("failed", "unreachable") == 1
        assert len(airflow.runs()) == 3


def test_no_request_is_begun_when_the_time_is_up():
    with FakeAirflow([(500, {})]) as airflow:
        case = Case(airflow.url)
        case.bridge._client._backoff_seconds = 5.0  # 5 s, then 10 s: of six
        assert case.send() == 503
        assert len(airflow.runs()) == 2
        assert case.clock.now <= 6


def test_an_airflow_that_is_down_is_a_failure():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        case = Case(f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert case.send() == 503
        assert case.counted("failed", "unreachable") == 1
        assert case.counters.read(RETRIES, reason="unreachable") == 2


def test_the_cooldown_holds_other_runs_back_and_ends():
    other = webhook([alert("2013-08-02T00:00:00Z")])
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url, cooldown=100)
        assert case.send() == 200
        assert case.send(other) == 200
        assert case.counted("ignored", "cooldown") == 1
        case.clock.now = 100
        assert case.send(other) == 200
        assert len(airflow.runs()) == 2
        assert case.counted("triggered") == 2


@pytest.mark.parametrize("body, reason", [
    (webhook(status="resolved"), "not_firing"),
    (webhook([alert(model="other")]), "other_model"),
    (webhook([alert(status="resolved")]), "other_model"),
    (webhook([]), "other_model"),
])
def test_what_is_not_for_a_retraining_is_ignored(body, reason):
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url)
        assert case.send(body) == 200
        assert airflow.requests == []
        assert case.counted("ignored", reason) == 1


@pytest.mark.parametrize("body", [
    b"", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"version": "3"}', b'{"version": "4"}',
    webhook(alerts={}), webhook([alert(starts="yesterday")]), webhook([alert(starts=None)]),
    webhook(group_key=3)])
def test_what_alertmanager_does_not_send_is_refused(body):
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url)
        assert case.send(body) == 400
        assert airflow.requests == []
        assert case.counted("refused", "bad_webhook") == 1


def test_a_webhook_that_must_wait_too_long_is_given_back():
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url)
        case.bridge._wait_seconds = 0.01
        with case.bridge._turn:
            assert case.send() == 503
        assert case.counted("failed", "busy") == 1


def get(url, data=None):
    try:
        with urllib.request.urlopen(url, data, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_over_http():
    with FakeAirflow([CREATED]) as airflow:
        case = Case(airflow.url)
        with bridge_program.Server(("127.0.0.1", 0), case.bridge, case.counters) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            url = f"http://127.0.0.1:{server.server_address[1]}"
            assert get(url + "/alerts", webhook())[0] == 200
            assert get(url + "/alerts", b"nonsense")[0] == 400
            assert get(url + "/elsewhere", webhook())[0] == 404
            assert get(url + "/healthz") == (200, "ok\n")
            assert get(url + "/elsewhere")[0] == 404
            status, metrics = get(url + "/metrics")
            server.shutdown()
    assert status == 200
    assert f'{WEBHOOKS}{{outcome="triggered",reason=""}} 1\n' in metrics
    assert f'{WEBHOOKS}{{outcome="refused",reason="bad_webhook"}} 1\n' in metrics


def test_a_body_that_is_too_large_is_refused_unread():
    case = Case("http://127.0.0.1:9")
    with bridge_program.Server(("127.0.0.1", 0), case.bridge, case.counters) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with socket.create_connection(server.server_address, timeout=5) as connection:
            connection.sendall(b"POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
            assert b" 413 " in connection.makefile("rb").readline()
        server.shutdown()
    assert case.counted("refused", "too_large") == 1


@pytest.mark.parametrize("change, says", [
    ({"--listen": "9095"}, "expected host:port, got '9095'"),
    ({"--listen": "127.0.0.1:99999"}, "expected host:port"),
    ({"--airflow": "airflow:8080"}, "expected http://"),
    ({"--password-file": "/nowhere"}, "/nowhere cannot be read"),
])
def test_wrong_options(tmp_path, capsys, change, says):
    (tmp_path / "password").write_text("secret\n")
    options = {"--airflow": "http://127.0.0.1:1", "--username": "bridge", "--password-file": str(tmp_path / "password")}
    right = bridge_program.parse_arguments([word for pair in options.items() for word in pair])
    assert right.password == "secret" and right.address == ("127.0.0.1", 9095)
    with pytest.raises(SystemExit):
        bridge_program.parse_arguments([word for pair in {**options, **change}.items() for word in pair])
    assert says in capsys.readouterr().err
