"""What the server builds on where it runs packages on a GPU, in Python's whole torch, whose libraries for CUDA load
without a GPU."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import zipfile

import numpy
import pytest

from support import protocol, server
from support.packages import stamped
from support.symbols import missing, symbols

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".deps" / "torch" / "bin" / "python"
SITE = ROOT / ".deps" / "torch" / "lib" / "python3.11" / "site-packages"
LIBRARY = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release")) / "bin" / "libdriftserve_cuda.so"
NO_DEVICE, DRIVER_TOO_OLD = 100, 35  # of cudaError_t; the second is also what it says where there is no driver

ALLOWED = {"repository": {"allow_native_code": True}}
CONFIG = """max_batch_size: 64
input { name: "features" data_type: TYPE_FP32 dims: [ 8 ] }
output { name: "same" data_type: TYPE_FP32 dims: [ 8 ] }
"""
without_gpu = pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="there is a GPU")

# Prints what the function answers for GPU 0, once every symbol of the library was found.
LOAD = """
import ctypes, os, sys, torch
library = ctypes.CDLL(sys.argv[1], mode=os.RTLD_LOCAL | os.RTLD_NOW)
library.driftserve_new_cuda_recorder
print(library.driftserve_cuda_compute_capability(0))
"""
RUNNER = """
import sys, torch
torch._C._aoti.AOTIModelPackageLoader(sys.argv[1], "model", False, 1, -1)
"""


def python(script, *words):
    return subprocess.run([PYTHON, "-c", script, *map(str, words)], capture_output=True, text=True, timeout=300)


@pytest.mark.skipif(not LIBRARY.exists(), reason="this LibTorch has no CUDA: nothing to check")
def test_the_library_loads_into_the_whole_torch():
    done = python(LOAD, LIBRARY)
    assert done.returncode == 0, done.stderr
    answer = int(done.stdout)
    assert answer >= 50 or -answer in (NO_DEVICE, DRIVER_TOO_OLD)


def test_torch_has_a_runner_for_cuda(compiled, tmp_path):
    # It takes even code for the CPU: the stamp chooses the runner, and nothing but code for a GPU asks for one.
    done = python(RUNNER, stamped(compiled / "model.pt2", tmp_path / "cuda.pt2", AOTI_DEVICE_KEY="cuda"))
    assert done.returncode == 0, done.stderr
    done = python(RUNNER, stamped(compiled / "model.pt2", tmp_path / "other.pt2", AOTI_DEVICE_KEY="other"))
    assert done.returncode != 0 and "found: other" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def for_cuda(tmp_path_factory):
    """A package whose code is for a GPU of compute capability 9.0, and returns what it gets."""
    folder = tmp_path_factory.mktemp("for_cuda")
    done = subprocess.run([PYTHON, ROOT / "tests" / "pt2" / "compile_without_gpu.py", folder], capture_output=True,
                          text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "model.pt2"


@pytest.fixture(scope="module")
def with_gpus(tmp_path_factory):
    """The environment of a server that finds the two GPUs of fake_cuda.cc."""
    folder = tmp_path_factory.mktemp("driver")
    headers = [ROOT / "server" / "execute" / "cuda_names", SITE / "nvidia" / "cu13" / "include"]
    subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1",
                    *(word for header in headers for word in ("-isystem", header)),
                    ROOT / "tests" / "pt2" / "fake_cuda.cc", "-o", folder / "libcuda.so.1"], check=True)
    libraries = [folder, *sorted((SITE / "nvidia").glob("*/lib"))]
    return {"LD_PRELOAD": str(folder / "libcuda.so.1"), "LD_LIBRARY_PATH": ":".join(map(str, libraries))}


def part(package, suffix):
    """The content of the one file of the package whose name ends so."""
    with zipfile.ZipFile(package) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(suffix))
        return archive.read(name)


def put(folder, file, more):
    """A repository of the one model `same`."""
    model = folder / "models" / "same"
    (model / "1").mkdir(parents=True)
    shutil.copy(file, model / "1" / ("model" + file.suffix))
    (model / "config.pbtxt").write_text(CONFIG + more)
    return folder / "models"


def end_of_start(folder, package, more, env=None):
    """(exit code, output) of a server that is expected not to start with this model."""
    settings = folder / "server.yaml"
    settings.write_text(json.dumps(ALLOWED))
    return server.run_to_exit(["--model-repository", put(folder, package, more), "--grpc-address", "127.0.0.1:0",
                               "--operations-address", "127.0.0.1:0", "--config", settings], env=env)


def test_a_package_for_a_gpu_says_so(for_cuda):
    stamps = json.loads(part(for_cuda, "wrapper_metadata.json"))
    assert (stamps["AOTI_DEVICE_KEY"], stamps["AOTI_COMPUTE_CAPABILITY"]) == ("cuda", "90")


def test_its_code_takes_nothing_that_torch_has_not(for_cuda, tmp_path):
    code = tmp_path / "code.so"
    code.write_bytes(part(for_cuda, ".so"))
    assert {"cudaMalloc", "cudaEventRecord"} <= symbols("undefined", code)
    assert missing(code, SITE) == set()


@without_gpu
@pytest.mark.parametrize("kind, message", [
    ("KIND_CPU", "model.pt2: instance_group.kind: expected KIND_GPU, as the package was compiled for cuda"),
    ("KIND_GPU", "instance_group: expected a GPU below 0, as many as this machine and build have, got 0")])
def test_without_a_gpu_it_is_refused(for_cuda, tmp_path, kind, message):
    code, printed = end_of_start(tmp_path, for_cuda, "instance_group { kind: %s }" % kind)
    assert code != 0 and message in printed, printed


@without_gpu
@pytest.mark.parametrize("stamps, message", [
    ({"AOTI_DEVICE_KEY": "cpu"}, "instance_group.kind: expected KIND_CPU, as the package was compiled for cpu"),
    ({"AOTI_COMPUTE_CAPABILITY": "80"}, "compiled for a GPU of compute capability 8.0, GPU 0 has 9.0")])
def test_on_a_gpu_a_package_for_something_else_is_refused(for_cuda, with_gpus, tmp_path, stamps, message):
    other = stamped(for_cuda, tmp_path / "other.pt2", **stamps)
    code, printed = end_of_start(tmp_path, other, "instance_group { kind: KIND_GPU }", with_gpus)
    assert code != 0 and "model.pt2: " in printed and message in printed, printed


@without_gpu
@pytest.mark.parametrize("form", ["model.pt2", "model.pt"])
@pytest.mark.parametrize("more, how", [
    ("instance_group { kind: KIND_GPU gpus: [ 1 ] }", "eager"),
    ("instance_group { kind: KIND_GPU gpus: [ 0 ] } optimization { cuda { graphs: true } }", "replayed"),
    ("instance_group { kind: KIND_GPU count: 2 }", "eager")])
def test_it_is_served_through_torchs_own_code_for_cuda(start, for_cuda, with_gpus, tmp_path, form, more, how):
    served = start(put(tmp_path, for_cuda.with_name(form), more), ALLOWED, env=with_gpus)
    with served.channel() as channel:
        stub = protocol.inference(channel)

        def same(seed):
            rows = numpy.random.default_rng(seed).normal(size=(1 + seed % 5, 8)).astype("<f4")
            request = protocol.infer_request("same", [("features", "FP32", list(rows.shape), rows.tobytes())])
            return stub.ModelInfer(request, timeout=30).raw_output_contents[0] == rows.tobytes()

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert all(pool.map(same, range(200)))
    metrics = served.metrics()
    assert metrics.sum("driftserve_device_batches_total", model_name="same", how=how) > 0
    assert metrics.sum("driftserve_failed_recordings_total") == 0
    assert metrics.sum("driftserve_pinned_bytes", model_name="same") > 0


@without_gpu
@pytest.mark.parametrize("kind", ["KIND_GPU gpus: [ 1 ]", "KIND_CPU"])
def test_a_client_shares_memory_of_a_gpu(start, for_cuda, with_gpus, tmp_path, kind):
    """The client of `make gpu-test`, through the server's own calls of CUDA, whatever the model runs on."""
    served = start(put(tmp_path, for_cuda.with_name("model.pt"), "instance_group { kind: %s }" % kind), ALLOWED, env=with_gpus)
    client = [PYTHON, ROOT / "tests" / "gpu" / "shared_region.py", served.address.rsplit(":", 1)[1], "same", "same",
              with_gpus["LD_PRELOAD"]]
    done = subprocess.run(client, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "32 bytes answered into a region, equal" in done.stdout, done.stdout + done.stderr
