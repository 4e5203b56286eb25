"""`drift report` and `drift check` as a person or a CI job runs them: what they find, write and return."""

import json
import os
import pty
import select
import shlex
import subprocess
import xml.etree.ElementTree

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from drift_program import DRIFT, done, refused, run

ROWS = 4000
CITIES = numpy.array(["Oslo", "Rome", "Lima"])
MONITOR = """\
features:
  - {name: x, input: x, type: numeric}
  - {name: y, input: y, type: numeric}
  - {name: city, input: city, type: categorical}
thresholds: {psi: {warn: 0.1, alert: 0.25}}
"""


def rows(seed, count=ROWS, shift=0.0, cities=CITIES):
    """Two numbers, of which `shift` moves the first, and a city."""
    random = numpy.random.default_rng(seed)
    return pyarrow.table({"x": random.normal(shift, 1, count), "y": random.exponential(1, count),
                          "city": cities[random.integers(0, len(cities), count)]})


@pytest.fixture
def data(tmp_path):
    """A folder with a reference, rows like it, and rows whose x has moved."""
    pyarrow.parquet.write_table(rows(1), tmp_path / "train.parquet")
    pyarrow.parquet.write_table(rows(2), tmp_path / "same.parquet")
    pyarrow.parquet.write_table(rows(3, shift=1), tmp_path / "moved.parquet")
    (tmp_path / "monitor.yaml").write_text(MONITOR)
    done(run("profile", "--monitor", tmp_path / "monitor.yaml", "--data", tmp_path / "train.parquet", "--out",
             tmp_path / "reference.pb", "--quiet"))
    return tmp_path


def check(data, current, *arguments, **environment):
    return run("check", "--reference-data", data / "train.parquet", "--current", data / current, *arguments,
               **environment)


def checked(data, current, status, *arguments):
    return json.loads(done(check(data, current, "--json", *arguments), status).stdout)


def states(told, measure="psi"):
    return {row["feature"]: row["state"] for row in told["rows"] if row["measure"] == measure}


def test_unchanged_rows_pass_and_a_planted_shift_is_found(data):
    passed = done(check(data, "same.parquet"))
    assert passed.stdout.splitlines()[0].split() == ["feature", "measure", "value", "threshold", "p", "state"]
    assert passed.stdout.splitlines()[-1] == "no drift in 3 features"
    assert passed.stderr == ""
    failed = done(check(data, "moved.parquet"), 1)
    assert failed.stdout.splitlines()[-1] == "drift found in x"
    assert failed.stdout.splitlines()[1].split()[::5] == ["x", "drifted"]


def test_a_profile_and_its_rows_say_the_same(data):
    by_rows = checked(data, "moved.parquet", 1)
    by_profile = json.loads(done(run("check", "--reference", data / "reference.pb", "--monitor", data / "monitor.yaml",
                                     "--current", data / "moved.parquet", "--json"), 1).stdout)
    assert states(by_rows) == states(by_profile) == {"x": "drifted", "y": "stable", "city": "stable"}
    for a, b in zip(by_rows["rows"], by_profile["rows"]):
        assert (a["feature"], a["measure"]) == (b["feature"], b["measure"])
        assert a["value"] == pytest.approx(b["value"], abs=2e-3)


def test_ks_of_rows_against_rows_is_exact(data):
    scipy_stats = pytest.importorskip("scipy.stats")
    by_feature = {row["feature"]: row["value"] for row in checked(data, "moved.parquet", 1)["rows"]
                  if row["measure"] == "ks"}
    for name in ("x", "y"):
        expected = scipy_stats.ks_2samp(rows(1)[name], rows(3, shift=1)[name]).statistic
        assert by_feature[name] == pytest.approx(expected, rel=1e-12)


def test_csv_parquet_and_arrow_say_the_same_and_have_the_same_hash(data):
    table = rows(3, shift=1)
    pyarrow.csv.write_csv(table, data / "moved.csv")
    pyarrow.feather.write_feather(table, data / "moved.arrow", compression="uncompressed")
    pyarrow.csv.write_csv(table.slice(0, 1500), data / "part-1.csv")
    pyarrow.csv.write_csv(table.slice(1500), data / "part-2.csv")
    told = []
    for name in ("moved.parquet", "moved.csv", "moved.arrow", "part-*.csv"):
        out = done(run("report", "--reference", data / "reference.pb", "--current", data / name, "--json"))
        told.append(json.loads(out.stdout)["models"][0])
    for model in told[1:]:
        assert model["features"] == told[0]["features"]


def test_fail_on(data):
    pyarrow.parquet.write_table(rows(4, count=20000, shift=0.45), data / "little.parquet")
    assert states(checked(data, "little.parquet", 0))["x"] == "warning"
    assert checked(data, "little.parquet", 1, "--fail-on", "warning")["result"] == "drift"
    assert checked(data, "moved.parquet", 0, "--fail-on", "dataset")["result"] == "pass"
    moved = rows(5).to_pydict()
    moved["y"] = [value + 1 for value in moved["y"]]
    moved["x"] = [value + 1 for value in moved["x"]]
    pyarrow.parquet.write_table(pyarrow.table(moved), data / "most.parquet")
    told = checked(data, "most.parquet", 1, "--fail-on", "dataset")
    assert told["sentence"] == "67 % of the features drifted"


def test_junit(data):
    done(check(data, "moved.parquet", "--junit", data / "drift.xml", "--quiet"), 1)
    root = xml.etree.ElementTree.parse(data / "drift.xml").getroot()
    assert root.tag == "testsuites"
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "5", "failures": "2", "errors": "0"}
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {"x psi", "x ks", "y psi", "y ks", "city psi"}
    assert cases["x psi"].find("failure").get("type") == "drifted"
    assert cases["y psi"].find("failure") is None


def test_github(data):
    (data / "summary.md").write_text("before\n")
    out = done(check(data, "moved.parquet", "--github", GITHUB_STEP_SUMMARY=str(data / "summary.md")), 1)
    annotation = out.stdout.splitlines()[0]
    assert annotation.startswith("::error title=Drift%3A x::psi of x is ")
    assert sum(line.startswith("::") for line in out.stdout.splitlines()) == 2
    summary = (data / "summary.md").read_text()
    assert summary.startswith("before\n### ❌ Drift of data: drift found in x\n\n| feature | measure |")
    assert "| x | psi |" in summary


def test_a_report_writes_what_was_asked_for(data):
    out = done(run("report", "--reference", data / "reference.pb", "--current", data / "moved.parquet", "--html",
                   data / "r.html", "--json", data / "r.json", "--evidently-json", data / "e.json", "--summary"))
    assert max(map(len, out.stdout.splitlines())) <= 78 and "x" in out.stdout
    evidently = json.loads((data / "e.json").read_text())
    assert evidently["metrics"][1]["result"]["drift_by_columns"]["x"]["drift_detected"] is True
    assert evidently["summary"]["all_passed"] is False
    model = json.loads((data / "r.json").read_text())["models"][0]
    assert model["features"][0]["state"] == "drifted"
    page = (data / "r.html").read_text()
    assert page.startswith("<!doctype html>") and "<script" not in page
    assert "drift found in x" in done(
        run("report", "--reference", data / "reference.pb", "--current", data / "moved.parquet")).stdout


def test_times_make_a_history_and_are_in_the_file_in_any_order(data):
    table = rows(6, count=20000)
    hours = numpy.arange(20000) * 3600 + 1_700_000_000
    order = numpy.random.default_rng(7).permutation(20000)
    shifted = numpy.array(table["x"]) + (hours > hours[10000])
    table = pyarrow.table({"x": shifted, "y": table["y"], "city": table["city"], "when": hours})
    told = []
    for name, part in (("sorted", table), ("mixed", table.take(order))):
        pyarrow.parquet.write_table(part, data / f"{name}.parquet")
        out = done(run("report", "--reference", data / "reference.pb", "--current", data / f"{name}.parquet", "--time",
                       "when", "--json"))
        told.append(json.loads(out.stdout)["models"][0])
    history = told[0]["history"]
    assert len(history) >= 30
    assert history[0]["psi"]["x"] < 0.3 < 0.5 < history[-1]["psi"]["x"]
    assert told[0]["features"][0]["measures"][0]["value"] == pytest.approx(
        told[1]["features"][0]["measures"][0]["value"], rel=1e-9)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("column, flag", [("pi", "--inclusion-probability"), ("weight", "--weight")])
def test_a_stratified_sample_says_what_the_whole_file_says(data, moved, column, flag):
    random = numpy.random.default_rng(8)
    count = 60000
    vip = random.random(count) < 0.1
    x = random.normal(0, 1, count) + numpy.where(vip, 3.0, 0.0) + (1.5 if moved else 0.0)
    probability = numpy.where(vip, 1.0, 0.05)
    whole = pyarrow.table({"x": x, "tier": numpy.where(vip, "vip", "rest"), "pi": probability,
                           "weight": 1 / probability})
    sample = whole.filter(pyarrow.array(random.random(count) < probability))
    old_vip = random.random(20000) < 0.1
    pyarrow.parquet.write_table(
        pyarrow.table({"x": random.normal(0, 1, 20000) + numpy.where(old_vip, 3.0, 0.0),
                       "tier": numpy.where(old_vip, "vip", "rest")}), data / "tiers.parquet")
    pyarrow.parquet.write_table(whole.select(["x", "tier"]), data / "whole.parquet")
    pyarrow.parquet.write_table(sample.select(["x", "tier", column]), data / "sample.parquet")
    monitor = data / "tiers.yaml"
    monitor.write_text("features: [{name: x, input: x, type: numeric}]\n")

    def verdict(name, *arguments):
        out = run("check", "--reference-data", data / "tiers.parquet", "--monitor", monitor, "--current", data / name,
                  "--stratum", "tier", "--json", *arguments)
        told = json.loads(done(out, 1 if moved else 0).stdout)
        return {(row.get("stratum", ""), row["measure"]): row["state"] for row in told["rows"]}

    full = verdict("whole.parquet")
    assert verdict("sample.parquet", flag, column) == full
    assert set(full.values()) == ({"drifted"} if moved else {"stable"})
    naive = run("check", "--reference-data", data / "tiers.parquet", "--monitor", monitor, "--current",
                data / "sample.parquet", "--json")
    assert json.loads(done(naive, 1).stdout)["result"] == "drift"  # with each row alike: wrong, where nothing moved


def test_too_few_rows_cannot_be_judged(data):
    pyarrow.parquet.write_table(rows(9, count=50), data / "few.parquet")
    out = done(check(data, "few.parquet"), 2)
    assert "could not be judged" in out.stderr and "effective samples" in out.stdout
    done(check(data, "few.parquet", "--junit", data / "few.xml"), 2)
    assert xml.etree.ElementTree.parse(data / "few.xml").getroot().get("errors") == "3"
    done(check(data, "few.parquet", "--ignore-unready"), 2)  # nothing at all was judged
    pyarrow.parquet.write_table(rows(9, count=190), data / "some.parquet")
    told = json.loads(run("check", "--reference-data", data / "train.parquet", "--current", data / "some.parquet",
                          "--json").stdout)
    assert told["result"] in ("pass", "undecided")


def test_a_constant_and_an_all_missing_column(data):
    table = rows(10).to_pydict()
    table["x"] = [1.5] * ROWS
    table["y"] = pyarrow.array([None] * ROWS, pyarrow.float64())
    pyarrow.parquet.write_table(pyarrow.table(table), data / "odd.parquet")
    told = checked(data, "odd.parquet", 1)
    assert states(told)["x"] == "drifted" and states(told)["y"] == "drifted"
    constant = pyarrow.table({"x": [1.5] * ROWS, "y": [2.5] * ROWS, "city": ["Oslo"] * ROWS})
    pyarrow.parquet.write_table(constant, data / "constant.parquet")
    monitor = data / "monitor.yaml"
    same = run("check", "--reference-data", data / "constant.parquet", "--monitor", monitor, "--current",
               data / "constant.parquet", "--json")
    assert json.loads(done(same).stdout)["result"] == "pass"


def test_more_categories_than_rows_and_categories_that_appear(data):
    names = numpy.array([f"id-{i}" for i in range(100_000)])
    pyarrow.parquet.write_table(rows(11, cities=names), data / "ids.parquet")
    told = checked(data, "ids.parquet", 1)
    assert states(told)["city"] == "drifted"
    same = run("check", "--reference-data", data / "ids.parquet", "--current", data / "ids.parquet", "--json")
    assert json.loads(done(same).stdout)["result"] == "pass"


def test_bad_input_is_told_by_file_column_and_row(data):
    def current(text, *arguments):
        (data / "bad.csv").write_text(text)
        return check(data, "bad.csv", *arguments)

    head = "x,y,city\n"
    refused(check(data, "none.csv"), "none.csv: cannot open")
    refused(check(data, "none-*.csv"), "no file matches")
    refused(current(""), "bad.csv: expected rows, got an empty file")
    refused(current(head), "bad.csv: expected rows, got none")
    refused(current("x,city\n1,Oslo\n"), "bad.csv: expected column y; the file has x, city")
    refused(current("x,y,City_Name\n1,2,Oslo\n"), "is 'city' now called 'City_Name'?")
    refused(current(head + "1,2,Oslo\nwarm,2,Oslo\n"), "bad.csv: column 'x', row 2: expected a number, got 'warm'")
    refused(current(head + "a,2,Oslo\nb,2,Oslo\n"), "column 'x', row 1: expected a number, got 'a'")
    refused(current(head + "2013-01-05,2,Oslo\n"), "column 'x', row 1: expected a number, got '2013-01-05'")
    refused(current(head + "1,2\n"), "bad.csv", "bad.csv: row 1: expected 3 fields, as the header has, got 2")
    one_row = done(current(head + "1,2,Oslo\n"), 2)
    assert "3 of 3 features could not be judged: x, y, city" in one_row.stderr
    warned = current(head.replace("city", "city,more") + "1,2,Oslo,3\n")
    assert "not compared, as the reference does not have them: more" in warned.stderr
    whole = (data / "same.parquet").read_bytes()
    (data / "cut.parquet").write_bytes(whole[:len(whole) // 2])
    refused(check(data, "cut.parquet"), "cut.parquet: not a whole Parquet file")
    dates = rows(1).set_column(0, "x", pyarrow.array([0] * ROWS, pyarrow.timestamp("us")))
    pyarrow.parquet.write_table(dates, data / "dates.parquet")
    refused(check(data, "dates.parquet"), "dates.parquet: column 'x', row 1: expected numbers, got dates or times of "
                                          "type timestamp[us]")
    numbers = rows(1).set_column(2, "city", pyarrow.array(range(ROWS)))
    pyarrow.parquet.write_table(numbers, data / "numbers.parquet")
    refused(check(data, "numbers.parquet"), "column 'city', row 1: expected texts")


def test_bad_references(data):
    def against(*arguments):
        return run("check", "--current", data / "same.parquet", *arguments)

    refused(against(), "expected either --reference, a profile, or --reference-data, rows; got neither")
    refused(against("--reference", data / "reference.pb", "--reference-data", data / "train.parquet"), "got both")
    refused(run("check", "--reference", data / "reference.pb"), "expected --current")
    content = (data / "reference.pb").read_bytes()
    (data / "damaged.pb").write_bytes(content[:-40] + bytes(byte ^ 1 for byte in content[-40:]))
    refused(against("--reference", data / "damaged.pb"), "damaged.pb")
    (data / "newer.pb").write_bytes(b"\x08\x07" + content[2:])  # field 1, the version of the schema
    refused(against("--reference", data / "newer.pb"), "newer.pb", "schema_version")
    refused(against("--reference", data / "same.parquet"), "same.parquet")
    other = data / "other.yaml"
    other.write_text(MONITOR.replace("name: y", "name: z"))
    refused(against("--reference", data / "reference.pb", "--monitor", other), "is not the reference of", "'z'")
    (data / "config.pbtxt").write_text('name: "other_model"\ninput { name: "x" data_type: TYPE_FP64 dims: [ 1 ] }')
    refused(against("--reference", data / "reference.pb", "--monitor", data / "monitor.yaml"),
            "expected the reference of model 'other_model'")


def test_nothing_half_written(data):
    (data / "r.html").write_text("old")
    (data / "bad.csv").write_text("x,y,city\n1,2,Oslo\nwarm,2,Oslo\n")
    refused(run("report", "--reference", data / "reference.pb", "--current", data / "bad.csv", "--html",
                data / "r.html"))
    assert (data / "r.html").read_text() == "old"
    refused(run("report", "--reference", data / "reference.pb", "--current", data / "same.parquet", "--html",
                data / "none" / "r.html"), "none/r.html")
    refused(run("report", "--reference", data / "reference.pb", "--current", data / "same.parquet", "--html",
                data / "r.html", "--json", data / "none" / "r.json"), "none/r.json: cannot create")
    assert (data / "r.html").read_text() == "old", "all of the files or none"
    assert not list(data.glob("*.tmp*"))


def test_a_damaged_page_with_a_checksum_is_refused(data):
    pyarrow.parquet.write_table(rows(2), data / "checked.parquet", use_dictionary=False, compression="none",
                                write_page_checksum=True)
    against = ("report", "--reference", data / "reference.pb", "--current", data / "checked.parquet")
    done(run(*against))
    content = bytearray((data / "checked.parquet").read_bytes())
    content[1000] ^= 1  # the last bit of a number
    (data / "checked.parquet").write_bytes(content)
    refused(run(*against), "checked.parquet: after row 0: ", "CRC checksum verification failed")


def test_rows_in_the_place_of_a_profile(data):
    refused(run("report", "--reference", data / "same.parquet", "--current", data / "same.parquet"),
            "same.parquet: its ", "are not a reference profile", "rows are named with --reference-data")


def test_predictions_may_be_left_out(data):
    monitor = data / "monitor.yaml"
    monitor.write_text(MONITOR + "predictions: [{name: score, output: s, type: numeric}]\n")
    train = rows(1).append_column("score", pyarrow.array(numpy.random.default_rng(1).random(ROWS)))
    pyarrow.parquet.write_table(train, data / "scored.parquet")
    done(run("profile", "--monitor", monitor, "--data", data / "scored.parquet", "--out", data / "scored.pb"))
    against = ["check", "--reference", data / "scored.pb", "--monitor", monitor, "--current", data / "same.parquet"]
    refused(run(*against), "expected column score")
    assert "score" not in done(run(*against, "--features-only")).stdout


def test_no_bar_of_progress_in_a_file_or_a_short_run(data):
    assert done(check(data, "same.parquet")).stderr == ""
    leader, follower = pty.openpty()
    subprocess.run([DRIFT, "check", "--reference-data", data / "train.parquet", "--current", data / "same.parquet"],
                   stdout=subprocess.DEVNULL, stderr=follower, timeout=60, check=True)
    os.close(follower)
    try:
        assert os.read(leader, 1000) == b""
    except OSError:  # how Linux says that nothing was written and nobody will
        pass
    os.close(leader)


@pytest.mark.parametrize("command", ["profile", "report", "check", "completion"])
def test_help_shows_an_example(command):
    assert f"drift {command} " in done(run(command, "--help")).stdout.split("Example:")[1]


@pytest.mark.parametrize("arguments", [["report"], ["check", "--fail-on", "always"], ["check", "--weight"],
                                       ["completion", "tcsh"]])
def test_bad_usage(arguments):
    assert done(run(*arguments), 2).stderr


def test_bash_completion(data):
    script = done(run("completion", "bash")).stdout

    def complete(*words):
        lines = f"{script}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _drift; echo ${{COMPREPLY[@]}}"
        out = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, cwd=data, check=True)
        assert out.stderr == ""
        return out.stdout.split()

    assert complete("drift", "ch") == ["check"]
    assert complete("drift", "check", "--ref") == ["--reference", "--reference-data"]
    assert complete("drift", "check", "--fail-on", "dri") == ["drifted"]
    assert complete("drift", "report", "--current", "same") == ["same.parquet"]
    assert complete("drift", "completion", "f") == ["fish"]


def test_fish_completion(data):
    script = data / "completion.fish"
    script.write_text(done(run("completion", "fish")).stdout)

    def complete(line):
        out = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C {shlex.quote(line)}"],
                             capture_output=True, text=True, cwd=data, check=True)
        assert out.stderr == ""
        return [word.split("\t")[0] for word in out.stdout.splitlines()]

    assert complete("drift ch") == ["check"]
    assert complete("drift check --ref") == ["--reference", "--reference-data"]
    assert complete("drift check --fail-on dri") == ["drifted"]
    assert complete("drift report --current same") == ["same.parquet"]
    assert complete("drift completion f") == ["fish"]


class Zsh:
    """A zsh at a terminal: its completion works nowhere else."""

    def __init__(self, folder, script):
        (folder / "completion.zsh").write_text(script)
        process, self.terminal = pty.fork()
        if process == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "COLUMNS": "200"})
        self.process = process
        self.send("PS1='ready> '; autoload -Uz compinit; compinit -u -D; source completion.zsh; unsetopt automenu\n")
        self.read_until(b"\rready> ")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, end):
        seen = b""
        while end not in seen:
            assert select.select([self.terminal], [], [], 30)[0], f"no {end} in {seen}"
            seen += os.read(self.terminal, 4096)
        return seen

    def complete(self, line, expected):
        self.send(line + "\t")
        self.read_until(expected.encode())
        self.send("\x15")  # Ctrl-U: an empty line again

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


def test_zsh_completion(data):
    zsh = Zsh(data, done(run("completion", "zsh")).stdout)
    zsh.complete("drift ch", "drift check ")
    zsh.complete("drift check --reference-d", "drift check --reference-data ")
    zsh.complete("drift check --fail-on dri", "drift check --fail-on drifted ")
    zsh.complete("drift report --current sam", "drift report --current same.parquet ")
    zsh.complete("drift completion f", "drift completion fish ")
    zsh.close()
