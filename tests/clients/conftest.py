"""The integration tests' server, and where the clients lie."""

import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = ROOT / ".deps" / "clients"

sys.path.insert(0, str(ROOT / "tests"))
_spec = importlib.util.spec_from_file_location("integration_conftest", ROOT / "tests" / "integration" / "conftest.py")
_integration = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_integration)

start = _integration.start
features = _integration.features
mlp_request = _integration.mlp_request
