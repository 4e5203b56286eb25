"""The network in pytriton: `pytriton_model.py GRPC_PORT HTTP_PORT METRICS_PORT`."""

import sys

import network
import numpy
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


def main():
    grpc_port, http_port, metrics_port = map(int, sys.argv[1:4])
    run = network.load()

    @batch
    def infer(features):
        return {"score": run(features)}

    config = TritonConfig(grpc_address="127.0.0.1", http_address="127.0.0.1", metrics_address="127.0.0.1",
                          grpc_port=grpc_port, http_port=http_port, metrics_port=metrics_port)
    batcher = DynamicBatcher(max_queue_delay_microseconds=0)
    with Triton(config=config) as triton:
        triton.bind("mlp", infer, inputs=[Tensor(name="features", dtype=numpy.float32, shape=(8,))],
                    outputs=[Tensor(name="score", dtype=numpy.float32, shape=(1,))],
                    config=ModelConfig(max_batch_size=64, batcher=batcher))
        triton.serve()


if __name__ == "__main__":
    main()
