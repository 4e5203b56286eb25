"""The rules of dependency hold in this tree, and each check finds a planted violation."""

import os
import pathlib
import subprocess

import pytest

import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_folder():
    folder = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release"))
    assert (folder / "build.ninja").exists(), f"{folder} is not a build folder: set DRIFTSERVE_BUILD"
    return folder


@pytest.mark.parametrize("check", rules.SOURCE_CHECKS, ids=lambda check: check.__name__)
def test_the_tree_keeps_the_rule(check):
    assert check(ROOT) == []


def test_light_programs_link_nothing_heavy():
    assert rules.heavy_links((build_folder() / "build.ninja").read_text()) == []


def test_torch_exports_no_protobuf():
    torch = next(ROOT.glob(".deps/venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so"))
    if os.environ.get("CONDA_PREFIX") and os.path.exists(os.environ["CONDA_PREFIX"] + "/lib/libtorch_cpu.so"):
        torch = pathlib.Path(os.environ["CONDA_PREFIX"]) / "lib" / "libtorch_cpu.so"
    symbols = subprocess.run(["nm", "-DC", torch], capture_output=True, text=True, check=True).stdout
    assert [line for line in symbols.splitlines() if " T google::protobuf" in line] == []


# What is planted: check, file, content, and a part of the fault's text.
PLANTED = [
    (rules.pure_folders, "drift/psi.cc", '#include "absl/status/status.h"\n', "drift/psi.cc:1"),
    (rules.pure_folders, "drift/psi.h", '#include "drift/profile/monitor_file.h"\n', "drift/psi.h:1"),
    (rules.pure_folders, "drift/psi.h", "#include <unistd.h>\n", "unistd.h"),
    (rules.pure_folders, "server/sample/rule.cc", "#include <vector>\n#include <xxhash.h>\n", "rule.cc:2"),
    (rules.pure_folders, "server/batch/policy.h", '#include "server/execute/executor.h"\n', "policy.h:1"),
    (rules.owned_libraries, "server/rpc/service.cc", "#include <torch/script.h>\n", "torch only in server/execute"),
    (rules.owned_libraries, "server/decode/request.cc", "#include <grpcpp/grpcpp.h>\n", "gRPC only in server/rpc"),
    (rules.owned_libraries, "server/decode/request.cc", '#include "inference/grpc_service.grpc.pb.h"\n', "gRPC only"),
    (rules.owned_libraries, "server/observe/observer.cc", "#include <librdkafka/rdkafka.h>\n", "librdkafka only"),
    (rules.owned_libraries, "drift/tool/watch.cc", "#include <prometheus/registry.h>\n", "prometheus-cpp only"),
    (rules.owned_libraries, "server/rpc/health.cc", "#include <httplib.h>\n", "HTTP only"),
    (rules.owned_libraries, "drift/profile/rows.cc", "#include <arrow/api.h>\n", "Arrow only"),
    (rules.owned_libraries, "server/tap/tap.h", '#include "driftserve/v1/record.pb.h"\n', "knows no Protobuf"),
    (rules.cuda_behind_one_library, "server/execute/x.cc", "#include <ATen/cuda/CUDAGraph.h>\n", "CUDA only in"),
    (rules.cuda_behind_one_library, "server/batch/x.cc", "#include <cuda_runtime_api.h>\n", "CUDA only in"),
    (rules.drift_without_server, "drift/profile/x.cc", '#include "server/base/hash.h"\n', "does not know the server"),
    (rules.drift_without_server, "drift/tool/x.cc", '#include "server/tap/tap.h"\n', "does not know the server"),
    (rules.drift_without_server, "drift/batch/x.cc", '#include "server/base/clock.h"\n', "does not know the server"),
    (rules.adapters, "server/observe/observer.cc", '#include "server/publish/kafka_publisher.h"\n', "concrete adapter"),
    (rules.adapters, "server/repository/x.cc", '#include "server/execute/torchscript_loader.h"\n', "concrete adapter"),
    (rules.public_link_lines, "server/publish/CMakeLists.txt",
     "driftserve_library(server_publish SOURCES a.cc PUBLIC server_base deps::rdkafka PRIVATE deps::status)\n", "deps::rdkafka"),
    (rules.clock_calls, "server/rpc/x.cc", "auto t = std::chrono::steady_clock::now();\n", "x.cc:1"),
    (rules.clock_calls, "server/rpc/x.cc", "using C = std::chrono::system_clock;\nauto t = C::now();\n", "x.cc:2"),
    (rules.clock_calls, "drift/tool/x.cc", "long t = time(nullptr);\n", "x.cc:1"),
    (rules.clock_calls, "drift/x.cc", "clock_gettime(CLOCK_REALTIME, &t);\n", "x.cc:1"),
    (rules.file_sizes, "server/rpc/x.cc", "int a;\n" * 501, "501 lines"),
    (rules.file_sizes, "server/rpc/x.h", "int a;\n" * 91, "median"),
]


@pytest.mark.parametrize("check,path,text,expected", PLANTED, ids=[f"{p[0].__name__}-{p[1]}" for p in PLANTED])
def test_a_planted_violation_is_found(tmp_path, check, path, text, expected):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    faults = check(tmp_path)
    assert any(expected in fault for fault in faults), faults


def test_a_seventh_torch_source_is_found(tmp_path):
    folder = tmp_path / "server" / "execute"
    folder.mkdir(parents=True)
    (folder / "types.h").write_text("#include <ATen/core/Tensor.h>\n")
    for number in range(7):
        (folder / f"graph{number}.cc").write_text('#include "server/execute/types.h"\n')
    assert any("7 sources include torch" in fault for fault in rules.torch_sources(tmp_path))


def test_torch_by_way_of_a_header_is_found(tmp_path):
    for path, text in (("server/execute/types.h", "#include <ATen/core/Tensor.h>\n"),
                       ("server/execute/executor.h", '#include "server/execute/types.h"\n'),
                       ("server/batch/runner.cc", '#include "server/execute/executor.h"\n')):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert [fault for fault in rules.torch_sources(tmp_path) if fault.startswith("server/batch/runner.cc")]


def test_a_cycle_of_folders_is_found(tmp_path):
    for folder, other in (("tap", "observe"), ("observe", "tap")):
        (tmp_path / "server" / folder).mkdir(parents=True)
        (tmp_path / "server" / folder / "x.h").write_text(f'#include "server/{other}/x.h"\n')
    assert any("server/observe → server/tap" in fault for fault in rules.folder_cycles(tmp_path))


def test_a_heavy_link_line_is_found():
    edge = ("build bin/drift_test: CXX_EXECUTABLE_LINKER__drift_test_Release tests/drift/CMakeFiles/drift_test.dir/psi_test.cc.o\n"
            "  LINK_LIBRARIES = -lgtest /usr/lib/x86_64-linux-gnu/libgrpc++.so\n"
            "build bin/drift: CXX_EXECUTABLE_LINKER__drift_program_Release drift/tool/CMakeFiles/drift_program.dir/main.cc.o\n"
            "  LINK_LIBRARIES = /x/libtorch_cpu.so\n")
    faults = rules.heavy_links(edge)
    assert len(faults) == 2, faults


def test_what_the_rules_allow_is_no_fault(tmp_path):
    files = {
        "drift/psi.cc": '#include <cmath>\n#include <boost/math/distributions/normal.hpp>\n#include "drift/psi.h"\n',
        "drift/psi.h": "// steady_clock::now() in a comment\n#include <vector>\n",
        "drift/tool/watch.cc": '#include "server/metrics/collectable.h"\n',
        "server/execute/graph.cc": "#include <torch/script.h>\n",
        "server/app.cc": '#include "server/publish/kafka_publisher.h"\n',
        "server/base/clock.cc": "auto t = std::chrono::steady_clock::now();\n",
        "server/rpc/x.cc": 'const char* t = "::now(";\n',
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert [fault for check in rules.SOURCE_CHECKS for fault in check(tmp_path)] == []
