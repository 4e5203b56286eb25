"""The arithmetic of `make gpu-test`, and what it packs: the packing itself is that command's."""

import pathlib
import struct
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "gpu")]

import compile_package  # noqa: E402  (the path is set above)
import pack  # noqa: E402
import run_checks  # noqa: E402
from support import protocol  # noqa: E402


def test_a_folder_that_is_too_large_is_refused(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "large").write_bytes(b"x" * 3000)
    (tmp_path / "small").write_bytes(b"x")
    assert pack.check_size(tmp_path, limit=3001) == 3001
    with pytest.raises(SystemExit, match="expected at most .* bin/large"):
        pack.check_size(tmp_path, limit=3000)


def test_neither_the_c_library_nor_torch_is_packed(monkeypatch):
    monkeypatch.setattr(pack, "shared_objects", lambda program: {
        "libc.so.6": "/lib/x86_64-linux-gnu/libc.so.6", "libstdc++.so.6": "/lib/x86_64-linux-gnu/libstdc++.so.6",
        "ld-linux-x86-64.so.2": "/lib64/ld-linux-x86-64.so.2", "libgrpc.so.29": "/lib/x86_64-linux-gnu/libgrpc.so.29",
        "libcares.so.2": "/lib/x86_64-linux-gnu/libcares.so.2",
        "libtorch_cpu.so": "/v/site-packages/torch/lib/libtorch_cpu.so",
        "libcudart.so.13": "/v/site-packages/torch/lib/../../nvidia/cu13/lib/libcudart.so.13"})
    assert sorted(pack.needed(["driftserve"])) == ["libcares.so.2", "libgrpc.so.29"]


def test_the_call_is_what_protobuf_would_write():
    body = run_checks.infer_call("mlp", "features", "FP32", [1, 300], b"\1\2\3\4")
    compressed, length = struct.unpack(">BI", body[:5])
    assert (compressed, length) == (0, len(body) - 5)
    assert body[5:] == protocol.infer_request("mlp", [("features", "FP32", [1, 300], b"\1\2\3\4")]).SerializeToString(
        deterministic=True)


def test_no_gpu_is_said_and_is_no_success(monkeypatch, capsys):
    monkeypatch.setattr(run_checks, "tool", lambda env, *words: "0\n")
    assert run_checks.check_gpu({}) == run_checks.NO_GPU
    assert "no GPU: not run" in capsys.readouterr().out


def test_a_missed_figure_is_said_and_is_no_success(capsys):
    assert run_checks.report({"G1": [0.97, 0.96], "G5": [0.3]}) == 0
    assert run_checks.report({"G1": [0.97, 0.90, 0.91]}) == 1
    assert "G1: median 0.910" in capsys.readouterr().out


def test_files_of_the_build_tree_are_foreign(tmp_path, monkeypatch):
    torch = tmp_path / "site-packages" / "torch"
    torch.mkdir(parents=True)
    mapped = run_checks.foreign_files("self", torch)
    assert all(not file.startswith("/usr/") for file in mapped)
    monkeypatch.setattr(pathlib.Path, "read_text", lambda self: (
        f"1-2 r-xp 0 0:0 1 {ROOT}/build/release/bin/driftserve\n"
        "3-4 r-xp 0 0:0 1 /usr/lib/x.so\n5-6 rw-p 0 0:0 0 [heap]\n"))
    assert run_checks.foreign_files("self", torch) == [f"{ROOT}/build/release/bin/driftserve"]


def test_why_no_package_was_compiled_is_said(tmp_path, monkeypatch):
    script = tmp_path / "compile_package.py"
    monkeypatch.setattr(run_checks, "PACK", tmp_path)
    script.write_text("import sys\nprint('much')\nsys.exit('it went wrong')\n")
    assert run_checks.compile_package(tmp_path, "cpu").endswith("it went wrong")
    assert (tmp_path / "compile.log").read_text() == "much\nit went wrong\n"
    monkeypatch.setattr(run_checks.shutil, "which", lambda name: None)
    assert run_checks.compile_package(tmp_path, "cpu").startswith("no C++ compiler; ")
    script.write_text("")
    assert run_checks.compile_package(tmp_path, "cpu") is None


def test_a_toolkit_is_stood_in_for_where_there_is_none(tmp_path, monkeypatch):
    headers = tmp_path / "site" / "triton" / "backends" / "nvidia" / "include"
    headers.mkdir(parents=True)
    (headers / "cuda.h").write_text("// a header")
    (headers.parents[2] / "__init__.py").write_text("")
    driver = tmp_path / "libcuda.so.1"
    driver.write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(compile_package, "DRIVERS", (str(tmp_path / "libcuda.so.*"),))
    monkeypatch.setattr(compile_package.shutil, "which", lambda name: None)
    monkeypatch.setattr(compile_package.os.path, "exists", lambda path: False)
    monkeypatch.setenv("CUDA_HOME", "")
    compile_package.stand_in_for_toolkit(tmp_path)
    home = tmp_path / "toolkit"
    assert compile_package.os.environ["CUDA_HOME"] == str(home)
    assert (home / "include" / "cuda.h").read_text() == "// a header"
    assert "NV_IF_ELSE_TARGET" in (home / "include" / "nv" / "target").read_text()
    assert (home / "lib" / "libcuda.so").resolve() == driver
