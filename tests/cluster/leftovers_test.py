"""A cluster that has been killed in the middle of its work leaves nothing on the machine once it is taken down."""
import os
import pathlib
import signal
import tempfile

import cgroups
import machine
import pods
from cluster import wait_for
from node import CGROUP, Node
from real_cluster import RealCluster


def processes(folder):
    """Processes of a cluster: their words name its folder, or they are in a node's cgroup. Zombies have no words."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            if words and (str(folder) in words or f"{CGROUP}/" in (entry / "cgroup").read_text()):
                found.add(f"{entry.name} {words.replace(chr(0), ' ')[:200]}")
        except OSError:
            continue  # no process, or gone by now
    return found


def on_the_machine(folder):
    """All that a cluster could leave, by kind."""
    return {
        "mounts": set(pathlib.Path("/proc/mounts").read_text().splitlines()),
        "cgroups": {str(path) for path in cgroups.folders("")},
        "links": set(os.listdir("/sys/class/net")),
        "network namespaces": set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set(),
        "packet filter rules": {f"{family} {line}" for family in ("iptables", "ip6tables") for line in machine.all_rules(family)},
        "processes": processes(folder),
        "files": {str(path) for place in ("/var/log/containers", "/var/log/pods", "/var/lib/cni", "/run/containerd", "/var/lib/kubelet")
                  for path in pathlib.Path(place).rglob("*") if not path.is_dir()},
        "kernel settings": {f"{name} = {pathlib.Path('/proc/sys', name).read_text()}"
                            for name in machine.SETTINGS if pathlib.Path("/proc/sys", name).exists() and "nf_conntrack" not in name},
    }


def break_off(cluster):
    """Kills what would tidy up after itself: runtime and kubelet, in the middle of a Pod's start."""
    place = pods.create(cluster, "default", pods.pod("running", ["sleep", "100000"]))
    pods.wait_phase(cluster, place, "Running")
    pods.create(cluster, "default", pods.pod("starting", ["sleep", "100000"]))
    cluster.kill("kubelet-node-1")
    os.kill(int((cluster.nodes()[0].folder / "containerd.pid").read_text()), signal.SIGKILL)


def test_down_leaves_nothing_of_a_cluster_that_was_killed():
    with tempfile.TemporaryDirectory(prefix="penstock-cluster-") as folder:
        cluster = RealCluster(pathlib.Path(folder) / "cluster")
        before = on_the_machine(folder)
        try:
            cluster.up()
            break_off(cluster)
            during = on_the_machine(folder)
        finally:
            cluster.down()
        for kind in ("mounts", "cgroups", "links", "packet filter rules", "processes"):
            assert during[kind] - before[kind], f"the test sees no {kind} of a running cluster"
        left = {}

        def compare():
            left.clear()
            after = on_the_machine(folder)
            left.update({kind: sorted(after[kind] - before[kind]) for kind in before if after[kind] - before[kind]})
            return not left
        try:
            wait_for("nothing to be left", compare, seconds=5)
        except TimeoutError:
            raise AssertionError(f"left on the machine: {left}") from None
        assert not cluster.folder.exists()


def test_a_second_cluster_with_nodes_is_refused_and_touches_nothing():
    with tempfile.TemporaryDirectory(prefix="penstock-cluster-") as folder:
        first, second = RealCluster(pathlib.Path(folder) / "first"), RealCluster(pathlib.Path(folder) / "second")
        first.claim_machine()
        node = Node(1, first.folder)
        try:
            node.make_network()
            try:
                second.up()
                raise AssertionError("it was accepted")
            except RuntimeError as refusal:
                assert "take it down first" in str(refusal), refusal
            assert not second.folder.exists() and node.has_bridge()
        finally:
            first.down()
        assert not node.has_bridge() and not first.folder.exists()
