"""Instructions and heap allocations of one request, decode to reply, in process: against what they were.

Instructions are counted by callgrind, whose processor is the same synthetic one on every machine that has AVX2, from
after the warming on. Compiler and libraries are those of packages.txt and requirements.txt: what is left to vary is
this code. expected.json holds the figures of the release build, which repeat to a hundredth of a per cent; a change that
makes a request cheaper has to lower them.
"""

import json
import pathlib
import re
import subprocess

import pytest

from conftest import program

EXPECTED = json.loads((pathlib.Path(__file__).parent / "expected.json").read_text())
# A regression of 5 % must break, from wherever within the bounds it starts.
ABOVE = 0.03
BELOW = 0.015
assert (1 - BELOW) * 1.05 > 1 + ABOVE
REQUESTS = 500


def instructions(name, folder):
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / 'out'}",
               program(name), str(REQUESTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)) / REQUESTS


@pytest.mark.parametrize("name", EXPECTED)
def test_instructions_per_request(name, tmp_path):
    counted = instructions(name, tmp_path)
    expected = EXPECTED[name]["instructions"]
    assert counted <= expected * (1 + ABOVE), f"{name}: {counted:.0f} instructions a request, expected {expected}"
    assert counted >= expected * (1 - BELOW), f"{name}: {counted:.0f} instructions; lower expected.json from {expected}"


@pytest.mark.parametrize("name", EXPECTED)
def test_allocations_per_request(name):
    done = subprocess.run([program(name), "1000"], capture_output=True, text=True, timeout=100, check=True)
    counted = int(done.stdout.split()[1]) / 1000
    assert counted <= EXPECTED[name]["allocations"], f"{name}: {counted} allocations a request"
