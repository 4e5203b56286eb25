"""The network as a handler of TorchServe: a raw float32 row in, the raw score out."""

import network
import numpy


class Handler:
    def initialize(self, context):
        self._run = network.load()

    def handle(self, data, context):
        rows = [numpy.frombuffer(bytes(request["data"]), dtype=numpy.float32) for request in data]
        return [score.tobytes() for score in self._run(numpy.stack(rows))]
