"""The servers that are compared, ready to be loaded; each proves with one call that its answer is right."""

import dataclasses
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

import grpc
import numpy

import load
from services import Service, free_port, port_open, wait_for
from support import protocol, repository, server

PIN_SERVER = load.pinned(load.SERVER_CORE)
CONFIG = {"grpc": {"pollers": 1}}
WINDOW = {"length": "1h", "panes": 60, "evaluate_every": "15s"}
IDENTITY_CONFIG = """platform: "pytorch_libtorch"
max_batch_size: 64
input {{ name: "INPUT__0" data_type: TYPE_FP32 dims: [ {columns} ] }}
output {{ name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ {columns} ] }}
"""
CLOSE = 2  # times as many rounds where the bound is close to what is measured
FEATURES = numpy.linspace(-1, 1, 8, dtype="<f4").reshape(1, 8)


class WrongAnswer(RuntimeError):
    """A server's answer is not what its model says: its figures would mean nothing."""


class Echo(Service):
    """The bare echo server."""

    def __init__(self, work):
        self.grpc_port = free_port()
        super().__init__("echo", [*PIN_SERVER, server.program("echo_server"), f"127.0.0.1:{self.grpc_port}"],
                         work / "echo", lambda: port_open(self.grpc_port))


def ours(work, name, models, config=None, flags=()):
    """driftserve with one poller, not started yet."""
    return server.DriftServer(work / name, models, {**CONFIG, **(config or {})}, PIN_SERVER, flags)


@dataclasses.dataclass
class Side:
    """One of the servers that are compared, and how it is loaded in a round."""
    pid: int
    port: int
    load: object  # load.Calls or load.Posts
    amount: int   # requests of a round, or seconds where `load` says so

    def measure(self, share=1.0):
        return load.measure(self.pid, self.port, self.load, max(1, int(self.amount * share)))


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def alternate(sides, rounds):
    """{name: [Round]}: a quarter of a round to warm each, then `rounds` of each in turn, every second one backwards."""
    for side in sides.values():
        side.measure(0.25)
    found = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[::-1 if number % 2 else 1]:
            found[name].append(sides[name].measure())
        say(f"  round {number + 1}/{rounds}: " +
            ", ".join(f"{name} {taken[-1].requests_per_second:.0f}/s" for name, taken in found.items()))
    return found


def compare(context, amount, loaded, times=1):
    """{name: [Round]} of `loaded`: {name: (server, load)}, `amount` in each of `times` as many rounds as asked for."""
    sides = {name: Side(served.pid, served.grpc_port, calls, context.amount(amount))
             for name, (served, calls) in loaded.items()}
    return alternate(sides, context.rounds * times)


def mlp_request(features=FEATURES):
    return protocol.infer_request("mlp", [("features", "FP32", list(features.shape), features.tobytes())])


def mlp_score(models, features=FEATURES):
    """The network of the repository `models` computed by numpy, from the weights in its archive."""
    with zipfile.ZipFile(models / "mlp" / "1" / "model.pt") as archive:
        places = {name.partition("/data/")[2]: name for name in archive.namelist() if "/data/" in name}
        w1, b1, w2, b2, w3, b3 = (numpy.frombuffer(archive.read(places[str(i)]), "<f4") for i in range(6))
    hidden = numpy.maximum(features @ w1.reshape(8, 64) + b1, 0)
    hidden = numpy.maximum(hidden @ w2.reshape(64, 64) + b2, 0)
    return (1 / (1 + numpy.exp(-(hidden @ w3 + b3)))).ravel()


def infer(port, request, seconds=30):
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)]) as channel:
        return protocol.inference(channel).ModelInfer(request, timeout=seconds)


def prove(what, values, expected):
    """h2load counts HTTP statuses and would not notice an error of gRPC's: one real call, its answer compared."""
    values = numpy.asarray(values, "<f4").ravel()
    if values.shape != numpy.shape(expected) or not numpy.allclose(values, expected, rtol=1e-4):
        raise WrongAnswer(f"{what} answered {values}, and {expected} is right")


def prove_mlp(what, port, models):
    reply = infer(port, mlp_request())
    raw = reply.raw_output_contents
    values = numpy.frombuffer(raw[0], "<f4") if raw else reply.outputs[0].contents.fp32_contents
    prove(what, values, mlp_score(models))


def prove_echo(echo, request):
    if not infer(echo.grpc_port, request).raw_output_contents:
        raise WrongAnswer("the echo answered without contents")


def prove_unharmed(served):
    """No request of the load was refused or failed."""
    bad = [(labels["code"], count) for labels, count in served.metrics().select("driftserve_requests_total")
           if labels["code"] != "OK" and count]
    if bad:
        raise WrongAnswer(f"driftserve did not answer every request of the load with OK: {bad}")


def body(work, name, request):
    """The file of a call's data for h2load."""
    path = pathlib.Path(work) / f"{name}.body"
    path.write_bytes(protocol.grpc_body(request))
    return path


def mlp_models(work, name, default_rate=None):
    """A repository with the network, watched with `default_rate` sampled unless that is None."""
    options = {}
    if default_rate is not None:
        options = {"monitor": {**repository.mlp_monitor(default_rate), "window": WINDOW}}
    return repository.make(work / name, {"mlp": options})


def identity_models(work, name, columns):
    """A repository with `identity`, a model that gives its columns back: what is left is serving alone."""
    source = repository.make(work / f"{name}-source", {"identity_fp32": {}})
    model = work / name / "identity"
    (model / "1").mkdir(parents=True)
    shutil.copy(source / "identity_fp32" / "1" / "model.pt", model / "1")
    (model / "config.pbtxt").write_text(IDENTITY_CONFIG.format(columns=columns))
    return work / name


def ready_seconds(work, name, models):
    """From the start of the process until gRPC's health check says that it serves."""
    served = ours(work, name, models)
    port = served.grpc_port
    start = time.perf_counter()
    process = subprocess.Popen(served.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        wait_for("driftserve", lambda: process.poll() is not None or _serving(port), 60, interval=0.002)
        if process.poll() is not None:
            raise RuntimeError("driftserve ended before it was ready")
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(30)


def _serving(port):
    if not port_open(port):
        return False
    request = protocol.message("grpc.health.v1.HealthCheckRequest")()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return protocol.health(channel).Check(request, timeout=1).status == 1
    except grpc.RpcError:
        return False
