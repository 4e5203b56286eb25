import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_folder():
    return pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release"))
