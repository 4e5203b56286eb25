"""libdriftserve_cuda.so where there is no GPU: whatever it takes from other libraries is there in this LibTorch."""

import os
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.symbols import missing, symbols  # noqa: E402  (the path is set above)

LIBRARY = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release")) / "bin" / "libdriftserve_cuda.so"
SITE = ROOT / ".deps" / "venv" / "lib" / "python3.11" / "site-packages"

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="this LibTorch has no CUDA: nothing to check")


def test_it_takes_nothing_that_libtorch_has_not():
    wanted = symbols("undefined", LIBRARY)
    cuda = {name for name in wanted if "cuda" in name.lower()}
    assert cuda, "a library for CUDA that needs nothing of CUDA"
    of_sanitizers = {name for name in wanted if name.startswith(("__asan", "__ubsan", "__sanitizer"))}
    assert missing(LIBRARY, SITE) - of_sanitizers == set()


def test_it_offers_what_the_server_asks_for():
    offered = {name for name in symbols("defined", LIBRARY) if not name.startswith("_")}
    source = (ROOT / "server" / "execute" / "cuda_library.cc").read_text()
    assert offered == set(re.findall(r'Find\("(\w+)"\)', source)) and len(offered) == 3
