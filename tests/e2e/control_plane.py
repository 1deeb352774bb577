"""Drives `penstock-operator up`: starts and kills it, speaks to its API, looks at the processes of its Pods."""
import json
import os
import pathlib
import signal
import subprocess
import urllib.error

from programs import BIN
from cluster import GROUP, Api, phase, wait_for

JOBS = GROUP + "/namespaces/default/streamjobs"
PODS = "/api/v1/namespaces/default/pods"


class Process:
    """A Pod's process as the kernel sees it: a number alone could be another process by now."""

    def __init__(self, pid):
        self.pid, self.started = pid, self.start_time(pid)

    @staticmethod
    def start_time(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        except OSError:
            return None

    def alive(self):
        return self.started is not None and self.start_time(self.pid) == self.started

    def kill(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)


class Up:
    def __init__(self, data):
        self.data = pathlib.Path(data)
        self.data.mkdir(parents=True, exist_ok=True)
        self.kubeconfig = self.data / "kubeconfig"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing outlives the test, whatever happened."""
        if self.process:
            self.kill()
        for run in self.data.glob("pods/*/*.run"):
            fields = run.read_text().split()
            for pid, started in ((fields[0], fields[1]), (fields[3], fields[4])):
                if Process.start_time(pid) == started:
                    os.kill(int(pid), signal.SIGKILL)

    def launch(self):
        self.kubeconfig.unlink(missing_ok=True)
        with (self.data / "up.log").open("ab") as log:
            self.process = subprocess.Popen([BIN / "penstock-operator", "up", "--data", self.data, "--kubeconfig", self.kubeconfig],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def start(self):
        self.launch()
        wait_for("the control plane is there", self.has_started)
        self.api = Api(self.kubeconfig)
        wait_for("the API is ready", lambda: self.call("GET", "/readyz")[0] == 200)

    def has_started(self):
        if self.process.poll() is not None:
            raise AssertionError(f"up ended with {self.process.returncode}: {(self.data / 'up.log').read_text()[-2000:]}")
        return self.kubeconfig.exists()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ends_within(self, seconds):
        try:
            self.process.wait(timeout=seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            raise AssertionError(f"up ended with {self.process.returncode}")

    def call(self, method, path, body=None, content_type="application/json"):
        """The status and the answer, which is text where it is not JSON."""
        try:
            with self.api.open(method, path, body, content_type) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, refusal.read()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode()

    def expect(self, method, path, body=None, content_type="application/json"):
        status, answer = self.call(method, path, body, content_type)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def create_job(self, name, sql, **spec):
        return self.expect("POST", JOBS, {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": name},
                                           "spec": {"sql": sql, "checkpoints": {"interval": "100ms"},
                                                    "resources": {"slot": {"cpu": "1", "memory": "64Mi"}}, **spec}})

    def scale(self, name, slots):
        self.expect("PATCH", f"{JOBS}/{name}/scale", {"spec": {"replicas": slots}}, "application/merge-patch+json")

    def job(self, name):
        return self.expect("GET", f"{JOBS}/{name}")

    def phase(self, name):
        return phase(self.job(name))

    def wait_phase(self, name, wanted):
        wait_for(f"{name} is {wanted}", lambda: self.phase(name) == wanted)

    def pods(self, name):
        return [pod for pod in self.expect("GET", PODS)["items"]
                if any(owner["name"] == name for owner in pod["metadata"].get("ownerReferences", []))]

    def running_pod(self, name):
        """The job's only Pod once it is ready."""
        def look():
            pods = self.pods(name)
            ready = [pod for pod in pods for status in pod["status"].get("containerStatuses", []) if status["ready"]]
            return ready[0] if len(pods) == len(ready) == 1 else None
        return wait_for(f"one ready Pod of {name}", look)

    def process_of(self, pod):
        folder = self.data / "pods" / pod["metadata"]["uid"]
        newest = max(folder.glob("*.run"), key=lambda path: int(path.stem))
        return Process(int(newest.read_text().split()[0]))


def restarts(pod):
    return pod["status"]["containerStatuses"][0]["restartCount"]


def control_address(pod):
    port = next(port["containerPort"] for port in pod["spec"]["containers"][0]["ports"] if port["name"] == "control")
    return f"{pod['status']['podIP']}:{port}"


def ctl(pod, *words):
    """penstock ctl to the job in a Pod; nothing of the control plane is needed for that."""
    result = subprocess.run([BIN / "penstock", "ctl", control_address(pod), *map(str, words)], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"ctl {words}: {result.stderr}")
    return result.stdout
