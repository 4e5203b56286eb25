#!/usr/bin/env python3
"""Checks and figures of the packed server, on any machine whose python3 has torch 2.11.0; standard library only.

    run_checks.py cpu    the packed programs load and serve here, and use nothing but this folder, torch and the system
    run_checks.py gpu    results on the GPU equal to the CPU's, then G1 to G5; exit code 3 where there is no GPU

Each compiles a package for its device too, where python3 can do that, and checks and serves it. Figures go to standard
output and to results.json in the working directory.
"""

import importlib.util
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from protobuf_bytes import field, varint

PACK = pathlib.Path(__file__).resolve().parent
NO_GPU = 3
SECONDS = 3.0  # of each measurement
ROUNDS = 5
CLIENTS = 4
COMPILE_SECONDS = 600
PACKAGE_CONFIG = """max_batch_size: 64
input { name: "features" data_type: TYPE_FP32 dims: [ 8 ] }
output { name: "score" data_type: TYPE_FP32 dims: [ 1 ] }
"""
ON_GPU = "instance_group { kind: KIND_GPU gpus: [ 0 ] }\noptimization { cuda { graphs: true } }\n"
REPLAYED = 'model_name="{}",model_version="1",how="replayed"'
MODEL_INFER = "/inference.GRPCInferenceService/ModelInfer"
TARGETS = {"G1": (">=", 0.95), "G2": (">=", 97.0), "G3": ("<=", 2.2), "G4": (">=", 0.99), "G5": ("<=", 0.4)}


def torch_folder():
    """Where torch's package lies, without importing it: its Python side needs more than its libraries do."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("run_checks: this python3 has no torch: expected 2.11.0+cu130")
    folder = pathlib.Path(list(spec.submodule_search_locations)[0])
    version = (folder / "version.py").read_text()
    if "2.11.0" not in version:
        sys.exit(f"run_checks: expected torch 2.11.0, got {folder / 'version.py'}:\n{version}")
    return folder


def environment(torch):
    """An environment of nothing but where torch's libraries, and those that it needs, lie."""
    folders = [PACK / "lib", torch / "lib", *sorted((torch.parent / "nvidia").glob("*/lib"))]
    return {"LD_LIBRARY_PATH": ":".join(map(str, folders)), "PATH": os.environ.get("PATH", ""), "HOME": "/tmp"}


def infer_call(model, name, datatype, shape, raw):
    """The body of a ModelInfer call of one input: gRPC's prefix and the message."""
    tensor = field(1, name.encode()) + field(2, datatype.encode()) + field(3, b"".join(map(varint, shape)))
    message = field(1, model.encode()) + field(5, tensor) + field(7, raw)
    return struct.pack(">BI", 0, len(message)) + message


def floats(count, form, seed=1):
    numbers = random.Random(seed)
    return struct.pack(f"<{count}{form}", *(numbers.gauss(0, 1) for _ in range(count)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The packed driftserve over a repository, from `with` on until it is left."""

    def __init__(self, env, folder, repository, seconds=120):
        self.env, self.folder, self.seconds = env, pathlib.Path(folder), seconds
        self.grpc, self.operations = free_port(), free_port()
        self.command = [PACK / "bin" / "driftserve", "--model-repository", repository, "--grpc-address",
                        f"127.0.0.1:{self.grpc}", "--operations-address", f"127.0.0.1:{self.operations}"]

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.operations}{path}", timeout=10) as reply:
            return reply.read().decode()

    def __enter__(self):
        self.log = self.folder / "server.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdout=log, stderr=log)
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"run_checks: driftserve ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                self.get("/readyz")
                return self
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        sys.exit(f"run_checks: driftserve was not ready after {self.seconds} s:\n{self.log.read_text()}")

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        if kind is None and code != 0:
            sys.exit(f"run_checks: driftserve ended with {code}:\n{self.log.read_text()}")

    def metric(self, start):
        """The sum of the samples whose line begins so."""
        lines = self.get("/metrics").splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def poisson(env, folder, port, body, rate, seconds, seed, clients=1):
    """Calls answered per second, and latencies from their intended times; every call must be answered."""
    file = pathlib.Path(folder) / "body"
    file.write_bytes(body)
    outs = [pathlib.Path(folder) / f"calls-{client}" for client in range(clients)]
    running = [subprocess.Popen([PACK / "bin" / "poisson_client", str(port), MODEL_INFER, file, str(rate / clients),
                                 str(seconds), str(seed * 100 + client), out], env=env, stdout=subprocess.DEVNULL)
               for client, out in enumerate(outs)]
    if any([process.wait(600) for process in running]):
        sys.exit("run_checks: calls failed or were not answered")
    calls = [pair for out in outs for pair in struct.iter_unpack("<dd", out.read_bytes())]
    return len(calls) / max(at + latency for at, latency in calls), [latency for _, latency in calls]


def tool(env, *words):
    """What gpu_check prints; ends where it fails."""
    done = subprocess.run([PACK / "bin" / "gpu_check", *words], env=env, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"run_checks: gpu_check {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def foreign_files(process, torch):
    """Files that a process has mapped from elsewhere than this folder, torch's and the system's."""
    allowed = tuple(str(path.resolve()) + "/" for path in (PACK, torch.parent)) + (
        "/usr/", "/lib", "/etc/", "/dev/", "/memfd", "/sys/", "/proc/", "/run/", "/var/")
    mapped = pathlib.Path(f"/proc/{process}/maps").read_text().splitlines()
    files = {line.split(None, 5)[5] for line in mapped if len(line.split(None, 5)) == 6}
    return sorted(file for file in files if file.startswith("/") and not file.startswith(allowed))


def compile_package(folder, device):
    """None, or why no package for `device` could be compiled into the folder."""
    words = [sys.executable, PACK / "compile_package.py", folder, device]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it took more than {COMPILE_SECONDS} s"
    if done.returncode == 0:
        return None
    (pathlib.Path(folder) / "compile.log").write_text(done.stdout + done.stderr)
    compiler = "" if shutil.which("g++") or shutil.which("clang++") else "no C++ compiler; "
    return compiler + ((done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def check_package(env, folder, device):
    """Compiles a package for the device here, compares it with its eager twin on the CPU, and serves it."""
    compiled = pathlib.Path(folder) / "compiled"
    compiled.mkdir()
    fault = compile_package(compiled, "cuda" if device == "gpu" else "cpu")
    if fault is not None:
        print(f"package for the {device}: NOT RUN: {fault}")
        return f"not run: {fault}"
    print(tool(env, "package", str(compiled), device), end="")
    model = pathlib.Path(folder) / "packages" / "package"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(PACKAGE_CONFIG + (ON_GPU if device == "gpu" else ""))
    shutil.copy(compiled / "model.pt2", model / "1")
    allowed = {**env, "DRIFTSERVE_REPOSITORY__ALLOW_NATIVE_CODE": "true"}
    with Server(allowed, folder, model.parent) as server:
        body = infer_call("package", "features", "FP32", [1, 8], floats(8, "f"))
        _, latencies = poisson(env, folder, server.grpc, body, 500, 2, 3)
        replays = server.metric("driftserve_device_batches_total{" + REPLAYED.format("package"))
        if device == "gpu" and replays == 0:
            sys.exit("run_checks: no batch of the package was replayed:\n" + server.log.read_text())
    print(f"package for the {device}: {len(latencies)} calls answered, {replays:.0f} batches replayed, exit code 0")
    return "equal and served"


def check_cpu(env, torch):
    print(tool(env, "conform", "cpu"), end="")
    with tempfile.TemporaryDirectory() as folder:
        tool(env, "write", f"{folder}/models", "cpu")
        with Server(env, folder, f"{folder}/models") as server:
            foreign = foreign_files(server.process.pid, torch)
            if foreign:
                sys.exit("run_checks: the server uses files of neither this folder, torch nor the system:\n"
                         + "\n".join(foreign))
            body = infer_call("mlp", "features", "FP32", [1, 8], floats(8, "f"))
            _, latencies = poisson(env, folder, server.grpc, body, 200, 2, 1)
        print(f"server on CPU: {len(latencies)} calls answered, then exit code 0")
        check_package(env, folder, "cpu")
    print("CPU part: passed")


def gpu_busy(env):
    """Per cent of the time in which the GPU ran something while the pipeline was saturated, by nvidia-smi."""
    seconds = 8
    watch = subprocess.Popen(["nvidia-smi", "-i", "0", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits",
                              "-lms", "100"], stdout=subprocess.PIPE, text=True)
    tool(env, "saturate", str(seconds))
    watch.terminate()
    readings = [float(line) for line in watch.communicate()[0].split()]
    # The last of it: before that the network was made and loaded, and after it everything is let go of.
    return statistics.mean(readings[-int((seconds - 2) * 10):-5])


def served_figures(env, folder, largest_batch_seconds, rate):
    """G3: p99 at 80 % of what the server reaches ÷ the time of the largest batch."""
    body = infer_call("resnet", "image", "FP16", [1, 3, 224, 224], floats(3 * 224 * 224, "e"))
    with Server(env, folder, f"{folder}/models") as server:
        reached, _ = poisson(env, folder, server.grpc, body, 1.2 * rate, SECONDS, 1, CLIENTS)
        p99 = [quantile(poisson(env, folder, server.grpc, body, 0.8 * reached, SECONDS, 2 + turn, CLIENTS)[1], 0.99)
               for turn in range(ROUNDS)]
        replayed = infer_call("mlp_graphs", "features", "FP32", [1, 8], floats(8, "f"))
        poisson(env, folder, server.grpc, replayed, 500, 1, 9)
        replays = server.metric("driftserve_device_batches_total{" + REPLAYED.format("mlp_graphs"))
        if replays == 0:
            sys.exit("run_checks: no batch of mlp_graphs was replayed:\n" + server.log.read_text())
    print(f"server: {reached:.0f} images/s, p99 at 80 % {statistics.median(p99) * 1e3:.2f} ms, "
          f"{replays:.0f} batches replayed")
    return [one / largest_batch_seconds for one in p99]


def watching_ratio(env, folder):
    """G4: the same small network on the GPU, watched ÷ not, by turns."""
    body = infer_call("mlp", "features", "FP32", [1, 8], floats(8, "f"))
    reached = {"watched": [], "plain": []}
    for turn in range(ROUNDS):
        for form in reached:
            with Server(env, folder, f"{folder}/models/{form}") as server:
                reached[form].append(poisson(env, folder, server.grpc, body, 400_000, SECONDS / 2, turn, CLIENTS)[0])
    return [on / off for on, off in zip(reached["watched"], reached["plain"])]


def check_shared_region(env, folder):
    """A client of its own process shares memory of the GPU with a server, whose model runs there."""
    with Server(env, folder, f"{folder}/models/plain") as server:
        words = [sys.executable, PACK / "shared_region.py", str(server.grpc), "mlp", "score", "libcudart.so.13"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"run_checks: shared_region.py ended with {done.returncode}:\n{done.stdout}{done.stderr}"
                     + server.log.read_text())
    print(done.stdout, end="", flush=True)


def report(figures):
    missed = False
    for name, values in figures.items():
        sign, bound = TARGETS[name]
        middle = statistics.median(values)
        holds = middle >= bound if sign == ">=" else middle <= bound
        missed |= not holds
        print(f"{name}: median {middle:.3f}, from {min(values):.3f} to {max(values):.3f}; must be {sign} {bound}: "
              f"{'holds' if holds else 'MISSED'}")
    return 1 if missed else 0


def check_gpu(env):
    if tool(env, "devices").strip() == "0":
        print("no GPU: not run: results on a GPU, a package for one, CUDA shared memory, G1, G2, G3, G4, G5")
        return NO_GPU
    print(tool(env, "conform", "gpu"), end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        package = check_package(env, folder, "gpu")
    speed = json.loads(tool(env, "throughput", str(SECONDS)))
    figures = {"G1": [ours / raw for ours, raw in zip(speed["pipeline"], speed["raw"])], "G2": [gpu_busy(env)]}
    figures["G5"] = [one["ratio"] for one in json.loads(tool(env, "latency"))]
    with tempfile.TemporaryDirectory() as folder:
        tool(env, "write", f"{folder}/models", "gpu")
        check_shared_region(env, folder)
        rate = statistics.median(speed["pipeline"])
        figures["G3"] = served_figures(env, folder, speed["largest_batch_seconds"], rate)
        figures["G4"] = watching_ratio(env, folder)
    pathlib.Path("results.json").write_text(json.dumps({"package": package, "throughput": speed, "figures": figures},
                                                     indent=2))
    return report(dict(sorted(figures.items())))


def main(words):
    if words not in (["cpu"], ["gpu"]):
        sys.exit(__doc__)
    torch = torch_folder()
    env = environment(torch)
    if words == ["cpu"]:
        return check_cpu(env, torch)
    return check_gpu(env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
