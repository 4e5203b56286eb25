"""Against other servers: the same network, the same core, each with the lightest client that speaks to it."""

import dataclasses
import http.client
import shutil

import numpy

import peers
import servers
from against_echo import column
from figures import Figure, at_least, ratios
from load import CONNECTIONS, STREAMS, Calls, Posts
from outcome import Outcome, rounds_of
from servers import CLOSE, Side, alternate
from support import protocol

OURS, TRITON = 80_000, 30_000  # requests of a round
WRK_SCRIPT = """local file = io.open("{body}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/octet-stream"
"""


def archive(models):
    return models / "mlp" / "1" / "model.pt"


def ours(context):
    """(driftserve watching 1 %, its repository, its load)."""
    models = servers.mlp_models(context.work, "ours-models", 0.01)
    calls = Calls(servers.body(context.work, "mlp", servers.mlp_request()))
    return servers.ours(context.work, "ours", models), models, calls


def triton(context):
    """P2 and P3, and the echo: no server on this gRPC can be further from ServerLive."""
    served, models, calls = ours(context)
    live = Calls(servers.body(context.work, "live", protocol.message("inference.ServerLiveRequest")()),
                 "/inference.GRPCInferenceService/ServerLive")
    with peers.triton(context, archive(models)) as other, served, servers.Echo(context.work) as echo:
        servers.prove_mlp("Triton", other.grpc_port, models)
        servers.prove_mlp("driftserve", served.grpc_port, models)
        servers.prove_echo(echo, servers.mlp_request())
        found = alternate({
            "driftserve, ModelInfer": Side(served.pid, served.grpc_port, calls, context.amount(OURS)),
            "Triton, python backend, ModelInfer": Side(other.pid, other.grpc_port, calls, context.amount(TRITON)),
            "Triton, ServerLive": Side(other.pid, other.grpc_port, live, context.amount(OURS)),
            "bare echo": Side(echo.pid, echo.grpc_port, calls, context.amount(OURS)),
        }, context.rounds * CLOSE)
        servers.prove_unharmed(served)
    infer, backend, alive, echoes = (column(rounds, "requests_per_second") for rounds in found.values())
    return Outcome([
        Figure("P2", "ModelInfer req/s ÷ Triton 2.51, python backend", ratios(infer, backend), at_least(4)),
        Figure("P3", "ModelInfer req/s ÷ Triton's ServerLive", ratios(infer, alive), at_least(1.3)),
        Figure("", "bare echo ÷ Triton's ServerLive: the limit of P3", ratios(echoes, alive))], rounds_of(found))


def prove_post(port, path, models):
    """mosec's answer to one row."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, servers.FEATURES.tobytes())
    answer = connection.getresponse().read()
    connection.close()
    servers.prove("mosec", numpy.frombuffer(answer, "<f4"), servers.mlp_score(models))


def mosec(context):
    """P4: each with its lightest client."""
    if shutil.which("wrk") is None:
        raise peers.Missing("wrk is not installed: tests/bench/setup_peers.sh")
    served, models, calls = ours(context)
    row = context.work / "row"
    row.write_bytes(servers.FEATURES.tobytes())
    script = context.work / "post.lua"
    script.write_text(WRK_SCRIPT.format(body=row))
    sides = {}
    with peers.mosec(context, archive(models)) as other, served, servers.Echo(context.work) as echo:
        prove_post(other.http_port, "/inference", models)
        servers.prove_mlp("driftserve", served.grpc_port, models)
        servers.prove_echo(echo, servers.mlp_request())
        for streams in (STREAMS, STREAMS // 2):
            in_flight = CONNECTIONS * streams
            fewer = dataclasses.replace(calls, streams=streams)
            for name, one in (("driftserve, gRPC, h2load", served), ("bare echo, gRPC, h2load", echo)):
                sides[f"{name}, {in_flight} in flight"] = Side(one.pid, one.grpc_port, fewer, context.amount(OURS))
            sides[f"mosec, HTTP, wrk, {in_flight} in flight"] = Side(
                other.pid, other.http_port, Posts(script, "/inference", in_flight), 2)
        found = alternate(sides, context.rounds)
        servers.prove_unharmed(served)
    infer, echoes, post, infer_half, echoes_half, post_half = (
        column(rounds, "requests_per_second") for rounds in found.values())
    return Outcome([
        Figure("P4", f"req/s ÷ mosec (HTTP, wrk), {CONNECTIONS * STREAMS} in flight", ratios(infer, post), at_least(2)),
        Figure("", "bare echo ÷ mosec: the limit of P4", ratios(echoes, post)),
        Figure("", "P4 with half as many in flight", ratios(infer_half, post_half)),
        Figure("", "its limit with half as many", ratios(echoes_half, post_half))], rounds_of(found))


def of_protocol(name, start, amount):
    """A comparison with another server of the Open Inference Protocol."""
    def run(context):
        served, models, calls = ours(context)
        with start(context, archive(models)) as other, served:
            servers.prove_mlp(name, other.grpc_port, models)
            return beside(context, name, served, calls, other, calls, amount)
    return run


def beside(context, name, served, calls, other, others_calls, amount):
    found = alternate({"driftserve": Side(served.pid, served.grpc_port, calls, context.amount(OURS)),
                       name: Side(other.pid, other.grpc_port, others_calls, context.amount(amount))}, context.rounds)
    servers.prove_unharmed(served)
    infer, theirs = (column(rounds, "requests_per_second") for rounds in found.values())
    return Outcome([Figure("", f"ModelInfer req/s ÷ {name}", ratios(infer, theirs), form="{:.1f}")], rounds_of(found))


def torchserve(context):
    """TorchServe, by its own protocol."""
    served, models, calls = ours(context)
    body = context.work / "torchserve.body"
    request = peers.torchserve_request()
    body.write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
    with peers.torchserve(context, archive(models)) as other, served:
        servers.prove("TorchServe", numpy.frombuffer(peers.torchserve_score(other.grpc_port), "<f4"),
                      servers.mlp_score(models))
        others_calls = Calls(body, peers.TORCHSERVE_METHOD)
        return beside(context, "TorchServe 0.12, gRPC", served, calls, other, others_calls, 12_000)


mlserver = of_protocol("MLServer 1.7.1, gRPC", peers.mlserver, 2500)
kserve = of_protocol("KServe SDK 0.21, gRPC", peers.kserve, 3000)
pytriton = of_protocol("pytriton 0.7.0, gRPC", peers.pytriton, 6000)
