"""The inference protocol as unmodified clients speak it, Predict, health and reflection."""

import asyncio
import queue
import re

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio

from conftest import features, mlp_request, scores, x_request
from support import protocol, repository

SERVICES = {"inference.GRPCInferenceService", "driftserve.v1.Prediction", "grpc.health.v1.Health"}
UNIMPLEMENTED = ("CudaSharedMemoryRegister",)


@pytest.fixture(scope="module")
def served(start):
    return start({"mlp": {"monitor": repository.mlp_monitor(1.0)}, "strings": {}, "versions": {}, "optional": {}})


@pytest.fixture(scope="module")
def channel(served):
    with served.channel() as opened:
        yield opened


@pytest.fixture(scope="module")
def client(served):
    with triton.InferenceServerClient(served.address) as opened:
        yield opened


def triton_input(values, name="features", datatype="FP32"):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    return tensor


def test_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("mlp")
    assert client.is_model_ready("mlp", "1")


def test_server_metadata_lists_only_true_extensions(client):
    metadata = client.get_server_metadata()
    assert metadata.name == "driftserve"
    assert metadata.version
    assert {"statistics", "logging", "system_shared_memory"} <= set(metadata.extensions)
    assert not {"cuda_shared_memory", "classification", "sequence", "trace"} & set(metadata.extensions)
    assert not any("model_repository" in extension for extension in metadata.extensions), "it is not open to requests"


def test_model_metadata_and_config(client):
    metadata = client.get_model_metadata("mlp")
    assert (metadata.name, list(metadata.versions)) == ("mlp", ["1"])
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs] == [("features", "FP32", [-1, 8])]
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.outputs] == [("score", "FP32", [-1, 1])]
    config = client.get_model_config("mlp").config
    assert (config.name, config.max_batch_size) == ("mlp", 64)


def test_infer_with_raw_contents(client):
    values = features(5)
    result = client.infer("mlp", [triton_input(values)], request_id="r-1")
    assert result.get_response().id == "r-1"
    assert result.get_response().model_version == "1"
    assert len(result.get_response().raw_output_contents) == 1
    assert result.as_numpy("score").shape == (5, 1)


def test_rows_do_not_depend_on_their_batch(client):
    values = features(64, seed=1)
    together = client.infer("mlp", [triton_input(values)]).as_numpy("score")
    alone = numpy.concatenate([client.infer("mlp", [triton_input(row[None])]).as_numpy("score") for row in values])
    numpy.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_typed_contents_mean_the_same_as_raw(channel):
    values = features(3)
    request = protocol.message("inference.ModelInferRequest")(model_name="mlp")
    tensor = request.inputs.add(name="features", datatype="FP32", shape=[3, 8])
    tensor.contents.fp32_contents.extend(values.ravel().tolist())
    typed = protocol.inference(channel).ModelInfer(request)
    raw = protocol.inference(channel).ModelInfer(mlp_request(values))
    assert typed.raw_output_contents and not typed.outputs[0].contents.fp32_contents
    assert typed.raw_output_contents == raw.raw_output_contents


def test_requested_outputs(client):
    result = client.infer("mlp", [triton_input(features(1))], outputs=[triton.InferRequestedOutput("score")])
    assert [output.name for output in result.get_response().outputs] == ["score"]


def test_strings_in_and_out(client):
    words = numpy.array([["kiwi"], [""], ["Main St."], ["a" * 300]], dtype=object)
    result = client.infer("strings", [triton_input(words, "text", "BYTES")])
    assert result.as_numpy("lengths").ravel().tolist() == [4, 0, 8, 300]
    assert [word.decode() for word in result.as_numpy("upper").ravel()] == [word.upper() for word in words.ravel()]


def optional_request(value, scale=None):
    """Inputs of one row to the model `optional`."""
    given = {"x": value} if scale is None else {"x": value, "scale": scale}
    return [triton_input(numpy.full((1, 1), number, numpy.float32), name) for name, number in given.items()]


def test_an_optional_input_may_be_left_out_and_an_output_with_it(client):
    assert [tensor.optional for tensor in client.get_model_config("optional").config.input] == [False, True]
    reply = client.infer("optional", optional_request(3, scale=4))
    assert (reply.as_numpy("y").item(), reply.as_numpy("half").item()) == (12, 6)
    reply = client.infer("optional", optional_request(3))
    assert [output.name for output in reply.get_response().outputs] == ["y"]
    assert reply.as_numpy("y").item() == 3
    with pytest.raises(triton.InferenceServerException, match="output 'half': asked for by name") as refused:
        client.infer("optional", optional_request(3), outputs=[triton.InferRequestedOutput("half")])
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    with pytest.raises(triton.InferenceServerException, match="input 'x' is missing: model 'optional' expects 'x'"):
        client.infer("optional", optional_request(3, scale=4)[1:])


def test_requests_with_and_without_an_optional_input_do_not_mix(client):
    answers = queue.Queue()
    for i in range(100):
        inputs = optional_request(i, scale=2 if i % 3 else None)
        client.async_infer("optional", inputs, lambda result, error, i=i: answers.put((i, result, error)))
    for _ in range(100):
        i, result, error = answers.get(timeout=60)
        assert error is None
        assert result.as_numpy("y").item() == (2 * i if i % 3 else i)


def test_versions(client, channel):
    assert [str(v) for v in client.get_model_metadata("versions").versions] == ["1", "2"]
    answers = {}
    for version in ("1", "2", ""):
        request = x_request("versions", 0.5, version=version)
        reply = protocol.inference(channel).ModelInfer(request)
        answers[version] = (reply.model_version, scores(reply).tolist())
    assert {asked: version for asked, (version, _) in answers.items()} == {"1": "1", "2": "2", "": "2"}
    assert answers["1"][1] == [0.5] != answers["2"][1]


def test_asyncio_client(served):
    async def run():
        async with triton_aio.InferenceServerClient(served.address) as client:
            assert await client.is_server_ready()
            values = [features(1, seed) for seed in range(40)]
            results = await asyncio.gather(*(client.infer("mlp", [triton_input(v)]) for v in values))
            return values, [result.as_numpy("score") for result in results]

    values, answers = asyncio.run(run())
    with triton.InferenceServerClient(served.address) as client:
        together = client.infer("mlp", [triton_input(numpy.concatenate(values))]).as_numpy("score")
    numpy.testing.assert_allclose(numpy.concatenate(answers), together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", UNIMPLEMENTED)
def test_what_is_not_there_says_so_in_a_sentence(channel, method):
    call = getattr(protocol.inference(channel), method)
    request = protocol.message(f"inference.{method}Request")()
    with pytest.raises(grpc.RpcError) as error:
        call(request)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert len(error.value.details().split()) >= 3, error.value.details()


def test_health(channel):
    request = protocol.message("grpc.health.v1.HealthCheckRequest")
    stub = protocol.health(channel)
    assert stub.Check(request(service="")).status == 1
    assert stub.Check(request(service="mlp")).status == 1
    with pytest.raises(grpc.RpcError) as error:
        stub.Check(request(service="nosuch"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    for service, status in (("", 1), ("mlp", 1), ("nosuch", 3)):
        watch = stub.Watch(request(service=service), timeout=30)
        assert next(watch).status == status
        watch.cancel()


def reflect(channel, **request):
    message = protocol.message("grpc.reflection.v1alpha.ServerReflectionRequest")(**request)
    return next(protocol.reflection(channel).ServerReflectionInfo(iter([message]), timeout=30))


def test_reflection(channel):
    listed = {service.name for service in reflect(channel, list_services="*").list_services_response.service}
    assert SERVICES <= listed
    for service in SERVICES:
        answer = reflect(channel, file_containing_symbol=service)
        assert answer.file_descriptor_response.file_descriptor_proto, service


def test_reflection_can_be_turned_off(start):
    closed = start({"mlp": {}}, {"grpc": {"reflection": False}})
    with closed.channel() as channel, pytest.raises(grpc.RpcError) as error:
        reflect(channel, list_services="*")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def predict_request(values, **more):
    request = protocol.message("driftserve.v1.PredictRequest")(model_name="mlp", **more)
    for column in range(values.shape[1]):
        request.columns[f"f{column}"].doubles.values.extend(values[:, column].tolist())
    return request


def test_predict_by_named_columns(channel):
    values = features(4)
    reply = protocol.prediction(channel).Predict(predict_request(values, request_id="named"))
    assert (reply.model_name, reply.model_version, reply.request_id) == ("mlp", "1", "named")
    by_tensor = scores(protocol.inference(channel).ModelInfer(mlp_request(values)))
    numpy.testing.assert_array_equal(numpy.float32(reply.outputs["p_score"].doubles.values), by_tensor)


def test_predict_takes_nulls(channel):
    request = predict_request(features(3))
    request.columns["f2"].nulls.append(1)
    reply = protocol.prediction(channel).Predict(request)
    assert len(reply.outputs["p_score"].doubles.values) == 3


def test_a_request_without_id_gets_one_only_where_it_is_watched(channel):
    made = [protocol.inference(channel).ModelInfer(mlp_request(features(1))).id for _ in range(2)]
    boots = {re.fullmatch(r"([0-9a-f]{16})-[0-9a-f]+", identifier).group(1) for identifier in made}
    assert len(boots) == 1 and made[0] != made[1]
    assert protocol.inference(channel).ModelInfer(x_request("versions", 0.5)).id == ""
