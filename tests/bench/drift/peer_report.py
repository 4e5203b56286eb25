"""One comparison by another tool, from Parquet to JSON; runs in the peers' environment.

    peer_report.py TOOL REFERENCE CURRENT OUTPUT

Prints the CPU seconds from opening the files to the JSON written; importing the tool is not in them.
"""

import json
import logging
import os
import sys
import time
import warnings

os.environ.update(DO_NOT_TRACK="1", NML_DISABLE_USAGE_LOGGING="1")
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def evidently(method):
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    def compare(reference, current):
        definition = DataDefinition(numerical_columns=list(reference.columns))
        report = Report([DataDriftPreset(num_method=method)])
        return report.run(Dataset.from_pandas(current, data_definition=definition),
                          Dataset.from_pandas(reference, data_definition=definition)).json()
    return compare


def alibi():
    from alibi_detect.cd import KSDrift

    def compare(reference, current):
        data = KSDrift(reference.to_numpy(), p_val=0.05).predict(current.to_numpy())["data"]
        return json.dumps({key: getattr(value, "tolist", lambda value=value: value)() for key, value in data.items()})
    return compare


def nannyml():
    import nannyml as tool

    def compare(reference, current):
        calculator = tool.UnivariateDriftCalculator(
            column_names=list(reference.columns), chunk_number=10,
            continuous_methods=["kolmogorov_smirnov", "jensen_shannon"])
        calculator.fit(reference)
        return calculator.calculate(current).to_df().to_json()
    return compare


TOOLS = {"evidently-ks": lambda: evidently("ks"), "evidently-psi": lambda: evidently("psi"), "alibi-detect": alibi,
         "nannyml": nannyml}


def main():
    tool, reference, current, output = sys.argv[1:]
    compare = TOOLS[tool]()
    import pandas as pd
    started = time.process_time()
    text = compare(pd.read_parquet(reference), pd.read_parquet(current))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
    print(time.process_time() - started)


if __name__ == "__main__":
    main()
