"""The compiled model and its archive, each in a repository of a real server."""

import importlib.util
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

# The fixtures of the integration tests: a conftest.py too, so it cannot be imported by its name.
_spec = importlib.util.spec_from_file_location("integration_fixtures", ROOT / "tests" / "integration" / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
start = _fixtures.start

COMPILED = ROOT / "build" / "pt2"


@pytest.fixture(scope="session")
def compiled():
    assert (COMPILED / "model.pt2").exists(), "run tests/pt2/setup.sh first, as make pt2-test does"
    return COMPILED
