"""The image without a container engine: the Dockerfile by hadolint, and the runtime stage's file tree, made by the same
script, from which the server is run as a container would run it. A library that is missing shows."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import jsonschema
import numpy
import pytest
import tritonclient.grpc as triton
from referencing import Registry, Resource

from chart import CHART, ROOT, TOOLS, manifests, one

sys.path.insert(0, str(ROOT / "deploy" / "demo"))
from services import Service, free_port, http_get  # noqa: E402

IMAGE = ROOT / "deploy" / "image"
BUILD = ROOT / os.environ.get("DRIFTSERVE_BUILD", "build/release")
DIGEST = "sha256:" + "0123456789abcdef" * 4
# What a container runtime does with the tree: read-only, /tmp, /proc and devices of its own, another user, nothing of
# its own environment.
ENTER = """set -e
mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp"; mount -t proc proc "$1/proc"; mount --bind "$2" "$1/models"
mount -t tmpfs tmpfs "$1/dev"
for device in null zero urandom; do touch "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
tree=$1; shift 2
exec env -i /usr/sbin/chroot --userspec=65532:65532 "$tree" /usr/bin/driftserve "$@"
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    out = tmp_path_factory.mktemp("image") / "tree"
    subprocess.run([sys.executable, IMAGE / "runtime_tree.py", "--build", BUILD, "--out", out], check=True, timeout=300)
    yield out
    shutil.rmtree(out)


@pytest.fixture(scope="module")
def bill(tree):
    return json.loads((tree / "usr/share/driftserve/driftserve.cdx.json").read_text())


def dockerfile(digest):
    done = subprocess.run([IMAGE / "build_image.sh", "--fill", digest], capture_output=True, text=True)
    return done, ROOT / "build" / "image" / "Dockerfile"


def test_hadolint_has_nothing_to_say():
    done, path = dockerfile(DIGEST)
    assert done.returncode == 0, done.stderr
    found = subprocess.run([TOOLS / "python" / "bin" / "hadolint", path], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_every_base_is_pinned_by_digest():
    bases = re.findall(r"^FROM (\S+)", dockerfile(DIGEST)[1].read_text(), re.M)
    assert bases == [f"debian:bookworm@{DIGEST}", "scratch"]


@pytest.mark.parametrize("digest", ["", "latest", "sha256:0123", "sha256:" + "g" * 64])
def test_a_digest_that_is_none_is_refused(digest):
    done, _ = dockerfile(digest)
    assert done.returncode == 1
    assert f"expected a digest, sha256: and 64 hexadecimal digits, got '{digest}'" in done.stderr


def test_packages_of_the_build_are_those_of_the_project():
    def names(path):
        return {line for line in path.read_text().splitlines() if not line.startswith("#")}

    assert names(IMAGE / "packages.txt") <= names(ROOT / "deploy" / "build" / "packages.txt")


def test_what_is_sent_to_the_builder_configures(tmp_path):
    """Without tests/, as Dockerfile.dockerignore leaves them out."""
    for name in re.findall(r"^!(.+)$", (IMAGE / "Dockerfile.dockerignore").read_text(), re.M):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".deps").symlink_to(ROOT / ".deps")
    done = subprocess.run(["cmake", "--preset", "release", "-DCMAKE_CXX_COMPILER_LAUNCHER="], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_nothing_can_be_run_but_the_programs(tree):
    programs = [path.name for path in tree.rglob("*") if path.is_file() and os.access(path, os.X_OK)]
    assert sorted(name for name in programs if ".so" not in name) == ["drift", "driftserve"]


def test_nobody_but_root_may_write_outside_tmp(tree):
    writable = [path for path in tree.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert writable == [tree / "tmp"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting and changing the user take root")
def test_it_serves_from_a_root_that_nobody_writes_to(tree, tmp_path):
    grpc_port, operations_port = free_port(), free_port()
    command = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", ENTER, "enter", tree, ROOT / "models",
               "--model-repository", "/models", "--grpc-address", f"127.0.0.1:{grpc_port}",
               "--operations-address", f"127.0.0.1:{operations_port}"]
    ready = f"http://127.0.0.1:{operations_port}/readyz"
    service = Service("driftserve", command, tmp_path, lambda: http_get(ready)[0] == 200, seconds=120).start()
    try:
        answer = predict(f"127.0.0.1:{grpc_port}")
        child = int(pathlib.Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text())
        status = pathlib.Path(f"/proc/{child}/status").read_text()
        assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.M)
        os.kill(child, signal.SIGTERM)
        assert service.process.wait(60) == 0, pathlib.Path(service.log).read_text()
    finally:
        service.stop()
    assert answer.shape == (1, 1) and 0 < answer[0, 0] < 1


def predict(address):
    """One flight's probability to be late."""
    features = numpy.array([[7, 0, 1400, 78.1, 66.0, 10.4, 10.0, 0.0, numpy.nan]], dtype=numpy.float32)
    inputs = [triton.InferInput("features", [1, 9], "FP32"), triton.InferInput("carrier", [1, 1], "BYTES"),
              triton.InferInput("origin", [1, 1], "BYTES")]
    texts = [numpy.array([[text]], dtype=object) for text in (b"UA", b"EWR")]
    for tensor, values in zip(inputs, [features, *texts]):
        tensor.set_data_from_numpy(values)
    with triton.InferenceServerClient(address) as client:
        return client.infer("flight_delay", inputs).as_numpy("p_late")


def test_a_missing_library_shows(tree):
    """The planted fault of the test above: the loader names what is not there."""
    library = next((tree / "usr/lib").glob("librdkafka.so*"))
    library.rename(tree / "usr/hidden")
    try:
        enter = ["/usr/sbin/chroot", tree] if os.geteuid() == 0 else ["/usr/bin/unshare", "--map-root-user",
                                                                               f"--root={tree}"]
        done = subprocess.run([*enter, "/usr/bin/driftserve", "--version"], env={}, capture_output=True, text=True)
        assert done.returncode != 0 and "librdkafka" in done.stderr
    finally:
        (tree / "usr/hidden").rename(library)


def test_the_chart_runs_what_the_image_is():
    container = one("Deployment", manifests())["spec"]["template"]["spec"]
    text = (IMAGE / "Dockerfile").read_text()
    assert f"USER {container['securityContext']['runAsUser']}:{container['securityContext']['runAsGroup']}\n" in text
    assert 'ENTRYPOINT ["/usr/bin/driftserve"]' in text and "command" not in container["containers"][0]
    ports = {port["containerPort"] for port in container["containers"][0]["ports"]}
    assert ports == {int(port) for port in re.search(r"^EXPOSE (.+)$", text, re.M).group(1).split()}
    version = re.search(r"project\(driftserve VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert f"appVersion: {version}\n" in (CHART / "Chart.yaml").read_text()


def test_the_bill_is_cyclonedx(bill):
    """By the published schema, whose files name each other as neighbours in one folder."""
    schemas = {path.name: json.loads(path.read_text())
               for path in (TOOLS / "python/cyclonedx/schema/_res").glob("*.schema.json")}
    registry = Registry().with_resources([(f"http://cyclonedx.org/schema/{name}", Resource.from_contents(schema))
                                          for name, schema in schemas.items()])
    validator = jsonschema.Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    assert list(validator.iter_errors({**bill, "components": [{"name": "torch"}]})), "a component without type is none"


def test_every_library_is_in_the_bill(bill, tree):
    places = [part["evidence"]["occurrences"] for part in bill["components"] if "evidence" in part]
    named = {place["location"] for found in places for place in found}
    there = {f"/{path.relative_to(tree)}" for path in tree.rglob("*.so*") if path.is_file() and not path.is_symlink()}
    assert there - named == {"/usr/lib/libtorch.so"}, "our own: a name for the libraries beside it"


def test_versions_are_those_that_are_pinned(bill):
    versions = {part["name"]: part["version"] for part in bill["components"]}
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "deploy/build/requirements.txt").read_text(), re.M))
    for name in ("torch", "pyarrow", "nvidia-cuda-runtime", "nvidia-cuda-cupti"):
        assert versions[name] == pins[name]
    query = ["dpkg-query", "-W", "-f=${Version}", "libgrpc29"]
    assert versions["libgrpc29"] == subprocess.run(query, capture_output=True, text=True).stdout
    assert {"libboost1.81-dev", "nlohmann-json3-dev", "libcli11-dev"} <= set(versions), "compiled into the programs"
