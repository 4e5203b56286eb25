"""libdriftserve_cuda.so where there is no GPU: whatever it takes from other libraries is there in this LibTorch."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release")) / "bin" / "libdriftserve_cuda.so"
TORCH = ROOT / ".deps" / "venv" / "lib" / "python3.11" / "site-packages" / "torch" / "lib"
RUNTIME = TORCH.parents[1] / "nvidia" / "cu13" / "lib"

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="this LibTorch has no CUDA: nothing to check")


def symbols(kind, *files):
    """Names of dynamic symbols, undefined or defined, without their versions."""
    command = ["nm", "-D", f"--{kind}-only", *map(str, files)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in text.splitlines() if re.search(r" [A-Za-z] ", line)}


def test_it_takes_nothing_that_libtorch_has_not():
    wanted = symbols("undefined", LIBRARY)
    cuda = {name for name in wanted if "cuda" in name.lower()}
    assert cuda, "a library of CUDA graphs that needs nothing of CUDA"
    offered = symbols("defined", *TORCH.glob("lib*.so"), *RUNTIME.glob("libcudart.so*"))
    system = symbols("defined", *(pathlib.Path("/usr/lib/x86_64-linux-gnu") / name
                                  for name in ("libc.so.6", "libstdc++.so.6", "libgcc_s.so.1")))
    weak = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"}
    of_sanitizers = {name for name in wanted if name.startswith(("__asan", "__ubsan", "__sanitizer"))}
    assert wanted - offered - system - weak - of_sanitizers == set()


def test_it_offers_what_the_server_asks_for():
    offered = {name for name in symbols("defined", LIBRARY) if not name.startswith("_")}
    source = (ROOT / "server" / "execute" / "cuda_library.cc").read_text()
    assert offered == set(re.findall(r'Find\("(\w+)"\)', source)) and len(offered) == 2
