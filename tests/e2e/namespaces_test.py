"""An operator that looks after namespaces with a label: what is elsewhere is left alone, until the label comes, and again when it goes."""
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import GROUP, ControlPlane, phase, small_job, wait_for  # noqa: E402
from programs import BIN, Workplace  # noqa: E402

MERGE = "application/merge-patch+json"


def jobs(space):
    return f"{GROUP}/namespaces/{space}/streamjobs"


def label(api, space, value):
    api.call("PATCH", f"/api/v1/namespaces/{space}", {"metadata": {"labels": {"team": value}}}, MERGE)


def untouched(job):
    return "finalizers" not in job["metadata"] and not job.get("status")


def main():
    with Workplace("namespaces") as place, ControlPlane(BIN, place, operator=False) as plane:
        api = plane.api
        for space in ("ours", "theirs"):
            api.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        label(api, "ours", "a")
        for space in ("ours", "theirs"):
            api.call("POST", jobs(space), small_job("before"))
        plane.start("operator", "run", "--kubeconfig", plane.kubeconfig, "--namespace-selector", "team=a",
                    "--checkpoints", f"file://{place}/checkpoints")
        wait_for("the job in scope to run", lambda: phase(api.items(jobs("ours"))["before"]) == "Running")
        assert untouched(api.items(jobs("theirs"))["before"]), api.items(jobs("theirs"))
        assert not api.items("/api/v1/namespaces/theirs/pods")

        label(api, "theirs", "a")
        wait_for("the other job to run", lambda: phase(api.items(jobs("theirs"))["before"]) == "Running")

        # One after the other: namespaces and jobs come by different watches.
        label(api, "ours", None)
        for space, name in (("theirs", "after"), ("ours", "after"), ("theirs", "last")):
            api.call("POST", jobs(space), small_job(name))
            if space == "theirs":
                wait_for("the new job in scope to run", lambda: phase(api.items(jobs("theirs"))[name]) == "Running")
        assert untouched(api.items(jobs("ours"))["after"]), api.items(jobs("ours"))
        assert list(api.items("/api/v1/namespaces/ours/pods")), "the Pod of a job that went out of scope is left alone"


main()
