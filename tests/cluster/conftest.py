"""The cluster of all tests here, with three nodes and the custom kinds that the chart makes."""

import pytest

from cluster import Cluster
from services import wait_for

CUSTOM = {"monitoring.coreos.com/v1": ["ServiceMonitor", "PodMonitor", "PrometheusRule"],
          "keda.sh/v1alpha1": ["ScaledObject"]}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def definition(group, version, kind):
    """A custom resource of any shape; the shapes themselves are checked by tests/deploy."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": version, "served": True, "storage": True, "schema": schema}]}}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        for name, kinds in CUSTOM.items():
            group, version = name.split("/")
            for kind in kinds:
                running.api.create(DEFINITIONS, definition(group, version, kind))
            wait_for(f"the kinds of {group}", lambda: running.api.get(f"/apis/{name}")["resources"], 30)
        running.api.add_node("first", "a")
        running.api.add_node("second", "b")
        running.api.add_node("graphics", "b", gpus=2)
        yield running


@pytest.fixture
def namespace(cluster, request):
    """A namespace that lets in what the restricted Pod Security Standard allows, and nothing else."""
    name = request.node.name.split("[")[-1].strip("]").replace("_", "-")[:60].rstrip("-")
    cluster.api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    return name
