"""flight_delay as an archive and as a compiled package: one suite for both, and what is a package's alone."""

import concurrent.futures
import json
import os
import shutil

import grpc
import numpy
import pytest

from support import protocol, server
from support.packages import stamped

FORMS = {"archive": "model.pt", "package": "model.pt2"}
ALLOWED = {"repository": {"allow_native_code": True}}
CONFIG = """max_batch_size: {batch}
input {{ name: "features" data_type: TYPE_FP32 dims: [ {width} ] }}
input {{ name: "pair" data_type: TYPE_INT64 dims: [ 1 ] }}
output {{ name: "p_late" data_type: TYPE_FP32 dims: [ 1 ] }}
"""


def put(folder, name, file, width=9, batch=64):
    """Model `name` of the repository `folder`, from `file`."""
    version = folder / name / "1"
    version.mkdir(parents=True)
    (folder / name / "config.pbtxt").write_text(CONFIG.format(batch=batch, width=width))
    shutil.copy(file, version / ("model.pt2" if str(file).endswith(".pt2") else "model.pt"))
    return folder


@pytest.fixture(scope="module")
def running(start, compiled, tmp_path_factory):
    folder, unpacked = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("unpacked")
    for name, file in FORMS.items():
        put(folder, name, compiled / file)
    served = start(folder, {"repository": {"allow_native_code": True, "native_code_folder": str(unpacked)}})
    served.unpacked = unpacked
    return served


def rows(count, seed=0):
    random = numpy.random.default_rng(seed)
    features = random.normal(size=(count, 9)).astype("<f4") * 10
    features[random.random(features.shape) < 0.1] = numpy.nan
    return features, random.integers(0, 30, size=(count, 1)).astype("<i8")


def infer(served, model, features, pair):
    request = protocol.infer_request(model, [("features", "FP32", list(features.shape), features.tobytes()),
                                             ("pair", "INT64", list(pair.shape), pair.tobytes())])
    with served.channel() as channel:
        reply = protocol.inference(channel).ModelInfer(request, timeout=30)
    return numpy.frombuffer(reply.raw_output_contents[0], "<f4")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 31, 64])
def test_both_forms_give_the_same_answers(running, count):
    data = rows(count, seed=count)
    archive, package = (infer(running, form, *data) for form in FORMS)
    assert archive.shape == (count,)
    numpy.testing.assert_allclose(package, archive, rtol=2e-5, atol=1e-7)
    assert ((package > 0) & (package < 1)).all()


@pytest.mark.parametrize("form", FORMS)
def test_requests_that_share_a_batch_get_their_own_rows(running, form):
    requests = [rows(1 + seed % 5, seed) for seed in range(200)]
    alone = [infer(running, form, *data) for data in requests]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda data: infer(running, form, *data), requests))
    for one, other in zip(alone, together):
        numpy.testing.assert_allclose(other, one, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_shape_is_refused_and_the_next_request_served(running, form):
    features, pair = rows(2)
    with pytest.raises(grpc.RpcError) as refused:
        infer(running, form, features[:, :8].copy(), pair)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT and "features" in refused.value.details()
    assert infer(running, form, features, pair).shape == (2,)


def test_the_model_says_what_it_is(running):
    with running.channel() as channel:
        stub = protocol.inference(channel)
        platforms = {form: stub.ModelMetadata(protocol.message("inference.ModelMetadataRequest")(name=form)).platform
                     for form in FORMS}
    assert platforms == {"archive": "pytorch_libtorch", "package": "pytorch_aotinductor"}


def test_nothing_stays_unpacked(running):
    assert list(running.unpacked.iterdir()) == []


def end_of_start(folder, config=None):
    """(exit code, output) of a server that is expected not to start on this repository."""
    settings = folder.parent / "server.yaml"
    settings.write_text(json.dumps(config or ALLOWED))
    return server.run_to_exit(["--model-repository", folder, "--grpc-address", "127.0.0.1:0", "--operations-address",
                               "127.0.0.1:0", "--config", settings])


def test_without_permission_it_is_not_served(compiled, tmp_path):
    folder = put(tmp_path / "models", "package", compiled / "model.pt2")
    code, printed = end_of_start(folder, {"log": {"level": "info"}})
    assert code != 0 and "native code" in printed and "repository.allow_native_code=true" in printed


def test_a_configuration_that_does_not_fit_is_found_in_the_trial(compiled, tmp_path):
    folder = put(tmp_path / "models", "package", compiled / "model.pt2", width=8)
    code, printed = end_of_start(folder)
    assert code != 0 and "model.pt2" in printed and "expected: 9" in printed, printed


def test_a_batch_larger_than_it_was_compiled_for_is_found_in_the_trial(compiled, tmp_path):
    folder = put(tmp_path / "models", "package", compiled / "model.pt2", batch=128)
    code, printed = end_of_start(folder)
    assert code != 0 and "<= 64" in printed, printed


def test_a_package_for_another_cpu_is_refused(compiled, tmp_path):
    other = stamped(compiled / "model.pt2", tmp_path / "model.pt2", AOTI_CPU_ISA="AVX512 FUTURE")
    folder = put(tmp_path / "models", "package", other)
    code, printed = end_of_start(folder)
    assert code != 0 and "compiled for a CPU with AVX512 FUTURE" in printed and "FUTURE:" in printed, printed


def test_a_package_for_a_gpu_is_refused_on_the_cpu(compiled, tmp_path):
    other = stamped(compiled / "model.pt2", tmp_path / "model.pt2", AOTI_DEVICE_KEY="cuda",
                    AOTI_COMPUTE_CAPABILITY="90")
    folder = put(tmp_path / "models", "package", other)
    code, printed = end_of_start(folder)
    assert code != 0, printed
    assert "model.pt2: instance_group.kind: expected KIND_GPU, as the package was compiled for cuda" in printed, printed


def test_loading_again_gives_its_memory_back(start, compiled, tmp_path):
    folder = put(tmp_path / "models", "package", compiled / "model.pt2")
    served = start(folder, {"repository": {"allow_native_code": True, "control": "explicit"}})
    data = rows(3)

    def resident():
        with open(f"/proc/{served.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    load = protocol.message("inference.RepositoryModelLoadRequest")(model_name="package")
    unload = protocol.message("inference.RepositoryModelUnloadRequest")(model_name="package")
    with served.channel() as channel:
        stub = protocol.inference(channel)

        def cycle():
            stub.RepositoryModelLoad(load, timeout=120)
            infer(served, "package", *data)
            stub.RepositoryModelUnload(unload)

        for _ in range(3):
            cycle()
        before = resident()
        for _ in range(10):
            cycle()
    assert resident() - before < 16 << 20
