"""Pods of tests: written as values, made, waited for, looked at."""
import contextlib
import json

import cgroups
from cluster import wait_for
from node import CGROUP
from small_images import BUSYBOX


@contextlib.contextmanager
def namespace(cluster, name, restricted=False):
    """A namespace for one test; gone, with all in it, soon after."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"} if restricted else {}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    cluster.kubectl("apply", "-f", "-", input=json.dumps(made))
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_for(f"the account of {name}", lambda: cluster.finds(account))
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def pod(name, command, image=BUSYBOX, restart="Never", container=None, **spec):
    """A Pod of one container `main`."""
    main = {"name": "main", "image": image, "command": command, "imagePullPolicy": "Never", **(container or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"restartPolicy": restart, "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
                     "containers": [main], **spec}}


def path(space, name):
    return f"/api/v1/namespaces/{space}/pods/{name}"


def create(cluster, space, made):
    cluster.api().call("POST", f"/api/v1/namespaces/{space}/pods", made)
    return path(space, made["metadata"]["name"])


def wait_phase(cluster, place, phase, seconds=60):
    def look():
        found = cluster.api().call("GET", place)
        return found if found.get("status", {}).get("phase") == phase else None
    return wait_for(f"{place} to be {phase}", look, seconds, every=0.2)


def container_status(found):
    return found["status"]["containerStatuses"][0]


def limits(found):
    """What the kernel holds of the container's limits now."""
    identity = container_status(found)["containerID"].rpartition("/")[2]
    return cgroups.limits(cgroups.of_container(CGROUP, identity))
