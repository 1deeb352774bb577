"""Renders the chart and reads its files, for the tests of the chart."""
import functools
import json
import os
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/penstock"
TOOLS = ROOT / "build/tools"
HELM = os.environ.get("PENSTOCK_HELM", str(TOOLS / "helm"))
KUBECONFORM = os.environ.get("PENSTOCK_KUBECONFORM", str(TOOLS / "kubeconform"))
BIN = pathlib.Path(os.environ.get("PENSTOCK_BIN", ROOT / "build/release/bin"))
KUBERNETES = "1.35.4"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def run(*command, text=None):
    """(exit code, stdout, stderr)."""
    if not pathlib.Path(command[0]).exists():
        raise FileNotFoundError(f"{command[0]} is not there: `./dev test` builds it, or say where it is (PENSTOCK_HELM, PENSTOCK_KUBECONFORM, PENSTOCK_BIN)")
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def helm(command, *arguments, values=None):
    return run(HELM, command, *arguments, "-f", "-", text=json.dumps(values or {}))


def render_text(values=None, chart=CHART, release="penstock", namespace="penstock-system", more=()):
    return rendered(json.dumps(values or {}), chart, release, namespace, tuple(more))


@functools.cache
def rendered(values, *how):
    chart, release, namespace, more = how
    code, out, problem = run(HELM, "template", release, chart, "--namespace", namespace, "--kube-version", KUBERNETES, "-f", "-", *more, text=values)
    if code:
        raise AssertionError(f"helm template refuses {values}: {problem}")
    return out


def render(values=None, **how):
    """The objects, as a list."""
    return [one for one in yaml.load_all(render_text(values, **how), LOADER) if one]


def pick(objects, kind, name=None):
    return [one for one in objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]


def one(objects, kind, name=None):
    found = pick(objects, kind, name)
    if len(found) != 1:
        raise AssertionError(f"expected one {kind} {name or ''}, found {[each['metadata']['name'] for each in found]}")
    return found[0]


def metrics_in(expression):
    """Names of metrics in a PromQL expression: words that are no function, keyword or label."""
    bare = re.sub(r'"[^"]*"', "", expression)                                   # values of labels
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)                              # labels, ranges
    bare = re.sub(r"\boffset\s+\w+", "", bare)
    words = re.findall(r"[a-zA-Z_:][\w:]*(?!\w*\s*\()", bare)
    return {word for word in words if word not in ("and", "or", "unless", "by", "bool")}


def declared_metrics():
    """{name: kind} of what the sources declare, by the forms in which they do."""
    kinds = {}
    for folder in ("runtime", "operator"):
        for path in (ROOT / folder).rglob("*.cpp"):
            for kind, name in re.findall(r'\bk?([Cc]ounter|[Gg]auge|[Hh]istogram)[(,]\s*"([a-z_]+)"', path.read_text()):
                kinds[name] = kind.lower()
    return kinds
