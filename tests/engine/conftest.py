"""The hourly aggregation's modules, the descriptor set, and the broker and servers of the integration tests."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy" / "spark")]

# The fixtures of the integration tests: a conftest.py too, so it cannot be imported by its name.
_spec = importlib.util.spec_from_file_location("integration_fixtures", ROOT / "tests" / "integration" / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
start = _fixtures.start
broker = _fixtures.broker


@pytest.fixture(scope="session")
def descriptors(tmp_path_factory):
    """The path of driftserve.desc, made as the build makes it."""
    path = tmp_path_factory.mktemp("descriptors") / "driftserve.desc"
    messages = sorted((ROOT / "proto" / "driftserve" / "v1").glob("*.proto"))
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", "--include_imports", f"--descriptor_set_out={path}",
                    *map(str, messages)], check=True)
    return path
