"""Every panel of the dashboard has data when a real Prometheus, with this project's rules, scrapes the operations port."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import dashboard_queries  # noqa: E402

ROOT = dashboard_queries.ROOT
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
import services  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "deploy", "prometheus"))
import configuration  # noqa: E402


def test_every_panel_has_data(tmp_path):
    program = os.path.join(os.environ["DRIFTSERVE_BUILD"], "bin", "sample_operations")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline())
        folder = str(tmp_path / "prometheus")
        config = configuration.write(folder, [f"127.0.0.1:{port}"], interval="1s", window="30s")
        with services.Prometheus(folder, config) as prometheus:
            def move_on():
                server.stdin.write("\n")
                server.stdin.flush()
                return not dashboard_queries.check(prometheus.url, seconds=60, rate_interval="10s")
            try:
                services.wait_for("every panel to have data", move_on, 45, interval=0.5)
            except services.ServiceError:
                assert dashboard_queries.check(prometheus.url, seconds=60, rate_interval="10s") == []
            # The recorded figures are those of the counts: shares 0.8, 0.08 and 0.12 against 0.5, 0.5 and 0.
            psi = prometheus.query('model_feature:drift_psi:fleet{feature="temp"}')
            assert len(psi) == 1
            assert abs(float(psi[0]["value"][1]) - 1.7608) < 0.01
            ks = prometheus.query('model_feature:drift_ks:fleet{feature="temp"}')
            assert abs(float(ks[0]["value"][1]) - (0.8 / 0.88 - 0.5)) < 0.01
        server.stdin.close()
