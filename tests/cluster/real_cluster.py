"""The test cluster: real Kubernetes components and nodes on this machine. Run by `./dev cluster up|down|status`; tests use RealCluster."""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.error

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "cmake/image")]
import cgroups
import machine
import small_images
from cluster import Api
from node import CGROUP, Node

FOLDER = ROOT / ".penstock-cluster"
PROGRAM = pathlib.Path(os.environ.get("PENSTOCK_CLUSTER", ROOT / "build/tools/penstock-cluster"))
KUBECTL = os.environ.get("PENSTOCK_KUBECTL") or shutil.which("kubectl") or str(ROOT / "build/tools/kubectl")
IMAGES = ROOT / "build/image"


def image_file():
    """Penstock's own image, which ./dev image makes."""
    made = list(IMAGES.glob("penstock-*.tar"))
    if len(made) != 1:
        raise RuntimeError(f"one image expected in {IMAGES}, found {len(made)}; ./dev image makes it")
    return made[0]


def image_name():
    return "penstock:" + image_file().stem.removeprefix("penstock-")


class RealCluster:
    """One cluster in one folder. `up` makes it, `down` takes it away whatever happened; in between, tests kill what they like."""

    def __init__(self, folder=FOLDER):
        self.folder = pathlib.Path(folder)
        self.kubeconfig = self.folder / "kubeconfig"
        self.program = self.folder / "penstock-cluster"  # the one that it was started with, whatever is built meanwhile
        self.settings = self.folder / "settings.before"

    def order(self, name, *words):
        """An order to penstock-cluster; its answer. What it says on stderr is shown."""
        command = [self.program, name, "--dir", self.folder, *words]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def nodes(self):
        numbers = sorted(int(path.name.removeprefix("node-")) for path in self.folder.glob("node-*") if path.is_dir())
        return [Node(number, self.folder) for number in numbers]

    def is_up(self):
        return self.kubeconfig.exists()

    def up(self, nodes=1):
        """Without nodes there is a control plane only: that needs no root, and any number of them fit on one machine."""
        if self.folder.exists():
            raise RuntimeError(f"{self.folder} holds a cluster; take it down first")
        address = "127.0.0.1"
        if nodes:
            self.claim_machine()
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROGRAM, self.program)
        if nodes:
            first = Node(1, self.folder)
            first.make_network()
            address = first.address
            first.start_containerd()
        self.order("up", "--address", address)
        for number in range(1, nodes + 1):
            self.add_node(number)

    def claim_machine(self):
        """Nodes share the machine's packet filter: those of one cluster at a time."""
        if os.geteuid() != 0:
            raise RuntimeError("nodes want root: bridges, cgroups and mounts are made; a control plane alone (--nodes 0) does not")
        if taken := self.taken():
            raise RuntimeError(f"{taken}; take it down first, or start this one with --nodes 0")
        self.folder.mkdir(parents=True)
        machine.remember_settings(self.settings)

    @staticmethod
    def taken():
        """Says by what the machine is taken, if it is."""
        links = [name for name in os.listdir("/sys/class/net") if name.startswith("penstock-")]
        rules = machine.rules()
        return f"nodes of another cluster run on this machine (links {links}, {len(rules)} packet filter rules)" if links or rules else ""

    def add_node(self, number):
        node = Node(number, self.folder)
        if not node.socket.exists():
            node.make_network()
            node.start_containerd()
        node.wait_containerd()
        for image in [*small_images.build(IMAGES), *IMAGES.glob("penstock-*.tar")]:
            node.load_image(image)
        self.order("join", "--node", node.name, "--address", node.address, "--cri", f"unix://{node.socket}", "--cgroup", f"/{node.cgroup}")
        return node

    def remove_node(self, node):
        self.order("stop", f"kubelet-{node.name}")
        (self.folder / f"kubelet-{node.name}.json").unlink()
        self.kubectl("delete", "node", node.name)
        node.down()

    def load_image(self, file):
        for node in self.nodes():
            node.load_image(file)

    def down(self):
        if not self.folder.exists():
            return
        if self.program.exists():  # as long as it does not, nothing has been started
            self.order("down")
        for node in self.nodes():
            node.down()
        if self.settings.exists():
            machine.remove_rules()
            cgroups.remove(CGROUP)
            machine.restore_settings(self.settings)
        for link in pathlib.Path("/var/log/containers").glob("*"):
            if str(link.readlink()).startswith(f"{self.folder}/"):
                link.unlink()
        shutil.rmtree(self.folder)

    def process(self, component):
        return int((self.folder / f"{component}.pid").read_text().split()[0])

    def is_alive(self, component):
        lines = [line.split() for line in self.order("status").splitlines()]
        return any(words[0] == component and words[1].startswith("alive") for words in lines)

    def kill(self, component):
        """SIGKILL; `start` brings it back."""
        os.kill(self.process(component), signal.SIGKILL)

    def start(self, *components):
        self.order("start", *components)

    def api(self):
        return Api(self.kubeconfig)

    def finds(self, path):
        """Whether the API server answers, and has it."""
        try:
            self.api().open("GET", path).close()
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kubectl(self, *words, input=None, check=True):
        command = [KUBECTL, "--kubeconfig", self.kubeconfig, *words]
        result = subprocess.run([str(word) for word in command], input=input, capture_output=True, text=True)
        if check and result.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, words))}: {result.stderr}")
        return result.stdout


def main():
    parser = argparse.ArgumentParser(prog="./dev cluster")
    parser.add_argument("order", choices=("up", "down", "status", "load"))
    parser.add_argument("file", nargs="?", help="load: the image to give to the nodes")
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes; 0 is a control plane only, which needs no root")
    options = parser.parse_args()
    cluster = RealCluster()
    began = time.monotonic()
    if options.order == "up":
        try:
            cluster.up(options.nodes)
        except RuntimeError as refusal:
            sys.exit(f"cluster up: {refusal}")
        except BaseException:
            print(f"cluster up failed; what it says is in {cluster.folder}, ./dev cluster down takes it away", file=sys.stderr)
            raise
        print(f"ready in {time.monotonic() - began:.1f} s", file=sys.stderr)
        print(cluster.kubeconfig)
    elif options.order == "down":
        cluster.down()
        print(f"down in {time.monotonic() - began:.1f} s", file=sys.stderr)
    elif not cluster.is_up():
        sys.exit("no cluster; ./dev cluster up starts one")
    elif options.order == "load":
        cluster.load_image(options.file)
    else:
        print(cluster.order("status") + str(cluster.kubeconfig))


if __name__ == "__main__":
    main()
