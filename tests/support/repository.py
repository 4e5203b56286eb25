"""Model repositories for tests, put together from the models that make_test_repository writes."""

import functools
import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy

from support import server

REFERENCE_ROWS = 4000


@functools.cache
def _source():
    """The folder with every test model, made once per Python process."""
    folder = tempfile.TemporaryDirectory(prefix="driftserve-models-")
    subprocess.run([server.program("make_test_repository"), folder.name], check=True, timeout=120)
    _source.folder = folder  # removed when the process ends
    return pathlib.Path(folder.name)


def make(folder, models):
    """Writes a repository and returns its path. `models`: name → {"of": the test model to copy (default: the same
    name), "monitor": content of monitor.yaml as a dictionary, with a reference made to fit}."""
    folder = pathlib.Path(folder)
    for name, options in models.items():
        target = folder / name
        shutil.copytree(_source() / options.get("of", name), target)
        config = target / "config.pbtxt"
        config.write_text(config.read_text().replace(f'name: "{options.get("of", name)}"', f'name: "{name}"'))
        if "monitor" in options:
            watch(target, options["monitor"])
    return folder


def watch(model, monitor, rows=REFERENCE_ROWS):
    """Gives a model folder a monitor.yaml and, for each version, a reference.pb over standard normal values."""
    (model / "monitor.yaml").write_text(json.dumps(monitor, indent=1))
    data = model / "reference.csv"
    names = [value["name"] for value in monitor["features"] + monitor.get("predictions", [])]
    values = numpy.random.default_rng(1).normal(size=(rows, len(names)))
    numpy.savetxt(data, values, fmt="%.6f", delimiter=",", header=",".join(names), comments="")
    for version in model.iterdir():
        if version.is_dir():
            subprocess.run([server.program("drift"), "profile", "--monitor", model / "monitor.yaml", "--data", data,
                            "--out", version / "reference.pb"], check=True, timeout=60)
    data.unlink()


def numeric_monitor(features, **more):
    """monitor.yaml of a model with one input `features` and one output `score`, windowed so that a test need not
    wait: panes of a second, evaluated every half second."""
    return {
        "features": [{"name": f"f{i}", "input": "features", "column": i, "type": "numeric"} for i in range(features)],
        "predictions": [{"name": "p_score", "output": "score", "column": 0, "type": "numeric"}],
        "window": {"length": "60s", "panes": 60, "evaluate_every": "500ms"},
        "decision": {"observation_period": "1s"},
        **more,
    }


def mlp_monitor(default_rate, **sampling):
    return numeric_monitor(8, sampling={"default_rate": default_rate, **sampling})


def tiered_monitor(rates, default_rate, features=8):
    """Strata by the request parameter `tier`."""
    return numeric_monitor(features, sampling={"stratum": {"parameter": "tier"}, "rates": rates, "default_rate": default_rate})


def wide_monitor(features, strata):
    return tiered_monitor({name: 1.0 for name in strata}, 1.0, features)
