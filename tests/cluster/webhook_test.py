"""The admission webhook before a real API server: it allows, refuses with line and column, and is absent, slow, or has a certificate that ended."""
import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pods
from cel_test import CASES, crds, refusal, thing
from cluster import GROUP, condition, free_port, wait_for
from real_cluster import KUBECTL, ROOT

OPERATOR = pathlib.Path(os.environ.get("PENSTOCK_BIN", ROOT / "build/release/bin")) / "penstock-operator"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
MERGE = "application/merge-patch+json"
GOOD = CASES["valid"]["StreamJob"]
BAD = {"sql": "CREATE TABLE a (k BIGINT) WITH ('connector' = 'datagen');\nINSERT INTO nowhere SELECT k FROM a;"}
TIMEOUT = 2


class Hook:
    """A namespace with jobs, a configuration that sends them to a port, and operators that may listen there."""

    def __init__(self, cluster, space, folder):
        self.cluster, self.space, self.folder, self.port = cluster, space, folder, free_port()
        self.name = f"penstock-{space}"
        self.jobs = f"{GROUP}/namespaces/{space}/streamjobs"
        self.processes = []

    def configuration(self, ca=None):
        client = {"url": f"https://127.0.0.1:{self.port}/validate"}
        if ca:
            client["caBundle"] = base64.b64encode(ca.encode()).decode()
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": self.name},
                "webhooks": [{"name": "validate.penstock.dev", "admissionReviewVersions": ["v1"], "clientConfig": client,
                              "rules": [{"apiGroups": ["penstock.dev"], "apiVersions": ["v1alpha1"], "operations": ["CREATE", "UPDATE"],
                                         "resources": ["streamjobs", "scalingpolicies", "jobsnapshots"]}],
                              "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.space}},
                              "failurePolicy": "Fail", "sideEffects": "None", "timeoutSeconds": TIMEOUT}]}

    def configure(self, ca=None):
        self.cluster.api().call("POST", CONFIGURATIONS, self.configuration(ca))

    def operator(self, *options):
        """`run` on this machine; the process and where it tells of itself."""
        http = free_port()
        log = self.folder / f"operator-{len(self.processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen([OPERATOR, "run", "--kubeconfig", self.cluster.kubeconfig, "--namespaces", self.space,
                                        "--lease-namespace", self.space, "--http", f"127.0.0.1:{http}",
                                        "--webhook", f"127.0.0.1:{self.port}", *options], stdout=out, stderr=out)
        self.processes.append(process)
        return process, http

    def own_certificates(self):
        self.configure()
        process, http = self.operator("--webhook-configuration", self.name)
        wait_for("the webhook", lambda: self.answers(http))
        wait_for("the caBundle", self.bundle)
        return process, http

    def answers(self, http):
        return ask(http, "/readyz/webhook") == "ok"

    def bundle(self):
        webhook = self.cluster.api().call("GET", f"{CONFIGURATIONS}/{self.name}")["webhooks"][0]
        return webhook["clientConfig"].get("caBundle")

    def create(self, name, spec, query=""):
        return self.cluster.api().call("POST", self.jobs + query, thing("StreamJob", name, spec))

    def refused(self, name, spec, query=""):
        return refusal(lambda: self.create(name, spec, query))

    def job(self, name):
        return self.cluster.api().call("GET", f"{self.jobs}/{name}")

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)
        self.cluster.kubectl("delete", "validatingwebhookconfiguration", self.name, "--ignore-not-found")
        jobs = self.cluster.kubectl("get", "streamjobs", "-n", self.space, "-o", "name").split()
        for job in jobs:  # no operator is left that could take its finalizer away
            self.cluster.kubectl("patch", "-n", self.space, job, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
            self.cluster.kubectl("delete", "-n", self.space, job, "--ignore-not-found")


def ask(http, path):
    """What /readyz says, whether well or not; nothing while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}{path}", timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as failure:
        return failure.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


@contextlib.contextmanager
def hook(cluster, space):
    with crds(cluster), pods.namespace(cluster, space), tempfile.TemporaryDirectory(prefix="penstock-webhook-") as folder:
        it = Hook(cluster, space, pathlib.Path(folder))
        try:
            yield it
        except BaseException:
            for log in sorted(it.folder.glob("*.log")):
                print(f"{log.name}:\n{log.read_text()[-5000:]}")
            raise
        finally:
            it.end()


def test_allows_and_refuses_with_line_and_column(cluster):
    with hook(cluster, "hook-own") as it:
        it.own_certificates()
        assert it.create("good", GOOD)["spec"]["parallelism"] == 1
        status = it.refused("bad", BAD)
        assert status["code"] == 422 and status["reason"] == "Invalid", status
        assert "line 2, column" in status["message"] and "validate.penstock.dev" in status["message"], status
        assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.sql"], status
        assert it.refused("bad", BAD, "?dryRun=All")["code"] == 422
        assert it.create("only-asked", GOOD, "?dryRun=All")["metadata"]["name"] == "only-asked"
        assert not it.cluster.finds(f"{it.jobs}/only-asked")
        shown = kubectl_refuses(it, thing("StreamJob", "bad", BAD))
        assert 'The StreamJob "bad" is invalid' in shown and "line 2, column" in shown, shown
        warned = kubectl_apply(it, thing("StreamJob", "warned", {**GOOD, "variables": [{"name": "SPARE", "value": "1"}]}))
        assert warned.returncode == 0 and "Warning: spec.variables: SPARE is not used in the SQL" in warned.stderr, warned.stderr


def kubectl_apply(it, made):
    command = [KUBECTL, "--kubeconfig", it.cluster.kubeconfig, "apply", "-n", it.space, "-f", "-"]
    return subprocess.run(command, input=json.dumps(made), capture_output=True, text=True)


def kubectl_refuses(it, made):
    done = kubectl_apply(it, made)
    assert done.returncode != 0, done.stdout
    return done.stderr


def test_updates_are_compared_and_status_is_let_through(cluster):
    with hook(cluster, "hook-update") as it:
        it.own_certificates()
        it.create("job", GOOD)
        place = f"{it.jobs}/job"
        status = refusal(lambda: it.cluster.api().call("PATCH", place, {"spec": BAD}, MERGE))
        assert status["code"] == 422 and "line 2" in status["message"], status
        wait_for("the operator's status", lambda: it.job("job").get("status", {}).get("observedGeneration"))
        it.cluster.api().call("PATCH", place, {"metadata": {"labels": {"a": "b"}}}, MERGE)
        it.cluster.api().call("DELETE", place)
        wait_for("the job to be gone", lambda: not it.cluster.finds(place))


def test_an_absent_webhook_refuses_and_its_bypass_is_caught_later(cluster):
    with hook(cluster, "hook-absent") as it:
        it.configure()
        status = it.refused("good", GOOD)
        assert status["code"] == 500 and "failed calling webhook \"validate.penstock.dev\"" in status["message"], status
        # Somebody who cannot wait lets everything pass: the reconciler asks the same questions.
        webhooks = it.configuration()["webhooks"]
        webhooks[0]["failurePolicy"] = "Ignore"
        it.cluster.api().call("PATCH", f"{CONFIGURATIONS}/{it.name}", {"webhooks": webhooks}, MERGE)
        wait_for("the bad job to pass", lambda: it.refused("bad", BAD) is None)
        it.port = free_port()  # not the one that the configuration names
        it.operator()
        job = wait_for("the reconciler's verdict", lambda: condition(it.job("bad"), "Accepted") == "False" and it.job("bad"))
        accepted = next(one for one in job["status"]["conditions"] if one["type"] == "Accepted")
        assert "line 2, column" in accepted["message"], accepted


def test_a_slow_webhook_costs_its_time_out_and_no_more(cluster):
    with hook(cluster, "hook-slow") as it:
        process, _ = it.own_certificates()
        process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        status = it.refused("late", GOOD)
        took = time.monotonic() - begun
        assert status["code"] in (500, 504) and "failed calling webhook" in status["message"], status
        assert TIMEOUT - 0.5 < took < TIMEOUT + 3, took
        process.send_signal(signal.SIGCONT)
        wait_for("the webhook to answer again", lambda: it.refused("late", GOOD) is None)


def make_certificates(folder, days):
    """tls.crt and tls.key for 127.0.0.1 by an authority that is made once; its certificate."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    if not (folder / "ca.crt").exists():
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "10", "-subj", "/CN=a test's authority")
    openssl("req", *key, "-keyout", "next.key", "-out", "next.csr", "-subj", "/CN=webhook")
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "next.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
            "-extfile", "extensions", "-out", "next.crt")
    (folder / "next.key").replace(folder / "tls.key")
    (folder / "next.crt").replace(folder / "tls.crt")
    return (folder / "ca.crt").read_text()


def test_a_certificate_that_ended_is_named_and_its_successor_served_without_a_restart(cluster):
    with hook(cluster, "hook-ended") as it:
        files = it.folder / "certificates"
        files.mkdir()
        it.configure(make_certificates(files, days=-1))
        process, http = it.operator("--webhook-certificates", str(files))
        wait_for("the operator to say so", lambda: "the certificate ended at" in (ask(http, "/readyz?verbose") or ""))
        status = it.refused("job", GOOD)
        assert status["code"] == 500 and "certificate has expired" in status["message"], status
        make_certificates(files, days=5)
        wait_for("the new certificate", lambda: it.refused("job", GOOD) is None, seconds=30)
        assert process.poll() is None and it.answers(http)


def test_two_replicas_serve_one_certificate_and_a_lost_secret_is_made_again(cluster):
    with hook(cluster, "hook-two") as it:
        first, _ = it.own_certificates()
        configured = it.port
        secret = f"/api/v1/namespaces/{it.space}/secrets/penstock-webhook"
        made = it.cluster.api().call("GET", secret)["data"]
        assert made["ca.crt"] == it.bundle()
        it.port = free_port()
        _, http = it.operator("--webhook-configuration", it.name)
        wait_for("the second replica", lambda: it.answers(http))
        assert it.cluster.api().call("GET", secret)["data"] == made, "the second replica made its own"
        first.terminate()
        first.wait(timeout=30)
        it.cluster.api().call("DELETE", secret)
        it.port = configured
        it.operator("--webhook-configuration", it.name)
        wait_for("the new authority", lambda: it.bundle() not in (None, made["ca.crt"]))
        wait_for("the webhook with it", lambda: it.refused("job", GOOD) is None)
        assert it.refused("bad", BAD)["code"] == 422
