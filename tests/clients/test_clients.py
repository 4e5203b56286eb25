"""The clients that people bring, unmodified and without special flags. Their tools come from tests/clients/setup.sh."""

import csv
import json
import os
import pathlib
import re
import subprocess

import pytest

from conftest import CLIENTS, features, mlp_request
from support import protocol, server

PERF_ANALYZER = CLIENTS / "tritonclient" / "tritonclient-2.50.0.data" / "data" / "bin" / "perf_analyzer"
CUDA = CLIENTS / "cuda_runtime" / "nvidia" / "cuda_runtime" / "lib"
KSERVE = CLIENTS / "kserve" / "bin" / "python"
SERVICE = "inference.GRPCInferenceService"


@pytest.fixture(scope="module")
def served(start, tmp_path_factory):
    return start({"mlp": {}, "strings": {}}, {"repository": {"control": "explicit", "models": ["mlp", "strings"]}},
                 env=server.with_gpus(tmp_path_factory.mktemp("driver")))


def perf_analyzer(served, folder, *flags):
    """One short measurement: the rows of its table and what it printed."""
    table = folder / "table.csv"
    command = [PERF_ANALYZER, "-i", "grpc", "-m", "mlp", "-u", served.address, "-p", "500", "--max-trials", "3", "-s", "999",
               "-f", table, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "LD_LIBRARY_PATH": str(CUDA)})
    assert done.returncode == 0, done.stdout + done.stderr
    with open(table) as file:
        return list(csv.DictReader(file)), done.stdout


def test_perf_analyzer_measures_by_statistics(served, tmp_path):
    rows, printed = perf_analyzer(served, tmp_path, "--concurrency-range", "1:4:3")
    assert [row["Concurrency"] for row in rows] == ["1", "4"]
    for row in rows:
        assert float(row["Inferences/Second"]) > 0
        assert float(row["Server Compute Infer"]) > 0
    assert "Inference count:" in printed
    assert served.metrics().sum("driftserve_requests_total", model_name="mlp", method="ModelInfer", code="OK") > 0


def test_perf_analyzer_streams(served, tmp_path):
    rows, _ = perf_analyzer(served, tmp_path, "--streaming", "--async", "--concurrency-range", "8")
    assert float(rows[0]["Inferences/Second"]) > 0
    assert served.metrics().sum("driftserve_requests_total", method="ModelStreamInfer", code="OK") > 0


def test_perf_analyzer_shares_memory(served, tmp_path):
    rows, _ = perf_analyzer(served, tmp_path, "--shared-memory", "system", "--concurrency-range", "2")
    assert float(rows[0]["Inferences/Second"]) > 0


def test_perf_analyzer_collects_metrics(served, tmp_path):
    rows, _ = perf_analyzer(served, tmp_path, "--concurrency-range", "2", "--verbose-csv", "--collect-metrics", "--metrics-url",
                            f"{served.operations.removeprefix('http://')}/metrics")
    assert float(rows[0]["Inferences/Second"]) > 0
    assert rows[0]["Avg GPU Utilization"] == "GPU-0:0.75;GPU-1:0.75;"
    assert rows[0]["Total GPU Memory"] == "GPU-0:1000;GPU-1:1000;"


def test_kserve_client(served):
    done = subprocess.run([KSERVE, pathlib.Path(__file__).parent / "kserve_client.py", served.address],
                          capture_output=True, text=True, timeout=600)  # its imports alone take a minute
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["live"] and said["ready"] and said["model_ready"]
    assert said["shape"] == [3, 1] and said["model"] == "mlp"
    assert said["unloaded"] == ["mlp", True, False]
    assert said["loaded"] == ["mlp", True, True]


@pytest.mark.skipif(not (CLIENTS / "bin" / "ghz").exists(), reason="no Go here")
def test_ghz(served, tmp_path):
    binary = tmp_path / "request"
    binary.write_bytes(mlp_request(features(1)).SerializeToString())
    done = subprocess.run([CLIENTS / "bin" / "ghz", "--insecure", "--protoset", protocol.descriptor_set(tmp_path),
                           "--call", f"{SERVICE}/ModelInfer", "-B", binary, "-n", "2000", "-c", "8", "-O", "json",
                           served.address], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["statusCodeDistribution"] == {"OK": 2000}


def grpcurl(served, *arguments):
    """By reflection alone."""
    done = subprocess.run([CLIENTS / "bin" / "grpcurl", "-plaintext", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not (CLIENTS / "bin" / "grpcurl").exists(), reason="no Go here")
def test_grpcurl_by_reflection(served):
    assert SERVICE in grpcurl(served, served.address, "list").split()
    assert "rpc ModelStreamInfer" in grpcurl(served, served.address, "describe", SERVICE)
    request = {"model_name": "mlp", "inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 8],
                                                "contents": {"fp32_contents": [0.5] * 8}}]}
    reply = json.loads(grpcurl(served, "-d", json.dumps(request), served.address, f"{SERVICE}/ModelInfer"))
    assert reply["model_name"] == "mlp" and reply["raw_output_contents"]
    statistics = json.loads(grpcurl(served, "-d", '{"name": "mlp"}', served.address, f"{SERVICE}/ModelStatistics"))
    assert re.fullmatch(r"\d+", statistics["model_stats"][0]["inference_stats"]["success"]["count"])
