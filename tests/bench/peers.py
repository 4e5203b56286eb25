"""The servers that driftserve is compared with, each with the same network on the same core; see setup_peers.sh."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import grpc

import load
from servers import FEATURES, PIN_SERVER
from services import Service, free_port, http_get, port_open
from support import protocol

MODELS = pathlib.Path(__file__).parent / "peer_models"
TRITON_CONFIG = """backend: "python"
max_batch_size: 64
input [ { name: "features" data_type: TYPE_FP32 dims: [ 8 ] } ]
output [ { name: "score" data_type: TYPE_FP32 dims: [ 1 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
dynamic_batching { max_queue_delay_microseconds: 0 }
"""


class Missing(RuntimeError):
    """What a comparison needs is not installed here."""


def environment(context, name):
    """The folder of an installed peer."""
    folder = context.peers / name
    if not (folder / "ready").exists():
        raise Missing(f"{name} is not installed: tests/bench/setup_peers.sh")
    if not next((context.peers.parent / "torch").glob("lib/python3.*/site-packages/torch"), None):
        raise Missing("Python's torch is not installed: tests/pt2/setup.sh")
    return folder.resolve()


def packages(folder):
    return folder / "lib" / "python3.11" / "site-packages"


class Peer(Service):
    """A server whose processes all end with it."""

    def __init__(self, name, command, directory, ready, env=None):
        super().__init__(name, [*PIN_SERVER, *command], directory, ready, seconds=120, env=env)

    def stop(self, seconds=3):
        tree = load.processes(self.pid) if self.running() else []
        code = super().stop(seconds)
        for process in tree:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return code


def serves(port, model="mlp"):
    """Whether a server of the Open Inference Protocol says that it serves the model."""
    if not port_open(port):
        return False
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return protocol.inference(channel).ModelReady(
                protocol.message("inference.ModelReadyRequest")(name=model), timeout=2).ready
    except grpc.RpcError:
        return False


def triton_repository(folder, archive):
    model = folder / "mlp"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(TRITON_CONFIG)
    shutil.copy(MODELS / "triton_model.py", model / "1" / "model.py")
    shutil.copy(archive, model / "1" / "model.pt")
    return folder


def triton(context, archive):
    """Triton 2.51 with its python backend."""
    folder = environment(context, "triton")
    site = packages(folder)
    work = context.work / "triton"
    grpc_port, http_port, metrics_port = free_port(), free_port(), free_port()
    repository = triton_repository(work / "models", archive)
    torch = (site / "torch.pth").read_text().strip()
    peer = Peer("triton", [
        site / "pytriton" / "tritonserver" / "bin" / "tritonserver", f"--model-repository={repository}",
        f"--backend-directory={folder / 'backends'}",
        *[f"--{kind}-address=127.0.0.1" for kind in ("http", "grpc", "metrics")],
        f"--http-port={http_port}", f"--grpc-port={grpc_port}", f"--metrics-port={metrics_port}"],
        work, lambda: serves(grpc_port), {
            "LD_LIBRARY_PATH": f"/usr/lib/x86_64-linux-gnu:{site / 'nvidia_pytriton.libs'}",
            "PYTHONPATH": f"{site}:{torch}", "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
    peer.grpc_port = grpc_port
    return peer


def in_python(name, folder, words, context, archive, ready, env=None):
    """A peer that is a Python program of its environment, with the folder of its model to import from."""
    work = context.work / name
    work.mkdir(parents=True, exist_ok=True)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return Peer(name, [folder / "bin" / "python", *words], work, ready,
                {"ARCHIVE": str(archive), "PYTHONPATH": str(MODELS), "PATH": path, **(env or {})})


def mosec(context, archive):
    """mosec, over HTTP."""
    port = free_port()
    words = [MODELS / "mosec_model.py", "--port", port, "--address", "127.0.0.1", "--path",
             context.work / "mosec" / "sockets"]
    peer = in_python("mosec", environment(context, "mosec"), words, context, archive,
                     lambda: http_get(f"http://127.0.0.1:{port}/metrics")[0] == 200)
    peer.http_port = port
    return peer


def mlserver(context, archive):
    """MLServer, the model in its own process."""
    port = free_port()
    models = context.work / "mlserver-models"
    models.mkdir()
    (models / "settings.json").write_text(json.dumps({
        "host": "127.0.0.1", "grpc_port": port, "http_port": free_port(), "metrics_port": free_port(), "debug": False,
        "parallel_workers": 0, "metrics_dir": str(models)}))
    (models / "model-settings.json").write_text(json.dumps({"name": "mlp", "implementation": "mlserver_model.Mlp"}))
    folder = environment(context, "mlserver")
    peer = in_python("mlserver", folder, [folder / "bin" / "mlserver", "start", models], context, archive,
                     lambda: serves(port))
    peer.grpc_port = port
    return peer


def kserve(context, archive):
    """KServe's SDK."""
    port = free_port()
    peer = in_python("kserve", environment(context, "kserve"), [MODELS / "kserve_model.py", port], context, archive,
                     lambda: serves(port))
    peer.grpc_port = port
    return peer


def pytriton(context, archive):
    """pytriton: Triton with the model in a Python process beside it."""
    port = free_port()
    peer = in_python("pytriton", environment(context, "triton"), [
        MODELS / "pytriton_model.py", port, free_port(), free_port()], context, archive, lambda: serves(port))
    peer.grpc_port = port
    return peer


TORCHSERVE_PROPERTIES = """inference_address=http://127.0.0.1:{http}
management_address=http://127.0.0.1:{management}
metrics_address=http://127.0.0.1:{metrics}
grpc_inference_address=127.0.0.1
grpc_management_address=127.0.0.1
grpc_inference_port={grpc}
grpc_management_port={grpc_management}
disable_system_metrics=true
default_workers_per_model=1
model_store={store}
models={{"mlp": {{"1.0": {{"defaultVersion": true, "marName": "mlp.mar", "minWorkers": 1, "maxWorkers": 1, \
"batchSize": 64, "maxBatchDelay": 1, "responseTimeout": 60}}}}}}
load_models=mlp.mar
"""


def torchserve(context, archive):
    """TorchServe: Java in front, one Python worker."""
    folder = environment(context, "torchserve")
    if shutil.which("java") is None:
        raise Missing("Java is not installed")
    work = context.work / "torchserve-files"
    store, temporary = work / "store", work / "tmp"
    store.mkdir(parents=True)
    temporary.mkdir()
    subprocess.run([folder / "bin" / "torch-model-archiver", "--model-name", "mlp", "--version", "1.0", "--handler",
                    MODELS / "torchserve_model.py", "--extra-files", MODELS / "network.py", "--export-path", store],
                   check=True, capture_output=True, timeout=60)
    port = free_port()
    properties = work / "config.properties"
    properties.write_text(TORCHSERVE_PROPERTIES.format(
        http=free_port(), management=free_port(), metrics=free_port(), grpc=port, grpc_management=free_port(),
        store=store))
    peer = in_python("torchserve", folder, [
        "-m", "ts.model_server", "--start", "--foreground", "--disable-token-auth", "--ts-config", properties],
        context, archive, lambda: torchserve_score(port) is not None,
        {"TEMP": str(temporary), "TMPDIR": str(temporary), "LOG_LOCATION": str(work), "METRICS_LOCATION": str(work)})
    peer.grpc_port = port
    return peer


TORCHSERVE_METHOD = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"


def torchserve_request():
    """TorchServe's PredictionsRequest on the wire: 1 the model's name, 3 an entry of the map of inputs."""
    row = FEATURES.tobytes()
    entry = b"\x0a\x04data" + b"\x12" + bytes([len(row)]) + row
    return b"\x0a\x03mlp" + b"\x1a" + bytes([len(entry)]) + entry


def torchserve_score(port):
    """The bytes of the answer to one call; None where there is none."""
    if not port_open(port):
        return None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return channel.unary_unary(TORCHSERVE_METHOD)(torchserve_request(), timeout=5)[2:]
    except grpc.RpcError:
        return None
