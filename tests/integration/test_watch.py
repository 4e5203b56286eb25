"""A fleet's topic: `drift watch` in a group whose members are killed, join and leave, and `drift report` from the
topic."""

import json
import subprocess

import confluent_kafka
import pytest

from conftest import features, mlp_request
from support import kafka, protocol, repository, server
from support.server import wait_until
from support.watch import WatchMember, bins

RATES = {"gold": 1.0, "silver": 0.5}
TIERS = ("gold", "silver", "bronze", "bronze")
TOPIC = "watched"


def send(served, requests, first=0):
    with served.channel() as channel:
        call = protocol.inference(channel).ModelInfer
        for number in range(first, first + requests):
            parameters = {"tier": TIERS[number % 4]}
            call(mlp_request(features(4, seed=number), request_id=f"id-{number}", parameters=parameters))


def recorded(served):
    """Waits until every sampled record is acknowledged; how many there are."""
    def still():
        counts = served.metrics().records()
        return counts["in_flight"] == 0 and counts["sampled"] == counts["acknowledged"] > 0 and counts["sampled"]
    return wait_until("every record to be acknowledged", still, seconds=90, interval=0.2)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    # Hours, so that no row leaves a window while the test runs.
    monitor = repository.tiered_monitor(RATES, 0.25)
    monitor["window"] = {"length": "2h", "panes": 60, "evaluate_every": "500ms"}
    return repository.make(tmp_path_factory.mktemp("watched") / "models", {"mlp": {"monitor": monitor}})


@pytest.fixture(scope="module")
def served(start, broker, models):
    running = start(models, {"kafka": {"brokers": broker.bootstrap, "topic": TOPIC}})
    send(running, 200)
    recorded(running)
    return running


@pytest.fixture
def member(broker, models, tmp_path):
    """member(name, group) → a running member; those that still run at the end of the test must end well."""
    started = []

    def _member(name, group):
        started.append(WatchMember(tmp_path / name, broker.bootstrap, TOPIC, models, group))
        return started[-1].start()

    yield _member
    for one in started:
        if one.running():
            assert one.stop(seconds=60) == 0, one.log_tail()


def drift(*arguments):
    return subprocess.run([server.program("drift"), *map(str, arguments)], capture_output=True, text=True, timeout=120)


def test_a_member_alone_has_the_servers_bins_and_figures(served, member):
    records = recorded(served)
    alone = member("alone", "alone")
    wait_until("every record", lambda: alone.counted_rows() == records and alone.window_rows() == records, seconds=60)
    assert alone.partitions() == 3
    wait_until("the same bins", lambda: bins([alone]) == bins([served]), seconds=30)
    kept = {(labels["stratum"], labels["rule"]): value for labels, value in
            served.metrics().select("model_stratum_rows_total", outcome="kept") if value}
    assert {(labels["stratum"], labels["rule"]): value for labels, value in
            alone.metrics().select("model_stratum_rows_total", outcome="kept") if value} == kept
    # Rows answered are estimated: kept / rate.
    for tier, rate in (*RATES.items(), ("default", 0.25)):
        seen, of_kept = (alone.metrics().sum("model_stratum_rows_total", stratum=tier, outcome=outcome)
                         for outcome in ("seen", "kept"))
        assert seen == pytest.approx(of_kept / rate)
    assert alone.get("/drift/mlp")[0] == 200
    assert alone.metrics().select("model_feature_drift", feature="f0", drift_type="psi")
    assert json.loads(alone.get("/version")[1])["name"] == "drift"


def test_a_group_survives_a_kill_and_newcomers(served, member):
    """Two share the records; one is killed, the other has all of them; another comes; none is lost or doubled."""
    records = recorded(served)
    first, second = member("first", "group"), member("second", "group")
    both = [first, second]
    wait_until("partitions on both", lambda: sorted(one.partitions() for one in both) == [1, 2], seconds=60)
    wait_until("every record in one window",
               lambda: sum(one.window_rows() for one in both) == records, seconds=60)
    wait_until("every record counted", lambda: sum(one.counted_rows() for one in both) == records, seconds=60)
    assert bins(both) == bins([served])

    last = second.counted_rows()
    second.kill()
    wait_until("the other to take over", lambda: first.partitions() == 3, seconds=60)
    wait_until("the whole window in one member", lambda: first.window_rows() == records, seconds=60)
    assert first.counted_rows() + last == records, "what the killed member had committed is not counted again"

    send(served, 100, first=1000)
    more = recorded(served)
    third = member("third", "group")
    both = [first, third]
    wait_until("partitions on both", lambda: sorted(one.partitions() for one in both) == [1, 2], seconds=60)
    wait_until("every record in one window", lambda: sum(one.window_rows() for one in both) == more, seconds=60)
    assert sum(one.counted_rows() for one in both) + last == more
    assert third.metrics().sum("driftserve_watch_read_again_messages_total") > 0

    counted = third.counted_rows()
    assert third.stop(seconds=60) == 0, third.log_tail()
    wait_until("the first to have all again", lambda: first.window_rows() == more, seconds=60)
    assert first.counted_rows() + counted + last == more


def test_the_broker_dies_and_comes_back(served, broker, member):
    alone = member("patient", "patient")
    records = recorded(served)
    wait_until("every record", lambda: alone.counted_rows() == records, seconds=60)
    broker.kill()
    send(served, 40, first=2000)
    assert alone.running() and alone.get("/livez")[0] == 200
    broker.start()
    more = recorded(served)
    wait_until("what came meanwhile", lambda: alone.window_rows() == more and alone.counted_rows() == more, seconds=120)


def produce(bootstrap, topic, messages):
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap})
    for partition, value, headers in messages:
        producer.produce(topic, value=value, headers=headers, partition=partition)
    assert producer.flush(30) == 0


def test_what_is_no_record_is_skipped_counted_and_named(served, broker, models, member, tmp_path):
    """After the others: it leaves foreign messages on the topic."""
    records = kafka.consume(broker.bootstrap, TOPIC)
    whole = len(records)
    value = records[0][2]
    other = protocol.message("driftserve.v1.Record").FromString(value)
    other.model_name, other.boot_id, other.seq = "another", other.boot_id ^ 1, 1
    produce(broker.bootstrap, TOPIC, [
        (0, b"no record", {"content-type": b"application/protobuf"}),
        (1, b"{}", {"content-type": b"application/json"}),
        (1, other.SerializeToString(), {}),
        (2, value[: len(value) // 2], {}),
    ])
    reference = models / "mlp" / "1" / "reference.pb"
    done = drift("report", "--reference", reference, "--monitor", models / "mlp" / "monitor.yaml",
                 "--json", tmp_path / "report.json", "--current", f"kafka://{broker.bootstrap}/{TOPIC}",
                 "--since", "24h")
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "report.json").read_text()
    current = json.loads(report)["models"][0]["comparison"]["current"]
    assert current["rows"] == whole
    for text in ("partition 0 offset", "partition 1 offset", "application/json", "another model", "partition 2 offset"):
        assert text in report, text

    alone = member("strict", "strict")
    wait_until("the good ones", lambda: alone.counted_rows() == whole, seconds=60)
    skipped = {labels["reason"]: value for labels, value in
               alone.metrics().select("driftserve_watch_messages_total", outcome="skipped") if value}
    assert skipped == {"corrupt": 2, "foreign": 1, "other_model": 1}
    wait_until("the places in the log", lambda: "partition 0 offset" in alone.log_tail(40))


def test_reports_take_a_stretch_of_time(served, broker, models):
    reference = models / "mlp" / "1" / "reference.pb"
    address = f"kafka://{broker.bootstrap}/{TOPIC}"
    none = drift("report", "--reference", reference, "--current", address, "--since", "yesterday", "--to", "2020-01-01")
    assert none.returncode == 2 and "before" in none.stderr
    empty = drift("report", "--reference", reference, "--current", address,
                  "--since", "2020-01-01", "--to", "2020-01-02")
    assert empty.returncode == 2, empty.stdout
    gone = drift("report", "--reference", reference, "--current", f"kafka://{broker.bootstrap}/no.such.topic")
    assert gone.returncode == 2 and "no.such.topic" in gone.stderr
    away = drift("report", "--reference", reference, "--current", "kafka://127.0.0.1:1/t", "--timeout", "1000")
    assert away.returncode == 2 and "--timeout" in away.stderr
    secret = drift("report", "--reference", reference, "--current", address,
                   "--kafka-config", "security.protocol=s3cret-word")
    assert secret.returncode == 2 and "s3cret-word" not in secret.stderr + secret.stdout


def test_bad_flags_and_files_are_refused(broker, tmp_path, models):
    def refused(*arguments):
        done = drift("watch", "--brokers", broker.bootstrap, *arguments)
        assert done.returncode == 2, done.stderr
        return done.stderr

    assert "one of them" in refused()
    assert "expected <model>/monitor.yaml" in refused("--model-repository", tmp_path)
    assert "nope.pb" in refused("--reference", tmp_path / "nope.pb")
    assert "group.id" in refused("--model-repository", models, "--kafka-config", "group.id=x")
    assert "127.0.0.1:x" in refused("--model-repository", models, "--metrics-address", "127.0.0.1:x")
