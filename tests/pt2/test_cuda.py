"""What the server builds on where it runs packages on a GPU, in Python's whole torch, whose libraries for CUDA load
without a GPU."""

import os
import pathlib
import subprocess

import pytest

from support.packages import stamped

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".deps" / "torch" / "bin" / "python"
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
