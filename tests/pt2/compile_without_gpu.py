"""Compiles a network that returns its input for CUDA, on a machine that has neither a GPU nor CUDA's toolkit.

    compile_without_gpu.py FOLDER

writes FOLDER/model.pt2: features FP32 [n, 8] -> the same, for a GPU of compute capability 9.0, and FOLDER/model.pt,
its TorchScript twin. It has no kernels: those are tried on a GPU while they are compiled. What torch 2.11.0 asks of a
GPU on the way is answered here.
"""

import pathlib
import subprocess
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "gpu"))

import compile_package  # noqa: E402  (the path is set above)

GPU = types.SimpleNamespace(name="none", major=9, minor=0, multi_processor_count=132, total_memory=80 << 30,
                            warp_size=32, regs_per_multiprocessor=65536, max_threads_per_multi_processor=2048,
                            shared_memory_per_block_optin=232448, gcnArchName="", L2_cache_size=50 << 20)


def stand_in_for_driver(folder):
    """A library of the driver's name, for the linker: the code calls nothing of it."""
    driver = folder / "libcuda.so.1"
    subprocess.run(["g++", "-shared", "-x", "c++", "/dev/null", "-Wl,-soname,libcuda.so.1", "-o", driver], check=True)
    compile_package.DRIVERS = (str(driver),)


def stand_in_for_gpu(torch):
    stream = types.SimpleNamespace(cuda_stream=0, stream_id=0, device_index=0, device_type=1)
    answers = {"is_available": True, "device_count": 1, "current_device": 0, "get_device_capability": (9, 0),
               "get_device_properties": GPU, "current_stream": stream, "_lazy_init": None, "set_device": None,
               "synchronize": None, "_exchange_device": 0, "_maybe_exchange_device": 0, "set_rng_state": None,
               "get_rng_state": torch.zeros(16, dtype=torch.uint8)}
    for name, answer in answers.items():
        setattr(torch.cuda, name, lambda *_, answer=answer, **__: answer)
    torch._subclasses.fake_tensor.init_gpu_context = lambda device: None
    # Replacements of parts of the graph, which are traced on a GPU, and trials of kernels.
    from torch._inductor.codegen import wrapper
    from torch._inductor.fx_passes import joint_graph, post_grad

    joint_graph.lazy_init = post_grad.lazy_init = lambda device=None: None
    wrapper.PythonWrapperCodegen.generate_and_run_autotune_block = lambda self: None


def main(folder):
    stand_in_for_driver(folder)
    compile_package.stand_in_for_toolkit(folder)
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    class Same(torch.nn.Module):
        def forward(self, features):
            return features.view(features.shape[0], 4, 2).view(features.shape[0], 8)

    torch.jit.script(Same()).save(str(folder / "model.pt"))
    stand_in_for_gpu(torch)
    with FakeTensorMode(shape_env=ShapeEnv()):
        features = torch.empty(4, 8, device="cuda")
    batch = torch.export.Dim("batch", max=compile_package.LARGEST_BATCH)
    exported = torch.export.export(Same(), (), {"features": features}, dynamic_shapes={"features": {0: batch}})
    torch._inductor.aoti_compile_and_package(exported, package_path=str(folder / "model.pt2"))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
