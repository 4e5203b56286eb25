"""Loading, reloading and unloading while the server serves: unmodified clients, no failed request, bad models."""

import json
import math
import os

import grpc
import pytest
import tritonclient.grpc as triton

from conftest import features, mlp_request, scores, x_request
from support import archives, protocol, repository, server
from support.load import SteadyLoad

Code = grpc.StatusCode
EXPLICIT = {"repository": {"control": "explicit", "models": ["mlp", "adder"]}}
CONFIG = """max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
ON_INSTANCES = "dynamic_batching { max_queue_delay_microseconds: 100 }\ninstance_group { count: 2 }\n"


def plain():
    """An archive whose code the tests write themselves."""
    return (repository._source() / "identity_fp32" / "1" / "model.pt").read_bytes()


def write(models, name, content, version=1, config=CONFIG):
    """One version of a model, put in place at once as a careful operator would."""
    folder = models / name / str(version)
    folder.mkdir(parents=True, exist_ok=True)
    if config is not None:
        (models / name / "config.pbtxt").write_text(config)
    (folder / "part").write_bytes(content)
    os.replace(folder / "part", folder / "model.pt")


def make(folder, monitor=None):
    models = repository.make(folder, {"mlp": {"monitor": monitor} if monitor else {}, "stateful": {}})
    write(models, "adder", archives.adding(plain(), 1))
    return models


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return make(tmp_path_factory.mktemp("repository") / "models")


@pytest.fixture(scope="module")
def served(start, models):
    return start(models, {**EXPLICIT, "repository": {**EXPLICIT["repository"], "trial_timeout_ms": 5000,
                                                     "trial_memory_bytes": 1 << 30}})


@pytest.fixture(scope="module")
def client(served):
    with triton.InferenceServerClient(served.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def channel(served):
    with served.channel() as opened:
        yield opened


def add(channel, value=0.0, model="adder"):
    return scores(protocol.inference(channel).ModelInfer(x_request(model, value), timeout=30)).tolist()[0]


def index(client):
    return {(row.name, row.version): (row.state, row.reason) for row in client.get_model_repository_index().models}


def refused(client, name, code, *parts, **options):
    with pytest.raises(triton.InferenceServerException) as error:
        client.load_model(name, **options)
    assert error.value.status() == f"StatusCode.{code.name}", error.value
    for part in parts:
        assert part in error.value.message(), error.value.message()


def test_the_index_lists_what_is_served_and_what_could_be(client):
    assert index(client) == {("mlp", "1"): ("READY", ""), ("adder", "1"): ("READY", ""),
                             ("stateful", ""): ("UNAVAILABLE", "not loaded")}
    assert "model_repository" in client.get_server_metadata().extensions


def test_load_and_unload(client, channel, served):
    client.load_model("stateful")
    assert client.is_model_ready("stateful")
    assert add(channel, 0.0, "stateful") == 1.0
    client.unload_model("stateful", unload_dependents=True)
    assert not client.is_model_ready("stateful")
    server.wait_until("the unload to end", lambda: index(client)[("stateful", "1")] == ("UNAVAILABLE", "unloaded"))
    with pytest.raises(grpc.RpcError) as error:
        add(channel, 0.0, "stateful")
    assert (error.value.code(), error.value.details()) == (Code.UNAVAILABLE, "model 'stateful' is not loaded")
    health = protocol.health(channel).Check(protocol.message("grpc.health.v1.HealthCheckRequest")(service="stateful"))
    assert health.status == 2
    metrics = served.metrics()
    assert metrics.select("driftserve_model_ready", model_name="stateful") == []
    assert metrics.sum("driftserve_model_ready", model_name="mlp") == 1
    assert metrics.sum("driftserve_model_loads_total", model_name="stateful", outcome="ok") == 1


def test_ready_filters_the_index(client, channel):
    request = protocol.message("inference.RepositoryIndexRequest")(ready=True)
    rows = protocol.inference(channel).RepositoryIndex(request).models
    assert {row.state for row in rows} == {"READY"}


def test_kserve_has_the_model_in_field_one(channel):
    call = channel.unary_unary("/inference.GRPCInferenceService/RepositoryModelLoad", request_serializer=bytes,
                               response_deserializer=bytes)
    assert call(b"\x0a\x05adder") == b"\x0a\x05adder\x10\x01"
    unload = channel.unary_unary("/inference.GRPCInferenceService/RepositoryModelUnload", request_serializer=bytes,
                                 response_deserializer=bytes)
    assert unload(b"\x0a\x05adder") == b"\x0a\x05adder\x10\x01"
    assert call(b"\x12\x05adder")[:7] == b"\x0a\x05adder"
    assert add(channel) == 1.0


def test_a_load_takes_the_repository_as_it_is_now(client, channel, models):
    write(models, "adder", archives.adding(plain(), 2))
    assert add(channel) == 1.0
    client.load_model("adder")
    assert add(channel) == 2.0
    write(models, "adder", archives.adding(plain(), 3), version=2)
    client.load_model("adder")
    assert add(channel) == 3.0
    assert list(client.get_model_metadata("adder").versions) == ["2"]
    (models / "adder" / "config.pbtxt").write_text(CONFIG + "version_policy { all { } }\n")
    client.load_model("adder")
    assert list(client.get_model_metadata("adder").versions) == ["1", "2"]


def test_a_load_may_bring_configuration_and_files(client, channel):
    config = {"max_batch_size": 4, "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [1]}],
              "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}]}
    client.load_model("adder", config=json.dumps(config))
    assert client.get_model_config("adder").config.max_batch_size == 4
    client.load_model("adder", config=json.dumps(config), files={"file:9/model.pt": archives.adding(plain(), 9)})
    assert add(channel) == 9.0
    assert list(client.get_model_metadata("adder").versions) == ["9"]
    refused(client, "adder", Code.INVALID_ARGUMENT, "max_batch", config='{"max_batch": 4}')
    refused(client, "adder", Code.INVALID_ARGUMENT, "expected `config` beside", files={"file:9/model.pt": b"x"})
    refused(client, "adder", Code.INVALID_ARGUMENT, "file:<version>/<name>", config=json.dumps(config),
            files={"file:../adder/1/model.pt": b"x"})
    client.load_model("adder")
    assert list(client.get_model_metadata("adder").versions) == ["1", "2"]


def bad_archives():
    good = plain()
    yield "garbage", b"not a model", Code.INVALID_ARGUMENT, ("expected a TorchScript archive",)
    yield "truncated", good[:-40], Code.INVALID_ARGUMENT, ("expected a TorchScript archive",)
    yield "nested", archives.nested(good), Code.ABORTED, ("while loading",)
    yield "hanging", archives.hanging(good), Code.DEADLINE_EXCEEDED, ("5000 ms", "running a batch of 1")
    yield "raising", archives.raising(good, "no"), Code.INTERNAL, ("no",)


@pytest.mark.parametrize("content, code, parts", [pytest.param(*bad[1:], id=bad[0]) for bad in bad_archives()])
def test_a_bad_model_leaves_the_old_one_serving(client, channel, models, served, content, code, parts):
    write(models, "victim", archives.adding(plain(), 5))
    client.load_model("victim")
    write(models, "victim", content)
    refused(client, "victim", code, str(models / "victim" / "1" / "model.pt"), *parts)
    assert served.running()
    assert add(channel, model="victim") == 5.0
    state, reason = index(client)[("victim", "1")]
    assert state == "READY" and reason.startswith("the last load failed: ")
    assert served.metrics().sum("driftserve_model_loads_total", model_name="victim", outcome="failed") >= 1


def turned():
    yield "fewer rows", "torch.slice(x, 0, 0, 0)", "[0,1]"
    yield "more rows", "torch.cat([x, x], 0)", "[2,1]"
    yield "another shape", "torch.cat([x, x], 1)", "[1,2]"


@pytest.mark.parametrize("otherwise, got", [pytest.param(*turn[1:], id=turn[0]) for turn in turned()])
def test_an_answer_of_another_shape_fails_that_request_alone(client, channel, models, otherwise, got):
    write(models, "turning", archives.turning(plain(), otherwise))
    client.load_model("turning")
    with pytest.raises(grpc.RpcError) as error:
        add(channel, 1000.0, "turning")
    assert error.value.code() == Code.INTERNAL
    assert "turning" in error.value.details() and got in error.value.details()
    assert add(channel, 7.0, "turning") == 7.0


def test_answers_that_are_no_numbers_are_answers(client, channel, models):
    write(models, "turning", archives.turning(plain(), "torch.log(torch.neg(x))"))
    client.load_model("turning")
    assert math.isnan(add(channel, 1000.0, "turning"))
    assert add(channel, 7.0, "turning") == 7.0


def test_bad_places_are_refused(client, channel, models, tmp_path):
    write(models, "victim", archives.adding(plain(), 5))
    client.load_model("victim")
    file = models / "victim" / "1" / "model.pt"
    file.unlink()
    (tmp_path / "outside.pt").write_bytes(archives.adding(plain(), 6))
    file.symlink_to(tmp_path / "outside.pt")
    refused(client, "victim", Code.INVALID_ARGUMENT, "expected a file inside the model repository")
    file.unlink()
    with open(file, "wb") as huge:
        huge.truncate(1 << 40)
    refused(client, "victim", Code.INVALID_ARGUMENT, f"expected at most {1 << 30} bytes")
    file.unlink()
    refused(client, "victim", Code.INVALID_ARGUMENT, "No such file")
    (models / "victim" / "config.pbtxt").write_text("max_batch: 3\n")
    refused(client, "victim", Code.INVALID_ARGUMENT, "config.pbtxt:1:10: ", "max_batch_size")
    for name in ("../models/mlp", "/etc", "..", "a\nb"):
        refused(client, name, Code.INVALID_ARGUMENT, "expected the name of a folder of the repository")
    refused(client, "nosuch", Code.NOT_FOUND, "nosuch")
    assert add(channel, model="victim") == 5.0


def test_others_are_served_while_a_model_is_tried(client, channel, models):
    write(models, "stuck", archives.hanging(plain()))
    stub = protocol.inference(channel)
    load = stub.RepositoryModelLoad.future(protocol.message("inference.RepositoryModelLoadRequest")(model_name="stuck"))
    server.wait_until("the load to begin", lambda: index(client).get(("stuck", "")) == ("LOADING", ""))
    assert client.get_server_metadata().name == "driftserve"
    assert scores(stub.ModelInfer(mlp_request(features(1)), timeout=30)).shape == (1,)
    assert not load.done()
    hurried = stub.RepositoryModelUnload.future(
        protocol.message("inference.RepositoryModelUnloadRequest")(model_name="mlp"), timeout=0.2)
    assert hurried.code() == Code.DEADLINE_EXCEEDED
    assert load.code() == Code.DEADLINE_EXCEEDED
    assert scores(stub.ModelInfer(mlp_request(features(1)), timeout=30)).shape == (1,), "what was given up is not done"


@pytest.mark.parametrize("config", ["", ON_INSTANCES], ids=["on the pollers", "on instances"])
def test_no_request_fails_across_reloads_under_load(client, served, models, config):
    write(models, "busy", archives.adding(plain(), 100), config=CONFIG + config)
    client.load_model("busy")
    with SteadyLoad(served, lambda number: x_request("busy", 0.0, request_id=str(number)), threads=8) as load:
        for number in range(101, 106):
            answered = load.answered()
            server.wait_until("load", lambda: load.answered() > answered + 100 or load.failures())
            write(models, "busy", archives.adding(plain(), number), config=None)
            client.load_model("busy")
        answered = load.answered()
        server.wait_until("load", lambda: load.answered() > answered + 100)
    assert load.failures() == []
    answers = {scores(reply).tolist()[0] for reply in load.ok.values()}
    assert answers == {100.0, 101.0, 102.0, 103.0, 104.0, 105.0}


def test_poll_follows_the_folder(start, tmp_path):
    models = tmp_path / "models"
    write(models, "adder", archives.adding(plain(), 1))
    served = start(models, {"repository": {"control": "poll", "poll_interval_ms": 50}})
    with served.channel() as channel, triton.InferenceServerClient(served.address) as client:
        write(models, "adder", archives.adding(plain(), 2))
        server.wait_until("the reload", lambda: add(channel) == 2.0)
        write(models, "adder", archives.nested(plain()))
        server.wait_until("the reload to fail", lambda: index(client)[("adder", "1")][1])
        assert add(channel) == 2.0
        write(models, "second", archives.adding(plain(), 7))
        server.wait_until("the new model", lambda: index(client).get(("second", "1")) == ("READY", ""))
        refused(client, "adder", Code.FAILED_PRECONDITION, "repository.control")
        (models / "second" / "1" / "model.pt").unlink()
        (models / "second" / "1").rmdir()
        (models / "second" / "config.pbtxt").unlink()
        server.wait_until("the unload", lambda: not client.is_model_ready("second"))
        assert "model_repository" not in client.get_server_metadata().extensions


def test_a_watched_model_is_watched_anew_only_when_it_changed(start, tmp_path):
    models = make(tmp_path / "models", repository.mlp_monitor(1.0))
    served = start(models, {"repository": {"control": "explicit", "models": ["mlp"]}})

    def seen():
        return served.metrics().sum("model_stratum_rows_total", model_name="mlp", outcome="seen")

    def send(channel, count):
        for number in range(count):
            protocol.inference(channel).ModelInfer(mlp_request(features(1, number)), timeout=30)

    with served.channel() as channel, triton.InferenceServerClient(served.address) as client:
        send(channel, 10)
        server.wait_until("rows", lambda: seen() == 10)
        client.load_model("mlp")
        send(channel, 1)
        server.wait_until("rows beside those before", lambda: seen() == 11)
        monitor = models / "mlp" / "monitor.yaml"
        thresholds = {"psi": {"warn": 0.2, "alert": 0.4}}
        monitor.write_text(json.dumps({**json.loads(monitor.read_text()), "thresholds": thresholds}))
        client.load_model("mlp")
        send(channel, 3)
        server.wait_until("rows of the new watch", lambda: seen() == 3)
        # Rows are counted by the thread that answers, samples by the observer, a little later.
        server.wait_until("every sample, none lost between the two", lambda: served.metrics().records()["sampled"] == 14)


def test_shutdown_does_not_wait_for_a_load(start, tmp_path):
    models = make(tmp_path / "models")
    write(models, "stuck", archives.hanging(plain()))
    served = start(models, EXPLICIT)
    with served.channel() as channel, triton.InferenceServerClient(served.address) as client:
        load = protocol.inference(channel).RepositoryModelLoad.future(
            protocol.message("inference.RepositoryModelLoadRequest")(model_name="stuck"))
        server.wait_until("the load to begin", lambda: index(client).get(("stuck", "")) == ("LOADING", ""))
        assert served.terminate_and_wait(30) == 0
        assert load.code() in (Code.CANCELLED, Code.UNAVAILABLE)


def test_no_sample_is_lost_across_reloads_under_load(start, tmp_path):
    models = make(tmp_path / "models", repository.mlp_monitor(1.0))
    served = start(models, {"repository": {"control": "explicit", "models": ["mlp"]}})
    monitor = models / "mlp" / "monitor.yaml"
    with triton.InferenceServerClient(served.address) as client:
        with SteadyLoad(served, lambda number: mlp_request(features(1), request_id=str(number))) as load:
            for alert in (0.3, 0.4, 0.5, 0.6, 0.7):
                answered = load.answered()
                server.wait_until("load", lambda: load.answered() > answered + 100 or load.failures())
                thresholds = {"psi": {"warn": 0.2, "alert": alert}}
                monitor.write_text(json.dumps({**json.loads(monitor.read_text()), "thresholds": thresholds}))
                client.load_model("mlp")
        client.unload_model("mlp")
    assert load.failures() == []
    server.wait_until("every sample", lambda: served.metrics().records()["sampled"] == len(load.ok))
    metrics = served.metrics()
    assert metrics.sum("driftserve_tap_dropped_samples_total") == 0
    assert metrics.sum("driftserve_unwatched_rows_total") == 0
