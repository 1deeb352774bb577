"""From nothing to jobs on a real cluster, by Helm: running within a minute, resized in place as the kernel sees it, exact, and left alone by an uninstall."""
import json
import os
import subprocess
import time

import pods
from cluster import GROUP, condition, phase, wait_for
from real_cluster import ROOT, image_name

HELM = os.environ.get("PENSTOCK_HELM", str(ROOT / "build/tools/helm"))
CHART = ROOT / "helm/penstock"
SYSTEM = "penstock-system"
ROWS = 60_000
ROWS_PER_SECOND = 2_000
SLOT_CPU = 0.2  # cores


class Installation:
    """A release of the chart, and all of it away at the end: jobs, release, CRDs."""

    def __init__(self, cluster):
        self.cluster = cluster

    def helm(self, *words):
        command = [HELM, *words, "--namespace", SYSTEM, "--kubeconfig", self.cluster.kubeconfig]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"helm {' '.join(map(str, words))}: {done.stdout}{done.stderr}\n{self.operator_log()}")
        return done.stdout

    def operator_log(self):
        words = ("logs", "-n", SYSTEM, "--selector", "app.kubernetes.io/name=penstock", "--tail", "30", "--prefix")
        return self.cluster.kubectl("get", "pods", "-n", SYSTEM, check=False) + self.cluster.kubectl(*words, check=False)

    def install(self):
        repository, _, tag = image_name().rpartition(":")
        self.helm("install", "penstock", CHART, "--create-namespace", "--wait", "--timeout", "90s",
                  "--set", f"image.repository={repository},image.tag={tag},image.pullPolicy=Never")

    def uninstall(self):
        self.helm("uninstall", "penstock", "--wait", "--timeout", "60s")

    def __enter__(self):
        try:
            self.install()
        except BaseException:
            self.__exit__(None)
            raise
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(self.operator_log())
        kubectl = self.cluster.kubectl
        kubectl("delete", "streamjobs", "--all", "-A", "--timeout=30s", check=False)
        self.helm("uninstall", "penstock", "--ignore-not-found", "--wait", "--timeout", "60s")
        # A job that is still there waits for an operator that is not.
        for line in kubectl("get", "streamjobs", "-A", "--no-headers", check=False).splitlines():
            space, name = line.split()[:2]
            kubectl("patch", "-n", space, "streamjob", name, "--type", "merge", "--patch", '{"metadata":{"finalizers":null}}', check=False)
        kubectl("delete", "crds", "--timeout=30s", *(kind + ".penstock.dev" for kind in ("streamjobs", "scalingpolicies", "jobsnapshots")), check=False)
        kubectl("delete", "namespace", SYSTEM, "--timeout=60s", check=False)


def counting_job(name, rows):
    """Writes the numbers from 1 to `rows`, once each, to files in its Pod."""
    sql = (f"CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{ROWS_PER_SECOND}', "
           f"'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{rows}');"
           f"CREATE TABLE result (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '/tmp/{name}', 'format' = 'json');"
           "INSERT INTO result SELECT n FROM numbers;")
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": name},
            "spec": {"sql": sql, "checkpoints": {"interval": "2s", "storage": {"uri": f"file:///tmp/{name}-checkpoints"}},
                     "resources": {"base": {"cpu": "100m", "memory": "64Mi"}, "slot": {"cpu": f"{SLOT_CPU}", "memory": "32Mi"},
                                   "state": {"memory": "64Mi"}}}}


class Job:
    def __init__(self, cluster, space, made):
        self.cluster, self.space, self.name = cluster, space, made["metadata"]["name"]
        cluster.kubectl("apply", "-n", space, "-f", "-", input=json.dumps(made))

    def object(self):
        return self.cluster.api().call("GET", f"{GROUP}/namespaces/{self.space}/streamjobs/{self.name}")

    def wait_phase(self, wanted, seconds=60):
        def look():
            found = self.object()
            return found if phase(found) == wanted else None
        try:
            return wait_for(f"{self.name} to be {wanted}", look, seconds, every=0.1)
        except TimeoutError as late:
            raise AssertionError(f"{late}; its status is {json.dumps(self.object().get('status', {}), indent=1)}") from None

    def pod(self):
        found = list(self.cluster.api().items(f"/api/v1/namespaces/{self.space}/pods?labelSelector=penstock.dev/job={self.name}").values())
        assert len(found) == 1, f"{self.name} has Pods {[each['metadata']['name'] for each in found]}"
        return found[0]

    def scale(self, slots):
        """`kubectl scale`; returns when the job runs with that many slots and its Pod has been given what they need."""
        self.cluster.kubectl("scale", "-n", self.space, f"streamjob/{self.name}", f"--replicas={slots}")

        def resized():
            return self.object()["status"]["parallelism"].get("running") == slots and condition(self.object(), "Ready") == "True"
        wait_for(f"{self.name} to run with {slots} slots", resized)

    def result(self):
        """Rows of the committed files, read from the layer that the container writes to: it stays as long as the Pod."""
        rows = []
        for node in self.cluster.nodes():
            layers = node.folder / "containerd/io.containerd.snapshotter.v1.overlayfs/snapshots"
            for file in layers.glob(f"*/fs/tmp/{self.name}/part-*"):
                rows += [json.loads(line)["n"] for line in file.read_text().splitlines()]
        return rows


def test_a_sample_runs_within_a_minute_from_nothing_is_resized_in_place_and_is_exact(cluster):
    began = time.monotonic()
    with Installation(cluster), pods.namespace(cluster, "streams", restricted=True) as space:
        job = Job(cluster, space, counting_job("counts", ROWS))
        job.wait_phase("Running")
        seconds = time.monotonic() - began
        print(f"running {seconds:.1f} s after `helm install` began", flush=True)
        assert seconds < 60, f"it took {seconds:.1f} s"
        before = job.pod()
        for slots in (3, 2, 1):
            job.scale(slots)
            wanted = 0.1 + slots * SLOT_CPU
            wait_for(f"the kernel to hold {wanted:.1f} cores", lambda: abs(pods.limits(before)["cpu"] - wanted) < 0.001)
        after = job.pod()
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert pods.container_status(after)["restartCount"] == 0, after["status"]
        assert pods.container_status(after)["containerID"] == pods.container_status(before)["containerID"]
        job.wait_phase("Finished", seconds=120)
        assert sorted(job.result()) == list(range(1, ROWS + 1))


def test_an_uninstall_leaves_jobs_running_and_a_new_release_adopts_them(cluster):
    with Installation(cluster) as installation, pods.namespace(cluster, "streams-stay", restricted=True) as space:
        job = Job(cluster, space, counting_job("stays", 100 * ROWS))
        job.wait_phase("Running")
        before = pods.container_status(job.pod())
        installation.uninstall()
        wait_for("the operator to be gone", lambda: not cluster.api().items(f"/api/v1/namespaces/{SYSTEM}/pods"), every=0.2)
        assert phase(job.object()) == "Running"
        wait_for("it to write on", lambda rows=len(job.result()): len(job.result()) > rows)
        installation.install()
        job.scale(2)
        after = pods.container_status(job.pod())
        assert after["containerID"] == before["containerID"] and after["restartCount"] == 0, after
