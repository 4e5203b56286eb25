"""The network in KServe's SDK, gRPC alone: `kserve_model.py PORT`. The SDK listens on every address of the machine;
here it listens on loopback."""

import asyncio
import logging
import sys

import kserve
import network
from grpc import aio
from kserve import model_server


class Mlp(kserve.Model):
    def __init__(self):
        super().__init__("mlp")
        self._run = network.load()
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        scores = self._run(payload.inputs[0].as_numpy())
        output = kserve.InferOutput("score", list(scores.shape), "FP32")
        output.set_data_from_numpy(scores, binary_data=True)
        return kserve.InferResponse(payload.id, "mlp", [output])


def on_loopback(add):
    return lambda server, address: add(server, address.replace("[::]", "127.0.0.1"))


async def no_http(server):
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.INFO)
    aio.Server.add_insecure_port = on_loopback(aio.Server.add_insecure_port)
    model_server.RESTServer.start = no_http
    kserve.ModelServer(grpc_port=int(sys.argv[1]), enable_grpc=True).start([Mlp()])
