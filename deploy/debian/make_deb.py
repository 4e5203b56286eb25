"""Makes driftserve's Debian packages out of a build: driftserve (both programs, the service) and driftserve-dev (the
drift library). Libraries that Debian has become dependencies; the others, LibTorch and Arrow, come along.

make_deb.py --build build/release --out build/deb [--compression zstd|none]
"""

import argparse
import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "build"))
from linked_libraries import output, owners, shared_objects  # noqa: E402

PRIVATE = pathlib.Path("usr/lib/driftserve")  # programs and their libraries, beside each other as run paths expect
MAINTAINER = "driftserve maintainers <driftserve@localhost>"
DESCRIPTIONS = {
    "driftserve": "PyTorch inference server that watches its own drift\n"
                  " Serves TorchScript models over gRPC, samples rows by stratum, puts them on a\n"
                  " Kafka topic and computes PSI and KS of every feature against the training data.",
    "driftserve-dev": "statistics of data drift: the drift library of driftserve\n"
                      " Headers, static library, CMake package, and the proto files of the topic.",
}


def version():
    return re.search(r"project\(driftserve VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def install(build, prefix, component):
    output("cmake", "--install", build, "--prefix", prefix, "--component", component)


def dependency(package, name):
    """What a program that loads library `name` has to depend on, by the package's own word; else the package itself."""
    soname = re.fullmatch(r"(.+?)(?:-([0-9][0-9.]*)\.so|\.so\.([0-9.]+))", name)
    for file in pathlib.Path("/var/lib/dpkg/info").glob(f"{package}*.shlibs"):
        for line in file.read_text().splitlines():
            words = line.split(None, 2)
            if soname and len(words) == 3 and words[:2] == [soname.group(1), soname.group(2) or soname.group(3)]:
                return words[2].strip()
    return package


def replace_libraries_by_dependencies(stage, build):
    """Removes from the staged libraries what Debian has; returns the dependencies that take their place."""
    loaded = {}
    for program in ("driftserve", "drift"):
        loaded.update(shared_objects(build / "bin" / program))
    package_of = owners(loaded.values())
    needed = set()
    for name, path in loaded.items():
        if path in package_of:
            needed.add(dependency(package_of[path], name))
            for file in {name, os.path.basename(os.path.realpath(path))}:
                (stage / PRIVATE / "lib" / file).unlink(missing_ok=True)
    return sorted(needed)


def strip(path, option):
    output("strip", option, path)


def stage_server(build, stage):
    """Lays out the package driftserve; returns its dependencies."""
    install(build, stage / PRIVATE, "driftserve")
    needed = replace_libraries_by_dependencies(stage, build)
    (stage / "usr/share").mkdir(parents=True)
    shutil.move(stage / PRIVATE / "share/driftserve", stage / "usr/share/driftserve")
    (stage / PRIVATE / "share").rmdir()
    (stage / "usr/bin").mkdir()
    for program in ("driftserve", "drift"):
        strip(stage / PRIVATE / "bin" / program, "--strip-unneeded")
        (stage / "usr/bin" / program).symlink_to(f"../lib/driftserve/bin/{program}")
    for source, target in ((HERE / "driftserve.service", "usr/lib/systemd/system/driftserve.service"),
                           (HERE / "server.yaml", "etc/driftserve/server.yaml"),
                           (ROOT / "README.md", "usr/share/doc/driftserve/README.md"),
                           (ROOT / "LICENSE", "usr/share/doc/driftserve/copyright")):
        (stage / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, stage / target)
    (stage / "var/lib/driftserve/models").mkdir(parents=True)
    return needed


def stage_library(build, stage):
    """Lays out driftserve-dev."""
    install(build, stage / "usr", "development")
    strip(stage / "usr/lib/libdrift.a", "--strip-debug")
    (stage / "usr/share/doc/driftserve-dev").mkdir(parents=True)
    shutil.copyfile(ROOT / "LICENSE", stage / "usr/share/doc/driftserve-dev/copyright")


def set_modes(stage):
    """Whatever the umask of who builds: all may read, nobody but root may write."""
    for path in [stage, *stage.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) and "bin" in path.parts else 0o644)


def write_control(stage, package, depends, scripts=None):
    kilobytes = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file()) // 1024
    set_modes(stage)
    control = stage / "DEBIAN"
    control.mkdir()
    fields = {"Package": package, "Version": version(), "Architecture": output("dpkg", "--print-architecture").strip(),
              "Maintainer": MAINTAINER, "Section": "science", "Priority": "optional", "Installed-Size": str(kilobytes),
              "Depends": ", ".join(depends), "Description": DESCRIPTIONS[package]}
    (control / "control").write_text("".join(f"{name}: {value}\n" for name, value in fields.items() if value))
    if scripts:
        (control / "conffiles").write_text("/etc/driftserve/server.yaml\n")
        for script in scripts.iterdir():
            shutil.copyfile(script, control / script.name)
            (control / script.name).chmod(0o755)


def make(build, out, compression):
    """Writes both packages into the folder `out`, whole or not at all; returns their paths."""
    made = []
    out.mkdir(parents=True, exist_ok=True)
    for package in ("driftserve", "driftserve-dev"):
        stage = out / f"{package}.stage"
        shutil.rmtree(stage, ignore_errors=True)
        if package == "driftserve":
            write_control(stage, package, stage_server(build, stage), HERE / "scripts")
        else:
            stage_library(build, stage)
            write_control(stage, package, [f"driftserve (= {version()})"])
        target = out / f"{package}_{version()}_{output('dpkg', '--print-architecture').strip()}.deb"
        output("dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", stage, f"{target}.part")
        os.replace(f"{target}.part", target)
        shutil.rmtree(stage)
        made.append(target)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "deb")
    parser.add_argument("--compression", choices=["zstd", "none"], default="zstd")
    arguments = parser.parse_args()
    for path in make(arguments.build.resolve(), arguments.out.resolve(), arguments.compression):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
