"""Two operators on one API: the leader is ended, killed, and stopped for longer than its Lease. One without an API waits for it."""
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from cluster import GROUP, ControlPlane, free_port, phase, small_job, wait_for  # noqa: E402

BIN = pathlib.Path(os.environ["PENSTOCK_BIN"])
JOBS = GROUP + "/namespaces/default/streamjobs"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/penstock-operator"
LEASE_SECONDS = 15


class Operator:
    """One `run --leader-elect` beside a control plane."""

    def __init__(self, plane, name):
        self.plane, self.name, self.port = plane, name, free_port()
        self.process = plane.start(name, "run", "--kubeconfig", plane.kubeconfig, "--leader-elect", "--http",
                                   f"127.0.0.1:{self.port}", "--checkpoints", f"file://{plane.folder}/checkpoints")

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            return ""

    def ready(self):
        return self.get("/readyz") == "ok"

    def leads(self):
        return re.search(r"^leader_election_master_status\S* 1$", self.get("/metrics"), re.M) is not None

    def writes(self):
        """Requests so far that change something other than the Lease."""
        found = re.findall(r'penstock_operator_api_requests_total\{([^}]*)\} (\S+)', self.get("/metrics"))
        labels = [(dict(re.findall(r'(\w+)="([^"]*)"', text)), float(count)) for text, count in found]
        return sum(count for label, count in labels
                   if label["verb"] not in ("get", "list", "watch") and label["resource"] != "leases")


def seen(plane, name):
    """Whether an operator has taken note of the job."""
    return plane.api.call("GET", f"{JOBS}/{name}").get("status", {}).get("observedGeneration")


def create(plane, name):
    plane.api.call("POST", JOBS, small_job(name))


def seconds_until(what, ask, limit):
    begun = time.monotonic()
    wait_for(what, ask, seconds=limit, every=0.01)
    return time.monotonic() - begun


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def candidates_are_warm_and_write_nothing(plane, leader, candidate):
    wait_for("the leader to lead", lambda: leader.ready() and leader.leads())
    create(plane, "first")
    wait_for("the first job to be seen", lambda: seen(plane, "first"))
    wait_for("the candidate's caches", candidate.ready)
    check(not candidate.leads(), "two lead")
    check(candidate.writes() == 0, f"a candidate wrote: {candidate.get('/metrics')}")
    check(leader.writes() > 0, "the leader wrote nothing")


def a_planned_end_hands_over(plane, leader, candidate):
    leader.process.send_signal(signal.SIGTERM)
    create(plane, "planned")
    took = seconds_until("the candidate to act after the leader's end", lambda: seen(plane, "planned"), 30)
    check(leader.process.wait(timeout=10) == 0, f"the leader ended with {leader.process.returncode}")
    check(took < LEASE_SECONDS - 3, f"the Lease ran out instead of being released: {took:.2f} s")
    return took


def a_crash_is_overtaken(plane, leader, candidate):
    leader.process.send_signal(signal.SIGKILL)
    leader.process.wait()
    create(plane, "crashed")
    took = seconds_until("the candidate to act after a crash", lambda: seen(plane, "crashed"), 40)
    check(took > LEASE_SECONDS - 3, f"the Lease was taken before it ran out, after {took:.2f} s")
    return took


def everything(plane):
    """The version of each object that an operator could write."""
    paths = [JOBS, LEASE.rpartition("/")[0], "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps",
             "/apis/events.k8s.io/v1/namespaces/default/events"]
    return {(path, name): item["metadata"]["resourceVersion"] for path in paths for name, item in plane.api.items(path).items()}


def a_sleeper_wakes_to_nothing(plane, leader, candidate):
    """The leader is stopped until another leads. When it wakes there is work in its socket, and nobody else writes."""
    leader.process.send_signal(signal.SIGSTOP)
    create(plane, "slept-1")
    wait_for("the candidate to lead", candidate.leads, seconds=40)
    wait_for("the job to be seen by the new leader", lambda: seen(plane, "slept-1"))
    wait_for("the job to run", lambda: phase(plane.api.jobs()["slept-1"]) == "Running")
    candidate.process.send_signal(signal.SIGSTOP)
    create(plane, "slept-2")
    before = everything(plane)
    begun = time.monotonic()
    leader.process.send_signal(signal.SIGCONT)
    code = leader.process.wait(timeout=5)
    took = time.monotonic() - begun
    after = everything(plane)
    candidate.process.send_signal(signal.SIGCONT)
    check(code == 1, f"the sleeper ended with {code}")
    changed = {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    check(not changed, f"the sleeper wrote: {changed}")
    log = (plane.folder / f"{leader.name}.log").read_text()
    check("leadership is lost" in log, "the sleeper does not say why it ended")
    wait_for("the new leader to go on", lambda: seen(plane, "slept-2"))
    return took


def an_operator_waits_for_its_api_server(plane):
    """Alive and not ready without an API server, and at work once it is there."""
    plane.server.send_signal(signal.SIGTERM)
    plane.server.wait(timeout=30)
    early = Operator(plane, "early")
    wait_for("an operator that waits", lambda: early.get("/healthz") == "ok")
    check(not early.ready(), "ready without an API server")
    port = plane.api.server.rpartition(":")[2]
    plane.server = plane.start("api-again", "up", "--api-only", "--data", plane.folder / "data", "--kubeconfig", plane.kubeconfig,
                               "--listen", f"127.0.0.1:{port}")
    wait_for("the operator to lead", early.leads, seconds=60)
    create(plane, "early")
    wait_for("the job to be seen", lambda: seen(plane, "early"))
    check(early.process.poll() is None, "the operator ended")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="penstock-leadership-"))
    with ControlPlane(BIN, folder, operator=False) as plane:
        one = Operator(plane, "one")
        wait_for("the first to lead", one.leads)
        two = Operator(plane, "two")
        candidates_are_warm_and_write_nothing(plane, one, two)
        planned = a_planned_end_hands_over(plane, one, two)
        three = Operator(plane, "three")
        wait_for("the third's caches", three.ready)
        crash = a_crash_is_overtaken(plane, two, three)
        four = Operator(plane, "four")
        wait_for("the fourth's caches", four.ready)
        sleeper = a_sleeper_wakes_to_nothing(plane, three, four)
        four.process.send_signal(signal.SIGTERM)
        four.process.wait(timeout=30)
        an_operator_waits_for_its_api_server(plane)
        print(f"planned hand-over {planned:.2f} s, after a crash {crash:.2f} s (lease {LEASE_SECONDS} s), "
              f"a sleeper ended within {sleeper:.2f} s")
    shutil.rmtree(folder)


main()
