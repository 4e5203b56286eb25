"""Step `profile`: the candidate's reference, made of the rows it was trained on and its answers to them."""

import os

import flight_model
import programs
import scoring
from faults import BadInput


def run(folder, model_folder, programs_folder):
    """Writes candidate/train.parquet, with the candidate's answers, and candidate/reference.pb."""
    rows = flight_model.read(folder.file("train.parquet"))
    config = os.path.join(model_folder, "config.pbtxt")
    answers = scoring.score(programs.find("driftserve", programs_folder), config,
                            {1: folder.file("candidate", "model.pt")}, rows)[1]
    scored = folder.file("candidate", "train.parquet")
    flight_model.write(scored, rows, answers)
    reference = folder.file("candidate", "reference.pb")
    # The time in a reference is its data's, so that the same rows make the same file.
    created = int(rows.time[-1].astype("datetime64[s]").astype(int))
    status, output, error = programs.drift(
        programs.find("drift", programs_folder),
        ["profile", "--monitor", os.path.join(model_folder, "monitor.yaml"), "--model-config", config,
         "--model-name", flight_model.NAME, "--data", scored, "--created", created, "--out", reference, "--quiet"],
        folder.log)
    if status:
        raise BadInput(f"drift profile ended with exit status {status}: {error.strip() or output.strip()}")
    result = {"rows": len(rows), "mean_prediction": round(float(answers.mean()), 4),
              "bytes": os.path.getsize(reference)}
    folder.log(f"candidate/reference.pb: {len(rows)} rows and the candidate's answers to them, mean "
               f"{result['mean_prediction']}")
    return folder.write_result(result)
