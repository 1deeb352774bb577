"""What the operator weighs and how fast it reacts: `penstock-operator run` against `up --api-only`, on this machine.

    operator_bench.py [--bin DIR] [--rounds N] [--maps] [--json]

Memory without jobs is read after the caches are filled and nothing has moved for a while; times are medians of N rounds. --maps adds what
takes the memory. Where build/tools has it (./dev bench builds it), an operator over controller-runtime does the same work beside it: see
operator_peer.py. Exit 1 when a number is above its target, but with --json, which says so.
"""
import argparse
import collections
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cluster import GROUP, ControlPlane, condition, phase, small_job, wait_for  # noqa: E402
from operator_peer import PEER, compare, rollup  # noqa: E402

JOBS = f"{GROUP}/namespaces/default/streamjobs"


def maps(pid):
    """(resident, anonymous) KiB by what is mapped, largest first."""
    sums, name = collections.defaultdict(lambda: [0, 0]), ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            name = pathlib.Path(words[5]).name if len(words) > 5 else "(no name)"
        elif words[0] in ("Rss:", "Anonymous:"):
            sums[name][words[0] == "Anonymous:"] += int(words[1])
    return sorted(sums.items(), key=lambda item: -item[1][0])


class Watch:
    """When objects of a path changed, as a client sees it: a thread that keeps (seconds, object)."""

    def __init__(self, api, path):
        self.seen = []
        version = api.call("GET", path)["metadata"]["resourceVersion"]
        self.answer = api.open("GET", f"{path}?watch=true&resourceVersion={version}", timeout=600)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.answer:
            self.seen.append((time.monotonic(), json.loads(line)["object"]))

    def first(self, what, test, seconds=60):
        """When an object for which `test` holds came first."""
        return wait_for(what, lambda: next((at for at, seen in self.seen if test(seen)), None), seconds, every=0.005)


def number(name, value, unit, note, at_most=None):
    bound = {} if at_most is None else {"at_most": at_most}
    return {"name": name, "value": value, "unit": unit, "note": note, "missed": at_most is not None and value > at_most, **bound}


def settled_memory(plane):
    """smaps_rollup, once it has stood still for two seconds."""
    last = {"at": time.monotonic(), "value": None}

    def still():
        value = rollup(plane.operator.pid)
        if value["Anonymous"] != last["value"]:
            last.update(at=time.monotonic(), value=value["Anonymous"])
        return time.monotonic() - last["at"] > 2 and value
    return wait_for("memory that stands still", still, every=0.2)


def measure(plane, rounds):
    pods = Watch(plane.api, "/api/v1/namespaces/default/pods")
    jobs = Watch(plane.api, JOBS)
    ready, change = [], []
    for number in range(rounds):
        name = f"bench-{number}"
        applied = time.monotonic()
        plane.api.call("POST", JOBS, small_job(name))
        ready.append(jobs.first(f"{name} to be Ready",
                                lambda job: job["metadata"]["name"] == name and condition(job, "Ready") == "True") - applied)
        wait_for(f"{name} to run", lambda: phase(plane.api.jobs()[name]) == "Running")
        # A larger job needs a larger Pod, and the Pod comes first. Its request is (base + slots x slot) of CPU.
        changed = time.monotonic()
        plane.api.call("PATCH", f"{JOBS}/{name}", {"spec": {"parallelism": 2}}, "application/merge-patch+json")

        def grown(pod):
            resources = pod["spec"]["containers"][0].get("resources", {})
            return pod["metadata"]["name"].startswith(name + "-") and resources.get("requests", {}).get("cpu") == "2100m"
        change.append(pods.first(f"the Pod of {name} to be resized", grown) - changed)
        plane.api.call("DELETE", f"{JOBS}/{name}")
        wait_for(f"{name} to be gone", lambda: name not in plane.api.jobs())
    return ready, change


def main():
    parser = argparse.ArgumentParser(prog="./dev bench operator")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--maps", action="store_true", help="what takes the memory")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder, ControlPlane(arguments.bin.resolve(), folder) as plane:
        memory = settled_memory(plane)
        heaviest = maps(plane.operator.pid)[:25]
        threads = len(list(pathlib.Path(f"/proc/{plane.operator.pid}/task").iterdir()))
        ready, change = measure(plane, arguments.rounds)
        after = rollup(plane.operator.pid)
    compared = []
    if PEER.exists():
        with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
            compared = compare(arguments.bin.resolve(), pathlib.Path(folder))
    found = [
        number("resident without jobs", memory["Rss"] / 1024, "MiB", "caches filled, nothing moving", 32),
        number("anonymous without jobs", memory["Anonymous"] / 1024, "MiB", f"{threads} threads", 8),
        number("spec change to Pod request", statistics.median(change) * 1000, "ms",
               f"median of {len(change)}, slowest {max(change) * 1000:.0f}", 50),
        number("apply to Ready", statistics.median(ready) * 1000, "ms", f"median of {len(ready)}, slowest {max(ready) * 1000:.0f}"),
        number("resident after these jobs", after["Rss"] / 1024, "MiB", f"{after['Anonymous'] / 1024:.1f} anonymous"),
        *compared,
    ]
    missed = [one["name"] for one in found if one["missed"]]
    if arguments.json:
        print(json.dumps({"measurements": found, "missed": len(missed)}))
    else:
        for one in found:
            target = f"  (at most {one['at_most']})" if "at_most" in one else ""
            print(f"{one['name']:28} {one['value']:8.1f} {one['unit']}  {one['note']}{target}")
    if arguments.maps:
        print(f"\n{'mapped':40} {'KiB':>8} {'anonymous':>10}")
        for name, (resident, anonymous) in heaviest:
            print(f"{name:40} {resident:8} {anonymous:10}")
    sys.exit("above target: " + ", ".join(missed) if missed and not arguments.json else 0)


if __name__ == "__main__":
    main()
