"""driftserve as a child process: started on free ports, waited for, read and stopped."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

from services import Service, free_port, http_get, wait_for  # noqa: E402  (the path is set above)


def build_folder():
    return pathlib.Path(os.environ.get("DRIFTSERVE_BUILD", ROOT / "build" / "release"))


def program(name):
    path = build_folder() / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: build it first, or set DRIFTSERVE_BUILD to a build folder")
    return str(path)


def with_gpus(folder):
    """The environment of a server that finds the two GPUs of tests/metrics/fake_nvml.cc."""
    (folder / "libnvidia-ml.so.1").symlink_to((build_folder() / "tests" / "metrics" / "libfake_nvml.so").resolve())
    return {"LD_LIBRARY_PATH": str(folder)}


class DriftServer(Service):
    """One driftserve. `config` is the nested dictionary of its configuration file (JSON is YAML); addresses are
    chosen here. `prefix` goes before the command line: ["taskset", "-c", "0"]."""

    def __init__(self, directory, repository, config=None, prefix=(), flags=(), env=None, seconds=120, keep=False):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.grpc_port = free_port()
        self.operations_port = free_port()
        self.address = f"127.0.0.1:{self.grpc_port}"
        self.operations = f"http://127.0.0.1:{self.operations_port}"
        self.config_file = directory / "server.yaml"
        self.config_file.write_text(json.dumps(config or {}))
        command = [*prefix, program("driftserve"), "--model-repository", repository, "--grpc-address", self.address,
                   "--operations-address", f"127.0.0.1:{self.operations_port}", "--config", self.config_file, *flags]
        super().__init__("driftserve", command, directory, self.ready_now, seconds=seconds, keep=keep, env=env)

    def ready_now(self):
        return http_get(self.operations + "/readyz")[0] == 200

    def channel(self, **options):
        return grpc.insecure_channel(self.address, options=[
            ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), *options.items()])

    def get(self, path, seconds=10):
        return http_get(self.operations + path, seconds)

    def metrics(self):
        status, text = self.get("/metrics")
        assert status == 200, text
        return Metrics(text)

    def terminate_and_wait(self, seconds=60):
        """SIGTERM, then the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def log_text(self):
        return pathlib.Path(self.log).read_text(errors="replace")


def run_to_exit(arguments, seconds=60, env=None):
    """(exit code, standard output and error) of a driftserve that ends by itself."""
    done = subprocess.run([program("driftserve"), *map(str, arguments)], capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout + done.stderr


class Metrics:
    """One scrape in Prometheus' text format."""

    LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
    LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\.|[^"\\])*)"')

    def __init__(self, text):
        self.text = text
        self.samples = []  # (name, labels, value)
        for line in text.splitlines():
            match = self.LINE.match(line)
            if match and not line.startswith("#"):
                labels = dict(self.LABEL.findall(match.group(2) or ""))
                self.samples.append((match.group(1), labels, float(match.group(3))))

    def select(self, name, **labels):
        return [(found, value) for sample, found, value in self.samples
                if sample == name and all(found.get(key) == text for key, text in labels.items())]

    def sum(self, name, **labels):
        return sum(value for _, value in self.select(name, **labels))

    def records(self):
        """sampled, acknowledged, dropped, in flight."""
        outcome = {name: self.sum("driftserve_records_total", outcome=name) for name in ("sampled", "acknowledged", "dropped")}
        return {**outcome, "in_flight": self.sum("driftserve_records_in_flight")}


def wait_until(what, predicate, seconds=30, interval=0.05):
    """services.wait_for, with an assertion's bounds in one place."""
    return wait_for(what, predicate, seconds, interval)


def _cpu_nanoseconds(task):
    """CPU time of one thread: exact where the kernel tells, else in clock ticks of 10 ms."""
    if (task / "schedstat").exists():
        return int((task / "schedstat").read_text().split()[0])
    if (task / "sched").exists():
        return int(float(re.search(r"se\.sum_exec_runtime\s*:\s*([0-9.]+)", (task / "sched").read_text()).group(1)) * 1e6)
    user, system = (task / "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def threads(pid):
    """{thread id: (name, CPU nanoseconds)} of a process."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            found[int(task.name)] = ((task / "comm").read_text().strip(), _cpu_nanoseconds(task))
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended while we looked
    return found


def peak_rss_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
