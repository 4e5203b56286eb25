"""Peak memory while clients offer the product of the transport's bounds, connections × streams × message size, all at
once: it stays under that product, so no message is held twice, and what the queue may hold comes on top.

gRPC reads every stream's message before the server sees the request, and its ResourceQuota (grpc.max_transport_bytes)
ends calls only after the memory is taken: the product is the bound, and the streams per connection and the size of a
message are what an operator sets it by.
"""

import subprocess

import pytest

from conftest import features, mlp_request, scores
from support import protocol, server

MIB = 1 << 20
MESSAGE = 4 * MIB
CONNECTIONS = 4
STREAMS = 32
TRANSPORT = 64 * MIB
PENDING = 64 * MIB
PRODUCT = CONNECTIONS * STREAMS * MESSAGE  # 512 MiB

CONFIG = {
    "grpc": {"pollers": 2, "max_message_bytes": MESSAGE + 1024, "max_streams_per_connection": STREAMS,
             "max_transport_bytes": TRANSPORT},
    "scheduling": {"max_pending_bytes": PENDING},
}


def flood(served, body, requests):
    subprocess.run(["h2load", f"-n{requests}", f"-c{CONNECTIONS}", f"-m{STREAMS}", "-t1", f"-d{body}",
                           "-Hcontent-type: application/grpc", "-Hte: trailers",
                           f"http://{served.address}/inference.GRPCInferenceService/ModelInfer"],
                          capture_output=True, check=True, timeout=240)


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
    flood(served, body, CONNECTIONS * STREAMS)
    grown = server.peak_rss_bytes(served.pid) - before
    print(f"{kind}: offered {PRODUCT // MIB} MiB at once, peak RSS grew by {grown // MIB} MiB")
    assert grown <= PRODUCT + PENDING, f"{grown // MIB} MiB"
    with served.channel() as channel:
        assert len(scores(protocol.inference(channel).ModelInfer(mlp_request(features(2))))) == 2
