"""What KServe's own client says of the server at argv[1], as one line of JSON; run by KServe's own environment."""

import asyncio
import json
import sys

import numpy
from kserve import InferInput, InferRequest
from kserve.inference_client import InferenceGRPCClient
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages


async def main(address):
    client = InferenceGRPCClient(address)
    tensor = InferInput("features", [3, 8], "FP32")
    tensor.set_data_from_numpy(numpy.ones((3, 8), dtype=numpy.float32), binary_data=True)
    reply = await client.infer(InferRequest("mlp", [tensor]))
    said = {"live": await client.is_server_live(), "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("mlp"), "model": reply.model_name,
            "shape": list(reply.outputs[0].shape)}
    # The SDK has no methods for these, only their messages, whose fields are not Triton's.
    stub = client._client_stub
    unloaded = await stub.RepositoryModelUnload(messages.RepositoryModelUnloadRequest(model_name="mlp"))
    said["unloaded"] = [unloaded.model_name, unloaded.isUnloaded, await client.is_model_ready("mlp")]
    loaded = await stub.RepositoryModelLoad(messages.RepositoryModelLoadRequest(model_name="mlp"))
    said["loaded"] = [loaded.model_name, loaded.isLoaded, await client.is_model_ready("mlp")]
    await client.close()
    print(json.dumps(said))


asyncio.run(main(sys.argv[1]))
