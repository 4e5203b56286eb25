"""The server against itself: how soon it is ready, packages against archives, named columns against tensors."""

import shutil

import numpy

import servers
from against_echo import column
from figures import Figure, at_least, at_most, ratios
from load import Calls
from outcome import Outcome, rounds_of
from servers import CLOSE, compare
from support import protocol

REQUESTS = 80_000
PACKAGE_CONFIG = """max_batch_size: 64
input { name: "features" data_type: TYPE_FP32 dims: [ 9 ] }
input { name: "pair" data_type: TYPE_INT64 dims: [ 1 ] }
output { name: "p_late" data_type: TYPE_FP32 dims: [ 1 ] }
"""
NO_PACKAGE = "no package in build/pt2: run `make pt2-test` first"


def start(context):
    """P10."""
    models = servers.mlp_models(context.work, "models")
    seconds = [servers.ready_seconds(context.work, f"start-{number}", models) for number in range(context.rounds)]
    return Outcome([Figure("P10", "start of the process to ready, one small model, one core", seconds,
                           at_most(2, " s"))])


def package_models(work, compiled):
    """A repository with flight_delay as an archive and as a package, both in the form that takes no strings."""
    for name, file in (("archive", "model.pt"), ("package", "model.pt2")):
        folder = work / "packages" / name
        (folder / "1").mkdir(parents=True)
        (folder / "config.pbtxt").write_text(PACKAGE_CONFIG)
        shutil.copy(compiled / file, folder / "1")
    return work / "packages"


def package(context):
    """P11."""
    what = "`.pt2` ÷ TorchScript, req/s, flight_delay"
    if not (context.compiled / "model.pt2").exists():
        return Outcome([Figure("P11", what, bound=at_least(1.0), missing=NO_PACKAGE)])
    work = context.work
    row = numpy.array([[8, 2, 1400, 60, 50, 10, 10, 0, 1012]], "<f4")
    inputs = [("features", "FP32", [1, 9], row.tobytes()), ("pair", "INT64", [1, 1], bytes(8))]
    requests = {name: protocol.infer_request(name, inputs) for name in ("archive", "package")}
    config = {"repository": {"allow_native_code": True}}
    with servers.ours(work, "forms", package_models(work, context.compiled), config) as served:
        answers = {name: numpy.frombuffer(servers.infer(served.grpc_port, request).raw_output_contents[0], "<f4")
                   for name, request in requests.items()}
        servers.prove("the package", answers["package"], answers["archive"])
        found = compare(context, REQUESTS, {name: (served, Calls(servers.body(work, name, request)))
                                            for name, request in requests.items()})
        servers.prove_unharmed(served)
    archive, packaged = (column(rounds, "requests_per_second") for rounds in found.values())
    return Outcome([Figure("P11", what, ratios(packaged, archive), at_least(1.0))], rounds_of(found))


def predict_request():
    request = protocol.message("driftserve.v1.PredictRequest")(model_name="mlp")
    for number, value in enumerate(servers.FEATURES[0]):
        request.columns[f"f{number}"].doubles.values.append(float(value))
    return request


def columns(context):
    """P13: the same row by eight named columns and as one tensor."""
    work = context.work
    models = servers.mlp_models(work, "named", 0.01)
    method = "/driftserve.v1.Prediction/Predict"
    with servers.ours(work, "named-server", models) as served:
        servers.prove_mlp("ModelInfer", served.grpc_port, models)
        with served.channel() as channel:
            reply = protocol.prediction(channel).Predict(predict_request(), timeout=30)
        servers.prove("Predict", [*reply.outputs.values()][0].doubles.values, servers.mlp_score(models))
        found = compare(context, REQUESTS, {
            "ModelInfer": (served, Calls(servers.body(work, "infer", servers.mlp_request()))),
            "Predict": (served, Calls(servers.body(work, "predict", predict_request()), method))}, CLOSE)
        servers.prove_unharmed(served)
    infer, predict = (column(rounds, "requests_per_second") for rounds in found.values())
    return Outcome([Figure("P13", "Predict with eight named columns ÷ ModelInfer, req/s", ratios(predict, infer),
                           at_least(0.8))], rounds_of(found))
