"""A real Kubernetes control plane on this machine: etcd, kube-apiserver, the controllers and the scheduler. Its nodes
are kwok's: pods placed on them become ready at once, and nothing runs in them."""

import json
import pathlib
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / ".deps" / "kubernetes" / "bin"
CHART = ROOT / "deploy" / "helm" / "driftserve"
TOKEN = "cluster-test"
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

from services import Service, free_port, http_get  # noqa: E402


def path(version, namespace, kind):
    return f"/{'api' if version == 'v1' else 'apis'}/{version}/namespaces/{namespace}/{kind}"


def succeed(done):
    assert done.returncode == 0, done.stdout + done.stderr


class Api:
    """JSON requests to the API server, as an administrator."""

    def __init__(self, address):
        self.address = address
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def request(self, method, path, body=None):
        """(status, answer)."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, method=method, data=body and json.dumps(body).encode(),
                                         headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self.context) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def get(self, path):
        status, answer = self.request("GET", path)
        if status != 200:
            raise ValueError(f"GET {path}: {status} {answer.get('message')}")
        return answer

    def create(self, path, body):
        status, answer = self.request("POST", path, body)
        assert status in (201, 409), answer
        return answer

    def ready(self):
        """Whether the server says so of itself; this answer is no JSON."""
        request = urllib.request.Request(self.address + "/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=5, context=self.context) as response:
            return response.read() == b"ok"

    def add_node(self, name, zone, gpus=0):
        """A node with room for 32 cores, that kwok keeps alive; with GPUs it is tainted, as such nodes mostly are."""
        room = {"cpu": "32", "memory": "128Gi", "pods": "50"}
        labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}
        taints = []
        if gpus:
            room["nvidia.com/gpu"] = str(gpus)
            labels["accelerator"] = "h100"
            taints.append({"key": "nvidia.com/gpu", "effect": "NoSchedule"})
        self.create("/api/v1/nodes", {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints}, "status": {"allocatable": room, "capacity": room}})


class Cluster:
    """Starts everything in `folder`; use as a context."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.etcd_port, self.peer_port, self.port = free_port(), free_port(), free_port()
        self.api = Api(f"https://127.0.0.1:{self.port}")
        self.kubeconfig = self.folder / "kubeconfig"
        self.services = []

    def __enter__(self):
        self._write_credentials()
        for service in (self._etcd(), self._apiserver(), self._controllers(), self._scheduler(), self._nodes()):
            self.services.append(service)
            service.start()
        return self

    def __exit__(self, *_):
        for service in reversed(self.services):
            service.stop()

    def _write_credentials(self):
        key = self.folder / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self.folder / "tokens.csv").write_text(f'{TOKEN},administrator,1,"system:masters"\n')
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.api.address, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "test", "user": {"token": TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}))

    def _etcd(self):
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.peer_port}"
        return Service("etcd", ["etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", client,
                                "--advertise-client-urls", client, "--listen-peer-urls", peer,
                                "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
                                "--unsafe-no-fsync"], self.folder, lambda: http_get(f"{client}/health")[0] == 200)

    def _apiserver(self):
        key = self.folder / "accounts.key"
        return Service("kube-apiserver", [
            BIN / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd_port}", "--bind-address=127.0.0.1",
            f"--secure-port={self.port}", f"--cert-dir={self.folder}", "--authorization-mode=RBAC",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--service-cluster-ip-range=10.0.0.0/16",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--feature-gates=WatchList=false"],  # it needs a newer etcd than Debian's
            self.folder, self.api.ready, seconds=90)

    def _controllers(self):
        port = free_port()
        return Service("kube-controller-manager", [
            BIN / "kube-controller-manager", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false",
            f"--service-account-private-key-file={self.folder / 'accounts.key'}", "--bind-address=127.0.0.1",
            f"--secure-port={port}", f"--cert-dir={self.folder / 'controllers'}"], self.folder, self._healthy(port))

    def _scheduler(self):
        port = free_port()
        return Service("kube-scheduler", [
            BIN / "kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false",
            "--bind-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={self.folder / 'scheduler'}"],
            self.folder, self._healthy(port))

    def _nodes(self):
        port = free_port()
        return Service("kwok", [
            BIN / "kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", "--node-ip=127.0.0.1",
            f"--config={pathlib.Path(__file__).parent / 'stages.yaml'}", f"--server-address=127.0.0.1:{port}",
            "--node-lease-duration-seconds=40"],
            self.folder, lambda: http_get(f"http://127.0.0.1:{port}/healthz")[0] == 200)

    def _healthy(self, port):
        def healthy():
            with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", timeout=5,
                                        context=self.api.context) as response:
                return response.status == 200
        return healthy

    def helm(self, *arguments, seconds=120):
        command = [BIN / "helm", f"--kubeconfig={self.kubeconfig}", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds)
