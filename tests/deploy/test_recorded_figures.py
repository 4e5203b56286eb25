"""The recording rules in a real Prometheus: what they record of an operations port is what follows from its counts."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import dashboard_queries  # noqa: E402

ROOT = dashboard_queries.ROOT
sys.path.insert(0, str(ROOT / "deploy" / "demo"))
import services  # noqa: E402

sys.path.insert(0, str(ROOT / "deploy" / "prometheus"))
import configuration  # noqa: E402

# Shares 0.8, 0.08 and 0.12 (missing) against 0.5, 0.5 and 0.
EXPECTED = {"drift_psi": 1.7608, "drift_ks": 0.8 / 0.88 - 0.5}


def test_psi_and_ks_of_the_fleet(tmp_path):
    program = os.path.join(os.environ["DRIFTSERVE_BUILD"], "bin", "sample_operations")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline())
        folder = str(tmp_path / "prometheus")
        config = configuration.write(folder, [f"127.0.0.1:{port}"], interval="1s", window="30s")
        with services.Prometheus(folder, config) as prometheus:

            def recorded():
                server.stdin.write("\n")
                server.stdin.flush()
                found = {name: prometheus.query(f'model_feature:{name}:fleet{{feature="temp"}}') for name in EXPECTED}
                return all(len(result) == 1 for result in found.values()) and {
                    name: float(result[0]["value"][1]) for name, result in found.items()
                }

            values = services.wait_for("the fleet's figures", recorded, 45, interval=0.5)
        server.stdin.close()
    for name, expected in EXPECTED.items():
        assert abs(values[name] - expected) < 0.01, name
