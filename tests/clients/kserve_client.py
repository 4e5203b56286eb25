"""What KServe's own client says of the server at argv[1], as one line of JSON; run by KServe's own environment."""

import asyncio
import json
import sys

import numpy
from kserve import InferInput, InferRequest
from kserve.inference_client import InferenceGRPCClient


async def main(address):
    client = InferenceGRPCClient(address)
    tensor = InferInput("features", [3, 8], "FP32")
    tensor.set_data_from_numpy(numpy.ones((3, 8), dtype=numpy.float32), binary_data=True)
    reply = await client.infer(InferRequest("mlp", [tensor]))
    said = {"live": await client.is_server_live(), "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("mlp"), "model": reply.model_name,
            "shape": list(reply.outputs[0].shape)}
    await client.close()
    print(json.dumps(said))


asyncio.run(main(sys.argv[1]))
