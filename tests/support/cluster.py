"""A control plane in pieces for tests and measurements: the API of `up`, the operator beside it, a client of that API."""
import base64
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

GROUP = "/apis/penstock.dev/v1alpha1"


class Api:
    """Asks the API server that `up` serves, by the kubeconfig that it wrote. Answers of 400 and above raise HTTPError."""

    def __init__(self, kubeconfig):
        text = pathlib.Path(kubeconfig).read_text()
        self.server = re.search(r"server: (\S+)", text)[1]
        self.token = re.search(r"token: \"?([^\s\"]+)", text)[1]
        authority = base64.b64decode(re.search(r"certificate-authority-data: (\S+)", text)[1]).decode()
        self.context = ssl.create_default_context(cadata=authority)

    def open(self, method, path, body=None, content_type="application/json", timeout=30):
        request = urllib.request.Request(self.server + path, method=method, headers={"Authorization": "Bearer " + self.token})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", content_type)
        return urllib.request.urlopen(request, context=self.context, timeout=timeout)

    def call(self, method, path, body=None, content_type="application/json"):
        with self.open(method, path, body, content_type) as answer:
            return json.load(answer)

    def items(self, path):
        return {item["metadata"]["name"]: item for item in self.call("GET", path)["items"]}

    def jobs(self):
        return self.items(GROUP + "/streamjobs")


def condition(job, kind):
    conditions = job.get("status", {}).get("conditions", [])
    return next((c["status"] for c in conditions if c["type"] == kind), "Unknown")


def phase(job):
    return job.get("status", {}).get("phase", "Pending")


def wait_for(what, ask, seconds=60, every=0.05):
    """The first answer of `ask` that is true; TimeoutError, naming `what`, when there is none in time."""
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ControlPlane:
    """`up --api-only` with `run --kubeconfig` beside it (unless `operator` is False), below `folder`, until the end of a with-block."""

    def __init__(self, bin, folder, operator=True):
        self.with_operator = operator
        self.program = pathlib.Path(bin) / "penstock-operator"
        self.folder = pathlib.Path(folder)
        self.kubeconfig = self.folder / "kubeconfig"
        self.metrics_port = free_port()
        self.processes = []

    def start(self, name, *arguments):
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([self.program, *arguments], stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kubeconfig.unlink(missing_ok=True)
        try:
            self.server = self.start("api", "up", "--api-only", "--data", self.folder / "data", "--kubeconfig", self.kubeconfig)
            wait_for(f"the API server; see {self.folder}/api.log", self.kubeconfig.exists)
            self.api = Api(self.kubeconfig)
            if not self.with_operator:
                return self
            self.operator = self.start("operator", "run", "--kubeconfig", self.kubeconfig, "--http", f"127.0.0.1:{self.metrics_port}",
                                       "--checkpoints", f"file://{self.folder}/checkpoints")
            wait_for(f"the operator; see {self.folder}/operator.log", self.ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):  # the operator before its API
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def scrape(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def ready(self):
        if self.operator.poll() is not None:
            raise RuntimeError(f"the operator ended with code {self.operator.returncode}; see {self.folder}/operator.log")
        try:
            return self.scrape("/readyz") == "ok"
        except (urllib.error.URLError, ConnectionError):
            return False

    def requests(self):
        """Requests of the operator so far: {(verb, resource): count}."""
        pattern = r'penstock_operator_api_requests_total\{([^}]*)\} (\S+)'
        found = {}
        for labels, count in re.findall(pattern, self.scrape("/metrics")):
            label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            found[label["verb"], label["resource"]] = int(float(count))
        return found


def small_job(name, **spec):
    """A job that reads ten rows a second for ever and costs next to nothing."""
    sql = ("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');"
           "CREATE TABLE sink (n BIGINT) WITH ('connector' = 'blackhole');"
           "INSERT INTO sink SELECT n FROM numbers;")
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": name},
            "spec": {"sql": sql, "checkpoints": {"interval": "10s"},
                     "resources": {"slot": {"cpu": "1", "memory": "64Mi"}, "state": {"memory": "64Mi"}}, **spec}}
