"""The steps of the loop are programs of one folder, which import each other by name."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "retraining"))
