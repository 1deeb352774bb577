"""penstock-operator beside a minimal operator over controller-runtime (tests/bench/peer), one after the other, each on a real API server
of its own without nodes: Pods stay Pending, so that operators and server are all that works.

Both add a finalizer, make a ConfigMap and a Pod for each StreamJob and write its status."""
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/cluster")]
from cluster import free_port, wait_for  # noqa: E402
from real_cluster import RealCluster  # noqa: E402

PEER = ROOT / "build/tools/penstock-bench-peer"
JOBS, CHANGES_PER_SECOND, PODS = 1000, 100, 10000
STARTS = 5
IDLE_SECONDS = 20


def rollup(pid):
    """KiB by name, from smaps_rollup."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settled(pid):
    """(MiB resident, MiB anonymous), once the process has used next to no CPU for two seconds."""
    last = {"at": time.monotonic(), "cpu": cpu_seconds(pid)}

    def quiet():
        used = cpu_seconds(pid)
        if used - last["cpu"] > 0.05:
            last.update(at=time.monotonic(), cpu=used)
        return time.monotonic() - last["at"] > 2
    wait_for("an operator that has nothing to do", quiet, seconds=300, every=0.2)
    sums = rollup(pid)
    return sums["Rss"] / 1024, sums["Anonymous"] / 1024


class Run:
    """One operator on one API server."""

    def __init__(self, name, words, folder):
        self.name, self.words, self.folder = name, words, folder
        self.cluster = RealCluster(folder / "cluster")
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        try:
            self.cluster.up(nodes=0)
            self.cluster.kubectl("apply", "-f", ROOT / "crds", "--server-side")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.ExitStack() as after:
            after.callback(self.cluster.down)
            self.stop()

    def start(self):
        with (self.folder / "operator.log").open("ab") as log:
            self.process = subprocess.Popen([*self.words, "--kubeconfig", self.cluster.kubeconfig], stdout=log, stderr=log)
        return self.process.pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def load(self, command, count, **options):
        words = [f"--{name}={value}" for name, value in options.items()]
        done = subprocess.run([PEER, command, "--kubeconfig", self.cluster.kubeconfig, f"--count={count}", *words],
                              stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def first_pod(self):
        """Milliseconds from the start of the program until the Pod of a job that waited for it is there."""
        self.cluster.kubectl("delete", "pods", "--all", "-n", "default", "--force", "--grace-period=0")
        words = [PEER, "first", "--kubeconfig", self.cluster.kubeconfig, "--", *self.words, "--kubeconfig", self.cluster.kubeconfig]
        with (self.folder / "operator.log").open("ab") as log:
            return json.loads(subprocess.run(words, stdout=subprocess.PIPE, stderr=log, text=True, check=True).stdout)["ms"]

    def measure(self):
        """{what: number}; times in ms, memory in MiB, CPU in seconds."""
        found = {}
        empty = self.start()
        found["resident without jobs"], found["anonymous without jobs"] = settled(empty)
        self.stop()

        # One job that waits for its operator, again and again.
        with subprocess.Popen([PEER, "create", "--kubeconfig", self.cluster.kubeconfig, "--count=1"], stdout=subprocess.DEVNULL):
            found["start to first Pod"] = statistics.median(self.first_pod() for _ in range(STARTS))
        self.cluster.kubectl("delete", "streamjobs", "--all", "-n", "default", "--wait=false")
        pid = self.start()
        wait_for("no jobs", lambda: not self.cluster.kubectl("get", "streamjobs,pods", "-n", "default", "-o", "name").strip(), seconds=120)

        created = self.load("create", JOBS)
        found["created to Pod, p50"], found["created to Pod, p99"] = created["p50_ms"], created["p99_ms"]
        found["jobs sent in"] = created["sent_seconds"]
        found["resident with 1,000 jobs"], found["anonymous with 1,000 jobs"] = settled(pid)
        before = cpu_seconds(pid)
        time.sleep(IDLE_SECONDS)
        found["idle"] = (cpu_seconds(pid) - before) / IDLE_SECONDS * 100
        changed = self.load("change", JOBS, rate=CHANGES_PER_SECOND)
        found["change to status, p50"], found["change to status, p99"] = changed["p50_ms"], changed["p99_ms"]
        settled(pid)
        self.stop()

        pid = self.start()
        settled(pid)
        without = cpu_seconds(pid)
        self.stop()
        self.load("pods", PODS)
        pid = self.start()
        found["resident with 10,000 Pods"], found["anonymous with 10,000 Pods"] = settled(pid)
        found["start with 10,000 Pods more"] = (cpu_seconds(pid) - without) * 1000
        return found


# What, unit, target as a bound, target as a share of the peer's number.
ROWS = [
    ("resident without jobs", "MiB", 25, None), ("anonymous without jobs", "MiB", 6, None),
    ("resident with 1,000 jobs", "MiB", 40, None), ("anonymous with 1,000 jobs", "MiB", 15, None),
    ("resident with 10,000 Pods", "MiB", 150, None), ("anonymous with 10,000 Pods", "MiB", 120, None),
    ("start to first Pod", "ms", 100, None),
    ("created to Pod, p50", "ms", None, None), ("created to Pod, p99", "ms", None, 1 / 3),
    ("change to status, p50", "ms", None, None), ("change to status, p99", "ms", 50, None),
    ("start with 10,000 Pods more", "ms of CPU", 300, None),
    ("idle", "% of a core", 2, None),
]


def compare(bin, folder):
    """Rows of the table."""
    measured = {}
    operators = {
        "penstock": [bin / "penstock-operator", "run", "--http", f"127.0.0.1:{free_port()}", "--checkpoints", f"file://{folder}/checkpoints",
                     "--log-level", "warning"],
        "peer": [PEER, "operator"],
    }
    for name, words in operators.items():
        print(f"{name} on a real API server", file=sys.stderr, flush=True)
        with Run(name, words, folder / name) as run:
            measured[name] = run.measure()
    rows = []
    for what, unit, bound, share in ROWS:
        own, peer = measured["penstock"][what], measured["peer"][what]
        most = bound if share is None else peer * share
        note = f"controller-runtime: {peer:.3g} {unit}"
        if what.startswith("created"):
            note += f"; 1,000 jobs sent in {measured['penstock']['jobs sent in']:.1f} s and {measured['peer']['jobs sent in']:.1f} s"
        row = {"name": what + ", real API server", "value": own, "unit": unit, "note": note, "missed": most is not None and own > most}
        rows.append(row | ({"at_most": most} if most is not None else {}))
    return rows
