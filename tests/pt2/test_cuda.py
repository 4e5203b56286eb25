"""What the server builds on where it runs packages on a GPU, in Python's whole torch, whose libraries for CUDA load
without a GPU."""

import json
import os
import pathlib
import shutil
import subprocess
import zipfile

import pytest

from support import server
from support.packages import stamped
from support.symbols import missing, symbols

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".deps" / "torch" / "bin" / "python"
SITE = ROOT / ".deps" / "torch" / "lib" / "python3.11" / "site-packages"
LIBRARY = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release")) / "bin" / "libdriftserve_cuda.so"
NO_DEVICE, DRIVER_TOO_OLD = 100, 35  # of cudaError_t; the second is also what it says where there is no driver

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
    """A package whose code is for a GPU of compute capability 9.0."""
    folder = tmp_path_factory.mktemp("for_cuda")
    done = subprocess.run([PYTHON, ROOT / "tests" / "pt2" / "compile_without_gpu.py", folder], capture_output=True,
                          text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "model.pt2"


def part(package, suffix):
    """The content of the one file of the package whose name ends so."""
    with zipfile.ZipFile(package) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(suffix))
        return archive.read(name)


def test_a_package_for_a_gpu_says_so(for_cuda):
    stamps = json.loads(part(for_cuda, "wrapper_metadata.json"))
    assert (stamps["AOTI_DEVICE_KEY"], stamps["AOTI_COMPUTE_CAPABILITY"]) == ("cuda", "90")


def test_its_code_takes_nothing_that_torch_has_not(for_cuda, tmp_path):
    code = tmp_path / "code.so"
    code.write_bytes(part(for_cuda, ".so"))
    assert {"cudaMalloc", "aoti_torch_cuda_mm_out"} <= symbols("undefined", code)
    assert missing(code, SITE) == set()


@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="there is a GPU")
@pytest.mark.parametrize("kind, message", [
    ("KIND_CPU", "model.pt2: instance_group.kind: expected KIND_GPU, as the package was compiled for cuda"),
    ("KIND_GPU", "instance_group: expected a GPU below 0, as many as this machine and build have, got 0")])
def test_without_a_gpu_it_is_refused(for_cuda, tmp_path, kind, message):
    model = tmp_path / "models" / "product"
    (model / "1").mkdir(parents=True)
    shutil.copy(for_cuda, model / "1" / "model.pt2")
    (model / "config.pbtxt").write_text("""input { name: "features" data_type: TYPE_FP32 dims: [ 8, 8 ] }
        output { name: "product" data_type: TYPE_FP32 dims: [ 8, 8 ] } instance_group { kind: %s }""" % kind)
    settings = tmp_path / "server.yaml"
    settings.write_text(json.dumps({"repository": {"allow_native_code": True}}))
    code, printed = server.run_to_exit(["--model-repository", tmp_path / "models", "--grpc-address", "127.0.0.1:0",
                                        "--operations-address", "127.0.0.1:0", "--config", settings])
    assert code != 0 and message in printed, printed
