"""The CEL rules of the CRDs, asked of a real API server: each case of cel_cases.json is refused by its rule, where and with what the case says."""
import contextlib
import json
import urllib.error

import pods
from cluster import GROUP
from real_cluster import ROOT

CASES = json.loads((ROOT / "tests/support/cel_cases.json").read_text())
PLURALS = {"StreamJob": "streamjobs", "ScalingPolicy": "scalingpolicies", "JobSnapshot": "jobsnapshots"}


@contextlib.contextmanager
def crds(cluster):
    """The CRDs of this tree; those that were there before stay."""
    there = [name for name in PLURALS.values() if cluster.kubectl("get", "crd", f"{name}.penstock.dev", "--ignore-not-found", "-o", "name")]
    files = [word for name in PLURALS.values() if name not in there for word in ("-f", str(ROOT / f"crds/{name}.yaml"))]
    if files:
        cluster.kubectl("create", *files)
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *files)
    try:
        yield
    finally:
        if files:
            cluster.kubectl("delete", *files)


def merged(value, patch):
    """A JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        result.pop(key, None) if change is None else result.update({key: merged(result.get(key), change)})
    return result


def thing(kind, name, spec):
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def refusal(ask):
    """The Status that an API server refuses with; nothing when it does not."""
    try:
        ask()
        return None
    except urllib.error.HTTPError as failure:
        return json.loads(failure.read())


def says(status, field, message):
    causes = status.get("details", {}).get("causes", [])
    return status["code"] == 422 and len(causes) == 1 and causes[0].get("field") == field and message in causes[0]["message"]


def check(cluster, space, number, case):
    api, valid = cluster.api(), CASES["valid"][case["kind"]]
    place = f"{GROUP}/namespaces/{space}/{PLURALS[case['kind']]}"
    wanted = thing(case["kind"], f"case-{number}", merged(valid, case["spec"]))
    if "before" in case:
        api.call("POST", place, thing(case["kind"], f"case-{number}", merged(valid, case["before"])))
        patch = {"spec": case["spec"]}
        status = refusal(lambda: api.call("PATCH", f"{place}/case-{number}", patch, "application/merge-patch+json"))
    else:
        status = refusal(lambda: api.call("POST", place, wanted))
    field, message = case.get("celField", case["field"]), case.get("celMessage", case["message"])
    return None if status and says(status, field, message) else f"{case['at']}: {case['rule']}\n  wanted {field}: {message}\n  got {status}"


def test_each_rule_refuses_what_breaks_it(cluster):
    with crds(cluster), pods.namespace(cluster, "cel") as space:
        for kind, spec in CASES["valid"].items():
            cluster.api().call("POST", f"{GROUP}/namespaces/{space}/{PLURALS[kind]}", thing(kind, "valid", spec))
        wrong = [problem for number, case in enumerate(CASES["cases"]) if (problem := check(cluster, space, number, case))]
        assert not wrong, "\n".join(wrong)


def test_scale_is_held_to_the_rules_too(cluster):
    """No webhook sees it: the parallelism of a scale goes straight to the object."""
    with crds(cluster), pods.namespace(cluster, "cel-scale") as space:
        place = f"{GROUP}/namespaces/{space}/streamjobs"
        cluster.api().call("POST", place, thing("StreamJob", "scaled", {**CASES["valid"]["StreamJob"], "keyGroups": 8}))

        def scale(slots):
            patch = {"spec": {"replicas": slots}}
            return cluster.api().call("PATCH", f"{place}/scaled/scale", patch, "application/merge-patch+json")
        assert scale(8)["spec"]["replicas"] == 8
        status = refusal(lambda: scale(9))
        assert status and says(status, "spec.parallelism", "parallelism 9 is more than keyGroups 8"), status
