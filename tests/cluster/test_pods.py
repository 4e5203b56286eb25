"""What becomes of the chart in a cluster: pods placed, replaced one after another, evicted, tested, removed. The nodes
are not real: no container is started, so that neither the image nor a probe is looked at."""

import concurrent.futures

import pytest

from cluster import CHART, path, succeed
from services import wait_for

SERVERS = "labelSelector=app.kubernetes.io/name%3Ddriftserve"


def pods(cluster, namespace):
    """The servers' pods that are not on their way out."""
    found = cluster.api.get(f"{path('v1', namespace, 'pods')}?{SERVERS}")["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def condition(pod, kind):
    return next((found for found in pod["status"].get("conditions", []) if found["type"] == kind), {})


def install(cluster, namespace, *arguments):
    return cluster.helm("install", "delays", CHART, "--namespace", namespace, "--timeout", "60s", *arguments)


def test_its_pods_are_spread_over_nodes_and_found_by_both_services(cluster, namespace):
    succeed(install(cluster, namespace, "--wait"))
    found = pods(cluster, namespace)
    assert len(found) == 2 and all(condition(pod, "Ready")["status"] == "True" for pod in found)
    assert {pod["spec"]["nodeName"] for pod in found} == {"first", "second"}

    addresses = {pod["status"]["podIP"] for pod in found}
    for service in ("delays-driftserve", "delays-driftserve-headless"):
        slices = f"{path('discovery.k8s.io/v1', namespace, 'endpointslices')}" \
                 f"?labelSelector=kubernetes.io/service-name%3D{service}"

        def endpoints():
            return {address for part in cluster.api.get(slices)["items"] for endpoint in part["endpoints"] or []
                    if endpoint["conditions"]["ready"] for address in endpoint["addresses"]}
        wait_for(f"the pods behind {service}", lambda: endpoints() == addresses, 30)


def test_an_upgrade_replaces_every_pod_and_never_leaves_fewer(cluster, namespace):
    succeed(install(cluster, namespace, "--wait"))
    before = {pod["metadata"]["name"] for pod in pods(cluster, namespace)}
    place = path("apps/v1", namespace, "deployments/delays-driftserve")
    available = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        upgrade = pool.submit(cluster.helm, "upgrade", "delays", CHART, "--namespace", namespace, "--wait",
                              "--timeout", "60s", "--set", "config.log.level=debug")
        while not upgrade.done():
            available.append(cluster.api.get(place)["status"].get("availableReplicas", 0))
    succeed(upgrade.result())
    assert min(available) >= 2, "maxUnavailable is 0"
    after = {pod["metadata"]["name"] for pod in pods(cluster, namespace)}
    assert len(after) == 2 and not after & before


def test_a_server_with_a_gpu_goes_where_one_is(cluster, namespace):
    cluster.api.create("/apis/node.k8s.io/v1/runtimeclasses", {
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "nvidia"}, "handler": "nvidia"})
    succeed(install(cluster, namespace, "--wait", "--values", CHART / "ci" / "gpu-s3-values.yaml"))
    assert [pod["spec"]["nodeName"] for pod in pods(cluster, namespace)] == ["graphics"]


@pytest.mark.parametrize("fault", ["gpu.count=3", "gpu.count=1,gpu.tolerate=false"], ids=["too-many", "tainted"])
def test_without_room_for_its_gpus_it_waits(cluster, namespace, fault):
    """The planted faults of the test above: more GPUs than a node has, and a taint that is not tolerated."""
    succeed(install(cluster, namespace, "--set", f"{fault},replicaCount=1"))

    def refused():
        return [pod for pod in pods(cluster, namespace) if condition(pod, "PodScheduled").get("status") == "False"]
    assert condition(wait_for("the scheduler's word", refused, 30)[0], "PodScheduled")["reason"] == "Unschedulable"


@pytest.mark.parametrize("most, status", [(1, 201), (0, 429)], ids=["one-may-go", "none-may-go"])
def test_a_drained_node_takes_no_more_pods_than_the_budget_says(cluster, namespace, most, status):
    succeed(install(cluster, namespace, "--wait", "--set", f"podDisruptionBudget.maxUnavailable={most}"))
    budget = path("policy/v1", namespace, "poddisruptionbudgets/delays-driftserve")
    wait_for("the budget", lambda: cluster.api.get(budget).get("status", {}).get("currentHealthy") == 2, 30)
    name = pods(cluster, namespace)[0]["metadata"]["name"]
    answered, answer = cluster.api.request("POST", path("v1", namespace, f"pods/{name}/eviction"), {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}})
    assert answered == status, answer


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"], ids=["test-passes", "test-fails"])
def test_helm_test_says_what_its_pod_says(cluster, namespace, phase):
    """The test's own container runs nowhere here: its end is written as a node would write it."""
    succeed(install(cluster, namespace, "--wait"))
    place = path("v1", namespace, "pods/delays-driftserve-test")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        test = pool.submit(cluster.helm, "test", "delays", "--namespace", namespace, "--timeout", "60s")
        pod = wait_for("the test's pod", lambda: running(cluster, place), 30)
        command = pod["spec"]["containers"][0]["args"]
        pod["status"]["phase"] = phase
        assert cluster.api.request("PUT", place + "/status", pod)[0] == 200
    done = test.result()
    assert (done.returncode == 0) == (phase == "Succeeded"), done.stdout + done.stderr
    assert f"Phase:          {phase}" in done.stdout
    assert f"delays-driftserve.{namespace}.svc:8001" in command


def running(cluster, place):
    status, pod = cluster.api.request("GET", place)
    return pod if status == 200 and pod["status"].get("phase") == "Running" else None


def test_nothing_is_left_when_it_is_uninstalled(cluster, namespace):
    succeed(install(cluster, namespace, "--wait"))
    succeed(cluster.helm("uninstall", "delays", "--namespace", namespace, "--wait"))
    everything = [("v1", "pods"), ("apps/v1", "replicasets"), ("discovery.k8s.io/v1", "endpointslices")]
    for version, kind in everything:
        wait_for(f"no {kind}", lambda: not cluster.api.get(path(version, namespace, kind))["items"], 30)
