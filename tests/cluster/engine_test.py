"""A job's process killed on a real cluster: its state is on a volume of the Pod's template, and what comes out is exact."""
import json
import os
import random
import signal

import cgroups
import pods
from cluster import wait_for
from install_test import ROWS, Installation, Job, counting_job
from node import CGROUP

# The kubelet waits longer before each start of a container: 10 s, 20 s, ...
KILLS = int(os.environ.get("PENSTOCK_ENGINE_KILLS", 2))
VOLUME = "data"


def job_with_volume(name, rows):
    made = counting_job(name, rows)
    made["spec"]["sql"] = made["spec"]["sql"].replace("/tmp/", f"/{VOLUME}/")
    made["spec"]["checkpoints"]["storage"]["uri"] = f"file:///{VOLUME}/checkpoints"
    made["spec"]["template"] = {
        "metadata": {"labels": {"team": "numbers"}},
        "spec": {"volumes": [{"name": VOLUME, "emptyDir": {}}],
                 "containers": [{"name": "engine", "volumeMounts": [{"name": VOLUME, "mountPath": f"/{VOLUME}"}],
                                 "securityContext": {"readOnlyRootFilesystem": True}}]}}
    return made


def result(cluster, job):
    """Rows of the committed files in the Pod's volume, as they lie on the node."""
    rows = []
    for node in cluster.nodes():
        for file in cluster.folder.glob(f"{node.name}/kubelet/pods/*/volumes/kubernetes.io~empty-dir/{VOLUME}/{job.name}/part-*"):
            rows += [json.loads(line)["n"] for line in file.read_text().splitlines()]
    return rows


def kill_engine(job):
    container = pods.container_status(job.pod())["containerID"].rpartition("/")[2]
    for pid in cgroups.processes(cgroups.of_container(CGROUP, container)):
        os.kill(pid, signal.SIGKILL)


def test_a_killed_process_goes_on_from_its_volume_and_is_exact(cluster):
    seed = int(os.environ.get("PENSTOCK_SEED", int.from_bytes(os.urandom(4), "big")))
    print(f"PENSTOCK_SEED={seed}", flush=True)
    rng = random.Random(seed)
    rows = 2 * ROWS
    with Installation(cluster), pods.namespace(cluster, "engines", restricted=True) as space:
        job = Job(cluster, space, job_with_volume("killed", rows))
        job.wait_phase("Running")
        before = job.pod()
        assert before["metadata"]["labels"]["team"] == "numbers"
        for number in range(1, KILLS + 1):
            target = len(result(cluster, job)) + rng.randrange(1, 10_000)
            wait_for(f"more than {target} rows", lambda: len(result(cluster, job)) > target, every=0.2)
            kill_engine(job)
            wait_for("the kubelet to start it again", lambda: pods.container_status(job.pod())["restartCount"] == number, seconds=90, every=0.5)
            wait_for("it to write on", lambda done=len(result(cluster, job)): len(result(cluster, job)) > done, seconds=90, every=0.5)
        after = job.pod()
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        job.wait_phase("Finished", seconds=200)
        found = sorted(result(cluster, job))
        assert found == list(range(1, rows + 1)), f"{len(found)} rows, {len(set(found))} different"
