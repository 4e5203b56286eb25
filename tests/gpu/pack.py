#!/usr/bin/env python3
"""Packs what `run_checks.py` needs on a machine with a GPU: programs, the libraries of theirs that are neither torch's
nor the C library's, and itself. Fails above 60 MiB, which is what such a folder may be sent as.

    pack.py --build build/release --out build/gpu-test
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "build"))

from linked_libraries import shared_objects  # noqa: E402  (the path is set above)

LIMIT_BYTES = 60 << 20
WITH_LIBRARIES = ("driftserve", "gpu_check")
PROGRAMS = (*WITH_LIBRARIES, "poisson_client")
SCRIPTS = ("run_checks.py", "compile_package.py", "shared_region.py", "protobuf_bytes.py")
MODULES = ("libdriftserve_cuda.so", "libtorch.so")
# The other machine's own: the C library is bound to its loader, torch's wheel needs the C++ ones and has the rest.
OF_THE_MACHINE = re.compile(r"^(ld-linux.*|linux-vdso|lib(c|m|dl|rt|util|pthread|resolv|gcc_s|stdc\+\+))\.so")
OF_TORCH = re.compile(r"/(torch|nvidia)/")


def needed(programs):
    """Name → path of the libraries to pack."""
    found = {}
    for program in programs:
        found.update(shared_objects(program))
    return {name: path for name, path in found.items()
            if not OF_THE_MACHINE.match(name) and not OF_TORCH.search(path)}


def place(source, target):
    """A copy without symbols of debugging, which are most of a program."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(0o755)
    subprocess.run(["strip", "--strip-unneeded", target], check=True)


def forget_run_path(program):
    """Libraries are found beside the program, and torch's where LD_LIBRARY_PATH says: not where it was built."""
    script = f'file(RPATH_SET FILE "{program}" NEW_RPATH "$ORIGIN/../lib")\n'
    file = program.parent / "run_path.cmake"
    file.write_text(script)
    subprocess.run(["cmake", "-P", file], check=True, capture_output=True)
    file.unlink()


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_size(folder, limit=LIMIT_BYTES):
    """The folder's bytes; ends where they are too many, naming the largest files."""
    total = size(folder)
    if total <= limit:
        return total
    largest = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: -path.stat().st_size)[:5]
    names = ", ".join(f"{path.relative_to(folder)} {path.stat().st_size / (1 << 20):.1f}" for path in largest)
    sys.exit(f"pack: expected at most {limit / (1 << 20):g} MiB in {folder}, got {total / (1 << 20):.1f}: {names}")


def pack(build, out):
    if out.exists():
        shutil.rmtree(out)
    for name in PROGRAMS:
        place(build / "bin" / name, out / "bin" / name)
    for name in WITH_LIBRARIES:
        forget_run_path(out / "bin" / name)
    for name in MODULES:
        place(build / "bin" / name, out / "bin" / name)
    for name, path in sorted(needed([build / "bin" / name for name in PROGRAMS]).items()):
        place(path, out / "lib" / name)
    for script in SCRIPTS:
        shutil.copy(ROOT / "tests" / "gpu" / script, out / script)
    return check_size(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    total = pack(arguments.build.resolve(), arguments.out.resolve())
    print(f"packed {arguments.out}: {total / (1 << 20):.1f} MiB of at most {LIMIT_BYTES >> 20}")


if __name__ == "__main__":
    main()
