"""The `drift` program as the tests of its commands run it."""

import os
import pathlib
import subprocess

DRIFT = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", "build/release")) / "bin" / "drift"


def run(*arguments, **environment):
    return subprocess.run([DRIFT, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], **environment,
                               **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})


def done(finished, status=0):
    assert finished.returncode == status, (finished.stdout, finished.stderr)
    return finished


def refused(finished, *texts):
    """Bad input: exit status 2, nothing on standard output, and a message that names what is wrong."""
    done(finished, 2)
    assert finished.stdout == ""
    for text in texts:
        assert text in finished.stderr, (text, finished.stderr)
    assert "terminate" not in finished.stderr
