"""What the test cluster promises: Pods run, are resized in place as the kernel sees it, and each component can be killed and started."""
import pathlib
import urllib.error
import urllib.request

import pods
from cluster import wait_for

FOREVER = ["sleep", "100000"]
SMALL = {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
MIB = 1 << 20


def test_a_pod_runs_and_its_log_is_read(cluster):
    with pods.namespace(cluster, "runs") as space:
        place = pods.create(cluster, space, pods.pod("hello", ["sh", "-c", "echo hello from $HOSTNAME"]))
        pods.wait_phase(cluster, place, "Succeeded")
        assert cluster.kubectl("logs", "-n", space, "hello") == "hello from hello\n"


def test_a_service_leads_to_its_pod_from_the_host_and_from_another_pod(cluster):
    with pods.namespace(cluster, "service") as space:
        serving = pods.pod("server", ["sh", "-c", "echo found > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"])
        serving["metadata"]["labels"] = {"app": "server"}
        pods.wait_phase(cluster, pods.create(cluster, space, serving), "Running")
        made = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server"},
                "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]}}
        address = cluster.api().call("POST", f"/api/v1/namespaces/{space}/services", made)["spec"]["clusterIP"]

        def answer():
            try:
                return urllib.request.urlopen(f"http://{address}/index.html", timeout=5).read()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return None  # kube-proxy has not heard of it yet
        assert wait_for("the Service to answer", answer) == b"found\n"
        asking = pods.pod("client", ["sh", "-c", f"(printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' ; sleep 1) | nc {address} 80"])
        pods.wait_phase(cluster, pods.create(cluster, space, asking), "Succeeded")
        said = cluster.kubectl("logs", "-n", space, "client")
        assert said.endswith("found\n"), said


def test_a_resize_in_place_reaches_the_kernel_and_restarts_nothing(cluster):
    with pods.namespace(cluster, "resize") as space:
        place = pods.create(cluster, space, pods.pod("resized", FOREVER, container={"resources": SMALL}))
        before = pods.wait_phase(cluster, place, "Running")
        assert pods.limits(before) == {"cpu": 0.1, "memory": 64 * MIB}, pods.limits(before)
        for cpu, cores, memory in (("400m", 0.4, 128), ("100m", 0.1, 64)):
            change = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": cpu, "memory": f"{memory}Mi"}}}]}}
            cluster.api().call("PATCH", place + "/resize", change, "application/strategic-merge-patch+json")
            wanted = {"cpu": cores, "memory": memory * MIB}
            wait_for(f"the kernel to hold {wanted}", lambda: pods.limits(before) == wanted)
        after = pods.container_status(cluster.api().call("GET", place))
        assert after["restartCount"] == 0 and after["containerID"] == pods.container_status(before)["containerID"], after


def test_a_resize_that_no_node_can_hold_is_infeasible(cluster):
    with pods.namespace(cluster, "infeasible") as space:
        place = pods.create(cluster, space, pods.pod("huge", FOREVER, container={"resources": SMALL}))
        before = pods.wait_phase(cluster, place, "Running")
        change = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "64"}, "limits": {"cpu": "64"}}}]}}
        cluster.api().call("PATCH", place + "/resize", change, "application/strategic-merge-patch+json")

        def reason():
            conditions = cluster.api().call("GET", place)["status"]["conditions"]
            return next((c["reason"] for c in conditions if c["type"] == "PodResizePending"), None)
        assert wait_for("the kubelet's verdict", reason) == "Infeasible"
        assert pods.limits(before)["cpu"] == 0.1


def test_each_component_comes_back_after_a_kill(cluster):
    with pods.namespace(cluster, "killed") as space:
        place = pods.create(cluster, space, pods.pod("untouched", FOREVER))
        before = pods.container_status(pods.wait_phase(cluster, place, "Running"))
        for component in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet-node-1", "kube-proxy"):
            killed = cluster.process(component)
            cluster.kill(component)
            wait_for(f"{component} to end", lambda: not cluster.is_alive(component))
            cluster.start(component)
            assert cluster.process(component) != killed
        wait_for("the API server", lambda: cluster.finds("/readyz"))
        place_of_later = pods.create(cluster, space, pods.pod("later", ["true"]))
        pods.wait_phase(cluster, place_of_later, "Succeeded")
        assert pods.container_status(cluster.api().call("GET", place)) == before


def test_a_drained_node_gives_its_pods_to_another(cluster):
    with pods.namespace(cluster, "drained") as space:
        node = cluster.add_node(2)
        try:
            made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "moves"},
                    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "moves"}},
                             "template": {"metadata": {"labels": {"app": "moves"}},
                                          "spec": pods.pod("", FOREVER, restart="Always")["spec"]}}}
            cluster.api().call("POST", f"/apis/apps/v1/namespaces/{space}/deployments", made)
            cluster.kubectl("wait", "-n", space, "--for=condition=Available", "deployment/moves", "--timeout=60s")
            cluster.kubectl("drain", "node-1", "--force", "--pod-selector=app=moves", "--timeout=60s")

            def hosts():
                running = [found for found in cluster.api().items(f"/api/v1/namespaces/{space}/pods").values()
                           if found["status"]["phase"] == "Running" and "deletionTimestamp" not in found["metadata"]]
                return [found["spec"]["nodeName"] for found in running]
            wait_for("both Pods to run on node-2", lambda: hosts() == ["node-2", "node-2"], every=0.2)
        finally:
            cluster.kubectl("uncordon", "node-1")
            cluster.remove_node(node)
    assert not pathlib.Path("/sys/class/net", node.bridge).exists()
