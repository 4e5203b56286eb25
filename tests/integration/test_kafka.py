"""What reaches Kafka, counted again by another consumer, through a crash of the broker and without one."""

import collections
import math

import numpy
import pytest
import xxhash

from conftest import features, mlp_request
from support import kafka, protocol, repository, server
from support.load import SteadyLoad

RATES = {"gold": 1.0, "silver": 0.5}
DEFAULT_RATE = 0.1
TIERS = ("gold", "silver", "bronze")


def tiered_request(number):
    return mlp_request(features(4, seed=number), request_id=f"id-{number}", parameters={"tier": TIERS[number % 3]})


def trace_context(number):
    """Every third request is part of a trace."""
    return [("traceparent", f"00-{number + 1:032x}-b7ad6b7169203331-01")] if number % 9 < 3 else []


def at_rest(served):
    """Waits until no record is in flight and nothing is left in the tap; the counts then."""
    last = []

    def still():
        last.append(served.metrics().records())
        return last[-1]["in_flight"] == 0 and len(last) > 3 and all(counts == last[-1] for counts in last[-4:]) and last[-1]

    return server.wait_until("every record to be acknowledged or dropped", still, seconds=90, interval=0.2)


def assert_conserved(counts):
    assert counts["sampled"] == counts["acknowledged"] + counts["in_flight"] + counts["dropped"], counts


@pytest.fixture(scope="module")
def tiers(start, broker):
    """A server that sampled 900 requests of four rows, in three tiers, and its topic."""
    served = start({"mlp": {"monitor": repository.tiered_monitor(RATES, DEFAULT_RATE)}},
                   {"kafka": {"brokers": broker.bootstrap, "topic": "tiers"}})
    with served.channel() as channel:
        call = protocol.inference(channel).ModelInfer
        replies = {f"id-{n}": call(tiered_request(n), metadata=trace_context(n)) for n in range(900)}
    counts = at_rest(served)
    return served, counts, replies, kafka.consume(broker.bootstrap, "tiers")


def parsed(messages):
    parse = protocol.message("driftserve.v1.Record").FromString
    return [parse(value) for _, _, value in messages]


def test_records_in_kafka_are_the_records_sampled(tiers):
    _, counts, _, messages = tiers
    assert_conserved(counts)
    assert counts["dropped"] == 0
    assert len(messages) == counts["sampled"] == counts["acknowledged"] > 0
    kafka.assert_each_once(parsed(messages))


def test_inclusion_probabilities_and_shares(tiers):
    served, _, _, messages = tiers
    kept = collections.Counter(record.stratum for record in parsed(messages))
    for stratum, rate in (*RATES.items(), ("default", DEFAULT_RATE)):
        assert {r.inclusion_probability for r in parsed(messages) if r.stratum == stratum} == {rate}
        rows = 300 * 4
        assert abs(kept[stratum] - rows * rate) <= 4 * math.sqrt(rows * rate * (1 - rate)), (stratum, kept)
        metrics = served.metrics()
        assert metrics.sum("model_stratum_rows_total", model_name="mlp", stratum=stratum, outcome="seen") == rows
        assert metrics.sum("model_stratum_rows_total", model_name="mlp", stratum=stratum, outcome="kept") == kept[stratum]


def test_a_record_says_what_was_asked_and_answered(tiers):
    _, _, replies, messages = tiers
    for record in parsed(messages)[:200]:
        number = int(record.request_id.removeprefix("id-"))
        asked = features(4, seed=number)[record.row]
        answered = numpy.frombuffer(replies[record.request_id].raw_output_contents[0], "<f4")[record.row]
        assert (record.model_name, record.model_version) == ("mlp", "1")
        assert [value.name for value in record.features] == [f"f{i}" for i in range(8)]
        assert numpy.float32([value.number for value in record.features]).tolist() == asked.tolist()
        assert [(v.name, numpy.float32(v.number)) for v in record.outputs] == [("p_score", answered)]
        assert record.reference_hash and record.time.seconds > 1_600_000_000
        assert record.stratum == {"gold": "gold", "silver": "silver", "bronze": "default"}[TIERS[number % 3]]


def test_headers_are_those_of_a_cloud_event(tiers):
    _, _, _, messages = tiers
    for key, headers, value in messages[:50]:
        record = protocol.message("driftserve.v1.Record").FromString(value)
        assert headers["ce_specversion"] == b"1.0"
        assert {"ce_id", "ce_source", "ce_type", "ce_time", "ce_dataschema", "content-type"} <= headers.keys()
        assert b"protobuf" in headers["content-type"]
        assert b"mlp" in key and record.stratum.encode() in key
    assert len({headers["ce_id"] for _, headers, _ in messages}) == len(messages)


def test_the_trace_context_goes_with_the_record(tiers):
    _, _, _, messages = tiers
    traced = 0
    for _, headers, value in messages:
        record = protocol.message("driftserve.v1.Record").FromString(value)
        expected = dict(trace_context(int(record.request_id.removeprefix("id-")))).get("traceparent")
        assert headers.get("ce_traceparent") == (expected.encode() if expected else None)
        traced += expected is not None
    assert 0 < traced < len(messages)


def test_a_consumer_can_decide_again(start, broker):
    """With sampling.key request_id the kept rows follow from ids, rates and seed alone."""
    monitor = repository.mlp_monitor(0.25, key="request_id", seed=7)
    served = start({"mlp": {"monitor": monitor}}, {"kafka": {"brokers": broker.bootstrap, "topic": "decided"}})
    with served.channel() as channel:
        for number in range(400):
            protocol.inference(channel).ModelInfer(mlp_request(features(2, seed=number), request_id=f"id-{number}"))
    at_rest(served)
    kept = {(record.request_id, record.row) for record in kafka.records(broker.bootstrap, "decided")}

    def keeps(request_id, row):
        key = xxhash.xxh64_intdigest(request_id.encode(), seed=0)
        decision = xxhash.xxh64_intdigest(key.to_bytes(8, "little") + row.to_bytes(8, "little"), seed=7)
        return decision < 0.25 * 2**64

    assert kept == {(f"id-{n}", row) for n in range(400) for row in range(2) if keeps(f"id-{n}", row)}


def test_no_broker_is_a_way_to_run(start):
    served = start({"mlp": {"monitor": repository.mlp_monitor(1.0)}})
    with served.channel() as channel:
        for number in range(20):
            protocol.inference(channel).ModelInfer(mlp_request(features(1, seed=number)))
    counts = at_rest(served)
    assert counts == {"sampled": 20, "acknowledged": 0, "dropped": 20, "in_flight": 0}
    assert served.metrics().sum("driftserve_records_total", outcome="dropped", reason="no_broker") == 20


def test_the_broker_dies_and_comes_back(start, broker):
    served = start({"mlp": {"monitor": repository.mlp_monitor(1.0)}},
                   {"kafka": {"brokers": broker.bootstrap, "topic": "crash"}})
    with SteadyLoad(served, lambda n: mlp_request(features(1, seed=n), request_id=str(n)), threads=4) as load:
        server.wait_until("records before the crash", lambda: served.metrics().records()["acknowledged"] > 200)
        broker.kill()
        at_crash = load.answered()
        server.wait_until("predictions without a broker", lambda: load.answered() > at_crash + 500)
        assert served.metrics().records()["in_flight"] > 0
        assert served.get("/readyz")[0] == 200
        broker.start()
        at_return = load.answered()
        server.wait_until("predictions after its return", lambda: load.answered() > at_return + 200)
    assert load.failures() == []
    counts = at_rest(served)
    assert_conserved(counts)
    assert counts["dropped"] == 0
    assert counts["sampled"] == load.answered()
    found = kafka.records(broker.bootstrap, "crash")
    kafka.assert_each_once(found)
    assert {record.request_id for record in found} == set(load.ok)


def test_what_cannot_wait_is_dropped_and_counted(start, tmp_path):
    """A broker that never answers and a queue of 100 records."""
    served = start({"mlp": {"monitor": repository.mlp_monitor(1.0)}},
                   {"kafka": {"brokers": f"127.0.0.1:{server.free_port()}", "queue_messages": 100}})
    with served.channel() as channel:
        for number in range(30):
            protocol.inference(channel).ModelInfer(mlp_request(features(10, seed=number)))
    server.wait_until("300 records", lambda: served.metrics().records()["sampled"] == 300)
    metrics = served.metrics()
    assert_conserved(metrics.records())
    assert metrics.sum("driftserve_records_total", outcome="dropped", reason="queue_full") >= 200
    assert metrics.records()["in_flight"] <= 100
