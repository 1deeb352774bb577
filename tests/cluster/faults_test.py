"""The control plane killed at random, part by part, under a job that is resized meanwhile: the job does not notice. PENSTOCK_KILLS makes a campaign of it."""
import os
import random
import signal

import cgroups
import pods
from cluster import wait_for
from install_test import ROWS, SLOT_CPU, SYSTEM, Installation, Job, counting_job
from node import CGROUP

KILLS = int(os.environ.get("PENSTOCK_KILLS", 6))
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet-node-1")
OPERATOR = "operator"


def kill_operator(cluster):
    """SIGKILL of every operator process, as the kernel knows them by their containers."""
    for found in cluster.api().items(f"/api/v1/namespaces/{SYSTEM}/pods").values():
        for status in found["status"].get("containerStatuses", []):
            container = status.get("containerID", "").rpartition("/")[2]
            place = cgroups.of_container(CGROUP, container) if container else None
            for pid in cgroups.processes(place) if place else ():
                os.kill(pid, signal.SIGKILL)


def kill(cluster, victim):
    if victim == OPERATOR:
        kill_operator(cluster)
        return
    cluster.kill(victim)
    wait_for(f"{victim} to end", lambda: not cluster.is_alive(victim))
    cluster.start(victim)
    wait_for("the API server", lambda: cluster.finds("/readyz"))


def test_a_job_notices_nothing_of_a_control_plane_that_is_killed_part_by_part(cluster):
    seed = int(os.environ.get("PENSTOCK_SEED", int.from_bytes(os.urandom(4), "big")))
    print(f"PENSTOCK_SEED={seed}", flush=True)
    rng = random.Random(seed)
    victims = [OPERATOR, *COMPONENTS]
    rng.shuffle(victims)
    victims += rng.choices(victims, k=max(0, KILLS - len(victims)))
    with Installation(cluster), pods.namespace(cluster, "faults", restricted=True) as space:
        job = Job(cluster, space, counting_job("unhurt", ROWS + 20_000 * KILLS))
        job.wait_phase("Running")
        before = pods.container_status(job.pod())
        for number, victim in enumerate(victims[:KILLS]):
            slots = rng.choice([wanted for wanted in (1, 2, 3) if wanted != job.object()["spec"].get("parallelism", 1)])
            print(f"{number}: kill {victim}, then {slots} slots", flush=True)
            kill(cluster, victim)
            job.scale(slots)
            wanted = 0.1 + slots * SLOT_CPU
            wait_for(f"the kernel to hold {wanted:.1f} cores", lambda: abs(pods.limits(job.pod())["cpu"] - wanted) < 0.001)
        after = pods.container_status(job.pod())
        assert after["containerID"] == before["containerID"] and after["restartCount"] == 0, after
        job.wait_phase("Finished", seconds=200)
        rows = sorted(job.result())
        assert rows == list(range(1, ROWS + 20_000 * KILLS + 1)), f"{len(rows)} rows, {len(set(rows))} different"
