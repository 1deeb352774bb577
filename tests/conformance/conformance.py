"""One suite of requests that a real API server and ours answer alike.

    conformance.py --kubeconfig FILE [--record] [CASE...]

A case is a file below cases/: steps, each with a request and the whole answer of a real server (1.35), as `normal` leaves it. The
suite sends them, in a namespace of their own, to whatever server the kubeconfig names, and says where its answers differ. --record
writes a real server's answers into the files. See README.md for the form of a step.
"""
import argparse
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from cluster import Api, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).parent
CRDS = HERE.parent.parent / "crds"
APPLY = "application/apply-patch+yaml"

# What differs by nature: from run to run, or because a real cluster has more in it than an API server.
VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "time", "lastTransitionTime", "deletionTimestamp", "nodePort", "continue",
            "renewTime"}
OF_A_CLUSTER = {"tolerations", "priority", "preemptionPolicy", "serviceAccount", "serviceAccountName", "selfLink", "description"}
CONTROLLERS = {"kube-controller-manager", "kube-scheduler", "kubelet", "penstock"}
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SERVICE_IP = re.compile(r"\b10\.(?:96|0)\.\d+\.\d+\b")
AGE = re.compile(r"^(\d+[smhd])+$")


def normal(value, space, key=""):
    """`value` without what may differ; names of the case's namespace become {ns}."""
    if key in VOLATILE and value not in (None, ""):
        return "*"
    if isinstance(value, str):
        value = SERVICE_IP.sub("<ip>", UID.sub("<uid>", value.replace(space, "{ns}")))
        return value
    if isinstance(value, list):
        if key == "cells":
            value = ["<age>" if isinstance(cell, str) and AGE.match(cell) else cell for cell in value]
        if key == "managedFields":
            value = [entry for entry in value if entry.get("manager") not in CONTROLLERS]
            value.sort(key=lambda entry: (entry["operation"], entry["manager"], entry.get("subresource", "")))
        return [normal(item, space) for item in value if not is_progress(item)]
    if isinstance(value, dict):
        out = {normal(name, space): normal(item, space, name) for name, item in value.items() if name not in OF_A_CLUSTER}
        if out.get("managedFields") == []:
            del out["managedFields"]
        if key == "status" and "qosClass" in out:  # of a Pod: schedulers and kubelets write the rest
            out = {name: item for name, item in out.items() if name in ("phase", "qosClass")}
        return out
    return value


def is_progress(frame):
    """A bookmark that comes when it comes: nobody may rely on it."""
    return isinstance(frame, dict) and frame.get("type") == "BOOKMARK" and "annotations" not in frame["object"].get("metadata", {})


def differences(wanted, got, at=""):
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [problem for name in sorted({*wanted, *got})
                for problem in ([f"{at}/{name} is missing"] if name not in got else
                                [f"{at}/{name} is {json.dumps(got[name])[:300]} instead of nothing"] if name not in wanted else
                                differences(wanted[name], got[name], f"{at}/{name}"))]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [problem for i, pair in enumerate(zip(wanted, got)) for problem in differences(*pair, f"{at}/{i}")]
    return [] if wanted == got else [f"{at} is {json.dumps(got)[:600]} instead of {json.dumps(wanted)[:600]}"]


def without(answer, pointers):
    """`answer` with a star where a step says that its words may differ."""
    for pointer in pointers:
        *path, last = pointer.strip("/").split("/")
        place = answer
        for name in path:
            place = place[int(name)] if isinstance(place, list) else place.get(name, {})
        if isinstance(place, list):
            place[int(last)] = "*"
        elif last in place:
            place[last] = "*"
    return answer


class Case:
    def __init__(self, file, api):
        self.file, self.api = file, api
        self.steps = json.loads(file.read_text())
        self.space = "conf-" + uuid.uuid4().hex[:8]
        self.names = {"ns": self.space, "core": f"/api/v1/namespaces/{self.space}",
                      "jobs": f"/apis/penstock.dev/v1alpha1/namespaces/{self.space}/streamjobs",
                      "leases": f"/apis/coordination.k8s.io/v1/namespaces/{self.space}/leases",
                      "budgets": f"/apis/policy/v1/namespaces/{self.space}/poddisruptionbudgets"}

    def fill(self, text):
        return re.sub(r"\{(\w+)\}", lambda found: self.names.get(found[1], found[0]), text)

    def ask(self, step):
        request = urllib.request.Request(self.api.server + self.fill(step["path"]).replace(" ", "%20"), method=step["do"],
                                         headers={"Authorization": "Bearer " + self.api.token, "User-Agent": "conformance/1",
                                                  "Accept": step.get("accept", "application/json")})
        if "body" in step:
            body = step["body"]
            request.data = self.fill(body if isinstance(body, str) else json.dumps(body)).encode()
            request.add_header("Content-Type", step.get("type", "application/json"))
        try:
            with urllib.request.urlopen(request, context=self.api.context, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def shown(self, step, text):
        """The answer as it is compared: JSON, a watch's frames, or the text."""
        try:
            answer = json.loads(text)
        except ValueError:
            lines = text.splitlines()
            answer = [json.loads(line) for line in lines] if step["path"].find("watch=") > 0 and lines else text
        if step["path"].find("watch=") > 0 and isinstance(answer, dict) and "type" in answer:
            answer = [answer]
        for name, pointer in step.get("save", {}).items():
            place = answer
            for part in pointer.strip("/").split("/"):
                place = place[int(part)] if isinstance(place, list) else place[part]
            self.names[name] = str(place)
        answer = normal(answer, self.space)
        if step.get("show"):  # only this much of it
            answer = {name: answer.get(name) for name in step["show"]} if isinstance(answer, dict) else answer
        return without(answer, step.get("loose", []))

    def problems(self, step, record):
        until = time.monotonic() + step.get("within", 0)
        while True:
            status, text = self.ask(step)
            shown = self.shown(step, text)
            if step.get("ignore"):
                shown = None
            if record and not step.get("within"):
                step["status"] = status
                if shown is not None:
                    step["answer"] = shown
            found = [f"status {status} instead of {step['status']}: {text[:300]}"] if status != step["status"] else []
            if not found and shown is not None and "answer" in step:
                found = differences(step["answer"], shown)
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.2)

    def run(self, record=False):
        self.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": self.space}, "kind": "Namespace", "apiVersion": "v1"})
        all_found = []
        try:
            if self.file.stem.startswith("pods"):
                self.await_account()
            for number, step in enumerate(self.steps):
                found = self.problems(step, record)
                all_found += [f"{self.file.stem} step {number} ({step['do']} {step['path']}): {problem}" for problem in found]
        finally:
            self.api.open("DELETE", "/api/v1/namespaces/" + self.space).close()
        if record:
            self.file.write_text("[\n" + ",\n".join("  " + json.dumps(step) for step in self.steps) + "\n]\n")
        return all_found

    def await_account(self):
        """A real server takes Pods once the namespace has its account."""
        groups = self.api.call("GET", "/api/v1")["resources"]
        if any(resource["name"] == "serviceaccounts" for resource in groups):
            wait_for("the namespace's account", lambda: self.api.items(f"/api/v1/namespaces/{self.space}/serviceaccounts"))


def install_crds(api):
    """Ours are served from the start."""
    if served(api):
        return
    for file in sorted(CRDS.glob("*.yaml")):
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{file.stem}.penstock.dev?fieldManager=conformance"
        request = urllib.request.Request(api.server + path, method="PATCH", data=file.read_bytes(),
                                         headers={"Authorization": "Bearer " + api.token, "Content-Type": APPLY})
        urllib.request.urlopen(request, context=api.context, timeout=30).close()
    wait_for("the CRDs", lambda: any(resource["name"] == "streamjobs/scale" for resource in served(api)))


def served(api):
    try:
        return api.call("GET", "/apis/penstock.dev/v1alpha1")["resources"]
    except urllib.error.HTTPError:
        return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    api = Api(options.kubeconfig)
    install_crds(api)
    files = [file for file in sorted((HERE / "cases").glob("*.json")) if not options.cases or file.stem in options.cases]
    if not files:
        raise SystemExit(f"no case is called {options.cases}")
    problems, steps = [], 0
    for file in files:
        case = Case(file, api)
        problems += case.run(options.record)
        steps += len(case.steps)
    print("\n".join(problems))
    print(f"{len(files)} cases, {steps} steps, {len(problems)} differences")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
