"""Which version of a model answers requests that name none."""

import collections

import numpy as np
import tritonclient.grpc as triton

FEATURES = [7, 0, 1400, 78.1, 66.0, 10.4, 10.0, 0.0, 1012.0]


def versions_that_answer(server, model, requests):
    """(versions served, {version: requests that it answered}) of so many requests of one flight each."""
    client = triton.InferenceServerClient(server)
    inputs = []
    for name, kind, values in (("features", "FP32", np.array([FEATURES], np.float32)),
                               ("carrier", "BYTES", np.array([[b"UA"]], object)),
                               ("origin", "BYTES", np.array([[b"EWR"]], object))):
        tensor = triton.InferInput(name, list(values.shape), kind)
        tensor.set_data_from_numpy(values)
        inputs.append(tensor)
    answers = collections.Counter(
        int(client.infer(model, inputs, request_id=f"loop-{number}", client_timeout=10).get_response().model_version)
        for number in range(requests))
    served = sorted(int(version) for version in client.get_model_metadata(model).versions)
    client.close()
    return served, dict(answers)
