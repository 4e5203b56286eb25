"""CMake in a conda prefix: everything is found there. The prefix is a simulated one: this machine's libraries, laid out
as conda lays them out. Whether the pins can be solved is not shown here; that takes conda's channel."""

import os
import pathlib
import re
import subprocess
import sysconfig

import pytest

from chart import ROOT, yaml

CONDA = ROOT / "conda"
SITE = ROOT / ".deps" / "venv" / "lib" / "python3.11" / "site-packages"
ARCHITECTURE = sysconfig.get_config_var("MULTIARCH")
SYSTEM = pathlib.Path("/usr/lib") / ARCHITECTURE


def link_all(sources, folder):
    """The first of a name stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        target = folder / source.name
        if not target.is_symlink():
            target.symlink_to(source)


def copy_cmake_files(source, target):
    """Real folders and copied CMake files, which find their libraries by where they lie themselves."""
    for path in source.rglob("*"):
        if path.suffix == ".cmake" and path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text())


def conda_prefix(folder):
    """Torch's and Arrow's libraries in lib/, headers in include/, Debian's packages as if they were conda's."""
    link_all([SITE / "torch/include" / name for name in ("torch", "ATen", "c10", "caffe2")], folder / "include")
    link_all([SITE / "pyarrow/include" / name for name in ("arrow", "parquet")], folder / "include")
    link_all(pathlib.Path("/usr/include").iterdir(), folder / "include")
    link_all([*(SITE / "torch/lib").glob("*.so*"), *(SITE / "pyarrow").glob("lib*.so*")], folder / "lib")
    link_all([path for path in SYSTEM.iterdir() if re.search(r"\.(so|a)\b", path.name)], folder / "lib" / ARCHITECTURE)
    copy_cmake_files(SYSTEM / "cmake", folder / "lib" / ARCHITECTURE / "cmake")
    copy_cmake_files(pathlib.Path("/usr/share/cmake"), folder / "share/cmake")
    programs = pathlib.Path("/usr/bin")
    link_all([*programs.glob("grpc_*_plugin"), programs / "protoc", programs / "civetweb"], folder / "bin")
    (folder / "lib/pkgconfig").mkdir()
    for file in (SYSTEM / "pkgconfig").glob("*.pc"):
        if file.name != "cpp-httplib.pc":  # conda's has none
            (folder / "lib/pkgconfig" / file.name).write_text(file.read_text().replace("=/usr", f"={folder}"))
    httplib = folder / "lib/cmake/httplib/httplibConfig.cmake"
    httplib.parent.mkdir(parents=True)
    httplib.write_text("add_library(httplib::httplib INTERFACE IMPORTED)\n")
    return folder


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return conda_prefix(tmp_path_factory.mktemp("conda") / "prefix")


def configure(prefix, build):
    command = ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    return subprocess.run(command, env={**os.environ, "CONDA_PREFIX": str(prefix)}, capture_output=True, text=True,
                          timeout=180)


@pytest.fixture(scope="module")
def build(prefix, tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    done = configure(prefix, folder)
    assert done.returncode == 0, done.stderr
    assert f"Dependencies from the conda prefix {prefix}" in done.stdout
    return folder


@pytest.mark.parametrize("target", ["driftserve", "drift"])
def test_a_program_is_linked_with_the_prefix_alone(build, prefix, target):
    done = subprocess.run(["ninja", "-C", build, "-t", "commands", f"bin/{target}"], check=True, capture_output=True,
                          text=True)
    commands = done.stdout.splitlines()
    libraries = [word for word in commands[-1].split() if re.search(r"\.(so|a)(\.[0-9.]+)?$", word) and word[0] == "/"]
    assert f"{prefix}/lib/{'libtorch_cpu.so' if target == 'driftserve' else 'libarrow.so.2600'}" in libraries
    assert [word for word in libraries if not word.startswith(f"{prefix}/")] == []


def test_every_package_is_found_in_the_prefix(build, prefix):
    cache = (build / "CMakeCache.txt").read_text()
    found = dict(re.findall(r"^(\w[\w-]*_DIR):PATH=(/.+)$", cache, re.M))
    needed = {f"{name}_DIR" for name in ("gRPC", "absl", "spdlog", "prometheus-cpp", "nlohmann_json", "CLI11", "GTest",
                                         "httplib")}
    assert needed <= set(found)
    assert {name: found[name] for name in needed if not found[name].startswith(f"{prefix}/")} == {}


def test_headers_come_from_the_prefix(build, prefix):
    done = subprocess.run(["ninja", "-C", build, "-t", "commands", "bin/driftserve"], check=True, capture_output=True,
                          text=True)
    commands = done.stdout
    folders = set(re.findall(r"-(?:isystem|idirafter|I) ?(/\S+)", commands))
    own = (str(ROOT), f"{ROOT}/proto", str(build))
    elsewhere = {folder for folder in folders if not folder.startswith((f"{prefix}/", f"{build}/"))}
    assert elsewhere <= set(own)
    assert f"-idirafter {prefix}/include/torch/csrc/api/include" in commands


def test_what_the_prefix_lacks_is_not_taken_from_the_system(tmp_path):
    prefix = conda_prefix(tmp_path / "prefix")
    (prefix / "lib/pkgconfig/rdkafka.pc").unlink()
    done = configure(prefix, tmp_path / "build")
    assert done.returncode != 0 and "'rdkafka'" in done.stdout


def environment(name):
    listed = yaml.safe_load((CONDA / name).read_text())["dependencies"]
    return {line.split("=")[0]: line.split("=", 1)[1] if "=" in line else "" for line in listed}


def test_one_row_of_pins_for_both_environments_and_the_recipe():
    """Protobuf, Abseil and gRPC that libtorch was built with; another version of one of them would not load."""
    cpu, cuda = environment("environment.yml"), environment("environment-cuda.yml")
    differing = {name for name in cpu.keys() | cuda.keys() if cpu.get(name) != cuda.get(name)}
    assert differing == {"libtorch", "cuda-version", "cuda-nvcc", "cuda-nvrtc-dev", "nvtx-c"}
    assert cpu["libtorch"] == "2.12.1=cpu_generic_*" and cuda["libtorch"] == "2.12.1=cuda129_generic_*"
    recipe = yaml.safe_load((CONDA / "recipe/recipe.yaml").read_text())
    host = dict((line.split(" =", 1) + [""])[:2] for line in recipe["requirements"]["host"])
    assert {name: version.removesuffix(".*") if name != "libtorch" else version for name, version in cpu.items()
            if name in host} == host
    version = re.search(r"project\(driftserve VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert recipe["context"]["version"] == version


def test_the_lock_script_says_what_it_lacks(tmp_path):
    done = subprocess.run(["bash", CONDA / "lock.sh"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.returncode == 1 and "conda-lock is missing" in done.stderr


def test_the_lock_script_writes_whole_locks_or_none(tmp_path):
    """With a conda-lock that solves nothing and writes what it was asked for; then one that fails at the second."""
    folder = tmp_path / "conda"
    folder.mkdir()
    for name in ("lock.sh", "environment.yml", "environment-cuda.yml", "virtual-packages.yml"):
        (folder / name).write_bytes((CONDA / name).read_bytes())
    fake = tmp_path / "bin" / "conda-lock"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n[ "$1" = lock ] && [ "$3" = "$FAIL" ] && exit 3\n'
                    'for word; do case $word in *-{platform}) echo "$word" >"${word%-*}-linux-64.lock";; esac; done\n')
    fake.chmod(0o755)

    def lock(fail=""):
        environment = {"PATH": f"{fake.parent}:/usr/bin:/bin", "FAIL": fail}
        done = subprocess.run(["bash", folder / "lock.sh"], env=environment, capture_output=True, text=True)
        return done.returncode, sorted(file.name for file in (folder / "locks").glob("*"))

    assert lock(fail="environment-cuda.yml") == (3, ["conda-linux-64.lock"])
    assert lock() == (0, ["conda-cuda-linux-64.lock", "conda-linux-64.lock"])
