#!/usr/bin/env python3
"""Compiles `flight_delay` for this machine, and its TorchScript twin.

    python models/flight_delay/package.py FOLDER

writes FOLDER/model.pt2, an AOTInductor package, and FOLDER/model.pt, the same network as an archive. Compiled code
takes no strings: carrier and origin come as one number, the row of their pair (FlightDelay.pairs), which is what the
served model makes of the two texts. Two minutes on one core; the weights are those of 1/model.pt.
"""

import os
import sys

import torch
from torch import Tensor, nn

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST_BATCH = 64


class PairedDelay(nn.Module):
    """features FP32 [n, 9] and pair INT64 [n, 1] -> p_late FP32 [n, 1]."""

    def __init__(self, served):
        super().__init__()
        for name in ("pairs", "shift", "scale", "by_value", "by_missing", "w2", "b2", "w3", "b3"):
            self.register_buffer(name, getattr(served, name).clone())
        self.limit = float(served.limit)

    def forward(self, features: Tensor, pair: Tensor) -> Tensor:
        missing = torch.isnan(features - features)
        z = torch.addcmul(self.shift, features, self.scale).clamp(-self.limit, self.limit).masked_fill(missing, 0.0)
        h = self.pairs.index_select(0, pair.flatten())
        h = torch.addmm(h, z, self.by_value)
        h = torch.addmm(h, missing.to(z.dtype), self.by_missing).relu()
        h = torch.addmm(self.b2, h, self.w2).relu()
        return torch.addmm(self.b3, h, self.w3).sigmoid()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    module = PairedDelay(torch.jit.load(os.path.join(HERE, "1", "model.pt"))).eval()
    torch.jit.script(module).save(os.path.join(folder, "model.pt"))
    batch = torch.export.Dim("batch", max=LARGEST_BATCH)
    example = {"features": torch.zeros(2, module.scale.shape[0]), "pair": torch.zeros(2, 1, dtype=torch.long)}
    with torch.no_grad():
        exported = torch.export.export(module, (), example,
                                       dynamic_shapes={"features": {0: batch}, "pair": {0: batch}})
        torch._inductor.aoti_compile_and_package(exported, package_path=os.path.join(folder, "model.pt2"))


if __name__ == "__main__":
    main()
