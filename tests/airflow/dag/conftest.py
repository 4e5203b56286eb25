"""An Airflow of the tests' own: a database in a temporary folder, and a retrain.py that does as it is told."""

import json
import os
import sys

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
# Notes that it was called, and ends with the next code of its step in plan.json (0 where there is none). `compare`
# writes the plan's verdict where it has one.
RETRAIN = """
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
step, run = sys.argv[1], sys.argv[3]
plan = json.load(open(folder + "/plan.json"))
with open(folder + "/calls", "a") as calls:
    calls.write(step + "\\n")
count = open(folder + "/calls").read().split().count(step)
codes = plan.get(step, [])
os.makedirs(run, exist_ok=True)
if step == "compare" and plan.get("verdicts"):
    verdicts = plan["verdicts"]
    json.dump({"verdict": verdicts[min(count, len(verdicts)) - 1]}, open(run + "/verdict.json", "w"))
sys.exit(codes[count - 1] if count <= len(codes) else 0)
"""
SETTINGS = {"retrain": "retrain.py", "runs": "runs", "data": "flights.csv", "repository": "models",
            "server": "localhost:8001", "metrics": "http://localhost:8002/metrics", "python": sys.executable,
            "torch_python": sys.executable, "burst_seconds": 42, "retries": 2, "retry_delay_seconds": 0,
            "compare_every_seconds": 0, "compare_timeout_seconds": 600}


class Stage:
    """The DAG, and what became of its runs."""

    def __init__(self, folder, dag):
        self.folder = folder
        self.dag = dag

    def run(self, conf=None, **plan):
        """({task: state}, steps that were called) of one run."""
        (self.folder / "plan.json").write_text(json.dumps(plan))
        (self.folder / "calls").write_text("")
        run = self.dag.test(run_conf=conf)
        states = {task.task_id: str(task.state) for task in run.get_task_instances()}
        return states, (self.folder / "calls").read_text().split(), str(run.state)


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    (folder / "retrain.py").write_text(RETRAIN)
    os.environ.update(
        AIRFLOW_HOME=str(folder), DRIFTSERVE_RETRAINING=str(folder / "settings.json"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__UNIT_TEST_MODE="False",
        AIRFLOW__CORE__DAGS_FOLDER=os.path.join(ROOT, "deploy", "airflow", "dags"),
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{folder}/airflow.db",
        AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="120")
    from airflow.utils.db import initdb
    initdb()
    from airflow.dag_processing.dagbag import DagBag
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    assert bag.import_errors == {}
    assert set(bag.dags) == {"drift_retraining"}
    return Stage(folder, bag.dags["drift_retraining"])
