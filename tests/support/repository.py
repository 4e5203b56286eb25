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
    subprocess.run([server.program("make_test_repository"), "--out", folder.name], check=True, timeout=120)
    _source.folder = folder  # removed when the process ends
    source = pathlib.Path(folder.name)
    _compose(source, "wide", "dims: [ 50 ]", {1: "identity_fp32"})
    _compose(source, "versions", "dims: [ 1 ]", {1: "identity_fp32", 2: "stateful"})
    return source


def _compose(source, name, dims, versions):
    """A batching model of FP32 `input` → `output` whose versions are other models' files."""
    for version, of in versions.items():
        (source / name / str(version)).mkdir(parents=True)
        shutil.copy(source / of / "1" / "model.pt", source / name / str(version))
    (source / name / "config.pbtxt").write_text(
        f'name: "{name}"\nplatform: "pytorch_libtorch"\nmax_batch_size: 64\nversion_policy {{ all {{ }} }}\n'
        f'input {{ name: "INPUT__0" data_type: TYPE_FP32 {dims} }}\noutput {{ name: "OUTPUT__0" data_type: TYPE_FP32 {dims} }}\n')


def make(folder, models):
    """Writes a repository and returns its path. `models`: name of a test model → {} or {"monitor": content of
    monitor.yaml as a dictionary}, with a reference made to fit."""
    folder = pathlib.Path(folder)
    for name, options in models.items():
        shutil.copytree(_source() / name, folder / name)
        if "monitor" in options:
            watch(folder / name, options["monitor"])
    return folder


def write_monitor(model, monitor):
    """Gives a model folder a monitor.yaml, without a reference."""
    (model / "monitor.yaml").write_text(json.dumps(monitor, indent=1))


def watch(model, monitor, rows=REFERENCE_ROWS):
    """Gives a model folder a monitor.yaml and, for each version, a reference.pb over standard normal values; a label is 1
    in every fourth row."""
    write_monitor(model, monitor)
    data = model / "reference.csv"
    names = [value["name"] for value in monitor["features"] + monitor.get("predictions", [])]
    values = numpy.random.default_rng(1).normal(size=(rows, len(names)))
    if "labels" in monitor:
        names.append(monitor["labels"]["name"])
        values = numpy.column_stack([values, numpy.arange(rows) % 4 == 0])
    numpy.savetxt(data, values, fmt="%.6f", delimiter=",", header=",".join(names), comments="")
    for version in model.iterdir():
        if version.is_dir():
            subprocess.run([server.program("drift"), "profile", "--monitor", model / "monitor.yaml", "--data", data,
                            "--out", version / "reference.pb"], check=True, capture_output=True, timeout=60)
    data.unlink()


def numeric_monitor(features, tensors=("features", "score"), **more):
    """monitor.yaml of a model with one input of `features` columns and one output, windowed so that a test need not
    wait: panes of a second, evaluated every half second."""
    return {
        "features": [{"name": f"f{i}", "input": tensors[0], "column": i, "type": "numeric"} for i in range(features)],
        "predictions": [{"name": "p_score", "output": tensors[1], "column": 0, "type": "numeric"}],
        "window": {"length": "60s", "panes": 60, "evaluate_every": "500ms"},
        "decision": {"observation_period": "1s"},
        **more,
    }


def mlp_monitor(default_rate, **sampling):
    return numeric_monitor(8, sampling={"default_rate": default_rate, **sampling})


def tiered(rates, default_rate):
    """Sampling with strata by the request parameter `tier`."""
    return {"stratum": {"parameter": "tier"}, "rates": rates, "default_rate": default_rate}


def tiered_monitor(rates, default_rate):
    return numeric_monitor(8, sampling=tiered(rates, default_rate))


def wide_monitor(features, strata):
    return numeric_monitor(features, ("INPUT__0", "OUTPUT__0"), sampling=tiered({name: 1.0 for name in strata}, 1.0))
