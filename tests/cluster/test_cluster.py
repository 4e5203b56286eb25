"""The chart at a real kube-apiserver: installed, upgraded, rolled back, uninstalled; what Kubernetes refuses."""

import pytest

from cluster import CHART, path, succeed

INSTANCE = "labelSelector=app.kubernetes.io/instance%3Ddelays"
KINDS = {"apps/v1": ["deployments"], "v1": ["services", "configmaps", "serviceaccounts"],
         "policy/v1": ["poddisruptionbudgets"], "networking.k8s.io/v1": ["networkpolicies"],
         "autoscaling/v2": ["horizontalpodautoscalers"], "monitoring.coreos.com/v1":
         ["servicemonitors", "podmonitors", "prometheusrules"], "keda.sh/v1alpha1": ["scaledobjects"]}


def objects(cluster, namespace):
    """Kind → names, of the release delays in a namespace."""
    found = {}
    for version, kinds in KINDS.items():
        for kind in kinds:
            items = cluster.api.get(f"{path(version, namespace, kind)}?{INSTANCE}")["items"]
            if items:
                found[kind] = sorted(item["metadata"]["name"] for item in items)
    return found


def deployment(cluster, namespace):
    return cluster.api.get(path("apps/v1", namespace, "deployments/delays-driftserve"))


def template(cluster, namespace):
    return deployment(cluster, namespace)["spec"]["template"]


def configuration(cluster, namespace):
    return cluster.api.get(path("v1", namespace, "configmaps/delays-driftserve"))["data"]["server.yaml"]


def test_it_is_installed_upgraded_rolled_back_and_uninstalled(cluster, namespace):
    succeed(cluster.helm("install", "delays", CHART, "--namespace", namespace))
    assert deployment(cluster, namespace)["spec"]["replicas"] == 2
    assert objects(cluster, namespace) == {
        "deployments": ["delays-driftserve"], "services": ["delays-driftserve", "delays-driftserve-headless"],
        "configmaps": ["delays-driftserve"], "serviceaccounts": ["delays-driftserve"],
        "poddisruptionbudgets": ["delays-driftserve"]}
    first = configuration(cluster, namespace), template(cluster, namespace)

    settings = "replicaCount=3,config.log.level=debug,networkPolicy.enabled=true"
    succeed(cluster.helm("upgrade", "delays", CHART, "--namespace", namespace, "--set", settings))
    assert deployment(cluster, namespace)["spec"]["replicas"] == 3
    assert "debug" in configuration(cluster, namespace)
    assert template(cluster, namespace)["metadata"] != first[1]["metadata"], "pods are replaced: they read it at start"
    assert "networkpolicies" in objects(cluster, namespace)

    succeed(cluster.helm("rollback", "delays", "1", "--namespace", namespace))
    assert (configuration(cluster, namespace), template(cluster, namespace)) == first
    assert "networkpolicies" not in objects(cluster, namespace)

    succeed(cluster.helm("uninstall", "delays", "--namespace", namespace))
    assert objects(cluster, namespace) == {}


@pytest.mark.parametrize("values", sorted((CHART / "ci").glob("*-values.yaml")), ids=lambda file: file.stem)
def test_kubernetes_takes_every_set_of_values(cluster, namespace, values):
    succeed(cluster.helm("install", "delays", CHART, "--namespace", namespace, "--values", values))
    found = objects(cluster, namespace)
    wanted = {
        "production-values": {"horizontalpodautoscalers", "networkpolicies", "servicemonitors", "prometheusrules"},
        "gpu-s3-values": {"scaledobjects", "podmonitors", "prometheusrules"},
    }.get(values.stem, set())
    assert wanted | {"deployments", "services", "configmaps"} <= set(found)
    succeed(cluster.helm("uninstall", "delays", "--namespace", namespace))
    assert objects(cluster, namespace) == {}


def make_pod(cluster, namespace):
    """A pod of the Deployment's template, as its controller would make it; (status, answer)."""
    made = template(cluster, namespace)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**made["metadata"], "name": "one"}, "spec": made["spec"]}
    return cluster.api.request("POST", path("v1", namespace, "pods"), pod)


def test_its_pods_keep_the_restricted_standard(cluster, namespace):
    succeed(cluster.helm("install", "delays", CHART, "--namespace", namespace))
    status, answer = make_pod(cluster, namespace)
    assert status == 201, answer


def test_a_pod_that_is_not_restricted_is_refused(cluster, namespace):
    """The planted fault of the test above: a container beside the server that gives up nothing."""
    succeed(cluster.helm("install", "delays", CHART, "--namespace", namespace, "--set-json",
                         'extraContainers=[{"name":"more","image":"more"}]'))
    status, answer = make_pod(cluster, namespace)
    assert status == 403 and 'violates PodSecurity "restricted' in answer["message"], answer


def test_a_value_that_kubernetes_refuses_is_named_and_leaves_nothing(cluster, namespace):
    done = cluster.helm("install", "delays", CHART, "--namespace", namespace, "--atomic", "--timeout", "30s",
                        "--set", "podLabels.team=not a label")
    assert done.returncode != 0 and 'spec.template.labels: Invalid value: "not a label"' in done.stderr, done.stderr
    assert objects(cluster, namespace) == {}
