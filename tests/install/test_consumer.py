"""A CMake project outside the tree is built with the installed drift library and proto files, and runs."""

import os
import pathlib
import re
import subprocess

import pytest

CONSUMER = pathlib.Path(__file__).parent / "consumer"


@pytest.fixture(scope="module")
def built(moved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("consumer")
    # The installed folder is the only hint: no cache, no compiler flags of ours.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CMAKE", "CXX", "CCACHE"))}
    for step in (["-S", CONSUMER, "-B", folder, f"-DCMAKE_PREFIX_PATH={moved}", "-DCMAKE_BUILD_TYPE=Release"],
                 ["--build", folder]):
        done = subprocess.run(["cmake", *step], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_drift_library_judges_a_window(built):
    """One standard deviation apart, normal distributions have a PSI of 1, twice the divergence of 1/2; bins lose some."""
    out = subprocess.run([built / "judge"], check=True, capture_output=True, text=True).stdout
    psi, state = re.fullmatch(r"temp psi ([0-9.]+) (\w+)\n", out).groups()
    assert 0.8 < float(psi) < 1.0
    assert state == "drifted"


def test_it_links_nothing_but_the_standard_library(built):
    needed = re.findall(r"NEEDED +(\S+)", subprocess.run(["objdump", "-p", built / "judge"], check=True,
                                                          capture_output=True, text=True).stdout)
    assert set(needed) <= {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6"}


def test_the_proto_files_make_a_reader_of_records(built, moved):
    text = 'model_name: "m" features { name: "temp" number: 21.5 }'
    proto = moved / "share" / "driftserve" / "proto"
    record = subprocess.run(["protoc", f"-I{proto}", "--encode=driftserve.v1.Record", "driftserve/v1/record.proto"],
                            input=text.encode(), check=True, capture_output=True).stdout
    out = subprocess.run([built / "read_record"], input=record, check=True, capture_output=True).stdout
    assert out == b"m temp 21.5\n"


def test_the_descriptor_set_knows_the_messages_of_the_topic(built, moved):
    """As Spark reads it: without proto files."""
    path = moved / "share" / "driftserve" / "driftserve.desc"
    assert (built / "descriptor_set.txt").read_text() == str(path)
    text = 'model_name: "m" time { seconds: 7 }'
    command = ["protoc", f"--descriptor_set_in={path}", "--encode=driftserve.v1.Record", "driftserve/v1/record.proto"]
    record = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
    command[2] = "--decode=driftserve.v1.Record"
    assert b"seconds: 7" in subprocess.run(command, input=record, check=True, capture_output=True).stdout
