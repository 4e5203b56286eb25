"""Against the bare echo: what serving costs over the least that gRPC can do."""

import os

import numpy

import servers
from figures import Figure, at_least, at_most, ratios
from load import CLIENT_CORE, CONNECTIONS, STREAMS, Calls
from outcome import Outcome, rounds_of
from servers import CLOSE, compare
from services import KafkaBroker
from support import archives, protocol

SATURATED = 100_000  # requests of a round
ONE_BY_ONE = 12_000
IMAGE = (1, 3, 224, 224)
IMAGES = 4000
IMAGE_CONFIG = """platform: "pytorch_libtorch"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }
output { name: "pixel" data_type: TYPE_FP32 dims: [ 1 ] }
"""
# A model that looks at one pixel: what is measured is the way of its 602 kB.
ONE_PIXEL = archives.HEAD + "    return torch.slice(torch.select(torch.select(x, 1, 0), 1, 0), 1, 0, 1)\n"


def column(rounds, field):
    return [getattr(one, field) for one in rounds]


def everything_on(context):
    """P1, with the server that watches nothing as a third side."""
    work, request = context.work, servers.mlp_request()
    calls = Calls(servers.body(work, "mlp", request))
    plain, watched = servers.mlp_models(work, "plain"), servers.mlp_models(work, "watched", 0.01)
    with KafkaBroker(work / "kafka") as broker, servers.Echo(work) as echo, \
            servers.ours(work, "off", plain) as off, \
            servers.ours(work, "on", watched, {"kafka": {"brokers": broker.bootstrap}}) as on:
        os.sched_setaffinity(broker.pid, {CLIENT_CORE})
        servers.prove_echo(echo, request)
        servers.prove_mlp("driftserve", off.grpc_port, plain)
        servers.prove_mlp("driftserve, watched", on.grpc_port, watched)
        found = compare(context, SATURATED, {"bare echo": (echo, calls), "driftserve, nothing watched": (off, calls),
                                             "driftserve, everything on": (on, calls)}, CLOSE)
        servers.prove_unharmed(on)
        records = on.metrics().records()
    echoes, unwatched, watching = found.values()
    rate = [column(rounds, "requests_per_second") for rounds in (echoes, unwatched, watching)]
    figures = [
        Figure("P1", f"req/s ÷ bare echo; 1 % sampled, drift, metrics, Kafka; {CONNECTIONS} × {STREAMS} in flight",
               ratios(rate[2], rate[0]), at_least(0.85)),
        Figure("", "the same with nothing watched", ratios(rate[1], rate[0]), at_least(0.75))]
    return Outcome(figures, rounds_of(found), [
        f"Records: {records['sampled']:.0f} sampled, {records['acknowledged']:.0f} acknowledged, "
        f"{records['dropped']:.0f} dropped, {records['in_flight']:.0f} in flight when the load ended."])


def alone(context):
    """P5: one request in flight; beside it a model that does nothing, which tells what of the difference is serving."""
    work, request = context.work, servers.mlp_request()
    same = protocol.infer_request("identity", [("INPUT__0", "FP32", [1, 8], servers.FEATURES.tobytes())])
    calls, same_calls = (Calls(servers.body(work, one.model_name, one), connections=1, streams=1, timed=True)
                         for one in (request, same))
    models = servers.mlp_models(work, "watched", 0.01)
    with servers.Echo(work) as echo, servers.ours(work, "on", models) as on, \
            servers.ours(work, "null", servers.identity_models(work, "null-models", 8)) as null:
        servers.prove_echo(echo, request)
        servers.prove_mlp("driftserve", on.grpc_port, models)
        raw = servers.infer(null.grpc_port, same).raw_output_contents[0]
        servers.prove("driftserve, identity", numpy.frombuffer(raw, "<f4"), servers.FEATURES[0])
        found = compare(context, ONE_BY_ONE, {"bare echo": (echo, calls), "driftserve": (on, calls),
                                              "driftserve, a model that does nothing": (null, same_calls)}, CLOSE)
        servers.prove_unharmed(on)
    echoes, serves, nulls = (column(rounds, "p50_us") for rounds in found.values())
    return Outcome([Figure("P5", "p50 at one in flight ÷ bare echo", ratios(serves, echoes), at_most(1.4)),
                    Figure("", "the same with a model that does nothing", ratios(nulls, echoes))], rounds_of(found))


def one_pixel_models(work):
    """A repository with `image`, which answers with the first pixel."""
    source = servers.repository.make(work / "identity", {"identity_fp32": {}}) / "identity_fp32" / "1" / "model.pt"
    folder = work / "images" / "image"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.pt").write_bytes(archives.with_code(source.read_bytes(), ONE_PIXEL))
    (folder / "config.pbtxt").write_text(IMAGE_CONFIG)
    return work / "images"


def image(context):
    """P12: the bytes of an image."""
    work = context.work
    pixels = numpy.random.default_rng(1).normal(size=IMAGE).astype("<f4")
    request = protocol.infer_request("image", [("x", "FP32", list(IMAGE), pixels.tobytes())])
    calls = Calls(servers.body(work, "image", request), streams=4)
    with servers.Echo(work) as echo, servers.ours(work, "image-server", one_pixel_models(work)) as served:
        servers.prove_echo(echo, request)
        raw = servers.infer(served.grpc_port, request).raw_output_contents[0]
        servers.prove("driftserve", numpy.frombuffer(raw, "<f4"), pixels[0, 0, 0, :1])
        loaded = {"bare echo, 602 kB": (echo, calls), "driftserve, 602 kB": (served, calls)}
        found = compare(context, IMAGES, loaded, CLOSE)
        servers.prove_unharmed(served)
    echoes, serves = (column(rounds, "process_us") for rounds in found.values())
    return Outcome([Figure("P12", "a 602 kB image: server CPU per request ÷ bare echo of the same bytes",
                           ratios(serves, echoes), at_most(1.1))], rounds_of(found))
