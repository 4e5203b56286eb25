"""The programs of a build or an installation that steps call."""

import os
import shutil
import subprocess

from faults import BadInput

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def find(name, folder=None):
    """The path of `drift` or `driftserve`: in `folder`, else in DRIFTSERVE_BUILD's bin, on PATH, in build/release."""
    places = [folder] if folder else [os.path.join(os.environ.get("DRIFTSERVE_BUILD", ""), "bin"), None,
                                      os.path.join(ROOT, "build", "release", "bin")]
    for place in places:
        found = shutil.which(name, path=place)
        if found:
            return os.path.abspath(found)
    where = folder or "DRIFTSERVE_BUILD/bin, on PATH or in build/release/bin"
    raise BadInput(f"expected the program {name} in {where}, found none; --programs names its folder")


def drift(program, arguments, log):
    """(exit status, standard output, standard error) of a `drift` command; its warnings go to `log`."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=1800)
    for line in done.stderr.splitlines():
        if line.strip():
            log(f"drift {arguments[0]}: {line}")
    return done.returncode, done.stdout, done.stderr
