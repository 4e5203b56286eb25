"""The demo's checks catch what they are there for, each with a planted fault."""

import collections
import os
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
import checks  # noqa: E402
import observed  # noqa: E402
import services  # noqa: E402
import table  # noqa: E402
from recount import Recount  # noqa: E402


def holds(check):
    return check[1]


def replay(answered=100, failed=0):
    return {"answered": answered, "failed": failed, "errors": {"code 14: gone": failed} if failed else {}}


def test_every_request_answered():
    assert holds(checks.answered(replay(), 100))
    assert not holds(checks.answered(replay(99), 100))
    assert not holds(checks.answered(replay(99, 1), 100))


COUNTERS = {"sampled": 10, "acknowledged": 10, "dropped": 0, "in_flight": 0}


def test_the_topic_holds_each_record_once():
    assert holds(checks.conserved(Recount(records=10), COUNTERS))


@pytest.mark.parametrize("recount", [Recount(records=9), Recount(records=11), Recount(records=10, repeated=1),
                                     Recount(records=10, lost=1)])
def test_lost_and_repeated_records_are_seen(recount):
    assert not holds(checks.conserved(recount, COUNTERS))


@pytest.mark.parametrize("name", ["acknowledged", "in_flight"])
def test_records_that_were_not_acknowledged_are_seen(name):
    assert not holds(checks.conserved(Recount(records=10), {**COUNTERS, name: 1}))


def shares(kept, rows=10000, rate=0.1):
    recount = Recount(by_stratum=collections.Counter(UA=kept), probabilities={"UA": {rate}})
    return checks.shares(recount, {"UA": rows}, {"UA": rate}, 0.5)


def test_kept_shares():
    assert holds(shares(1000))
    assert holds(shares(1119))  # one standard deviation is 30
    assert not holds(shares(1121))
    assert not holds(shares(879))
    assert holds(shares(10000, rate=1.0))
    assert not holds(shares(9999, rate=1.0))
    assert not holds(checks.shares(Recount(), {}, {}, 0.5))


def test_a_record_that_states_another_probability_is_seen():
    recount = Recount(by_stratum=collections.Counter(UA=1000), probabilities={"UA": {0.2}})
    assert not holds(checks.shares(recount, {"UA": 10000}, {"UA": 0.1}, 0.5))


def moments(temp, hour="stable", distance="stable"):
    states = {("temp", "psi"): temp, ("hour", "psi"): hour, ("distance", "psi"): distance}
    return {"July": observed.Moment(values={key: 1.0 for key in states}, states=states)}


def test_drift_and_controls():
    quiet = {"hour": {"stable", "warming"}, "distance": {"stable"}}
    assert holds(checks.drifted(moments("drifted")))
    assert not holds(checks.drifted(moments("stable")))
    assert not holds(checks.drifted({"July": observed.Moment()}))
    assert not holds(checks.drifted({**moments("drifted"), "August": observed.Moment()}))
    assert not holds(checks.drifted({}))
    assert not holds(checks.drifted({**moments("drifted"), "August": moments("warning")["July"]}))
    assert holds(checks.controls(moments("drifted"), quiet))
    assert not holds(checks.controls(moments("drifted", hour="warning"), quiet))
    assert not holds(checks.controls(moments("drifted"), {**quiet, "distance": {"stable", "drifted"}}))
    assert holds(checks.shown(moments("drifted")))
    assert not holds(checks.shown({"July": observed.Moment()}))


def test_every_label_accepted():
    def labelled(reported, accepted):
        return checks.labels_accepted({"labels": {"reported": reported, "accepted": accepted}}, 97)
    assert holds(labelled(97, 97))
    assert not holds(labelled(96, 96))
    assert not holds(labelled(97, 96))


@pytest.mark.parametrize("joined, dropped, ok", [(970, 0, True), (990, 0, True), (949, 0, True), (947, 0, False),
                                                 (993, 0, False), (970, 1, False)])
def test_joined_labels_are_as_many_as_flights_arrive(joined, dropped, ok):
    """1000 sampled of 20000 rows, 97 % of which arrived: a standard deviation is 5.4."""
    labels = {"joined": joined, "dropped": dropped, "unknown": 0, "late": 0, "repeated": 0}
    assert holds(checks.joined(labels, {"UA": 1000}, {"UA": 20000}, {"UA": 19400})) == ok


def test_no_sample_is_no_label():
    labels = dict.fromkeys(("joined", "dropped", "unknown", "late", "repeated"), 0)
    assert not holds(checks.joined(labels, {}, {"UA": 20000}, {"UA": 19400}))


def test_concept_drift_wants_a_detector_that_saw_a_rise():
    assert holds(checks.concept_drift({"adwin": {"stable", "drifted"}, "ddm": {"stable"}, "all": {"warning"}}))
    assert not holds(checks.concept_drift({"adwin": {"warning"}, "all": {"warning"}}))
    assert not holds(checks.concept_drift({}))


def test_counters_of_a_metrics_page():
    page = ('# HELP driftserve_records_total x\ndriftserve_records_total{outcome="sampled"} 7\n'
            'driftserve_records_total{outcome="dropped",reason="no_broker"} 2\n'
            'driftserve_records_total{outcome="dropped",reason="queue_full"} 3\ndriftserve_records_in_flight 4\n')
    assert observed.counter(page, "driftserve_records_total", outcome="sampled") == 7
    assert observed.counter(page, "driftserve_records_total", outcome="dropped") == 5
    assert observed.counter(page, "driftserve_records_in_flight") == 4


def test_records_by_month():
    recount = Recount(times=[(1.0, "UA"), (5.0, "UA"), (15.0, "AA"), (25.0, "AA")])
    july, august = observed.kept_by_month(recount, [{"ended_at": 10.0}, {"ended_at": 20.0}])
    assert july == {"UA": 2}
    assert august == {"AA": 2}


def test_the_rates_of_the_committed_monitor_file():
    with open(os.path.join(ROOT, "models", "flight_delay", "monitor.yaml")) as file:
        rates, default = checks.sampling_rates(file.read())
    assert rates["HA"] == 1.0 and rates["UA"] == 0.05 and rates["9E"] == 0.1 and len(rates) == 16
    assert default == 0.1


def test_the_table_names_what_is_not_ready():
    month = {"answered": 5, "late_share": 0.25, "auc": None, "rows_by_carrier": {"UA": 5}}
    moment = observed.Moment({("temp", "psi"): 4.2}, {("temp", "psi"): "drifted"}, {"temp": 300, "dewp": 83})
    text = table.render([month], {"July": moment}, [collections.Counter(UA=2)], {"UA": 0.5})
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "temp psi 4.200 drifted" in lines
    assert "dewp psi warming, n=83" in lines
    assert "UA (0.5) 2 / 5" in lines
    assert "AUC -" in lines


def test_a_wait_names_what_it_waited_for():
    with pytest.raises(services.ServiceError, match="waited 0 s for the moon"):
        services.wait_for("the moon", lambda: False, 0)


def test_a_service_that_ends_at_once_is_reported_with_its_log(tmp_path):
    service = services.Service("broken", ["sh", "-c", "echo no such luck; exit 3"], tmp_path, lambda: False)
    with pytest.raises(services.ServiceError, match=r"(?s)exit code 3.*no such luck"):
        service.start()


def test_a_taken_port_is_passed_over():
    import socket
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert services.free_port(port) != port
