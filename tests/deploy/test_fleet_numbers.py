"""The fleet's recording rules against the drift library: what fleet_numbers (fleet_numbers.cc) makes of generated
replicas is what promtool finds by the rules."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules" / "fleet.yml"
PROGRAM = pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release")) / "bin" / "fleet_numbers"


@pytest.fixture(scope="module")
def text():
    return subprocess.run([PROGRAM, RULES], check=True, capture_output=True, text=True, timeout=120).stdout


def promtool(folder, text):
    path = folder / "fleet_numbers.yml"
    path.write_text(text)
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_rules_agree_with_the_library_to_a_millionth(tmp_path, text):
    code, output = promtool(tmp_path, text)
    assert code == 0, output
    for name, count in (("drift_psi", 4), ("effective_samples", 4), ("drift_ks", 2)):
        assert text.count(f"abs(model_feature:{name}:fleet") == count


@pytest.mark.parametrize("name", ["drift_psi", "effective_samples", "drift_ks"])
def test_a_figure_that_is_off_by_more_is_seen(tmp_path, text, name):
    found = re.search(rf'(model_feature:{name}:fleet{{feature="temp"}} - )([0-9.e+-]+)', text)
    wrong = text.replace(found.group(), found.group(1) + repr(float(found.group(2)) * 1.0001))
    assert promtool(tmp_path, wrong)[0] != 0


def test_a_lost_observation_is_seen(tmp_path, text):
    """Counts of one bin on one replica taken away: what a hole in the additive families would do."""
    series = r"series: 'model_feature_bin_observations_total{instance=\"a\"[^\n]*feature=\"temp\"[^\n]*\n[^\n]*\n"
    line = re.search(series, text).group()
    assert promtool(tmp_path, text.replace("      - " + line, ""))[0] != 0
