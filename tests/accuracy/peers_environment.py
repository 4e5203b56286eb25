"""The Python environment of the compared tools, in .deps/peers; made when it is missing or its list has changed."""

import hashlib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = pathlib.Path(__file__).parent / "requirements.txt"
FOLDER = ROOT / ".deps" / "peers"


def python():
    """The environment's interpreter."""
    stamp = FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the compared tools into .deps/peers", file=sys.stderr)
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", str(FOLDER)], check=True)
        subprocess.run([str(FOLDER / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check",
                        "--no-deps", "-r",
                        str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    return str(FOLDER / "bin" / "python")
