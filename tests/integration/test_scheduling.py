"""What config.pbtxt says of queues and threads, the parameters `priority` and `timeout` as Triton's own client sends
them, and that one model's flood leaves another its place."""

import collections
import os
import pathlib
import queue

import numpy
import pytest
import tritonclient.grpc as triton

from support import repository, server

REQUESTS = 400  # to a model that takes milliseconds for each: they come faster than they are served, and wait


@pytest.fixture(scope="module")
def served(start, tmp_path_factory):
    """The slow model under three configurations, two of them for one row at a time."""
    folder = tmp_path_factory.mktemp("scheduled") / "models"
    policies = {
        "plain": "",
        "urgent": "dynamic_batching { priority_levels: 2 default_priority_level: 2 "
                  "priority_queue_policy { key: 1 value { max_queue_size: 16 } } }",
        "ordered": "dynamic_batching { preserve_ordering: true preferred_batch_size: [ 4 ] } "
                   "instance_group { count: 3 }",
    }
    for name, batching in policies.items():
        (repository.make(folder, {"slow": {}}) / "slow").rename(folder / name)
        config = folder / name / "config.pbtxt"
        text = config.read_text().replace('"slow"', f'"{name}"')
        if name != "ordered":
            text = text.replace("max_batch_size: 8", "max_batch_size: 1")
        config.write_text(f"{text}\n{batching}\n")
    return start(folder)


@pytest.fixture(scope="module")
def client(served):
    with triton.InferenceServerClient(served.address) as opened:
        yield opened


def one_row(name, values):
    tensor = triton.InferInput(name, [1, len(values)], "FP32")
    tensor.set_data_from_numpy(numpy.array([values], dtype=numpy.float32))
    return tensor


class Burst:
    """Requests sent without waiting; their answers in the order in which they came."""

    def __init__(self, client, model):
        self.client, self.model, self.sent, self.answers = client, model, 0, queue.Queue()

    def send(self, count, value=1, **parameters):
        tensor = one_row("x", [value])
        for _ in range(count):
            name = str(self.sent)
            answer = lambda result, error, name=name: self.answers.put((name, error))  # noqa: E731
            self.client.async_infer(self.model, [tensor], answer, request_id=name, **parameters)
            self.sent += 1

    def wait(self):
        """[(name, status or None)]"""
        answers = [self.answers.get(timeout=60) for _ in range(self.sent)]
        return [(name, error and error.status()) for name, error in answers]


def statuses(answers):
    return collections.Counter(status for _, status in answers)


def refused(served, model):
    return {reason: served.metrics().sum("driftserve_refused_requests_total", model_name=model, reason=reason)
            for reason in ("queue_full", "hopeless", "expired")}


def test_an_urgent_request_overtakes(served, client):
    burst = Burst(client, "urgent")
    burst.send(REQUESTS)
    burst.send(1, priority=1)
    answers = burst.wait()
    assert statuses(answers) == {None: REQUESTS + 1}
    place = [name for name, _ in answers].index(str(REQUESTS))
    assert place < REQUESTS - 16, f"{place} of {REQUESTS} were answered before it"


def test_a_levels_queue_is_bounded(served, client):
    burst = Burst(client, "urgent")
    burst.send(REQUESTS, priority=1)
    counted = statuses(burst.wait())
    assert set(counted) == {None, "StatusCode.RESOURCE_EXHAUSTED"}
    assert refused(served, "urgent")["queue_full"] == counted["StatusCode.RESOURCE_EXHAUSTED"]
    urgent = Burst(client, "urgent")
    urgent.send(REQUESTS)
    assert statuses(urgent.wait()) == {None: REQUESTS}, "the other level has no bound"


def test_a_requests_own_timeout_holds_and_what_cannot_meet_it_is_refused_without_running(served, client):
    burst = Burst(client, "plain")
    burst.send(REQUESTS, timeout=150_000)
    counted = statuses(burst.wait())
    late = counted["StatusCode.DEADLINE_EXCEEDED"]
    assert set(counted) <= {None, "StatusCode.DEADLINE_EXCEEDED"} and late > 0
    reasons = refused(served, "plain")
    assert reasons["hopeless"] + reasons["expired"] == late
    assert reasons["hopeless"] > 0, "refused at once, by what the batches before it take"
    run = client.get_inference_statistics("plain").model_stats[0].inference_count
    assert run == REQUESTS - late


def test_a_batch_for_which_memory_ran_out_runs_again_in_halves(start):
    """The model has memory for a sum of 2.5: not for eight requests of 0.5 that wait for each other, but for four."""
    served = start({"hungry": {}}, configure={
        "hungry": "dynamic_batching { max_queue_delay_microseconds: 300000 preferred_batch_size: [ 8 ] }"})
    with triton.InferenceServerClient(served.address) as client:
        burst = Burst(client, "hungry")
        burst.send(8, value=0.5)
        assert statuses(burst.wait()) == {None: 8}
        assert served.metrics().sum("driftserve_halved_batches_total", model_name="hungry") == 1
        alone = Burst(client, "hungry")
        alone.send(1, value=3)
        assert statuses(alone.wait()) == {"StatusCode.RESOURCE_EXHAUSTED": 1}, "nothing to halve"


def test_a_stream_keeps_the_order_where_the_model_does(client):
    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    for i in range(60):
        tensor = triton.InferInput("x", [1 + i % 3, 1], "FP32")
        tensor.set_data_from_numpy(numpy.full((1 + i % 3, 1), i, dtype=numpy.float32))
        client.async_stream_infer("ordered", [tensor], request_id=str(i))
    received = [answers.get(timeout=60) for _ in range(60)]
    client.stop_stream()
    assert all(error is None for _, error in received)
    assert [result.get_response().id for result, _ in received] == [str(i) for i in range(60)]


def test_a_flood_of_one_model_leaves_another_room(start):
    """64 requests may wait. 100 go to a model that computes for seconds on them, on a thread of its own."""
    models = start({"mlp": {}, "spinning": {}}, {"scheduling": {"max_pending_requests": 64}},
                   configure={"spinning": "dynamic_batching { preserve_ordering: true }"})
    with triton.InferenceServerClient(models.address) as client, triton.InferenceServerClient(models.address) as other:
        burst = Burst(client, "spinning")
        burst.send(100, value=200)
        _, error = burst.answers.get(timeout=60)
        assert "RESOURCE_EXHAUSTED" in error.status(), "by now it holds its share"
        for _ in range(20):
            other.infer("mlp", [one_row("features", [0.5] * 8)])
        metrics = models.metrics()
        assert metrics.sum("driftserve_pending_requests") > 0, "all this while others waited"
        assert metrics.sum("driftserve_refused_requests_total", model_name="spinning", reason="model_share") > 0
        assert metrics.sum("driftserve_refused_requests_total", reason="server_full") == 0


@pytest.mark.parametrize("threads", (1, 2))
def test_a_run_uses_the_threads_that_it_is_told(start, threads):
    """A thread that computes for another has its name."""
    setting = f'parameters {{ key: "INTRA_OP_THREAD_COUNT" value {{ string_value: "{threads}" }} }}'
    running = start({"slow": {}}, configure={"slow": setting})
    with triton.InferenceServerClient(running.address) as client:
        client.infer("slow", [one_row("x", [1])])
    names = [name for name, _ in server.threads(running.pid).values()]
    assert names.count("exec/0") == threads, names


def place(task):
    """(CPUs, niceness) of a thread."""
    return os.sched_getaffinity(int(task.name)), int((task / "stat").read_text().rpartition(")")[2].split()[16])


def test_drift_and_publishing_run_where_and_when_they_are_told(start):
    last = max(os.sched_getaffinity(0))
    running = start({"mlp": {}}, {"background": {"cpus": str(last), "niceness": 3},
                                  "kafka": {"brokers": f"127.0.0.1:{server.free_port()}", "flush_timeout_ms": 0}})
    own = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    places = collections.defaultdict(set)
    for task in pathlib.Path(f"/proc/{running.process.pid}/task").iterdir():
        cpus, niceness = place(task)
        places[(task / "comm").read_text().strip().split("/")[0].split(":")[0]].add((tuple(sorted(cpus)), niceness))
    background = {((last,), min(own[1] + 3, 19))}
    assert places["observer"] == background and places["rdk"] == background
    assert places["poller"] == {(tuple(sorted(own[0])), own[1])}


def test_a_cpu_that_there_is_not_stops_the_start(tmp_path):
    folder = repository.make(tmp_path / "models", {"mlp": {}})
    for value, said in (("1023", "background.cpus, background.niceness: the kernel does not let"),
                        ("none", "background.cpus: expected a list of CPUs as in 0,2-3, got `none`")):
        code, output = server.run_to_exit(["--model-repository", folder, "--grpc-address", "127.0.0.1:0",
                                           "--operations-address", "127.0.0.1:0"],
                                          env={"DRIFTSERVE_BACKGROUND__CPUS": value})
        assert code == 1 and said in output, output
