#!/usr/bin/env python3
"""Compiles the 8→64→64→1 network for a device with AOTInductor, and saves its TorchScript twin.

    compile_package.py FOLDER cpu|cuda

writes FOLDER/model.pt2 and FOLDER/model.pt, for batches of up to 64 rows. Takes Python's whole torch and a C++
compiler; for cuda a GPU too. Its toolkit may be missing: Triton, which torch brings along, has the headers but one.
"""

import glob
import importlib.util
import os
import pathlib
import shutil
import sys

LARGEST_BATCH = 64
DRIVERS = ("/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/lib64/libcuda.so.1", "/usr/lib/*/libcuda.so.1",
           "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/local/cuda*/compat/libcuda.so.1")
# Chooses code by where it is compiled for: what is compiled here is for the host.
NV_TARGET = """#pragma once
#define NV_IF_ELSE_TARGET(condition, device, host) host
#define NV_IF_TARGET(condition, ...)
"""


def stand_in_for_toolkit(folder):
    """Where there is no CUDA toolkit: a folder that has the headers and the driver's library as one would."""
    triton = importlib.util.find_spec("triton")
    if os.environ.get("CUDA_HOME") or shutil.which("nvcc") or os.path.exists("/usr/local/cuda") or triton is None:
        return
    home = folder / "toolkit"
    for part in ("include", "lib"):
        (home / part).mkdir(parents=True)
    headers = pathlib.Path(triton.submodule_search_locations[0]) / "backends" / "nvidia" / "include"
    for header in headers.iterdir():
        (home / "include" / header.name).symlink_to(header)
    if not (headers / "nv").exists():
        (home / "include" / "nv").mkdir()
        (home / "include" / "nv" / "target").write_text(NV_TARGET)
    for driver in [path for pattern in DRIVERS for path in glob.glob(pattern)][:1]:
        (home / "lib" / "libcuda.so").symlink_to(driver)
    os.environ["CUDA_HOME"] = str(home)


def make_network(torch):
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64),
                                              torch.nn.ReLU(), torch.nn.Linear(64, 1), torch.nn.Sigmoid())

        def forward(self, features):
            return self.layers(features)

    torch.manual_seed(1)
    return Network().eval()


def main(folder, device):
    folder.mkdir(parents=True, exist_ok=True)
    if device == "cuda":
        stand_in_for_toolkit(folder)
    import torch  # takes seconds, and looks for the toolkit as it starts

    network = make_network(torch)
    torch.jit.trace(network, torch.zeros(2, 8)).save(str(folder / "model.pt"))
    network = network.to(device)
    example = {"features": torch.zeros(2, 8, device=device)}
    batch = torch.export.Dim("batch", max=LARGEST_BATCH)
    with torch.no_grad():
        exported = torch.export.export(network, (), example, dynamic_shapes={"features": {0: batch}})
        torch._inductor.aoti_compile_and_package(exported, package_path=str(folder / "model.pt2"))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in ("cpu", "cuda"):
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2])
