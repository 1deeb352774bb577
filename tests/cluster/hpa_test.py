"""Kubernetes' own HorizontalPodAutoscaler sizes a job through its scale subresource, by an external metric; and what is said where a ScalingPolicy does too."""
import contextlib
import http.server
import json
import pathlib
import ssl
import subprocess
import tempfile
import threading
import urllib.parse

import pods
from cluster import GROUP, wait_for
from install_test import ROWS, SLOT_CPU, Installation, Job, counting_job

METRIC = "messages_waiting"
VERSION = "external.metrics.k8s.io/v1beta1"
SERVICE, SPACE = "metrics-of-the-test", "default"


class Metrics:
    """The external metrics API: one metric with the value that the test sets, from this process, by way of the API server's aggregation."""

    def __init__(self, cluster):
        self.cluster, self.value, self.asked = cluster, 0, 0

    def answer(self, path):
        parts = urllib.parse.urlsplit(path).path.strip("/").split("/")
        if parts[:3] != ["apis", *VERSION.split("/")]:
            return None
        if len(parts) == 3:
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": VERSION,
                    "resources": [{"name": METRIC, "singularName": "", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}]}
        if parts[3] != "namespaces" or parts[5:] != [METRIC]:
            return None
        self.asked += 1
        value = {"metricName": METRIC, "metricLabels": {}, "timestamp": "2026-01-01T00:00:00Z", "value": str(self.value)}
        return {"kind": "ExternalMetricValueList", "apiVersion": VERSION, "metadata": {}, "items": [value]}

    @contextlib.contextmanager
    def served(self):
        metrics = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                found = metrics.answer(self.path)
                body = json.dumps(found or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        with tempfile.TemporaryDirectory() as folder:
            key, certificate = pathlib.Path(folder) / "key.pem", pathlib.Path(folder) / "certificate.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            serving = threading.Thread(target=server.serve_forever)
            serving.start()
            try:
                self.register(server.server_address[1])
                yield self
            finally:
                self.unregister()
                server.shutdown()
                serving.join()
                server.server_close()

    def register(self, port):
        group, version = VERSION.split("/")
        made = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE, "namespace": SPACE},
                 "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}},
                {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"{version}.{group}"},
                 "spec": {"group": group, "version": version, "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": True,
                          "service": {"name": SERVICE, "namespace": SPACE, "port": port}}}]
        for each in made:
            self.cluster.kubectl("apply", "-f", "-", input=json.dumps(each))
        wait_for("the metrics API", lambda: self.cluster.finds(f"/apis/{VERSION}"), every=0.2)

    def unregister(self):
        group, version = VERSION.split("/")
        self.cluster.kubectl("delete", "apiservice", f"{version}.{group}", "--ignore-not-found", check=False)
        self.cluster.kubectl("delete", "-n", SPACE, "service", SERVICE, "--ignore-not-found", check=False)


def autoscaler(name, most):
    target = {"type": "External", "external": {"metric": {"name": METRIC}, "target": {"type": "AverageValue", "averageValue": "1000"}}}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
            "spec": {"scaleTargetRef": {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "name": name},
                     "minReplicas": 1, "maxReplicas": most, "metrics": [target],
                     "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}


def slots(job):
    return job.object()["status"].get("parallelism", {}).get("running")


def wait_slots(cluster, job, wanted, seconds=90):
    try:
        wait_for(f"{job.name} to run with {wanted} slots", lambda: slots(job) == wanted, seconds, every=0.2)
    except TimeoutError as late:
        raise AssertionError(f"{late}; it has {slots(job)}; {cluster.kubectl('describe', '-n', job.space, 'hpa', job.name, check=False)}") from None


def scaling_active(job):
    return next((each for each in job.object()["status"]["conditions"] if each["type"] == "ScalingActive"), None)


def test_an_hpa_sizes_a_job_by_an_external_metric_up_and_down_in_place(cluster):
    with Installation(cluster), pods.namespace(cluster, "streams-hpa", restricted=True) as space, Metrics(cluster).served() as metrics:
        job = Job(cluster, space, counting_job("by-hpa", 100 * ROWS))
        job.wait_phase("Running")
        before = job.pod()
        metrics.value = 2500
        cluster.kubectl("apply", "-n", space, "-f", "-", input=json.dumps(autoscaler("by-hpa", most=4)))
        wait_slots(cluster, job, 3)  # 2500 over 1000 a slot
        wait_for("the kernel to hold it", lambda: abs(pods.limits(before)["cpu"] - (0.1 + 3 * SLOT_CPU)) < 0.001)
        metrics.value = 900_000
        wait_slots(cluster, job, 4)  # its maximum
        metrics.value = 100
        wait_slots(cluster, job, 1)
        assert metrics.asked >= 3
        status = cluster.api().call("GET", f"/apis/autoscaling/v2/namespaces/{space}/horizontalpodautoscalers/by-hpa")["status"]
        conditions = {each["type"]: each["status"] for each in status["conditions"]}
        assert conditions["AbleToScale"] == conditions["ScalingActive"] == "True", status
        after = pods.container_status(job.pod())
        assert after["containerID"] == pods.container_status(before)["containerID"] and after["restartCount"] == 0, after
        assert scaling_active(job) is None, "there is no policy, so that nothing is said of one"


def test_an_hpa_beside_a_policy_of_mode_auto_is_named_by_a_condition(cluster):
    with Installation(cluster), pods.namespace(cluster, "streams-two", restricted=True) as space, Metrics(cluster).served() as metrics:
        made = counting_job("two-writers", 100 * ROWS)
        made["spec"]["scaling"] = {"policy": {"mode": "Auto", "minParallelism": 1, "maxParallelism": 1}}
        job = Job(cluster, space, made)
        job.wait_phase("Running")
        wait_for("a decision of the policy", lambda: job.object()["status"].get("scaling", {}).get("mode") == "Auto", every=0.2)
        assert scaling_active(job)["reason"] == "PolicyFollowed", scaling_active(job)
        metrics.value = 3000
        cluster.kubectl("apply", "-n", space, "-f", "-", input=json.dumps(autoscaler("two-writers", most=3)))
        found = wait_for("the two writers to be named", lambda: (said := scaling_active(job)) and said["reason"] == "TwoWriters" and said, 90, every=0.1)
        assert "kube-controller-manager" in found["message"] and "scale subresource" in found["message"], found
        events = cluster.api().call("GET", f"/apis/events.k8s.io/v1/namespaces/{space}/events")["items"]
        assert any(each["reason"] == "TwoWriters" and each["type"] == "Warning" for each in events), [each["reason"] for each in events]
        # The way out that it names: with one writer the size is the HPA's.
        cluster.kubectl("patch", "-n", space, "streamjob", "two-writers", "--type", "merge", "--patch",
                        '{"spec":{"scaling":{"policy":{"mode":"Recommend"}}}}')
        wait_slots(cluster, job, 3)
        wait_for("the condition to say so", lambda: scaling_active(job)["reason"] == "ModeRecommend", every=0.2)
