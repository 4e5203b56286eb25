"""SIGTERM: not ready first, accepted requests answered, records flushed within the budget, exit code 0."""

import collections
import re
import time

import grpc

from conftest import features, mlp_request, x_request
from support import kafka, protocol, repository, server
from support.load import SteadyLoad


def mlp(number):
    return mlp_request(features(1, seed=number), request_id=str(number))


def totals(served):
    """(answered, refused or failed), as the server logs them when it has stopped."""
    return tuple(map(int, re.search(r"requests: (\d+) answered, (\d+) refused or failed", served.log_text()).groups()))


def test_no_accepted_request_fails(start, broker):
    """Accepted means that the server read the request. All that it read it answered, each answer arrived, and each is
    recorded in Kafka under its id. What it did not read gRPC ends as UNAVAILABLE, or as CANCELLED where the request
    reached the transport in the very moment of the shutdown: no reply of ours. Such a call, which gRPC holds, is
    not waited for: the budget is longer here than the callers' deadline, and none of them runs into it."""
    served = start({"mlp": {"monitor": repository.mlp_monitor(1.0)}},
                   {"kafka": {"brokers": broker.bootstrap, "topic": "sigterm"},
                    "shutdown": {"lame_duck_ms": 300, "drain_timeout_ms": 600_000}})
    with SteadyLoad(served, mlp, threads=16) as load:
        server.wait_until("load", lambda: load.answered() > 1000)
        assert served.terminate_and_wait() == 0, served.log_tail()
    assert {code for _, code, _ in load.failures()} <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert totals(served) == (len(load.ok), 0)
    recorded = {record.request_id for record in kafka.records(broker.bootstrap, "sigterm")}
    assert recorded == set(load.ok)


def test_slow_requests_that_were_accepted_are_answered(start):
    served = start({"slow": {}})
    with served.channel() as channel:
        calls = [protocol.inference(channel).ModelInfer.future(x_request("slow", 1.0), timeout=60) for _ in range(400)]
        server.wait_until("requests to wait in the queue", lambda: served.metrics().sum("driftserve_pending_requests") > 20)
        assert served.terminate_and_wait() == 0
        codes = collections.Counter(call.code() for call in calls)
    assert totals(served) == (codes[grpc.StatusCode.OK], 0)
    assert codes[grpc.StatusCode.OK] > 20
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


def test_not_ready_comes_first(start):
    served = start({"mlp": {}}, {"shutdown": {"lame_duck_ms": 5000}})
    with served.channel() as channel:
        watch = protocol.health(channel).Watch(protocol.message("grpc.health.v1.HealthCheckRequest")(), timeout=60)
        assert next(watch).status == 1
        served.process.terminate()
        assert next(watch).status == 2
        server.wait_until("/readyz to say no", lambda: served.get("/readyz")[0] == 503)
        assert served.get("/livez")[0] == 200
        assert not protocol.inference(channel).ServerReady(protocol.message("inference.ServerReadyRequest")()).ready
        assert protocol.inference(channel).ModelInfer(mlp(0)).raw_output_contents
    assert served.process.wait(60) == 0


def test_a_run_that_does_not_end_takes_no_record_with_it(tmp_path, broker):
    """What was sampled before is on the topic, the exit code says that it was no clean shutdown, and the log why."""
    models = repository.make(tmp_path / "models", {"mlp": {"monitor": repository.mlp_monitor(1.0)}, "spinning": {}})
    served = server.DriftServer(tmp_path, models, {
        "kafka": {"brokers": broker.bootstrap, "topic": "stuck"}, "scheduling": {"watchdog_ms": 200},
        "shutdown": {"drain_timeout_ms": 100}})
    with served, served.channel() as channel:
        stub = protocol.inference(channel)
        for number in range(50):
            stub.ModelInfer(mlp(number))
        spinning = stub.ModelInfer.future(x_request("spinning", 600_000.0))
        server.wait_until("the watchdog", lambda: "has not returned" in served.log_text())
        assert served.terminate_and_wait(60) == 70, served.log_tail()
        assert not spinning.done() or spinning.code() != grpc.StatusCode.OK
    assert re.search("ending with exit code 70: .*shutdown.drain_timeout_ms: model 'spinning'", served.log_text())
    assert {record.request_id for record in kafka.records(broker.bootstrap, "stuck")} == set(map(str, range(50)))
    assert "requests: 50 answered, 0 refused or failed; records: 50 sampled, 50 acknowledged, 0 dropped" in \
        served.log_text(), served.log_text()


def test_a_broker_that_is_away_does_not_hold_it_up(start):
    budget_ms = 1000
    served = start({"mlp": {"monitor": repository.mlp_monitor(1.0)}},
                   {"kafka": {"brokers": f"127.0.0.1:{server.free_port()}", "flush_timeout_ms": budget_ms},
                    "shutdown": {"drain_timeout_ms": budget_ms}})
    with served.channel() as channel:
        for number in range(50):
            protocol.inference(channel).ModelInfer(mlp(number))
    server.wait_until("records", lambda: served.metrics().records()["sampled"] == 50)
    began = time.monotonic()
    assert served.terminate_and_wait(30) == 0
    assert time.monotonic() - began < 2 * budget_ms / 1000 + 5
    assert "50 sampled" in served.log_text() and "50 dropped" in served.log_text(), served.log_text()


def test_sigint_is_the_same(start):
    served = start({"mlp": {}})
    served.process.send_signal(2)
    assert served.process.wait(30) == 0
