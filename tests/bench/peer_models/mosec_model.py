"""The network in mosec: one worker, a raw float32 row as the body, the raw score as the answer."""

import network
import numpy
from mosec import Server, Worker


class Mlp(Worker):
    def __init__(self):
        super().__init__()
        self._run = network.load()

    def deserialize(self, data):
        return numpy.frombuffer(data, dtype=numpy.float32)

    def serialize(self, data):
        return data

    def forward(self, data):
        return [score.tobytes() for score in self._run(numpy.stack(data))]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Mlp, num=1, max_batch_size=32, max_wait_time=1)
    server.run()
