"""A whole Airflow of its own for the loop: api-server, scheduler, dag processor and triggerer on SQLite, on loopback.

Standard library only; what it starts is .deps/airflow (setup.sh). `env` is everything that Airflow
needs to be told, also for `airflow` commands beside it.
"""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOYED = os.path.dirname(HERE)  # deploy/airflow
sys.path.insert(0, os.path.join(HERE, "..", "..", "demo"))
import services  # noqa: E402

AIRFLOW = os.path.join(services.ROOT, ".deps", "airflow", "bin", "airflow")
COMPONENTS = (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",))


class Component(services.Service):
    """One of Airflow's programs with the processes that it starts, which end with it."""

    def text(self):
        """What it has written to its log."""
        with open(self.log, errors="replace") as log:
            return log.read()

    def stop(self, seconds=15):
        code = super().stop(seconds)
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return code


class Airflow:
    """`directory`: AIRFLOW_HOME, made anew. `settings`: the JSON file of the DAG. `bootstrap`: Kafka's address.

    start() starts all but the triggerer, listen() that one, which waits for events; each returns once what it has
    started says that it is healthy. stop() is safe at any time.
    """

    name = "airflow"
    user = "loop"

    def __init__(self, directory, settings, bootstrap, keep=False):
        self.directory = directory
        self.port = services.free_port(18080)
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)
        self._token = None
        self.env = self._environment(settings, bootstrap)
        self.components = [self._component(*words, keep=keep) for words in COMPONENTS]
        self.triggerer = self._component("triggerer", "--skip-serve-logs", keep=keep)

    def _component(self, *words, keep):
        return Component(f"airflow-{words[0]}", [AIRFLOW, *words], self.directory,
                         lambda: services.http_get(self.url + "/api/v2/version")[0] == 200, seconds=120, keep=keep,
                         env=self.env)

    def _environment(self, settings, bootstrap):
        kafka = {"bootstrap.servers": bootstrap, "group.id": "driftserve-retraining", "auto.offset.reset": "earliest",
                 "enable.auto.commit": False, "allow.auto.create.topics": True}
        return {
            "AIRFLOW_HOME": self.directory,
            "PYTHONPATH": DEPLOYED,
            "PYTHONDONTWRITEBYTECODE": "1",
            "DRIFTSERVE_RETRAINING": settings,
            "AIRFLOW_CONN_DRIFTSERVE_KAFKA": json.dumps({"conn_type": "kafka", "extra": kafka}),
            "AIRFLOW__CORE__DAGS_FOLDER": os.path.join(DEPLOYED, "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{self.user}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": os.path.join(self.directory, "passwords.json"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.directory}/airflow.db",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "4",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            # A machine that trains, serves and replays at once answers slowly, and is not broken for that.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
            "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
        }

    def start(self):
        if not os.path.exists(AIRFLOW):
            raise services.ServiceError(f"{AIRFLOW} is missing: run deploy/airflow/setup.sh")
        os.makedirs(self.directory, exist_ok=True)
        with open(self.env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"], "w") as file:
            json.dump({self.user: self.password}, file)
        self.command("db", "migrate")
        for component in self.components:
            component.start()
        services.wait_for("Airflow to be healthy",
                          lambda: self._healthy("metadatabase", "scheduler", "dag_processor"), 120)
        return self

    def listen(self):
        self.components.append(self.triggerer)
        self.triggerer.start()
        services.wait_for("Airflow's triggerer to be healthy", lambda: self._healthy("triggerer"), 120)

    def command(self, *words, seconds=180):
        """Runs one `airflow` command to its end and returns what it prints."""
        done = subprocess.run([AIRFLOW, *words], env={**os.environ, **self.env}, cwd=services.ROOT, capture_output=True,
                              text=True, timeout=seconds)
        if done.returncode:
            raise services.ServiceError(f"airflow {' '.join(words)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def _healthy(self, *names):
        status, text = services.http_get(self.url + "/api/v2/monitor/health")
        parts = json.loads(text)
        return status == 200 and all(parts[name]["status"] == "healthy" for name in names)

    def stop(self):
        for component in self.components:
            if component.running():
                component.process.terminate()  # all at once: each takes its time
        for component in reversed(self.components):
            component.stop()

    def pids(self):
        return [component.pid for component in self.components]

    # The REST API, as far as the loop asks it.

    def get(self, path):
        """The object that GET /api/v2/<path> answers. Its token is good for a day, longer than a loop lasts."""
        if self._token is None:
            self._token = self._ask("/auth/token", {"username": self.user, "password": self.password})["access_token"]
        return self._ask(f"/api/v2/{path}")

    def _ask(self, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self.url + path, json.dumps(body).encode() if body else None, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def runs(self, dag):
        """Every run of the DAG, oldest first."""
        return self.get(f"dags/{dag}/dagRuns?order_by=id")["dag_runs"]

    def tasks(self, dag, run_id):
        """{task: (state, tries)} of a run."""
        found = self.get(f"dags/{dag}/dagRuns/{urllib.parse.quote(run_id, safe='')}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def started_by(self, dag, run_id):
        """What the events that started the run carry."""
        found = self.get(f"dags/{dag}/dagRuns/{urllib.parse.quote(run_id, safe='')}/upstreamAssetEvents")
        return [event["extra"] for event in found["asset_events"]]

    def task_log(self, dag, run_id, task):
        """The text of all tries of a task."""
        folder = os.path.join(self.directory, "logs", f"dag_id={dag}", f"run_id={run_id}", f"task_id={task}")
        if not os.path.isdir(folder):
            return ""
        texts = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), errors="replace") as file:
                texts.append(file.read())
        return "".join(texts)
