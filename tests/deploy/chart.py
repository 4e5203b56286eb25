"""The chart and the tools that look at it, for the tests: helm, kubeconform and what else lies in .deps/kubernetes."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELM_FOLDER = ROOT / "deploy" / "helm"
CHART = HELM_FOLDER / "driftserve"
TOOLS = ROOT / ".deps" / "kubernetes"
VERSIONS = [f"1.{minor}.0" for minor in range(28, 38)]
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
sys.path.insert(0, str(TOOLS / "python"))

import yaml  # noqa: E402


def run(program, *arguments, **options):
    """A tool of .deps/kubernetes; text in, text out."""
    command = [TOOLS / "bin" / program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def template(*arguments, version=VERSIONS[-2]):
    """What `helm template` makes of the chart, or how it failed."""
    return run("helm", "template", "delays", CHART, "--namespace", "flights", "--kube-version", version, *arguments)


def rendered(*arguments, **options):
    """The text of all manifests."""
    done = template(*arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests(*arguments, **options):
    return [document for document in yaml.safe_load_all(rendered(*arguments, **options)) if document]


def one(kind, documents):
    found = [document for document in documents if document["kind"] == kind]
    assert found, f"no {kind}"
    return found[0]
