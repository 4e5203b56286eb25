"""How the programs are built: what an attacker who found a fault would meet. By readelf, on what the build made."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("DRIFTSERVE_BUILD", "build/release")


def weaknesses(program):
    """Names of the hardenings that `program` lacks."""
    readelf = ["readelf", "-hldW", "--dyn-syms", program]
    text = subprocess.run(readelf, check=True, capture_output=True, text=True).stdout
    has = {
        "position-independent": re.search(r"Type: +DYN \(Position-Independent Executable", text),
        "relocations read-only": "GNU_RELRO" in text,
        "relocations bound at start": re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", text),
        "stack not executable": re.search(r"GNU_STACK +\S+ \S+ \S+ \S+ \S+ RW +0x", text),
        "stack protector": "__stack_chk_fail" in text,
        "fortified": re.search(r"\b__\w+_chk@", text.replace("__stack_chk_fail", "")),
        "no text relocations": "(TEXTREL)" not in text,
    }
    return [name for name, found in has.items() if not found]


@pytest.mark.parametrize("program", ["driftserve", "drift"])
def test_a_program_is_hardened(program):
    assert weaknesses(BUILD / "bin" / program) == []


FLAGS = {"position-independent": ["-no-pie", "-fno-pie"], "relocations read-only": ["-Wl,-z,norelro"],
         "relocations bound at start": ["-Wl,-z,lazy"], "stack not executable": ["-Wl,-z,execstack"],
         "stack protector": ["-fno-stack-protector"], "fortified": ["-U_FORTIFY_SOURCE"]}


@pytest.mark.parametrize("lost", sorted(FLAGS))
def test_a_lost_hardening_is_found(lost, tmp_path):
    """A program built as ours are, but for one flag."""
    source = tmp_path / "program.c"
    source.write_text("#include <stdio.h>\n#include <string.h>\n"
                      "int main(int n, char** words) { char to[8]; strcpy(to, words[n - 1]); return puts(to); }\n")
    flags = ["-O2", "-fPIE", "-pie", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-Wl,-z,relro,-z,now"]
    program = tmp_path / "program"
    subprocess.run(["g++", "-x", "c", *flags, source, "-o", program], check=True, capture_output=True)
    assert weaknesses(program) == []
    subprocess.run(["g++", "-x", "c", *flags, *FLAGS[lost], source, "-o", program], check=True, capture_output=True)
    assert lost in weaknesses(program)
