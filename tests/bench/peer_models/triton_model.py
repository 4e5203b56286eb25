"""The network for Triton's python backend: all requests that its dynamic batcher hands over in one forward."""

import pathlib

import numpy
import torch
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, arguments):
        torch.set_num_threads(1)
        folder = pathlib.Path(arguments["model_repository"]) / arguments["model_version"]
        self._model = torch.jit.freeze(torch.jit.load(folder / "model.pt").eval())

    def execute(self, requests):
        rows = [backend.get_input_tensor_by_name(request, "features").as_numpy() for request in requests]
        with torch.inference_mode():
            scores = self._model(torch.from_numpy(numpy.concatenate(rows))).numpy()
        ends = numpy.cumsum([len(part) for part in rows])
        return [backend.InferenceResponse([backend.Tensor("score", part)]) for part in numpy.split(scores, ends[:-1])]
