"""What Triton's own Python client does beyond a single inference, unmodified: streams, system shared memory, statistics,
log settings; and what becomes of compressed requests."""

import asyncio
import base64
import gzip
import json
import os
import queue

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
import tritonclient.utils.shared_memory as shared_memory

from conftest import features, mlp_request, x_request
from support import protocol, repository, server

LIMIT = 1 << 20


@pytest.fixture(scope="module")
def served(start, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "access.log"
    running = start({"mlp": {"monitor": repository.tiered_monitor({"vip": 1.0}, 0.0)}, "slow": {}, "strings": {}},
                    {"grpc": {"max_message_bytes": LIMIT}, "access_log": {"rate": 1.0, "path": str(log)}})
    running.access_log = log
    return running


@pytest.fixture(scope="module")
def client(served):
    with triton.InferenceServerClient(served.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def channel(served):
    with served.channel() as opened:
        yield opened


def tensor(values):
    made = triton.InferInput("features", list(values.shape), "FP32")
    made.set_data_from_numpy(values)
    return made


def score_of(values, client):
    return client.infer("mlp", [tensor(values)]).as_numpy("score")


class Stream:
    """A stream of tritonclient's with the answers it gave."""

    def __init__(self, served):
        self.client = triton.InferenceServerClient(served.address)
        self.answers = queue.Queue()
        self.client.start_stream(callback=lambda result, error: self.answers.put((result, error)))

    def send(self, values, request_id, model="mlp", **more):
        self.client.async_stream_infer(model, [tensor(values)], request_id=request_id, **more)

    def next(self):
        return self.answers.get(timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_stream()
        self.client.close()


def test_async_requests_call_back(client):
    answers = queue.Queue()
    values = {str(i): features(1 + i % 3, seed=i) for i in range(40)}
    for identifier, value in values.items():
        client.async_infer("mlp", [tensor(value)], lambda result, error: answers.put((result, error)), request_id=identifier)
    client.async_infer("mlp", [tensor(features(1, width=7))], lambda result, error: answers.put((result, error)))
    errors = []
    for _ in range(len(values) + 1):
        result, error = answers.get(timeout=30)
        if error is not None:
            errors.append(error)
            continue
        value = values.pop(result.get_response().id)
        numpy.testing.assert_allclose(result.as_numpy("score"), score_of(value, client), rtol=1e-4, atol=1e-5)
    assert not values and len(errors) == 1
    assert "INVALID_ARGUMENT" in errors[0].status() and "features" in errors[0].message()


def slow_tensor():
    made = triton.InferInput("x", [1, 1], "FP32")
    made.set_data_from_numpy(numpy.ones((1, 1), dtype=numpy.float32))
    return made


def test_cancelled_requests_that_wait_never_run(served, client):
    """200 wait behind one another in batches of 8. All are cancelled; some come to run before that is known."""
    calls = [client.async_infer("slow", [slow_tensor()], lambda result, error: None) for _ in range(200)]
    for call in calls:
        call.cancel()
    client.infer("slow", [slow_tensor()])  # behind them all

    def counts():
        metrics = served.metrics()
        return [metrics.sum("driftserve_requests_total", model_name="slow", code=code) for code in ("OK", "CANCELLED")]

    server.wait_until("every request to have ended", lambda: served.metrics().sum("driftserve_pending_requests") == 0)
    server.wait_until("as many rows run as were answered", lambda: counts()[0]
                      == client.get_inference_statistics("slow").model_stats[0].inference_count)
    assert counts()[1] > 0


def test_stream_answers_each_request(served, client):
    values = {str(i): features(1 + i % 3, seed=i) for i in range(40)}
    with Stream(served) as stream:
        for identifier, value in values.items():
            stream.send(value, identifier, enable_empty_final_response=True)
        while values:
            result, error = stream.next()
            assert error is None
            response = result.get_response()
            assert response.parameters["triton_final_response"].bool_param
            numpy.testing.assert_allclose(result.as_numpy("score"), score_of(values.pop(response.id), client), rtol=1e-4, atol=1e-5)


def test_stream_outlives_a_bad_request(served):
    with Stream(served) as stream:
        stream.send(features(1), "first", model="nosuch")
        result, error = stream.next()
        assert result is None and "nosuch" in error.message()
        stream.send(features(1, width=7), "second")
        result, error = stream.next()
        assert result is None and "features" in error.message()
        stream.send(features(1), "third")
        result, error = stream.next()
        assert error is None and result.get_response().id == "third"


def test_stream_is_cancelled_and_the_server_goes_on(served, client):
    stream = Stream(served)
    for number in range(20):
        stream.send(features(1), str(number))
    stream.client.stop_stream(cancel_requests=True)
    stream.client.close()
    assert score_of(features(1), client).shape == (1, 1)


def test_asyncio_stream(served):
    async def requests():
        for number in range(20):
            yield {"model_name": "mlp", "inputs": [tensor(features(1, seed=number))], "request_id": str(number)}

    async def run():
        seen = []
        async with triton_aio.InferenceServerClient(served.address) as client:
            async for result, error in client.stream_infer(requests()):
                assert error is None
                seen.append(result.get_response().id)
        return seen

    assert sorted(asyncio.run(run()), key=int) == [str(i) for i in range(20)]


def test_a_streamed_request_is_counted_and_sampled(served):
    before = served.metrics()
    with Stream(served) as stream:
        stream.send(features(3), "sampled", parameters={"tier": "vip"})
        stream.next()
    labels = {"model_name": "mlp", "method": "ModelStreamInfer", "code": "OK"}
    assert served.metrics().sum("driftserve_requests_total", **labels) == before.sum("driftserve_requests_total", **labels) + 1
    kept = {"model_name": "mlp", "stratum": "vip", "outcome": "kept"}
    server.wait_until("three rows kept", lambda: served.metrics().sum("model_stratum_rows_total", **kept)
                      == before.sum("model_stratum_rows_total", **kept) + 3)


@pytest.fixture
def region():
    made = shared_memory.create_shared_memory_region("region", "/driftserve_clients", 1024)
    yield made
    shared_memory.destroy_shared_memory_region(made)


def test_system_shared_memory(client, region):
    assert "system_shared_memory" in client.get_server_metadata().extensions
    values = features(4)
    shared_memory.set_shared_memory_region(region, [values])
    client.unregister_system_shared_memory()
    client.register_system_shared_memory("region", "/driftserve_clients", 1024)
    assert client.get_system_shared_memory_status().regions["region"].byte_size == 1024
    source = triton.InferInput("features", [4, 8], "FP32")
    source.set_shared_memory("region", values.nbytes)
    target = triton.InferRequestedOutput("score")
    target.set_shared_memory("region", 16, offset=512)
    result = client.infer("mlp", [source], outputs=[target])
    output = result.get_output("score")
    assert output.parameters["shared_memory_byte_size"].int64_param == 16
    written = shared_memory.get_contents_as_numpy(region, numpy.float32, [4, 1], offset=512)
    numpy.testing.assert_array_equal(written, score_of(values, client))
    client.unregister_system_shared_memory("region")
    with pytest.raises(triton.InferenceServerException, match="not registered"):
        client.infer("mlp", [source], outputs=[target])


@pytest.fixture
def registered(client, region):
    client.unregister_system_shared_memory()
    client.register_system_shared_memory("region", "/driftserve_clients", 1024)
    yield
    client.unregister_system_shared_memory("region")


@pytest.mark.parametrize("byte_size,offset", [(32, 1000), (32, 1024), (2048, 0), (32, 2**63 - 1)])
def test_a_range_outside_its_region(client, registered, byte_size, offset):
    source = triton.InferInput("features", [1, 8], "FP32")
    source.set_shared_memory("region", byte_size, offset=offset)
    with pytest.raises(triton.InferenceServerException, match="expected a range within the 1024 bytes") as error:
        client.infer("mlp", [source])
    assert "INVALID_ARGUMENT" in error.value.status() and f"got {byte_size} bytes from offset {offset}" in error.value.message()


def test_a_region_beyond_its_object(client, registered):
    with pytest.raises(triton.InferenceServerException, match="4096") as error:
        client.register_system_shared_memory("longer", "/driftserve_clients", 4096)
    assert "INVALID_ARGUMENT" in error.value.status()
    with pytest.raises(triton.InferenceServerException) as error:
        client.register_system_shared_memory("region", "/driftserve_clients", 512)
    assert "ALREADY_EXISTS" in error.value.status()
    assert set(client.get_system_shared_memory_status().regions) == {"region"}


def test_outputs_that_overlap(client, registered, region):
    """Through two regions of one object: which bytes they are counts, not what they are called."""
    client.register_system_shared_memory("again", "/driftserve_clients", 512, offset=512)
    words = triton.InferInput("text", [1, 1], "BYTES")
    words.set_data_from_numpy(numpy.array([["kiwi"]], dtype=object))
    lengths, upper = triton.InferRequestedOutput("lengths"), triton.InferRequestedOutput("upper")
    lengths.set_shared_memory("region", 8, offset=520)
    upper.set_shared_memory("again", 64)
    with pytest.raises(triton.InferenceServerException, match="overlap") as error:
        client.infer("strings", [words], outputs=[lengths, upper])
    assert "INVALID_ARGUMENT" in error.value.status()
    upper.set_shared_memory("again", 64, offset=16)
    client.infer("strings", [words], outputs=[lengths, upper])
    assert shared_memory.get_contents_as_numpy(region, numpy.int64, [1], offset=520).tolist() == [4]
    client.unregister_system_shared_memory("again")


def test_system_shared_memory_may_be_off(start, region):
    closed = start({"mlp": {}}, {"grpc": {"shared_memory": "off"}})
    with triton.InferenceServerClient(closed.address) as client:
        assert "system_shared_memory" not in client.get_server_metadata().extensions
        with pytest.raises(triton.InferenceServerException, match="grpc.shared_memory"):
            client.register_system_shared_memory("region", "/driftserve_clients", 1024)
        with pytest.raises(triton.InferenceServerException, match="grpc.shared_memory"):
            client.register_cuda_shared_memory("region", base64.b64encode(bytes(64)), 0, 1024)


@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="there is a GPU: make gpu-test checks it")
def test_cuda_shared_memory_says_that_it_is_not_there(client):
    """The client takes the handle in base64 and sends its bytes."""
    client.unregister_cuda_shared_memory()
    client.unregister_cuda_shared_memory("region")
    assert not client.get_cuda_shared_memory_status().regions
    with pytest.raises(triton.InferenceServerException, match="'region' is not registered") as error:
        client.get_cuda_shared_memory_status("region")
    assert "NOT_FOUND" in error.value.status()
    with pytest.raises(triton.InferenceServerException, match="no CUDA shared memory: LibTorch finds no GPU") as error:
        client.register_cuda_shared_memory("region", base64.b64encode(bytes(64)), 0, 1024)
    assert "UNIMPLEMENTED" in error.value.status()
    source = tensor(features(1))
    source.set_shared_memory("region", 32)
    with pytest.raises(triton.InferenceServerException, match="'region' is not registered"):
        client.infer("mlp", [source])
    assert score_of(features(1), client).shape == (1, 1), "the server goes on"


def test_statistics_rise_and_agree(client):
    def read():
        return client.get_inference_statistics("mlp").model_stats[0]

    assert "statistics" in client.get_server_metadata().extensions
    before = read()
    for rows in (1, 1, 5):
        score_of(features(rows), client)
    with pytest.raises(triton.InferenceServerException):
        client.infer("mlp", [tensor(features(1, width=3))])
    after = read()
    assert after.version == "1"
    assert after.inference_count - before.inference_count == 7
    assert after.execution_count - before.execution_count == 3
    assert after.last_inference >= before.last_inference > 0
    for name, risen in (("success", 3), ("queue", 3), ("compute_input", 3), ("compute_infer", 3), ("compute_output", 3), ("fail", 1)):
        counts = [getattr(stats.inference_stats, name).count for stats in (before, after)]
        assert counts[1] - counts[0] == risen, name
    assert after.inference_stats.success.ns > before.inference_stats.success.ns
    assert sum(batch.batch_size * batch.compute_infer.count for batch in after.batch_stats) == after.inference_count
    assert sum(batch.compute_infer.count for batch in after.batch_stats) == after.execution_count


def test_statistics_of_all_models_and_of_none(client):
    assert {stats.name for stats in client.get_inference_statistics().model_stats} == {"mlp", "slow", "strings"}
    with pytest.raises(triton.InferenceServerException, match="nosuch"):
        client.get_inference_statistics("nosuch")


def test_log_and_trace_settings(client):
    assert client.get_log_settings().settings["log_info"].bool_param
    client.update_log_settings({"log_info": False})
    assert not client.get_log_settings().settings["log_info"].bool_param
    client.update_log_settings({"log_info": True})
    assert list(client.get_trace_settings().settings["trace_level"].value) == ["OFF"]
    with pytest.raises(triton.InferenceServerException, match="traceparent"):
        client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]})


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests_are_refused(client, algorithm):
    with pytest.raises(triton.InferenceServerException) as error:
        client.infer("mlp", [tensor(features(1))], compression_algorithm=algorithm)
    assert "UNIMPLEMENTED" in error.value.status()
    assert algorithm in error.value.message()
    assert score_of(features(1), client).shape == (1, 1)


def test_a_decompression_bomb_is_not_unpacked(served, channel):
    before = server.peak_rss_bytes(served.pid)
    bomb = b"\x3a" + bytes(256 << 20)
    assert len(gzip.compress(bomb[: 1 << 20])) < 2000
    call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    with pytest.raises(grpc.RpcError) as error:
        call(bomb, compression=grpc.Compression.Gzip, timeout=120)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert server.peak_rss_bytes(served.pid) - before < 64 << 20


def test_access_log(served, channel):
    trace = "0af7651916cd43dd8448eb211c80319c"
    request = mlp_request(features(2), request_id="logged-one", parameters={"tier": "vip"})
    protocol.inference(channel).ModelInfer(request, metadata=[("traceparent", f"00-{trace}-b7ad6b7169203331-01")])
    with pytest.raises(grpc.RpcError):
        protocol.inference(channel).ModelInfer(protocol.infer_request("logged-nosuch", []))

    def find(**wanted):
        lines = [json.loads(line) for line in served.access_log.read_text().splitlines()]
        return next((line for line in lines if all(line.get(key) == value for key, value in wanted.items())), None)

    line = server.wait_until("the line of a request", lambda: find(request_id="logged-one"))
    assert (line["method"], line["code"], line["model_name"], line["model_version"]) == ("ModelInfer", "OK", "mlp", "1")
    assert (line["trace_id"], line["rows"], line["stratum"]) == (trace, 2, "vip")
    assert line["peer"].startswith("ipv4:127.0.0.1:")
    assert line["total_us"] >= line["queue_us"] + line["execute_us"] - 1
    assert server.wait_until("the line of a refusal", lambda: find(model_name="logged-nosuch"))["code"] == "NOT_FOUND"
    labels = protocol.message("driftserve.v1.ReportLabelsRequest")(model_name="mlp")
    labels.labels.add(request_id="logged-one", number=1)
    with pytest.raises(grpc.RpcError):
        protocol.prediction(channel).ReportLabels(labels, metadata=[("traceparent", f"00-{trace}-b7ad6b7169203331-01")])
    line = server.wait_until("the line of a report of labels", lambda: find(method="ReportLabels"))
    assert (line["code"], line["model_name"], line["trace_id"]) == ("FAILED_PRECONDITION", "mlp", trace)
    assert (line["rows"], line["queue_us"], line["execute_us"]) == (1, 0, 0) and line["peer"].startswith("ipv4:")
    assert served.metrics().sum("driftserve_access_log_lines_total", outcome="dropped") == 0


def test_slow_requests_are_logged_whatever_the_rate(start, tmp_path):
    log = tmp_path / "slow.log"
    served = start({"mlp": {}, "slow": {}}, {"access_log": {"slow_ms": 3, "path": str(log)}})
    with served.channel() as channel:
        for number in range(5):
            protocol.inference(channel).ModelInfer(mlp_request(features(1), request_id=f"quick-{number}"))
        protocol.inference(channel).ModelInfer(x_request("slow", 1.0))

    def lines():
        return [json.loads(line) for line in log.read_text().splitlines()]

    server.wait_until("the slow request's line", lambda: [line for line in lines() if line["model_name"] == "slow"])
    assert all(line["total_us"] >= 3_000 and line["slow"] for line in lines())
