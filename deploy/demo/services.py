"""Starts and stops the programs that the demo and the integration tests run against: a Kafka broker, Prometheus,
and any other server. Standard library only.

    with KafkaBroker(directory) as broker, Prometheus(directory, config) as prometheus: ...

Each service owns one directory (configuration, data, log) and keeps its data over a restart. Every wait is bounded
and its error names what was waited for and ends with the tail of the service's log. A service dies with the Python
process that started it unless it was made with keep=True.
"""

import ctypes
import glob
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
KAFKA_JARS = os.path.join(ROOT, ".deps", "kafka", "libs")
KAFKA_CLUSTER_ID = "ZHJpZnRzZXJ2ZS1kZW1vMQ"  # any 22 characters of base64 will do
_PR_SET_PDEATHSIG = 1


class ServiceError(RuntimeError):
    """A service did not start, did not answer in time, or is missing."""


def free_port(preferred=0):
    """`preferred` when nothing listens there, else a port that was free a moment ago."""
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise ServiceError("no free TCP port on 127.0.0.1")


def wait_for(what, predicate, seconds, interval=0.1):
    """Calls `predicate` until it returns something true, and returns that. Raises ServiceError after `seconds`.

    ServiceError from the predicate ends the wait at once; refused connections and the like mean "not yet".
    """
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            value = predicate()
            if value:
                return value
        except (OSError, ValueError, http.client.HTTPException) as error:
            last = error
        if time.monotonic() >= deadline:
            raise ServiceError(f"waited {seconds:g} s for {what}" + (f"; last answer: {last}" if last else ""))
        time.sleep(interval)


def port_open(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def http_get(url, seconds=5):
    """(status, text) of one GET; an HTTP error status is an answer, not an exception."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Service:
    """One child process with a log file. Not thread-safe; start it from a thread that lives as long as it should."""

    def __init__(self, name, command, directory, ready, seconds=30, keep=False, env=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.directory = str(directory)
        self.ready = ready
        self.seconds = seconds
        self.keep = keep
        self.env = env
        self.process = None
        self.log = os.path.join(self.directory, f"{name}.log")

    def start(self):
        """Starts the process and waits until it is ready; on failure it is stopped again."""
        if self.running():
            return self
        os.makedirs(self.directory, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True,
                env={**os.environ, **(self.env or {})}, preexec_fn=None if self.keep else die_with_parent)
        try:
            wait_for(f"{self.name} to be ready", self._check_ready, self.seconds)
        except ServiceError as error:
            self.stop()
            raise ServiceError(f"{error}\nlast lines of {self.log}:\n{self.log_tail()}") from None
        return self

    def _check_ready(self):
        if not self.running():
            raise ServiceError(f"{self.name} ended with exit code {self.process.returncode} before it was ready")
        return self.ready()

    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def log_tail(self, lines=20):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def stop(self, seconds=15):
        """SIGTERM, then SIGKILL after `seconds`. Returns the exit code, None when it never ran."""
        if self.process is None:
            return None
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self):
        """SIGKILL, as a crash would."""
        if self.running():
            self.process.kill()
        return self.process.wait(10) if self.process else None

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


_KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.partitions={partitions}
# A broker killed with -9 is fenced until its old session ends: 2 s here, so that a restart takes 6 s, not 15.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
# Saves 100 MB of memory.
log.cleaner.dedupe.buffer.size=4194304
{more}"""


class KafkaBroker(Service):
    """One real Kafka 4 broker in KRaft mode with its data under `directory`. kill() then start() is a crash and a
    recovery on the same port with the same data. The topic is made by the first producer (3 partitions)."""

    def __init__(self, directory, port=19092, partitions=3, properties="", keep=False, jars=KAFKA_JARS):
        directory = os.path.abspath(directory)
        self.port = free_port(port)
        self.controller_port = free_port(self.port + 1)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.data = os.path.join(directory, "data")
        self.config = os.path.join(directory, "server.properties")
        self._text = _KAFKA_PROPERTIES.format(port=self.port, controller=self.controller_port, data=self.data,
                                              partitions=partitions, more=properties)
        self._java = ["java", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", os.path.join(jars, "*")]
        self._jars = jars
        super().__init__("kafka", self._java + ["kafka.Kafka", self.config], directory,
                         lambda: port_open(self.port), seconds=60, keep=keep)

    def start(self):
        if not glob.glob(os.path.join(self._jars, "kafka_*.jar")):
            raise ServiceError(f"Kafka's jars are missing in {self._jars}: run `make setup`")
        os.makedirs(self.directory, exist_ok=True)
        with open(self.config, "w") as config:
            config.write(self._text)
        if not os.path.exists(os.path.join(self.data, "meta.properties")):
            done = subprocess.run(
                self._java + ["kafka.tools.StorageTool", "format", "-t", KAFKA_CLUSTER_ID, "-c", self.config],
                capture_output=True, text=True, timeout=60)
            if done.returncode:
                raise ServiceError(f"formatting Kafka's storage failed:\n{done.stdout}{done.stderr}")
        return super().start()


def prometheus_config(targets, interval="1s", rule_files=(), job="driftserve"):
    """The text of a prometheus.yml that scrapes `targets` ("host:port") and evaluates the rules every `interval`."""
    lines = ["global:", f"  scrape_interval: {interval}", f"  scrape_timeout: {interval}",
             f"  evaluation_interval: {interval}"]
    if rule_files:
        lines += ["rule_files:"] + [f"  - {json.dumps(os.path.abspath(path))}" for path in rule_files]
    lines += ["scrape_configs:", f"  - job_name: {job}", "    static_configs:", f"      - targets: {json.dumps(list(targets))}"]
    return "\n".join(lines) + "\n"


class Prometheus(Service):
    """Debian's Prometheus with its data under `directory`. `config` is the text of prometheus.yml."""

    def __init__(self, directory, config, port=19090, keep=False, flags=()):
        directory = os.path.abspath(directory)
        self.port = free_port(port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = os.path.join(directory, "prometheus.yml")
        self._text = config
        super().__init__(
            "prometheus",
            ["prometheus", f"--config.file={self.config}", f"--storage.tsdb.path={os.path.join(directory, 'data')}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn", *flags],
            directory, lambda: http_get(self.url + "/-/ready")[0] == 200, keep=keep)

    def start(self):
        os.makedirs(self.directory, exist_ok=True)
        with open(self.config, "w") as config:
            config.write(self._text)
        return super().start()

    def query(self, expression, at=None):
        """The result vector of an instant query: a list of {"metric": {...}, "value": [time, "text"]}."""
        return self._ask("query", {"query": expression, **({"time": at} if at is not None else {})})

    def query_range(self, expression, start, end, step=1.0):
        """The result matrix of a range query: a list of {"metric": {...}, "values": [[time, "text"], ...]}."""
        return self._ask("query_range", {"query": expression, "start": start, "end": end, "step": step})

    def _ask(self, method, parameters):
        status, text = http_get(f"{self.url}/api/v1/{method}?{urllib.parse.urlencode(parameters)}", seconds=15)
        answer = json.loads(text)
        if status != 200 or answer.get("status") != "success":
            raise ServiceError(f"Prometheus refused {parameters['query']!r}: {answer.get('error', text)}")
        return answer["data"]["result"]


class Alertmanager(Service):
    """Debian's Alertmanager. `directory` holds its alertmanager.yml (deploy/alertmanager/configuration.py) and gets its
    data; stop() then start() keeps what was notified, on the same port."""

    def __init__(self, directory, port=19093, keep=False):
        directory = os.path.abspath(directory)
        self.port = free_port(port)
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        super().__init__(
            "prometheus-alertmanager",
            ["prometheus-alertmanager", f"--config.file={os.path.join(directory, 'alertmanager.yml')}",
             f"--storage.path={os.path.join(directory, 'data')}", f"--web.listen-address={self.address}",
             "--cluster.listen-address=", "--log.level=info"],
            directory, lambda: http_get(self.url + "/-/ready")[0] == 200, keep=keep)

    def alerts(self):
        """Every alert it knows, as its API shows them: labels, and in status.inhibitedBy by which others it is held."""
        return json.loads(http_get(self.url + "/api/v2/alerts")[1])
