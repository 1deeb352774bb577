"""One node of the test cluster, without its kubelet: a containerd of its own, a bridge, a cgroup. Several fit on one machine."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]
import cgroups
import machine
from cluster import wait_for

CGROUP = "penstock-cluster"  # all nodes live below it
PAUSE = "localhost/pause:1"

CONTAINERD = """version = 2
root = "{folder}/containerd"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  restrict_oom_score_adj = true  # without CAP_SYS_RESOURCE no container would start
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{folder}/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


class Node:
    def __init__(self, number, cluster_folder):
        self.number, self.name = number, f"node-{number}"
        self.folder = pathlib.Path(cluster_folder) / self.name
        self.bridge = f"penstock-{number}"
        self.address = f"10.244.{number}.1"
        self.cgroup = f"{CGROUP}/{self.name}"
        self.socket = self.folder / "containerd.sock"

    def ctr(self, *words):
        return run("ctr", "--address", self.socket, "--namespace", "k8s.io", *words)

    def make_network(self):
        """The bridge, whose address must be there before an API server is told to advertise it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.has_bridge():
            run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "address", "replace", f"{self.address}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        network = {"cniVersion": "0.4.0", "name": self.bridge, "plugins": [
            {"type": "bridge", "bridge": self.bridge, "isGateway": True, "isDefaultGateway": True, "ipMasq": True, "hairpinMode": True,
             "ipam": {"type": "host-local", "dataDir": str(self.folder / "addresses"),
                      "ranges": [[{"subnet": f"10.244.{self.number}.0/24", "gateway": self.address}]]}},
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True}]}
        (self.folder / "cni").mkdir(exist_ok=True)
        (self.folder / "cni" / "penstock.conflist").write_text(json.dumps(network))

    def start_containerd(self):
        cgroups.create(self.cgroup)
        file = self.folder / "containerd.toml"
        file.write_text(CONTAINERD.format(folder=self.folder, pause=PAUSE))
        with (self.folder / "containerd.log").open("ab") as log:
            started = subprocess.Popen(["containerd", "--config", file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        (self.folder / "containerd.pid").write_text(str(started.pid))

    def wait_containerd(self):
        def answers():
            return subprocess.run(["ctr", "--address", self.socket, "version"], capture_output=True).returncode == 0
        wait_for(f"containerd; see {self.folder}/containerd.log", answers)

    def load_image(self, file):
        self.ctr("images", "import", file)

    def has_bridge(self):
        return pathlib.Path("/sys/class/net", self.bridge).exists()

    def _of_this_node(self):
        """Processes of this containerd: itself and its shims, which name its socket or its configuration."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                except OSError:
                    continue
                if str(self.socket) in words or str(self.folder / "containerd.toml") in words:
                    yield int(entry.name)

    def _end_processes(self):
        """Containers first, then who would start or watch them."""
        pids = {*cgroups.processes(self.cgroup), *self._of_this_node()}
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not pids

    def _remove_what_others_left(self):
        """Files outside the folder: results that the network plugins keep per container, sockets of the shims."""
        for file in pathlib.Path("/var/lib/cni/results").glob(f"{self.bridge}-*-eth0"):
            container = file.name.removeprefix(self.bridge + "-").removesuffix("-eth0")
            file.with_name(f"cni-loopback-{container}-lo").unlink(missing_ok=True)
            file.unlink()
        for file in self.folder.glob("state/io.containerd.runtime.v2.task/*/*/address"):
            pathlib.Path(file.read_text().removeprefix("unix://")).unlink(missing_ok=True)

    def down(self):
        """Takes away all that the node has put on the machine, however far it came and however it ended; its kubelet has ended before."""
        wait_for(f"the processes of {self.name} to end", self._end_processes, seconds=20)
        machine.unmount_below(self.folder)
        cgroups.remove(self.cgroup)
        if self.has_bridge():
            run("ip", "link", "delete", self.bridge)
        self._remove_what_others_left()
        shutil.rmtree(self.folder)
