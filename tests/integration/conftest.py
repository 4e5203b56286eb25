"""Fixtures of the integration tests: the real server and broker on free ports, each with a folder of its own."""

import os
import pathlib
import sys

import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
# Between fork and exec of a server the threads of this process's gRPC clients would start anew, on closed descriptors.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

from support import protocol, repository, server  # noqa: E402
from services import KafkaBroker  # noqa: E402


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """start(models, config) → a running DriftServer; all are stopped at the end of the file, and each must end well: a
    sanitizer that found leaks at the end says so by the exit code. `configure`: name of a model → more of its
    config.pbtxt."""
    started = []

    def _start(models, config=None, configure=None, **options):
        folder = tmp_path_factory.mktemp("served")
        if isinstance(models, dict):
            models = repository.make(folder / "models", models)
        for name, text in (configure or {}).items():
            with open(models / name / "config.pbtxt", "a") as file:
                file.write(text + "\n")
        started.append(server.DriftServer(folder, models, config, **options))
        return started[-1].start()

    yield _start
    codes = {one.log: one.stop(seconds=60) for one in started}
    assert set(codes.values()) <= {0}, codes


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


def features(rows, seed=0, width=8):
    """[rows, width] FP32 values that are the same in every run."""
    return numpy.random.default_rng(seed).normal(size=(rows, width)).astype("<f4")


def mlp_request(values, **more):
    """A ModelInfer request to `mlp` with raw contents."""
    return protocol.infer_request("mlp", [("features", "FP32", list(values.shape), values.tobytes())], **more)


def x_request(model, value, **more):
    """One row to a test model with one FP32 input of one element."""
    name = "INPUT__0" if model in ("versions", "wide") else "x"
    return protocol.infer_request(model, [(name, "FP32", [1, 1], numpy.float32([value]).tobytes())], **more)


def scores(reply):
    return numpy.frombuffer(reply.raw_output_contents[0], "<f4")
