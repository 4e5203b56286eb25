"""The network in Python, as every compared server but Triton's backend runs it; one thread, as with driftserve."""

import os

import torch


def load():
    """Rows, FP32 [n, 8] of numpy, → scores, FP32 [n, 1]. The environment's ARCHIVE names its file."""
    torch.set_num_threads(1)
    module = torch.jit.freeze(torch.jit.load(os.environ["ARCHIVE"]).eval())

    def run(rows):
        with torch.inference_mode():
            return module(torch.from_numpy(rows)).numpy()
    return run
