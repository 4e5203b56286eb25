"""Every bad request gets its status and a message that names the field, what was expected and what came; the server
stays up and answers the next request as before. Every bad configuration ends start-up with its exit code."""

import socket
import subprocess

import grpc
import numpy
import pytest

from conftest import features, mlp_request, scores, x_request
from support import protocol, repository, server

Code = grpc.StatusCode
MESSAGE_LIMIT = 1 << 20
GOOD = features(2)


@pytest.fixture(scope="module")
def served(start):
    return start({"mlp": {"monitor": repository.mlp_monitor(1.0)}, "strings": {}, "raising": {}, "slow": {}},
                 {"grpc": {"max_message_bytes": MESSAGE_LIMIT, "pollers": 1}})


@pytest.fixture(scope="module")
def channel(served):
    with served.channel() as opened:
        yield opened


@pytest.fixture(scope="module")
def right_answer(channel):
    return scores(protocol.inference(channel).ModelInfer(mlp_request(GOOD))).tolist()


@pytest.fixture(autouse=True)
def the_next_request_is_right(served, channel, right_answer):
    yield
    assert served.running(), served.log_tail()
    assert scores(protocol.inference(channel).ModelInfer(mlp_request(GOOD))).tolist() == right_answer


def refused(call, request, code, *parts):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=60)
    assert error.value.code() == code, error.value.details()
    for part in parts:
        assert part in error.value.details(), error.value.details()


def infer(model="mlp", name="features", datatype="FP32", shape=(2, 8), raw=GOOD.tobytes(), version=""):
    return protocol.infer_request(model, [(name, datatype, list(shape), raw)], version=version)


def changed(change):
    request = infer()
    change(request)
    return request


def typed(datatype, field, values, shape=(2, 8)):
    request = protocol.message("inference.ModelInferRequest")(model_name="mlp")
    tensor = request.inputs.add(name="features", datatype=datatype, shape=list(shape))
    getattr(tensor.contents, field).extend(values)
    return request


def both_contents(request):
    request.inputs[0].contents.fp32_contents.extend([0.0] * 16)


def second_tensor(name):
    def change(request):
        request.inputs.add(name=name, datatype="FP32", shape=[2, 8])
        request.raw_input_contents.append(GOOD.tobytes())
    return change


BAD_REQUESTS = {
    "unknown model": (infer(model="nosuch"), Code.NOT_FOUND, "nosuch"),
    "unknown version": (infer(version="99"), Code.NOT_FOUND, "mlp", "99", "1"),
    "version is no number": (infer(version="newest"), Code.INVALID_ARGUMENT, "newest"),
    "no model name": (infer(model=""), Code.NOT_FOUND, "''", "mlp"),
    "wrong tensor name": (infer(name="featurez"), Code.INVALID_ARGUMENT, "featurez", "features"),
    "no tensor": (protocol.infer_request("mlp", []), Code.INVALID_ARGUMENT, "features"),
    "one tensor too many": (changed(second_tensor("more")), Code.INVALID_ARGUMENT, "features", "1 input", "got 2"),
    "the same tensor twice": (changed(second_tensor("features")), Code.INVALID_ARGUMENT, "features"),
    "wrong dtype": (infer(datatype="INT32"), Code.INVALID_ARGUMENT, "features", "FP32", "INT32"),
    "unknown dtype": (infer(datatype="FP31"), Code.INVALID_ARGUMENT, "features", "FP31"),
    "rank too low": (infer(shape=(16,)), Code.INVALID_ARGUMENT, "features", "16"),
    "rank too high": (infer(shape=(2, 1, 8)), Code.INVALID_ARGUMENT, "features"),
    "wrong dimension": (infer(shape=(2, 7), raw=bytes(56)), Code.INVALID_ARGUMENT, "features", "7", "8"),
    "a byte short": (infer(raw=GOOD.tobytes()[:-1]), Code.INVALID_ARGUMENT, "features", "16 elements", "4 bytes each", "63"),
    "a byte long": (infer(raw=GOOD.tobytes() + b"\0"), Code.INVALID_ARGUMENT, "features", "16 elements", "4 bytes each", "65"),
    "raw contents of no tensor": (changed(lambda r: r.raw_input_contents.append(b"")), Code.INVALID_ARGUMENT, "raw_input_contents"),
    "no contents": (changed(lambda r: r.ClearField("raw_input_contents")), Code.INVALID_ARGUMENT, "features"),
    "raw and typed together": (changed(both_contents), Code.INVALID_ARGUMENT, "raw_input_contents", "features"),
    "typed contents too few": (typed("FP32", "fp32_contents", [0.0] * 15), Code.INVALID_ARGUMENT, "features", "16 elements", "60 bytes"),
    "typed contents of another type": (typed("FP32", "int_contents", [0] * 16), Code.INVALID_ARGUMENT, "features", "fp32_contents"),
    "negative shape": (infer(shape=(-2, 8)), Code.INVALID_ARGUMENT, "features", "-2"),
    "negative in both": (infer(shape=(-2, -8)), Code.INVALID_ARGUMENT, "features", "-2"),
    "overflowing shape": (infer(shape=(1 << 62, 8)), Code.INVALID_ARGUMENT, "features", str(1 << 62)),
    "largest shape": (infer(shape=(2**63 - 1, 8)), Code.INVALID_ARGUMENT, "features", str(2**63 - 1)),
    "no rows": (infer(shape=(0, 8), raw=b""), Code.INVALID_ARGUMENT, "features", "0"),
    "too many rows": (infer(shape=(65, 8), raw=bytes(65 * 32)), Code.INVALID_ARGUMENT, "65", "64", "max_batch_size"),
    "unknown output": (changed(lambda r: r.outputs.add(name="scor")), Code.INVALID_ARGUMENT, "scor", "score"),
    "the same output twice": (changed(lambda r: r.outputs.extend([type(r).InferRequestedOutputTensor(name="score")] * 2)),
                              Code.INVALID_ARGUMENT, "score", "twice"),
    "string without its length": (protocol.infer_request("strings", [("text", "BYTES", [1, 1], b"\1\0")]),
                                  Code.INVALID_ARGUMENT, "text"),
    "string beyond the end": (protocol.infer_request("strings", [("text", "BYTES", [1, 1], b"\5\0\0\0abc")]),
                              Code.INVALID_ARGUMENT, "text", "7 bytes"),
    "a string too many": (protocol.infer_request("strings", [("text", "BYTES", [1, 1], b"\1\0\0\0a\1\0\0\0b")]),
                          Code.INVALID_ARGUMENT, "text"),
    "the model raises": (x_request("raising", -1.0), Code.INTERNAL, "negative input"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_request(channel, case):
    request, code, *parts = BAD_REQUESTS[case]
    refused(protocol.inference(channel).ModelInfer, request, code, *parts)


def test_a_model_error_carries_no_stack_trace(channel):
    with pytest.raises(grpc.RpcError) as error:
        protocol.inference(channel).ModelInfer(x_request("raising", -1.0))
    assert "Traceback" not in error.value.details() and ".cpp:" not in error.value.details()


def predict(columns, nulls=None, **more):
    request = protocol.message("driftserve.v1.PredictRequest")(model_name="mlp", **more)
    for name, values in columns.items():
        field = "strings" if isinstance(values[0], bytes) else "doubles"
        getattr(request.columns[name], field).values.extend(values)
    for name, rows in (nulls or {}).items():
        request.columns[name].nulls.extend(rows)
    return request


COLUMNS = {f"f{i}": [0.5, 1.5] for i in range(8)}
BAD_PREDICTIONS = {
    "unknown model": (predict(COLUMNS), "model_name", "nosuch", Code.NOT_FOUND, "nosuch"),
    "unknown column": (predict({**COLUMNS, "f8": [0.0, 0.0]}), None, None, Code.INVALID_ARGUMENT, "f8"),
    "missing column": (predict({k: v for k, v in COLUMNS.items() if k != "f3"}), None, None, Code.INVALID_ARGUMENT, "f3"),
    "columns of two lengths": (predict({**COLUMNS, "f3": [0.0]}), None, None, Code.INVALID_ARGUMENT, "f3", "1", "2"),
    "text for a number": (predict({**COLUMNS, "f3": [b"a", b"b"]}), None, None, Code.INVALID_ARGUMENT, "f3"),
    "null of no row": (predict(COLUMNS, {"f3": [2]}), None, None, Code.INVALID_ARGUMENT, "f3", "2"),
    "no columns": (predict({}), None, None, Code.INVALID_ARGUMENT),
}


@pytest.mark.parametrize("case", BAD_PREDICTIONS)
def test_bad_prediction(channel, case):
    request, field, value, code, *parts = BAD_PREDICTIONS[case]
    if field:
        setattr(request, field, value)
    refused(protocol.prediction(channel).Predict, request, code, *parts)


def labels(model="mlp", **label):
    request = protocol.message("driftserve.v1.ReportLabelsRequest")(model_name=model)
    if label:
        request.labels.add(**label)
    return request


BAD_LABELS = {
    "none": (labels(), Code.INVALID_ARGUMENT, "labels", "got 0"),
    "no id": (labels(number=1), Code.INVALID_ARGUMENT, "labels[0].request_id"),
    "no label": (labels(request_id="a"), Code.INVALID_ARGUMENT, "labels[0].label"),
    "not a number": (labels(request_id="a", number=numpy.nan), Code.INVALID_ARGUMENT, "labels[0].number"),
    "unknown model": (labels("nothing", request_id="a", number=1), Code.NOT_FOUND, "nothing"),
    "a model without labels": (labels(request_id="a", number=1), Code.FAILED_PRECONDITION, "mlp", "labels:"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels(channel, case):
    request, code, *parts = BAD_LABELS[case]
    refused(protocol.prediction(channel).ReportLabels, request, code, *parts)


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, -numpy.inf])
def test_values_that_are_no_numbers_are_served(channel, value):
    values = features(2)
    values[1, 3] = value
    assert len(scores(protocol.inference(channel).ModelInfer(mlp_request(values)))) == 2


# What gRPC refuses before our code keeps gRPC's own status and text.

def raw_call(channel, payload):
    return lambda _, timeout: channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(payload, timeout=timeout)


def test_a_model_that_does_not_return(start):
    """The watchdog says so, and readiness tells, until the run is over: some seconds here."""
    served = start({"mlp": {}, "spinning": {}}, {"scheduling": {"watchdog_ms": 200}})
    with served.channel() as channel:
        stub = protocol.inference(channel)

        def ready():
            model_ready = stub.ModelReady(protocol.message("inference.ModelReadyRequest")(name="spinning")).ready
            return stub.ServerReady(protocol.message("inference.ServerReadyRequest")()).ready, model_ready

        def state():
            index = stub.RepositoryIndex(protocol.message("inference.RepositoryIndexRequest")())
            return next(model for model in index.models if model.name == "spinning").state

        assert (ready(), state()) == ((True, True), "READY")
        spinning = stub.ModelInfer.future(x_request("spinning", 3_000.0))
        complaint = server.wait_until("readiness to tell", lambda: served.get("/readyz")[0] == 503 and served.get("/readyz")[1])
        assert "spinning" in complaint
        assert (ready(), state()) == ((False, False), "UNAVAILABLE")
        metrics = served.metrics()
        assert metrics.sum("driftserve_model_ready", model_name="spinning") == 0
        assert metrics.sum("driftserve_model_ready", model_name="mlp") == 1
        assert metrics.sum("driftserve_hung_runs_total", model_name="spinning") == 1
        assert "model 'spinning' has not returned" in served.log_text()
        assert spinning.result(timeout=300).raw_output_contents
        server.wait_until("readiness to return", lambda: served.get("/readyz")[0] == 200)
        assert (ready(), state()) == ((True, True), "READY")


def test_a_string_that_is_not_utf8(served, channel):
    payload = b"\x0a\x03ml\xff"  # field 1, model_name
    refused(raw_call(channel, payload), None, Code.INTERNAL)
    assert "UTF-8" not in served.log_text(), "a client could fill the disk"


def test_bytes_that_are_no_message(channel):
    refused(raw_call(channel, b"\x0a\xff\xff"), None, Code.INTERNAL)


def test_a_message_over_the_limit(channel):
    refused(protocol.inference(channel).ModelInfer, infer(raw=bytes(MESSAGE_LIMIT + 1)), Code.RESOURCE_EXHAUSTED,
            str(MESSAGE_LIMIT))


def test_a_deadline_already_past(served, tmp_path):
    """Sent by hand: a client of gRPC's would not send it at all. gRPC rounds it up to a millisecond, which the slow
    model cannot meet."""
    body = tmp_path / "body"
    body.write_bytes(protocol.grpc_body(x_request("slow", 1.0)))
    answer = subprocess.run(
        ["nghttp", "-v", "-t", "20s", "-H", ":method: POST", "-H", "content-type: application/grpc", "-H", "te: trailers",
         "-H", "grpc-timeout: 1n", "-d", body, f"http://{served.address}/inference.GRPCInferenceService/ModelInfer"],
        capture_output=True, text=True, errors="replace", timeout=60).stdout
    assert "grpc-status: 4" in answer or "RST_STREAM" in answer, answer
    assert "grpc-status: 0" not in answer, answer


def test_a_hopeless_deadline_is_refused_or_passes_in_the_queue(channel):
    with pytest.raises(grpc.RpcError) as error:
        protocol.inference(channel).ModelInfer(x_request("slow", 1.0), timeout=0.005)
    assert error.value.code() == Code.DEADLINE_EXCEEDED


# Configuration: exit codes 1 (bad configuration or model), 2 (usage), 75 (could not bind).

@pytest.fixture
def models(tmp_path):
    return repository.make(tmp_path / "models", {"mlp": {}})


def fails(code, arguments, *parts, env=None):
    found, text = server.run_to_exit(arguments, env=env)
    assert found == code, text
    for part in parts:
        assert part in text, text


def written(tmp_path, text):
    file = tmp_path / "server.yaml"
    file.write_text(text)
    return file


def free(models, *more, grpc_address="127.0.0.1:0", operations_address="127.0.0.1:0"):
    return ["--model-repository", models, "--grpc-address", grpc_address, "--operations-address", operations_address, *more]


def test_an_unknown_key(tmp_path, models):
    config = written(tmp_path, "grpc:\n  pollers: 1\n  adress: 127.0.0.1:0\n")
    fails(1, free(models, "--config", config), f"{config}:3:3", "adress")


def test_a_wrong_unit(tmp_path, models):
    config = written(tmp_path, "kafka:\n  linger_ms: 5 parsecs\n")
    fails(1, free(models, "--config", config), f"{config}:2:14", "linger_ms", "5 parsecs")


def test_every_fault_is_listed(tmp_path, models):
    config = written(tmp_path, "grpc:\n  pollers: -3\nlog:\n  level: loud\n")
    fails(1, free(models, "--config", config), "pollers", "-3", "level", "loud")


def test_a_fault_in_the_environment(models):
    fails(1, free(models), "DRIFTSERVE_GRPC__POLLERS", "many", env={"DRIFTSERVE_GRPC__POLLERS": "many"})


def test_check_config_does_not_serve(tmp_path, models):
    good = written(tmp_path, "grpc: {pollers: 1}\n")
    fails(0, free(models, "--config", good, "--check-config"))
    bad = written(tmp_path, "grpc: {pollers: x}\n")
    fails(1, free(models, "--config", bad, "--check-config"), "pollers")


def test_usage(models):
    fails(2, ["--no-such-flag"], "--no-such-flag")


def test_no_repository(tmp_path):
    fails(1, free(tmp_path / "nowhere"), "nowhere")


@pytest.mark.parametrize("which", ["grpc_address", "operations_address"])
def test_a_port_in_use(models, which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        fails(75, free(models, **{which: address}), address)


def test_two_servers_do_not_share_a_port(served, models):
    fails(75, free(models, grpc_address=served.address), served.address)


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 truncated", None])
def test_a_file_that_is_not_a_model(models, content):
    file = models / "mlp" / "1" / "model.pt"
    file.write_bytes(content if content is not None else file.read_bytes()[:-1000])
    fails(1, free(models), str(file))


def test_a_model_configuration_with_faults(models):
    file = models / "mlp" / "config.pbtxt"
    file.write_text(file.read_text() + "\nmax_batch_sice: 3\n")
    lines = file.read_text().count("\n")
    fails(1, free(models), f"{file}:{lines}:", "max_batch_sice")
    file.write_text('name: "mlp"\nplatform: "onnxruntime_onnx"\n')
    fails(1, free(models), str(file), "onnxruntime_onnx", "pytorch_libtorch")


def test_a_monitor_file_with_faults(models):
    (models / "mlp" / "monitor.yaml").write_text("features:\n  - {name: a, input: features, colum: 0}\n")
    fails(1, free(models), "monitor.yaml:2:", "colum")


def test_a_watched_model_without_reference(models):
    repository.watch(models / "mlp", repository.mlp_monitor(1.0))
    (models / "mlp" / "1" / "reference.pb").unlink()
    fails(1, free(models), "reference.pb", "drift profile")
