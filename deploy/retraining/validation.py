"""Step `validate`: may the candidate be shown to users at all? Judged on days that neither version was trained on."""

import json
import os

import flight_model
import programs
import scoring
import versions
from faults import BadInput, Refused
from flight_model import flights


def run(folder, model_folder, repository, programs_folder, tolerance, drifted_share):
    """Raises Refused where the candidate's AUC on the holdout is below the serving version's by more than `tolerance`,
    or where more than `drifted_share` of what is watched has drifted between its training rows and the holdout."""
    rows = flight_model.read(folder.file("holdout.parquet"))
    serving = versions.serving(os.path.join(repository, flight_model.NAME))
    config = os.path.join(model_folder, "config.pbtxt")
    archives = {serving: os.path.join(repository, flight_model.NAME, str(serving), "model.pt"),
                serving + 1: folder.file("candidate", "model.pt")}
    answers = scoring.score(programs.find("driftserve", programs_folder), config, archives, rows)
    auc = {version: round(flights.auc(rows.label, answers[version]), 4) for version in answers}
    flight_model.write(folder.file("candidate", "holdout.parquet"), rows, answers[serving + 1])
    result = {"rows": len(rows), "candidate_auc": auc[serving + 1], "serving_auc": auc[serving],
              "serving_version": serving, "tolerance": tolerance, **_drift(folder, model_folder, programs_folder),
              "drifted_share_allowed": drifted_share}
    faults = []
    if auc[serving + 1] < auc[serving] - tolerance:
        faults.append(f"AUC {auc[serving + 1]} on the holdout, version {serving} has {auc[serving]}: expected at most "
                      f"{tolerance:g} less (--auc-tolerance)")
    if len(result["drifted"]) > drifted_share * result["watched"]:
        faults.append(f"{', '.join(result['drifted'])} drifted between its training rows and the holdout: expected at "
                      f"most {drifted_share:g} of {result['watched']} (--drifted-share)")
    folder.write_result({**result, "refused": faults})
    folder.log(f"AUC on {len(rows)} held-out rows: candidate {auc[serving + 1]}, version {serving} {auc[serving]}; "
               f"drifted from training to holdout: {', '.join(result['drifted']) or 'nothing'}")
    if faults:
        raise Refused("the candidate is refused: " + "; ".join(faults))
    return result


def _drift(folder, model_folder, programs_folder):
    """What `drift check` says of the holdout: {"watched": count, "drifted": [names], "unready": [names]}."""
    report = folder.file("drift-check.json")
    status, output, error = programs.drift(
        programs.find("drift", programs_folder),
        ["check", "--reference", folder.file("candidate", "reference.pb"),
         "--monitor", os.path.join(model_folder, "monitor.yaml"),
         "--model-config", os.path.join(model_folder, "config.pbtxt"),
         "--current", folder.file("candidate", "holdout.parquet"), "--json", report, "--ignore-unready", "--quiet"],
        folder.log)
    if status not in (0, 1):
        raise BadInput(f"drift check ended with exit status {status}: {error.strip() or output.strip()}")
    with open(report) as file:
        return _summary(json.load(file))


def _summary(report):
    """By name, whichever of its statistics says so. The label does not count: how many are late follows the days."""
    states = {}
    for row in report["rows"]:
        if row["role"] != "label":
            states.setdefault(row["feature"], set()).add(row["state"])
    return {"watched": len(states), "drifted": sorted(name for name, found in states.items() if "drifted" in found),
            "unready": sorted(name for name, found in states.items() if not found & {"stable", "warning", "drifted"})}
