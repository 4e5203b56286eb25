"""The Helm chart: its own unit tests, Kubernetes' schemas, the server's check of what it renders, what it refuses."""

import json
import os
import re
import subprocess
import sys
import tarfile

import pytest

from chart import CHART, CI_VALUES, HELM_FOLDER, ROOT, TOOLS, VERSIONS, manifests, one, rendered, run, template, yaml

sys.path.insert(0, str(HELM_FOLDER))
from server_options import TAKEN  # noqa: E402

DRIFTSERVE = ROOT / os.environ.get("DRIFTSERVE_BUILD", "build/release") / "bin" / "driftserve"
named = pytest.mark.parametrize("values", CI_VALUES, ids=lambda path: path.stem)


def kubeconform(text, version):
    return run("kubeconform", "-strict", "-summary", "-kubernetes-version", version, "-schema-location",
               TOOLS / "schemas", "-skip", "ServiceMonitor,PodMonitor,PrometheusRule,ScaledObject", input=text)


def test_values_schema_and_readme_are_what_their_source_makes():
    done = subprocess.run([sys.executable, HELM_FOLDER / "make_chart.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@named
def test_it_is_free_of_lint(values):
    done = run("helm", "lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0, done.stdout


def test_its_unit_tests_pass():
    done = run("helm-unittest", "--strict", "-f", "unittests/*_test.yaml", CHART)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^Tests: +[1-9][0-9]* passed", done.stdout, re.M), done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_it(version):
    """With the values of every file in ci/."""
    texts = [rendered("--values", values, version=version) for values in CI_VALUES]
    done = kubeconform("".join(texts), version)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Valid: [1-9]\d, Invalid: 0, Errors: 0", done.stdout), done.stdout


def test_a_field_that_kubernetes_does_not_have_is_found():
    """The check itself: a misspelt field in what a user adds."""
    done = kubeconform(rendered("--set", "affinity.nodeAfinity.x=1"), VERSIONS[-1])
    assert done.returncode != 0 and "nodeAfinity" in done.stdout


@named
def test_the_prometheus_operator_takes_it(values):
    done = run("custom-resources", input=rendered("--values", values))
    assert done.returncode == 0, done.stderr
    wanted = {"production-values": "2 ", "gpu-s3-values": "2 "}.get(values.stem, "0 ")
    assert done.stdout.startswith(wanted), done.stdout


def test_a_field_that_the_prometheus_operator_does_not_have_is_found():
    text = rendered("--set", "serviceMonitor.enabled=true").replace("interval:", "intervall:")
    done = run("custom-resources", input=text)
    assert done.returncode == 1 and 'ServiceMonitor delays-driftserve' in done.stderr and '"intervall"' in done.stderr


def server_yaml(tmp_path, *arguments):
    """The rendered configuration as a file, with a model repository that is here."""
    text = one("ConfigMap", manifests(*arguments))["data"]["server.yaml"]
    path = tmp_path / "server.yaml"
    path.write_text(text)
    return path


@named
def test_the_server_takes_its_configuration(values, tmp_path):
    path = server_yaml(tmp_path, "--values", values)
    done = subprocess.run([DRIFTSERVE, "--config", path, "--check-config"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_server_reads_what_was_meant(tmp_path):
    path = server_yaml(tmp_path, "--values", CHART / "ci" / "production-values.yaml")
    environment = {"DRIFTSERVE_KAFKA__PROPERTIES__SASL_PASSWORD": "x", "DRIFTSERVE_GRPC__POLLERS": "4"}
    done = subprocess.run([DRIFTSERVE, "--config", path, "--print-config"], capture_output=True, text=True, timeout=60,
                          env=environment)
    assert done.returncode == 0, done.stderr
    in_force = yaml.safe_load(done.stdout)
    assert in_force["grpc"]["max_transport_bytes"] == 4294967296
    assert in_force["grpc"]["pollers"] == 4
    assert in_force["kafka"]["brokers"] == "kafka-0:9093,kafka-1:9093"
    assert in_force["kafka"]["properties"]["security.protocol"] == "sasl_ssl"
    assert in_force["kafka"]["properties"]["client.id"] == "driftserve"
    assert "sasl.password" in in_force["kafka"]["properties"]
    assert in_force["shutdown"]["lame_duck_ms"] == 2000


def test_every_option_of_the_server_can_be_set():
    described = subprocess.run([DRIFTSERVE, "--describe-config"], capture_output=True, text=True, timeout=60).stdout
    options = {line.split("`")[1] for line in described.splitlines() if line.startswith("| `")}
    sections = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]["properties"]
    offered = {f"{section}.{option}" for section, part in sections.items() for option in part["properties"]}
    assert options == offered | TAKEN


def test_a_changed_configuration_restarts_the_pods():
    annotations = [one("Deployment", manifests("--set", f"config.log.level={level}"))["spec"]["template"]["metadata"]
                   ["annotations"]["checksum/config"] for level in ("info", "debug")]
    assert annotations[0] != annotations[1]


@pytest.mark.parametrize("setting, message", [
    ("replicaCount=-1", "at '/replicaCount': minimum: got -1, want 0"),
    ("replicaCount=two", "at '/replicaCount': got string, want integer"),
    ("replicas=2", "additional properties 'replicas' not allowed"),
    ("image.digest=latest", "at '/image/digest': 'latest' does not match pattern"),
    ("image.pullPolicy=Sometimes", "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"),
    ("listenHost=127.0.0.1", "at '/listenHost': value must be one of '0.0.0.0', '[::]'"),
    ("config.grpc.adress=x", "at '/config/grpc': additional properties 'adress' not allowed"),
    ("config.grpc.address=0.0.0.0:9000", "at '/config/grpc': additional properties 'address' not allowed"),
    ("config.kafka.hash_key=00", "at '/config/kafka': additional properties 'hash_key' not allowed"),
    ("config.log.level=verbose", "at '/config/log/level': value must be one of 'trace', 'debug'"),
    ("config.kafka.linger_ms=2s", "at '/config/kafka/linger_ms': got string, want integer"),
    ("config.access_log.rate=2", "at '/config/access_log/rate': maximum: got 2, want 1"),
    ("monitorOverrides.m.windows.length=1h", "at '/monitorOverrides/m': additional properties 'windows' not allowed"),
    ("models.source=gcs", "at '/models/source': value must be one of 'image', 'pvc', 's3'"),
    ("models.s3.url=https://bucket", "at '/models/s3/url': 'https://bucket' does not match pattern"),
    ("models.path=models", "at '/models/path': 'models' does not match pattern"),
    ("kafkaSecrets.sasl.mechanism=GSSAPI", "at '/kafkaSecrets/sasl/mechanism': value must be one of"),
    ("kafkaSecrets.tls.existingSecret=Not_A_Name", "at '/kafkaSecrets/tls/existingSecret': 'Not_A_Name' does not"),
    ("autoscaling.kind=vpa", "at '/autoscaling/kind': value must be one of 'none', 'hpa', 'keda'"),
    ("autoscaling.pendingRequests=0", "at '/autoscaling/pendingRequests': minimum: got 0, want 1"),
    ("podDisruptionBudget.maxUnavailable=half", "at '/podDisruptionBudget/maxUnavailable'"),
    ("service.grpcPort=70000", "at '/service/grpcPort': maximum: got 70,000, want 65,535"),
    ("serviceMonitor.interval=often", "at '/serviceMonitor/interval': 'often' does not match pattern"),
    ("temporaryFiles.sizeLimit=2GB", "at '/temporaryFiles/sizeLimit': '2GB' does not match pattern"),
    ("gpu.count=-1", "at '/gpu/count': minimum: got -1, want 0"),
    ("grpc.tls.existingSecret=cert", "additional properties 'grpc' not allowed"),
    ("shutdown.terminationGracePeriodSeconds=9", "terminationGracePeriodSeconds: expected at least 46, got 9"),
])
def test_a_wrong_value_is_refused_by_name(setting, message):
    done = template("--set", setting)
    assert done.returncode != 0, "it was taken"
    assert message in done.stderr, done.stderr


def test_every_value_has_a_meaning():
    def missing(schema, path):
        for name, part in schema.get("properties", {}).items():
            here = f"{path}.{name}"
            if path.count(".") < 2 or "monitorOverrides" not in here:
                if not part.get("description"):
                    yield here
            yield from missing(part, here)

    assert list(missing(json.loads((CHART / "values.schema.json").read_text()), "")) == []


def test_the_package_carries_the_rules_and_dashboards_of_the_tree(tmp_path):
    done = run("helm", "package", CHART, "--destination", tmp_path)
    assert done.returncode == 0, done.stderr
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as package:
        carried = {member.name: package.extractfile(member).read() for member in package if member.isfile()}
    for source, folder, pattern in (("prometheus/rules", "rules", "*.yml"), ("grafana", "dashboards", "*.json")):
        files = list((ROOT / "deploy" / source).glob(pattern))
        assert files
        for file in files:
            assert carried[f"driftserve/files/{folder}/{file.name}"] == file.read_bytes()
    assert not [name for name in carried if name.endswith(".py") or "unittests" in name]


def test_the_rules_are_those_of_the_tree():
    documents = manifests("--set", "prometheusRule.enabled=true")
    groups = {group["name"]: group for group in one("PrometheusRule", documents)["spec"]["groups"]}
    for file in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            assert groups.pop(group["name"]) == group
    assert not groups


def test_the_dashboards_are_those_of_the_tree():
    documents = manifests("--set", "dashboards.enabled=true")
    shown = [document for document in documents if document["metadata"]["name"].endswith("-dashboards")][0]["data"]
    files = {file.name: json.loads(file.read_text()) for file in (ROOT / "deploy" / "grafana").glob("*.json")}
    assert {name: json.loads(text) for name, text in shown.items()} == files


def test_a_grown_dashboard_still_fits_a_config_map():
    assert len(rendered("--set", "dashboards.enabled=true")) < 900_000
