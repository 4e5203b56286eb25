"""Peak memory while clients offer the product of the transport's bounds, connections × streams × message size, all at
once, and every call is answered.

gRPC reads every stream's message before the server sees the request, so the product is what an operator sizes memory by
(grpc.max_streams_per_connection, grpc.max_message_bytes). A message is there as it was received and, while it is read,
as it was parsed, and the allocator gives the former back late: twice the product is the bound, and what the queue may
hold comes on top. grpc.max_transport_bytes lies above the product here; below it gRPC ends calls instead.
"""

import pathlib
import re
import resource
import subprocess

import pytest
import tritonclient.grpc as triton

from conftest import features, mlp_request, scores, x_request
from support import protocol, server

MIB = 1 << 20
MESSAGE = 4 * MIB
CONNECTIONS = 4
STREAMS = 32
TRANSPORT = 1024 * MIB
PENDING = 64 * MIB
PRODUCT = CONNECTIONS * STREAMS * MESSAGE  # 512 MiB

CONFIG = {
    "grpc": {"pollers": 2, "max_message_bytes": MESSAGE + 1024, "max_streams_per_connection": STREAMS,
             "max_transport_bytes": TRANSPORT},
    "scheduling": {"max_pending_bytes": PENDING},
}


def limit_client():
    """The client needs 10 MiB: one that goes astray must not take the machine's memory or disk with it."""
    resource.setrlimit(resource.RLIMIT_AS, (1024 * MIB, 1024 * MIB))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB))


def flood(served, body, requests, output):
    """Sends `requests` messages over all streams of all connections, and returns how many came back with an answer."""
    with open(output, "wb") as out:
        subprocess.run(["h2load", f"-n{requests}", f"-c{CONNECTIONS}", f"-m{STREAMS}", "-t1", f"-d{body}",
                        "-Hcontent-type: application/grpc", "-Hte: trailers",
                        f"http://{served.address}/inference.GRPCInferenceService/ModelInfer"],
                       stdout=out, stderr=subprocess.STDOUT, check=True, timeout=240, preexec_fn=limit_client)
    return int(re.search(r"(\d+) succeeded", output.read_text()).group(1))


@pytest.mark.parametrize("kind", ["served", "refused"])
def test_peak_memory_under_the_product_of_the_bounds(start, tmp_path, kind):
    """`served`: 8 strings of 512 KiB; `refused`: the same bytes under a wrong shape."""
    element = (MESSAGE // 8 - 8)
    rows = 8 if kind == "served" else 7
    raw = (element.to_bytes(4, "little") + b"x" * element) * 8
    body = tmp_path / "body"
    body.write_bytes(protocol.grpc_body(protocol.infer_request("strings", [("text", "BYTES", [rows, 1], raw)])))
    served = start({"mlp": {}, "strings": {}}, CONFIG)
    before = server.peak_rss_bytes(served.pid)
    answered = flood(served, body, CONNECTIONS * STREAMS, tmp_path / "h2load.txt")
    grown = server.peak_rss_bytes(served.pid) - before
    print(f"{kind}: offered {PRODUCT // MIB} MiB at once, peak RSS grew by {grown // MIB} MiB")
    assert answered == CONNECTIONS * STREAMS, "a call that was ended held no memory: nothing was measured"
    assert grown <= 2 * PRODUCT + PENDING, f"{grown // MIB} MiB"
    with served.channel() as channel:
        assert len(scores(protocol.inference(channel).ModelInfer(mlp_request(features(2))))) == 2


def rss_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024


def test_memory_returns_after_unload(start):
    """Fifty cycles of a model with 4 MiB of weights: what stayed of 25 of them would be 100 MiB."""
    served = start({"heavy": {}}, {"repository": {"control": "explicit"}})
    sizes = []
    with triton.InferenceServerClient(served.address) as client, served.channel() as channel:
        for _ in range(50):
            client.load_model("heavy")
            protocol.inference(channel).ModelInfer(x_request("heavy", 1.0), timeout=30)
            client.unload_model("heavy")
            server.wait_until("the unload",
                              lambda: client.get_model_repository_index().models[0].state == "UNAVAILABLE")
            sizes.append(rss_bytes(served.process.pid) >> 20)
    assert max(sizes[25:]) - max(sizes[5:25]) < 16, sizes
