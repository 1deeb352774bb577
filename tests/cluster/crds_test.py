"""The CRDs as a real API server takes them: accepted whole, and each of their CEL rules says what its twin in controllers/admission says."""
import contextlib
import json
import urllib.error

from cluster import GROUP, wait_for
from real_cluster import ROOT

PLURALS = {"StreamJob": "streamjobs", "ScalingPolicy": "scalingpolicies", "JobSnapshot": "jobsnapshots"}
CASES = json.loads((ROOT / "tests/support/cel_cases.json").read_text())


@contextlib.contextmanager
def crds(cluster):
    files = [word for file in sorted((ROOT / "crds").glob("*.yaml")) for word in ("-f", file)]
    try:
        cluster.kubectl("apply", "--server-side", *files)
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crds", "--all")
        wait_for("the kinds to be served", lambda: all(cluster.finds(f"{GROUP}/{plural}") for plural in PLURALS.values()))
        yield
    finally:
        cluster.kubectl("delete", "--timeout=60s", *files, check=False)


def merged(value, change):
    """`value` after a JSON merge patch."""
    if not isinstance(change, dict):
        return change
    result = dict(value) if isinstance(value, dict) else {}
    for key, new in change.items():
        if new is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), new)
    return result


def refusal(cluster, method, path, made):
    """The causes of a 422; an AssertionError when it was accepted."""
    try:
        cluster.api().call(method, path, made)
    except urllib.error.HTTPError as refused:
        answer = json.loads(refused.read())
        assert refused.code == 422, answer
        return answer["details"]["causes"]
    raise AssertionError("it was accepted")


def outcome(cluster, case, name):
    """What the API server says of a case, as [(field, message)]."""
    path = f"{GROUP}/namespaces/default/{PLURALS[case['kind']]}"
    valid = CASES["valid"][case["kind"]]

    def object_of(change, **metadata):
        return {"apiVersion": "penstock.dev/v1alpha1", "kind": case["kind"], "metadata": {"name": name, **metadata},
                "spec": merged(valid, change)}
    if "before" not in case:
        causes = refusal(cluster, "POST", path + "?dryRun=All", object_of(case["spec"]))
    else:
        there = cluster.api().call("POST", path, object_of(case["before"]))
        changed = object_of(case["spec"], resourceVersion=there["metadata"]["resourceVersion"])
        causes = refusal(cluster, "PUT", f"{path}/{name}", changed)
    return [(cause["field"], cause["message"]) for cause in causes]


def test_each_rule_of_the_crds_says_what_its_twin_says(cluster):
    wrong = []
    with crds(cluster):
        for number, case in enumerate(CASES["cases"]):
            try:
                said = outcome(cluster, case, f"case-{number}")
            except AssertionError as problem:
                wrong.append(f"{case['rule']}: {problem}")
                continue
            wanted = (case.get("celField", case["field"]), case.get("celMessage", case["message"]))
            if len(said) != 1 or said[0][0] != wanted[0] or not said[0][1].endswith(wanted[1]):
                wrong.append(f"{case['rule']}: expected {wanted}, got {said}")
    assert not wrong, f"{len(wrong)} of {len(CASES['cases'])}:\n" + "\n".join(wrong)


def test_what_the_cases_begin_with_is_accepted(cluster):
    with crds(cluster):
        for kind, spec in CASES["valid"].items():
            made = {"apiVersion": "penstock.dev/v1alpha1", "kind": kind, "metadata": {"name": "valid"}, "spec": spec}
            cluster.api().call("POST", f"{GROUP}/namespaces/default/{PLURALS[kind]}?dryRun=All", made)
