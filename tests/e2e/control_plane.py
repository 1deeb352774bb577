"""Drives `penstock-operator up`: starts and kills it, speaks to its API, looks at the processes of its Pods."""
import base64
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

from programs import BIN, wait_for

GROUP = "/apis/penstock.dev/v1alpha1/namespaces/default/streamjobs"
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


class ControlPlane:
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
        wait_for(self.has_started, "the control plane is there")
        text = self.kubeconfig.read_text()
        self.server = re.search(r"server: (\S+)", text)[1]
        self.token = re.search(r"token: \"?([^\s\"]+)", text)[1]
        authority = base64.b64decode(re.search(r"certificate-authority-data: (\S+)", text)[1]).decode()
        self.context = ssl.create_default_context(cadata=authority)
        wait_for(lambda: self.call("GET", "/readyz")[0] == 200, "the API is ready")

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
        request = urllib.request.Request(self.server + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": "Bearer " + self.token, "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
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
        return self.expect("POST", GROUP, {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": name},
                                           "spec": {"sql": sql, "checkpoints": {"interval": "100ms"},
                                                    "resources": {"slot": {"cpu": "1", "memory": "64Mi"}}, **spec}})

    def scale(self, name, slots):
        self.expect("PATCH", f"{GROUP}/{name}/scale", {"spec": {"replicas": slots}}, "application/merge-patch+json")

    def job(self, name):
        return self.expect("GET", f"{GROUP}/{name}")

    def phase(self, name):
        return self.job(name).get("status", {}).get("phase", "Pending")

    def wait_phase(self, name, phase, seconds=60):
        wait_for(lambda: self.phase(name) == phase, f"{name} is {phase}", seconds)

    def pods(self, name):
        return [pod for pod in self.expect("GET", PODS)["items"]
                if any(owner["name"] == name for owner in pod["metadata"].get("ownerReferences", []))]

    def running_pod(self, name):
        """The job's only Pod once it is ready."""
        def look():
            pods = self.pods(name)
            ready = [pod for pod in pods for status in pod["status"].get("containerStatuses", []) if status["ready"]]
            return ready[0] if len(pods) == len(ready) == 1 else None
        return wait_for(look, f"one ready Pod of {name}")

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
