"""What evidently, alibi-detect and nannyml say of dumped replications; runs in the peers' environment.

    peer_verdicts.py FOLDER REPLICATIONS [repeat]

FOLDER holds the files of `drift_accuracy dump`. Prints one JSON object: {"same": {column: share}, "drifted": …}, the
share of replications in which each column's test says drift, by the tool's own threshold. `repeat`: every kept row
comes as often as its weight says, which is how weights can be given to tools that take none.
"""

import json
import logging
import os
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd

os.environ.update(DO_NOT_TRACK="1", NML_DISABLE_USAGE_LOGGING="1")
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from alibi_detect.cd import ChiSquareDrift, KSDrift  # noqa: E402
from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.metrics import ValueDrift  # noqa: E402
import nannyml  # noqa: E402

# Above this, drift, for the statistics; at or below, for p-values: evidently's own defaults.
EVIDENTLY = {"evidently PSI": ("x", "psi", 0.1, True), "evidently KS": ("x", "ks", 0.05, False),
             "evidently PSI, category": ("c", "psi", 0.1, True), "evidently χ², category": ("c", "chisquare", 0.05, False)}


def read(path, repeat):
    raw = path.read_bytes()
    m, n = np.frombuffer(raw, np.int64, 2)
    x = np.frombuffer(raw, np.float64, m + n, 16)
    weights = np.frombuffer(raw, np.float64, n, 16 + 8 * (m + n))
    categories = np.frombuffer(raw, np.int32, m + n, 16 + 8 * (m + 2 * n))
    frame = pd.DataFrame({"x": x, "c": categories})
    current = frame[m:].reset_index(drop=True)
    if repeat:
        current = current.loc[np.repeat(current.index, np.rint(weights).astype(int))].reset_index(drop=True)
    return frame[:m].reset_index(drop=True), current


def text(frame):
    return frame.assign(c="c" + frame["c"].astype(str))


def ask_evidently(reference, current):
    definition = DataDefinition(numerical_columns=["x"], categorical_columns=["c"])
    report = Report([ValueDrift(column=column, method=method, threshold=threshold)
                     for column, method, threshold, _ in EVIDENTLY.values()])
    result = report.run(Dataset.from_pandas(text(current), data_definition=definition),
                        Dataset.from_pandas(text(reference), data_definition=definition)).dict()
    verdicts, values = {}, {}
    for (name, (_, _, threshold, distance)), metric in zip(EVIDENTLY.items(), result["metrics"], strict=True):
        value = float(metric["value"])
        verdicts[name] = value >= threshold if distance else value <= threshold
        values[name] = value
    return verdicts, values["evidently PSI"]


def ask_alibi(reference, current):
    def one(frame):
        return frame["x"].dropna().to_numpy()[:, None]

    numeric = KSDrift(one(reference), p_val=0.05).predict(one(current))["data"]
    verdicts = {"alibi-detect KS": bool(numeric["is_drift"])}
    try:
        # Its table has a row for every category; one that the reference has not is an error.
        detector = ChiSquareDrift(reference[["c"]].to_numpy(), p_val=0.05)
        verdicts["alibi-detect χ², category"] = bool(detector.predict(current[["c"]].to_numpy())["data"]["is_drift"])
    except (KeyError, ValueError, IndexError):
        pass  # no verdict: left out of the share
    return verdicts


def ask_nannyml(reference, current):
    # Its thresholds are three deviations of a statistic over chunks of the reference. Ten chunks, its default, and
    # chunks of the same size of the traffic; the verdict is the share of those that alert.
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=["x", "c"], treat_as_categorical=["c"], continuous_methods=["kolmogorov_smirnov", "jensen_shannon"],
        categorical_methods=["jensen_shannon", "chi2"], chunk_size=min(len(current), len(reference) // 10))
    calculator.fit(text(reference))
    chunks = calculator.calculate(text(current)).filter(period="analysis").to_df()

    def share(column, method):
        return float(chunks[(column, method, "alert")].mean())

    return {"nannyml KS": share("x", "kolmogorov_smirnov"), "nannyml JS": share("x", "jensen_shannon"),
            "nannyml JS, category": share("c", "jensen_shannon"), "nannyml χ², category": share("c", "chi2")}


def main():
    folder, replications, repeat = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["repeat"]
    shares = {}
    for kind in ("same", "drifted"):
        rows, psi = [], []
        for number in range(replications):
            reference, current = read(folder / f"{kind}-{number}", repeat)
            verdicts, value = ask_evidently(reference, current)
            psi.append(value)
            rows.append({**verdicts, **ask_alibi(reference, current), **ask_nannyml(reference, current)})
        table = pd.DataFrame(rows)
        shares[kind] = {column: float(table[column].astype(float).mean()) for column in table}
        shares[kind]["mean evidently PSI"] = float(np.mean(psi))
    print(json.dumps(shares))


if __name__ == "__main__":
    main()
