"""Step `train`: a network fitted on the window. Needs Python's torch; every other step does without it."""

import io
import time

import numpy as np

import flight_model
from flight_model import flights
from faults import BadInput
from run_folder import write_whole


def run(folder, epochs):
    """Writes candidate/model.pt, a TorchScript archive."""
    try:
        import torch
        import network
    except (ImportError, OSError) as error:
        raise BadInput("train: expected a Python with torch, as models/flight_delay/requirements-train.txt lists, "
                       f"got {error}; run this step with another Python") from error
    rows = flight_model.read(folder.file("train.parquet"))
    started = time.monotonic()
    trained, encoder = network.train(rows, epochs=epochs, log=folder.log)
    module = network.served(trained, encoder)
    seconds = time.monotonic() - started
    archive = io.BytesIO()
    torch.jit.save(module, archive)
    write_whole(folder.file("candidate", "model.pt"), archive.getvalue())
    labelled = int((~np.isnan(rows.label)).sum())
    result = {"rows": labelled, "epochs": epochs, "seconds": round(seconds, 1), "bytes": len(archive.getvalue()),
              "training_auc": round(flights.auc(rows.label, network.predict(trained, encoder, rows)), 4)}
    folder.log(f"candidate/model.pt: {result['bytes']} bytes, {labelled} rows, AUC {result['training_auc']} on them, "
               f"{seconds:.1f} s")
    return folder.write_result(result)
