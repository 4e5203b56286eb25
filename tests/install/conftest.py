import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_folder():
    return ROOT / os.environ.get("DRIFTSERVE_BUILD", "build/release")


@pytest.fixture(scope="session")
def moved(tmp_path_factory):
    """What `make install` writes, in a folder that it was not written to."""
    folder = tmp_path_factory.mktemp("install")
    for component in ("driftserve", "development"):
        subprocess.run(["cmake", "--install", build_folder(), "--prefix", folder / "first", "--component", component],
                       check=True, capture_output=True, text=True, timeout=300)
    (folder / "first").rename(folder / "second")
    return folder / "second"
