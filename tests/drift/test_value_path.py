"""A value costs so many instructions on its way into a window: counted by valgrind, so the same on every machine."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

PROGRAM = pathlib.Path(os.environ["DRIFTSERVE_BUILD"]) / "bin" / "value_path"
VALUES_PER_ROW = 50
MOST_INSTRUCTIONS = 160  # 137 with GCC 12 at -O2, of which 96 on the way in and the rest when its pane expires


def instructions(rows, folder):
    run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(PROGRAM), str(rows)],
                         check=True, capture_output=True, text=True)
    return int(re.search(r"refs:\s+([\d,]+)", run.stderr).group(1).replace(",", ""))


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_instructions_of_a_value(tmp_path):
    few, many = 2000, 6000  # both beyond the first panes, whose vectors still grow
    per_value = (instructions(many, tmp_path) - instructions(few, tmp_path)) / ((many - few) * VALUES_PER_ROW)
    print(f"{per_value:.1f} instructions a value")
    assert per_value <= MOST_INSTRUCTIONS
