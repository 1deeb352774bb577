"""The image as a real kubelet runs it: as a user without rights, on a root that cannot be written, in a namespace that enforces that."""
import json
import pathlib
import subprocess
import tarfile
import tempfile

import pods
from real_cluster import ROOT, image_file, image_name

RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def restricted_pod(name, command):
    return pods.pod(name, command, image=image_name(), container={"securityContext": RESTRICTED},
                    securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}})


def layer():
    """The members of the image's only layer, by path."""
    with tarfile.open(image_file()) as whole:
        def blob(digest):
            return whole.extractfile("blobs/" + digest.replace(":", "/"))
        manifest = json.load(blob(json.load(whole.extractfile("index.json"))["manifests"][0]["digest"]))
        assert len(manifest["layers"]) == 1, manifest
        with tarfile.open(fileobj=blob(manifest["layers"][0]["digest"])) as entries:
            return {entry.name: entry for entry in entries}


def test_both_programs_run_without_rights_on_a_root_that_cannot_be_written(cluster):
    with pods.namespace(cluster, "image", restricted=True) as space:
        for program in ("penstock", "penstock-operator"):
            place = pods.create(cluster, space, restricted_pod(program, [program, "--version"]))
            pods.wait_phase(cluster, place, "Succeeded")
            assert cluster.kubectl("logs", "-n", space, program) == f"{program} {image_name().rpartition(':')[2]}\n"


def test_a_job_runs_in_the_image_and_writes_to_tmp(cluster):
    sql = ("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100000', 'number-of-rows' = '1000');"
           "CREATE TABLE sink (n BIGINT) WITH ('connector' = 'print'); INSERT INTO sink SELECT n FROM numbers;")
    with pods.namespace(cluster, "image-job", restricted=True) as space:
        cluster.api().call("POST", f"/api/v1/namespaces/{space}/configmaps",
                           {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "job"}, "data": {"job.sql": sql}})
        made = restricted_pod("job", ["penstock", "run", "/etc/penstock/job.sql", "--checkpoints", "file:///tmp/checkpoints"])
        made["spec"]["volumes"] = [{"name": "job", "configMap": {"name": "job"}}, {"name": "tmp", "emptyDir": {}}]
        made["spec"]["containers"][0]["volumeMounts"] = [{"name": "job", "mountPath": "/etc/penstock"}, {"name": "tmp", "mountPath": "/tmp"}]
        pods.wait_phase(cluster, pods.create(cluster, space, made), "Succeeded")
        log = cluster.kubectl("logs", "-n", space, "job")
        assert log.count("+I[") == 1000, log[-2000:]


def test_the_image_holds_no_shell_and_nothing_that_its_user_may_write_but_tmp():
    entries = layer()
    programs = [name for name in entries if name.startswith("usr/bin/")]
    assert sorted(programs) == ["usr/bin/penstock", "usr/bin/penstock-operator"], programs
    writable = [name for name, entry in entries.items() if not entry.issym() and entry.mode & 0o002]
    assert writable == ["tmp"], writable
    assert all(entry.mtime == 0 and entry.uid == 0 for entry in entries.values())
    assert entries["etc/ssl/certs/ca-certificates.crt"].size > 100_000


def test_the_same_programs_make_the_same_image():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["python3", ROOT / "cmake/image/penstock_image.py", "--out", folder], check=True, capture_output=True)
        assert pathlib.Path(folder, image_file().name).read_bytes() == image_file().read_bytes()
