"""What versions of the model answer, asked of a driftserve of our own: the very answers that would be served.

The server is started on free ports over a folder made for it, unwatched and without a broker, and stopped at the end.
"""

import os
import shutil
import sys
import tempfile

import numpy as np
import tritonclient.grpc as triton

import config_text
import flight_model
from faults import BadInput, Refused
from run_folder import write_whole

sys.path.insert(0, os.path.join(flight_model.ROOT, "deploy", "demo"))
from services import Service, ServiceError, free_port, http_get  # noqa: E402  (the path is set above)

_DATA_TYPES = {"f": "FP32", "O": "BYTES"}
SECONDS = 60  # for one request


def _infer_inputs(values):
    inputs = []
    for name, array in values.items():
        tensor = triton.InferInput(name, list(array.shape), _DATA_TYPES[array.dtype.kind])
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    return inputs


def ask(client, version, rows, batch=256):
    """The prediction of every row, float32 [n], by a tritonclient; the archive's own error becomes Refused."""
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), batch):
        some = rows.take(slice(start, start + batch))
        try:
            answer = client.infer(flight_model.NAME, _infer_inputs(flight_model.inputs(some)),
                                  model_version=str(version), client_timeout=SECONDS)
        except triton.InferenceServerException as error:
            raise Refused(f"version {version} fails on rows {start} to {start + len(some) - 1}: {error}") from error
        scores[start:start + len(some)] = answer.as_numpy(flight_model.PREDICTION)[:, 0]
    return scores


def _lay_out(folder, config, archives):
    """A repository with one unwatched model: {version: path of model.pt}."""
    model = os.path.join(folder, flight_model.NAME)
    for version, archive in archives.items():
        os.makedirs(os.path.join(model, str(version)))
        shutil.copy(archive, os.path.join(model, str(version), "model.pt"))
    with open(config) as file:
        text = config_text.with_policy(config_text.without_canary(file.read()), "all { }")
    write_whole(os.path.join(model, "config.pbtxt"), text)


def score(driftserve, config, archives, rows):
    """{version: predictions of `rows`}. `archives`: {version: path of model.pt}; `config`: the model's config.pbtxt.

    Raises Refused with the server's own words where it does not load one of them, or one fails on a row.
    """
    for archive in (config, *archives.values()):
        if not os.path.isfile(archive):
            raise BadInput(f"{archive}: expected a file, found none")
    with tempfile.TemporaryDirectory(prefix="driftserve-scoring-") as folder:
        _lay_out(os.path.join(folder, "models"), config, archives)
        address, operations = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        server = Service("driftserve", [driftserve, "--model-repository", os.path.join(folder, "models"),
                                        "--grpc-address", address, "--operations-address", operations],
                         folder, lambda: http_get(f"http://{operations}/readyz")[0] == 200, seconds=120)
        try:
            with server, triton.InferenceServerClient(address) as client:
                return {version: ask(client, version, rows) for version in archives}
        except ServiceError as error:
            raise Refused(f"the server does not load {', '.join(archives.values())}: {error}") from error
