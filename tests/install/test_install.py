"""What `make install` writes runs from any folder and loads nothing from the folder it was built in."""

import pathlib
import subprocess

import pytest

from conftest import ROOT

PROGRAMS = ("driftserve", "drift")


def run(command, **environment):
    """With an environment of its own: no library path may help."""
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_says_its_version(moved, program):
    done = run([moved / "bin" / program, "--version"])
    assert done.returncode == 0, done.stderr
    assert "0.1.0" in done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_loads_nothing_from_where_it_was_built(moved, program):
    loaded = run([moved / "bin" / program, "--version"], LD_TRACE_LOADED_OBJECTS="1").stdout
    assert "not found" not in loaded, loaded
    assert str(ROOT) not in loaded, loaded
    assert f"{moved}/bin/../lib/" in loaded, loaded


def test_drift_loads_neither_torch_nor_grpc(moved):
    loaded = run([moved / "bin" / "drift", "--version"], LD_TRACE_LOADED_OBJECTS="1").stdout
    assert "libtorch" not in loaded and "libgrpc" not in loaded


def test_it_serves(moved, tmp_path):
    """The installed program reads a model repository and a configuration."""
    done = run([moved / "bin" / "driftserve", "--model-repository", ROOT / "models", "--check-config"])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", ["share/driftserve/LICENSE", "share/driftserve/proto/driftserve/v1/record.proto",
                                  "share/driftserve/proto/inference/grpc_service.proto",
                                  "share/driftserve/report.schema.json", "share/driftserve/evidently.schema.json",
                                  "share/driftserve/driftserve.desc"])
def test_what_else_is_there(moved, path):
    assert pathlib.Path(moved / path).is_file()
