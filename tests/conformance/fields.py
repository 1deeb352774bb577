"""Every field of every CR set to its edges, one at a time: accepted, or refused with a cause that names the field; and back to the good value.

    fields.py --kubeconfig FILE [--verdicts FILE]

The fields and their edges are walked in the CRDs' schemas, so that a new field is covered by being there. What a schema forbids has to be refused with
its path. What it allows is created, set back to the good value, and removed again; where a rule refuses it, the refusal has to say which field. --verdicts
writes what the server said to each, to be compared with another server's.
"""
import argparse
import copy
import json
import pathlib
import re
import sys
import urllib.error
import uuid

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from cluster import GROUP, Api  # noqa: E402
from conformance import CRDS, install_crds  # noqa: E402

VALID = json.loads((CRDS.parent / "tests/support/cel_cases.json").read_text())["valid"]
PLURALS = {"StreamJob": "streamjobs", "ScalingPolicy": "scalingpolicies", "JobSnapshot": "jobsnapshots"}
LARGEST = {"int32": 2**31 - 1, "int64": 2**63 - 1}
# A value of each pattern, by what it is for; tried in this order.
SAMPLES = ["a", "A", "10s", "1", "0 0 * * *", "2026-11-22T18:00:00Z", "64Mi", "500m", "00:00", "Mon"]


def sample(schema):
    """A small value that the schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("x-kubernetes-int-or-string"):
        return next(text for text in ("64Mi", "1", "500m") if matches(schema, text))
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "string":
        return next(text for text in SAMPLES if matches(schema, text) and len(text) >= schema.get("minLength", 0))
    if kind == "boolean":
        return True
    if kind == "array":
        return []
    return {name: sample(schema["properties"][name]) for name in schema.get("required", [])}


def matches(schema, text):
    return re.search(schema.get("pattern", ""), text) is not None


def fields(schema, place=()):
    """(place, schema) of every field; the place of a list's items has a 0 in it."""
    for name, child in schema.get("properties", {}).items():
        yield (*place, name), child
        yield from fields(child, (*place, name))
        if "items" in child:
            yield (*place, name, 0), child["items"]
            yield from fields(child["items"], (*place, name, 0))


def edges(schema):
    """(name, value, whether the schema allows it)"""
    kind = schema.get("type")
    wrong = {"string": 17, "integer": "many", "number": "much", "boolean": "yes", "array": {"a": 1}, "object": "thing"}
    if kind in wrong:
        yield "wrong type", wrong[kind], False
    if kind == "integer":
        yield "a fraction", 1.5, False
    if kind in ("integer", "number"):
        step = 1 if kind == "integer" else 0.001
        low, high = schema.get("minimum"), schema.get("maximum", LARGEST.get(schema.get("format")))
        if low is not None:
            yield "minimum", low, True
            yield "below minimum", low - step, False
        if high is not None:
            yield "maximum", high, True
        if "maximum" in schema:
            yield "above maximum", high + step, False
    if "enum" in schema:
        yield from ((f"enum {value}", value, True) for value in schema["enum"])
        yield "no enumerator", "Nonesuch", False
        return
    if schema.get("x-kubernetes-int-or-string"):
        yield "no quantity", "many", matches(schema, "many")
        yield "nothing", "", matches(schema, "")
        yield "a fraction", 1.5, False
        yield "a negative one", -1, True
        return
    if kind == "string":
        fine = matches(schema, "") and schema.get("minLength", 0) == 0
        yield "empty", "", fine
        yield "odd characters", "\u00e4 \n\"'\\", matches(schema, "\u00e4 \n\"'\\")
        if "maxLength" in schema:
            longest = "a" * schema["maxLength"]
            yield "longest", longest, matches(schema, longest)
            yield "too long", longest + "a", False
    if kind == "array":
        yield "empty", [], True
        if "maxItems" in schema:
            yield "too many", [sample(schema["items"])] * (schema["maxItems"] + 1), False
    if kind == "object":
        yield "empty", {}, not schema.get("required")
        if "maxProperties" in schema:
            yield "too many", {f"k{i}": "v" for i in range(schema["maxProperties"] + 1)}, False


def put(spec, place, value, schema):
    """`spec` with `value` at `place`, and around it what the schema requires."""
    spec = copy.deepcopy(spec)
    at = spec
    for step, after in zip(place, place[1:]):
        schema = schema["items"] if step == 0 and isinstance(step, int) else schema["properties"][step]
        if isinstance(step, int):
            at = at[0]
            continue
        if after == 0 and isinstance(after, int):
            at[step] = [sample(schema["items"])]
        elif not isinstance(at.get(step), dict):
            at[step] = sample(schema)
        at = at[step]
    at[place[-1]] = value
    return spec


def path_text(place):
    return "spec" + "".join(f"[{step}]" if isinstance(step, int) else "." + step for step in place)


class Walk:
    def __init__(self, api, space):
        self.api, self.space, self.problems, self.verdicts = api, space, [], {}

    def ask(self, method, path, body=None):
        try:
            with self.api.open(method, path, body) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def thing(self, kind, spec):
        return {"apiVersion": "penstock.dev/v1alpha1", "kind": kind, "metadata": {"name": "edge"}, "spec": spec}

    def case(self, kind, place, schema, name, value, allowed):
        where, path = f"{GROUP}/namespaces/{self.space}/{PLURALS[kind]}", path_text(place)
        label = f"{kind} {path}: {name}"
        status, answer = self.ask("POST", where, self.thing(kind, put(VALID[kind], place, value, schema)))
        if status == 201:
            self.verdicts[label] = "accepted"
            if not allowed:
                self.problems.append(f"{label}: accepted although the schema forbids it")
            self.back(kind, where, label, answer)
            return
        self.verdicts[label] = sorted({cause.get("field", "") for cause in answer.get("details", {}).get("causes", [])})
        if status != 422 or not any(names(field, path) for field in self.verdicts[label]):
            self.problems.append(f"{label}: {status} names {self.verdicts[label]}: {answer.get('message', '')[:300]}")

    def back(self, kind, where, label, made):
        """To the good value, unless the field may not change, which says so; and away."""
        good = {**made, "spec": VALID[kind]}
        status, answer = self.ask("PUT", where + "/edge", good)
        if status != 200 and not (status == 422 and "change" in answer.get("message", "")):
            self.problems.append(f"{label}, and back: {status} {answer.get('message', '')[:300]}")
        self.ask("DELETE", where + "/edge")

    def run(self):
        for kind, plural in PLURALS.items():
            crd = yaml.safe_load((CRDS / f"{plural}.yaml").read_text())
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
            for place, child in fields(schema):
                for name, value, allowed in edges(child):
                    self.case(kind, place, schema, name, value, allowed)


def names(field, path):
    """Whether the cause speaks of the field, of something in it, or of what it is part of (but not of the whole spec)."""
    return field.startswith(path) or (path.startswith(field) and field.count(".") >= 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--verdicts", type=pathlib.Path)
    options = parser.parse_args()
    api = Api(options.kubeconfig)
    install_crds(api)
    space = "fields-" + uuid.uuid4().hex[:8]
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": space}, "kind": "Namespace", "apiVersion": "v1"})
    walk = Walk(api, space)
    try:
        walk.run()
    finally:
        api.open("DELETE", "/api/v1/namespaces/" + space).close()
    if options.verdicts:
        options.verdicts.write_text(json.dumps(walk.verdicts, indent=1))
    print("\n".join(walk.problems))
    accepted = sum(verdict == "accepted" for verdict in walk.verdicts.values())
    print(f"{len(walk.verdicts)} values, {accepted} accepted, {len(walk.problems)} problems")
    sys.exit(1 if walk.problems else 0)


if __name__ == "__main__":
    main()
