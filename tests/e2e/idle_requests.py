"""What an idle operator costs its API server: three jobs run, nothing is changed, requests are counted by type.

    idle_requests.py --bin DIR --data DIR

An idle minute may cost five requests besides Lease renewals and status refreshes (one in ten seconds per job); what is there
comes as one stream of each type, once in the life of the process. PENSTOCK_IDLE_SECONDS is the length of the look, 20 by default.
"""
import argparse
import math
import os
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import GROUP, ControlPlane, condition, phase, small_job, wait_for  # noqa: E402

REFRESH = ("update", "streamjobs/status")
JOBS = 3


def settled(plane):
    """All jobs run, their version counts as stable, a checkpoint is complete: nothing is left to be told."""
    jobs = plane.api.jobs().values()
    return len(jobs) == JOBS and all(
        phase(job) == "Running" and condition(job, "Ready") == "True" and condition(job, "StateSafe") == "True"
        and job["status"]["versions"][0].get("stable") for job in jobs)


def difference(before, after):
    return {what: count - before.get(what, 0) for what, count in after.items() if count != before.get(what, 0)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    idle = float(os.environ.get("PENSTOCK_IDLE_SECONDS", "20"))
    shutil.rmtree(arguments.data, ignore_errors=True)
    with ControlPlane(arguments.bin.resolve(), arguments.data.resolve()) as plane:
        jobs = f"{GROUP}/namespaces/default/streamjobs"
        # One of them is looked at by the autoscaler every second, which must not cost requests either.
        policy = {"mode": "Auto", "minParallelism": 1, "maxParallelism": 1}
        for number in range(JOBS):
            spec = {"upgrade": {"stableAfter": "2s"}, **({"scaling": {"policy": policy}} if number == 0 else {})}
            plane.api.call("POST", jobs, small_job(f"idle-{number}", **spec))
        wait_for("three jobs that have settled", lambda: settled(plane), seconds=120)

        before, started = plane.requests(), time.monotonic()
        wait_for("the interval to end", lambda: time.monotonic() >= started + idle, seconds=idle + 10, every=0.5)
        seconds = time.monotonic() - started
        spent = difference(before, plane.requests())
        refreshes = spent.pop(REFRESH, 0)
        spent = {what: count for what, count in spent.items() if what[1] != "leases"}
        asked = plane.requests()
        lists = {what[1]: count for what, count in asked.items() if what[0] == "list"}
        streams = {what[1]: count for what, count in asked.items() if what[0] == "watch"}

    print(f"in {seconds:.0f} s: {refreshes} status refreshes, besides these {sum(spent.values())} requests {spent}; streams {streams}, lists {lists}")
    allowed = math.ceil(5 * seconds / 60)
    if sum(spent.values()) > allowed:
        sys.exit(f"more than {allowed} requests besides Lease renewals and status refreshes: {spent}")
    if not refreshes:
        sys.exit("no status refresh was counted, so the counters count nothing")
    if refreshes > JOBS * (seconds / 10 + 1):
        sys.exit(f"{refreshes} status refreshes: more than one in ten seconds per job")
    kinds = ["configmaps", "jobsnapshots", "nodes", "pods", "scalingpolicies", "streamjobs"]
    if lists or sorted(streams) != kinds or set(streams.values()) != {1}:
        sys.exit(f"each type should have come as one stream, which goes on as its watch; got streams {streams}, lists {lists}")


if __name__ == "__main__":
    main()
