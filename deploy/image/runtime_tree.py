"""Lays out the file tree of the image's runtime stage: both programs, every library they load, and the few files that
these look for. The Dockerfile runs it in its build stage; a test runs the server from what it makes.

runtime_tree.py --build build/release --out FOLDER      FOLDER must not exist
"""

import argparse
import json
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "build"))
from linked_libraries import output, shared_objects  # noqa: E402
from bill_of_materials import bill_of_materials  # noqa: E402

PROGRAMS = ("driftserve", "drift")
USER = 65532  # what the chart and the Dockerfile run as
AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
FILES = {
    "etc/passwd": f"root:x:0:0::/:/nonexistent\ndriftserve:x:{USER}:{USER}::/:/nonexistent\n",
    "etc/group": f"root:x:0:\ndriftserve:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def install_programs(build, out):
    output("cmake", "--install", build, "--prefix", out / "usr", "--component", "driftserve")
    for program in PROGRAMS:
        output("strip", "--strip-unneeded", out / "usr/bin" / program)


def copy_system_libraries(build, out):
    """What the installation leaves out because every system has its own: the C library and its loader."""
    for program in PROGRAMS:
        for name, path in shared_objects(build / "bin" / program).items():
            target = out / ("lib64" if name.startswith("ld-linux") else "usr/lib") / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(os.path.realpath(path), target)
                target.chmod(0o755)


def write_files(out):
    for name, text in FILES.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (out / AUTHORITIES).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(f"/{AUTHORITIES}", out / AUTHORITIES)
    # Where OpenSSL looks when librdkafka names no file.
    (out / "usr/lib/ssl").mkdir()
    (out / "usr/lib/ssl/cert.pem").symlink_to(f"/{AUTHORITIES}")
    for folder in ("models", "tmp", "dev", "proc"):
        (out / folder).mkdir()
    (out / "tmp").chmod(0o1777)


def make(build, out):
    install_programs(build, out)
    copy_system_libraries(build, out)
    write_files(out)
    bill = json.dumps(bill_of_materials(build, out), indent=1) + "\n"
    (out / "usr/share/driftserve/driftserve.cdx.json").write_text(bill)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f"--out: {arguments.out} exists; expected a folder that does not")
    make(arguments.build.resolve(), arguments.out.resolve())


if __name__ == "__main__":
    main()
