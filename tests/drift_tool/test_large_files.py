"""Files larger than memory. Rows are read a batch at a time: eight times the rows take a report no more memory, however
they are stored, and a profile only what its numbers take until they are sorted."""

import subprocess
import sys

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from drift_program import DRIFT

ROWS, TIMES = 200_000, 8
COLUMNS = 6
MONITOR = "features:\n" + "".join(f"  - {{name: x{i}, input: x, type: numeric}}\n" for i in range(COLUMNS))
MIB = 1 << 20
# The peak of one child alone: that of all children of this process would hide every smaller one.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
assert done.returncode == 0, done.stderr
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""

pytestmark = pytest.mark.skipif("release" not in str(DRIFT), reason="a sanitizer's own memory hides the program's")


def peak(*arguments):
    """Bytes of memory that the command had at most."""
    return int(subprocess.run([sys.executable, "-c", MEASURE, DRIFT, *map(str, arguments)], check=True, text=True,
                              capture_output=True, timeout=120).stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A part, and files of it, once and eight times over: in one row group, in many, and as CSV."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "monitor.yaml").write_text(MONITOR)
    random = numpy.random.default_rng(1)
    part = pyarrow.table({f"x{i}": random.normal(0, 1, ROWS).astype(numpy.float32) for i in range(COLUMNS)})
    whole = pyarrow.concat_tables([part] * TIMES)
    for name, table in (("part", part), ("whole", whole)):
        pyarrow.parquet.write_table(table, folder / f"{name}.one-group.parquet", row_group_size=table.num_rows,
                                    use_dictionary=False)
        pyarrow.parquet.write_table(table, folder / f"{name}.groups.parquet", row_group_size=ROWS // 4)
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")
    subprocess.run([DRIFT, "profile", "--monitor", folder / "monitor.yaml", "--data", folder / "part.groups.parquet",
                    "--out", folder / "reference.pb", "--quiet"], check=True, capture_output=True)
    return folder


# Of a CSV file Arrow reads up to 32 blocks of a mebibyte ahead, which the part does not fill.
@pytest.mark.parametrize("kind, ahead", [("one-group.parquet", 0), ("groups.parquet", 0), ("csv", 32 * MIB)])
def test_a_report_takes_no_more_memory_for_more_rows(folder, kind, ahead):
    def report(name):
        return peak("report", "--reference", folder / "reference.pb", "--current", folder / f"{name}.{kind}", "--json",
                    folder / "report.json")

    part, whole = report("part"), report("whole")
    more = (folder / f"whole.{kind}").stat().st_size - (folder / f"part.{kind}").stat().st_size
    assert whole - part < ahead + 12 * MIB < more, f"{part / MIB:.0f} and {whole / MIB:.0f} MiB"


def test_a_profile_takes_the_memory_of_its_numbers(folder):
    def profile(name):
        return peak("profile", "--monitor", folder / "monitor.yaml", "--data", folder / f"{name}.groups.parquet",
                    "--out", folder / "profile.pb", "--quiet")

    more_numbers = COLUMNS * ROWS * (TIMES - 1)
    more_bytes = profile("whole") - profile("part")
    assert more_bytes < 20 * more_numbers, f"{more_bytes / more_numbers:.1f} bytes for each number"
