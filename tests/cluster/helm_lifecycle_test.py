"""The chart on a real cluster, by Helm: installed, tested, upgraded from an older one, rolled back, uninstalled, installed again; jobs run on through all of it.
Wants KUBECONFIG of a cluster with a node that has the image (PENSTOCK_IMAGE, default penstock:0.1.0) and no Penstock in it yet."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

from chart import CHART, HELM, LOADER, ROOT

sys.path.insert(0, str(ROOT / "tests/support"))
from cluster import condition, phase, wait_for  # noqa: E402

KUBECTL = os.environ.get("PENSTOCK_KUBECTL") or shutil.which("kubectl") or str(ROOT / "build/tools/kubectl")
IMAGE, _, TAG = os.environ.get("PENSTOCK_IMAGE", "penstock:0.1.0").rpartition(":")
KINDS = ("streamjobs", "scalingpolicies", "jobsnapshots")
SYSTEM = "penstock-system"
# What the CRDs of the older chart lack.
FIELD, COLUMN = "logging", "Age"
WANTS_CLUSTER = True  # for run_tests.py
INSTALL = {"image": {"repository": IMAGE, "tag": TAG, "pullPolicy": "IfNotPresent"}, "replicas": 2}


def run(*command, text=None, check=True, seconds=120):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(str(part) for part in command)}: {done.stdout}{done.stderr}")
    return done


def kubectl(*words, **how):
    return run(KUBECTL, *words, **how).stdout


def objects(*words):
    found = json.loads(kubectl("get", *words, "-o", "json"))
    return found["items"] if found["kind"] == "List" else found


def helm(command, *words, values=None, **how):
    more = ["-f", "-"] if values is not None else []
    return run(HELM, command, *words, *more, text=json.dumps(values) if values is not None else None, **how)


def install(chart=CHART, release="penstock", namespace=SYSTEM, command="install", values=None, **how):
    return helm(command, release, chart, "--namespace", namespace, "--wait", "--timeout", "90s", values={**INSTALL, **(values or {})}, **how)


def commands_of(notes):
    """What the notes tell to type, in order."""
    return re.findall(r"^kubectl .*?<<'EOF'.*?\nEOF$|^kubectl [^\n]*$", notes, re.MULTILINE | re.DOTALL)


def shell(command):
    return run("/bin/bash", "-c", command.replace("kubectl ", f"{KUBECTL} ")).stdout


def job_pod(namespace="default", name="hello"):
    pods = [pod for pod in objects("pods", "-n", namespace, "-l", f"penstock.dev/job={name}") if pod["status"]["phase"] == "Running"]
    if len(pods) != 1:
        raise AssertionError(f"expected one running Pod of {name}, found {[pod['metadata']['name'] for pod in pods]}")
    restarts = pods[0]["status"]["containerStatuses"][0]["restartCount"]
    return pods[0]["metadata"]["uid"], restarts


def job(name="hello", namespace="default"):
    return objects("streamjob", name, "-n", namespace)


def crd(plural="streamjobs"):
    return objects("crd", f"{plural}.penstock.dev")


def known_fields():
    return set(crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])


def operator_log(namespace=SYSTEM):
    return kubectl("logs", "-n", namespace, "-l", "app.kubernetes.io/component=operator", "--tail", "-1", "--prefix")


def older_chart(place):
    """The chart as a version before might have been: without a field, a column and the settings of today."""
    older = pathlib.Path(place) / "older"
    shutil.copytree(CHART, older)
    path = older / "files/crds/streamjobs.yaml"
    old = yaml.load(path.read_text(), LOADER)
    version = old["spec"]["versions"][0]
    del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"][FIELD]
    version["additionalPrinterColumns"] = [column for column in version["additionalPrinterColumns"] if column["name"] != COLUMN]
    path.write_text(yaml.safe_dump(old, sort_keys=False))
    facts = older / "Chart.yaml"
    facts.write_text(re.sub(r"(?m)^version: .*", "version: 0.0.9", facts.read_text()))
    return older


class Lifecycle(unittest.TestCase):
    def setUp(self):
        kubectl("create", "namespace", SYSTEM)
        for space in (SYSTEM, "default"):
            kubectl("label", "--overwrite", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")

    def tearDown(self):
        """Takes away what any test may have left, so that a failure stays one failure."""
        kubectl("delete", "validatingwebhookconfigurations", "-l", "app.kubernetes.io/part-of=penstock", check=False)
        for plural in KINDS:
            kubectl("delete", plural, "--all", "--all-namespaces", "--timeout=20s", check=False)
        for release in json.loads(helm("list", "--all-namespaces", "--all", "-o", "json").stdout):
            helm("uninstall", release["name"], "--namespace", release["namespace"], "--wait")
        for plural in KINDS:  # jobs that no operator let go
            names = kubectl("get", plural, "--all-namespaces", "--ignore-not-found", "-o",
                            "jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}", check=False)
            for space, _, name in (place.partition("/") for place in names.split()):
                kubectl("patch", plural, name, "-n", space, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
            kubectl("delete", "crd", f"{plural}.penstock.dev", "--ignore-not-found", "--timeout=60s")
        kubectl("delete", "pods", "-n", "default", "-l", "penstock.dev/job", "--wait=false")
        kubectl("delete", "namespace", SYSTEM, "red", "--ignore-not-found", "--timeout=90s")

    def start_job(self):
        notes = helm("get", "notes", "penstock", "--namespace", SYSTEM).stdout
        shell(commands_of(notes)[0])
        return job_pod()

    def test_from_nothing_to_a_running_job_in_a_minute_by_what_it_prints(self):
        began = time.monotonic()
        install()
        installed = time.monotonic() - began
        commands = commands_of(helm("get", "notes", "penstock", "--namespace", SYSTEM).stdout)
        self.assertEqual(len(commands), 3)
        shell(commands[0])
        took = time.monotonic() - began
        print(f"installed in {installed:.1f} s, a job Ready after {took:.1f} s", flush=True)
        self.assertLess(took, 60)
        self.assertEqual(condition(job(), "Ready"), "True")
        wait_for("rows in the log", lambda: "+I[" in shell(commands[1]))
        shell(commands[2])
        wait_for("the job is gone", lambda: not objects("streamjobs", "-n", "default"))

        # Every right that it used it had.
        self.assertNotIn("forbidden", operator_log())
        answer = helm("test", "penstock", "--namespace", SYSTEM, "--logs").stdout
        self.assertIn("Succeeded", answer)

    def test_a_wrong_job_is_refused_where_it_is_applied(self):
        install()
        wrong = {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": "wrong"}, "spec": {"sql": "SELECT"}}
        done = run(KUBECTL, "apply", "-n", "default", "-f", "-", text=json.dumps(wrong), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('The StreamJob "wrong" is invalid: spec.sql: line 1, column 1', done.stderr)
        # Without an operator changes of a spec are refused; what lets an object go is not.
        self.start_job()
        kubectl("scale", "-n", SYSTEM, "deployment/penstock", "--replicas=0")
        kubectl("wait", "-n", SYSTEM, "--for=delete", "pod", "-l", "app.kubernetes.io/component=operator", "--timeout=60s")
        change = run(KUBECTL, "patch", "streamjob", "hello", "-n", "default", "--type=merge", "-p", '{"spec":{"parallelism":2}}', check=False)
        self.assertNotEqual(change.returncode, 0)
        kubectl("label", "streamjob", "hello", "-n", "default", "team=streams")

    def test_upgrade_and_rollback_change_the_crds_and_no_job(self):
        with tempfile.TemporaryDirectory() as place:
            install(older_chart(place), values={"replicas": 1})
        self.assertNotIn(FIELD, known_fields())
        pod = self.start_job()

        install(command="upgrade")
        self.assertIn(FIELD, known_fields())
        self.assertIn(COLUMN, [column["name"] for column in crd()["spec"]["versions"][0]["additionalPrinterColumns"]])
        self.assertEqual(objects("deployment", "penstock", "-n", SYSTEM)["status"]["readyReplicas"], 2)
        self.assertEqual(len(objects("poddisruptionbudgets", "-n", SYSTEM)), 1)
        self.assertEqual(job_pod(), pod)
        self.change_works(2)

        helm("rollback", "penstock", "1", "--namespace", SYSTEM, "--wait", "--timeout", "90s")
        self.assertNotIn(FIELD, known_fields())
        self.assertEqual(objects("poddisruptionbudgets", "-n", SYSTEM), [])
        self.assertEqual(job_pod(), pod)
        self.change_works(1)
        history = json.loads(helm("history", "penstock", "--namespace", SYSTEM, "-o", "json").stdout)
        self.assertEqual([(each["revision"], each["chart"]) for each in history],
                         [(1, "penstock-0.0.9"), (2, "penstock-0.1.0"), (3, "penstock-0.0.9")])

    def change_works(self, slots):
        """The operator of this revision acts: it resizes the job."""
        kubectl("scale", "streamjob", "hello", "-n", "default", f"--replicas={slots}")
        wait_for(f"{slots} slots", lambda: job()["status"]["parallelism"]["running"] == slots)

    def test_uninstall_leaves_the_jobs_and_the_next_install_goes_on_with_them(self):
        install()
        pod = self.start_job()
        helm("uninstall", "penstock", "--namespace", SYSTEM, "--wait")
        for kind in ("clusterroles", "clusterrolebindings", "validatingwebhookconfigurations"):
            left = [each["metadata"]["name"] for each in objects(kind) if each["metadata"]["name"].startswith("penstock")]
            self.assertEqual(left, [], kind)
        for kind in ("deployments", "services", "serviceaccounts", "roles", "rolebindings", "poddisruptionbudgets"):
            left = [each["metadata"]["name"] for each in objects(kind, "-n", SYSTEM) if each["metadata"]["name"] != "default"]
            self.assertEqual(left, [], kind)
        self.assertEqual(phase(job()), "Running")
        self.assertEqual(job_pod(), pod)

        install()
        self.change_works(2)
        self.assertEqual(job_pod(), pod)

    def test_crds_that_are_not_to_be_kept_go_with_the_release(self):
        install(values={"crds": {"keep": False}})
        helm("uninstall", "penstock", "--namespace", SYSTEM, "--wait")
        for plural in KINDS:
            wait_for(f"{plural} are gone", lambda kind=plural: run(KUBECTL, "get", "crd", f"{kind}.penstock.dev", check=False).returncode)

    def test_an_installation_of_one_namespace_stays_in_it(self):
        kubectl("create", "namespace", "red")
        install(values={"watchNamespaces": ["red"]})
        account = f"system:serviceaccount:{SYSTEM}:penstock"

        def may(verb, resource, space):
            return run(KUBECTL, "auth", "can-i", verb, resource, "-n", space, f"--as={account}", check=False).stdout.strip() == "yes"

        self.assertTrue(may("create", "pods", "red"))
        self.assertFalse(may("create", "pods", "default"))
        self.assertFalse(may("list", "streamjobs.penstock.dev", "default"))
        for space in ("red", "default", SYSTEM):
            for verb in ("list", "get"):
                self.assertFalse(may(verb, "secrets", space), f"{verb} secrets in {space}")

        commands = commands_of(helm("get", "notes", "penstock", "--namespace", SYSTEM).stdout)
        kubectl("label", "namespace", "red", "pod-security.kubernetes.io/enforce=restricted")
        shell(commands[0])
        shell(commands[0].split(" && ")[0].replace("-n red", "-n default") + commands[0][commands[0].index("\n"):])
        wait_for("the job of red runs", lambda: condition(job(namespace="red"), "Ready") == "True")
        self.assertNotIn("status", job())
        self.assertNotIn("forbidden", operator_log())

        # One for all namespaces beside it would fight over red: its CRDs and names are taken.
        second = install(release="other", namespace="default", check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("exists and cannot be imported into the current release", second.stderr)


if __name__ == "__main__":
    if not os.environ.get("KUBECONFIG"):
        sys.exit("set KUBECONFIG to that of a cluster for tests: `./dev cluster up` prints it")
    unittest.main()
