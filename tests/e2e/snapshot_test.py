"""JobSnapshots of jobs that run: another job starts from one and counts on, exactly, also when its process is killed; one goes back to it; a schedule takes
and expires them; their files go when they are to go."""
import collections
import json
import pathlib
import time

from control_plane import JOBS, Up, restarts
from cluster import GROUP, condition, wait_for
from programs import Workplace

SNAPSHOTS = GROUP + "/namespaces/default/jobsnapshots"
ROWS, KEYS = 45_000, 10


def counting(output, rows_per_second=3_000):
    return f"""
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rows_per_second}',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{ROWS}');
CREATE TABLE result (k BIGINT, c BIGINT) WITH ('connector' = 'filesystem', 'path' = '{output}', 'format' = 'debezium-json');
INSERT INTO result SELECT k, COUNT(*) FROM (SELECT MOD(n, {KEYS}) AS k FROM numbers) GROUP BY k;
"""


class Snapshots:
    def __init__(self, up):
        self.up = up

    def create(self, name, job, **spec):
        self.up.expect("POST", SNAPSHOTS, {"apiVersion": "penstock.dev/v1alpha1", "kind": "JobSnapshot", "metadata": {"name": name},
                                           "spec": {"jobRef": {"name": job}, **spec}})

    def get(self, name):
        return self.up.expect("GET", f"{SNAPSHOTS}/{name}")

    def wait(self, name, phase, seconds=30):
        def look():
            found = self.get(name)
            return found if found.get("status", {}).get("phase") == phase else None
        return wait_for(f"snapshot {name} to be {phase}", look, seconds)["status"]

    def delete(self, name):
        self.up.expect("DELETE", f"{SNAPSHOTS}/{name}")
        wait_for(f"snapshot {name} to be gone", lambda: self.up.call("GET", f"{SNAPSHOTS}/{name}")[0] == 404)

    def of(self, job):
        return [one for one in self.up.expect("GET", SNAPSHOTS)["items"] if one["spec"]["jobRef"]["name"] == job]


def changes(folder):
    """Each change that a job committed, by key."""
    found = collections.defaultdict(list)
    for file in sorted(folder.glob("part-*")):
        for line in file.read_text().splitlines():
            after = json.loads(line)["after"]
            if after:
                found[after["k"]].append(after["c"])
    return found


def files_at(uri):
    folder = pathlib.Path(uri.removeprefix("file://"))
    return [path for path in folder.rglob("*") if path.is_file()]


def another_job_counts_on(place, up, snapshots):
    up.create_job("first", counting(place / "first"))
    wait_for("some counts", lambda: len(changes(place / "first")) == KEYS)
    snapshots.create("bridge", "first", retain="Delete")
    taken = snapshots.wait("bridge", "Completed")
    assert taken["checkpointId"] > 0 and taken["sizeBytes"] > 0 and taken["completedAt"], taken
    assert condition(snapshots.get("bridge"), "Complete") == "True"
    up.expect("PATCH", f"{JOBS}/first", {"spec": {"state": "Suspended"}}, "application/merge-patch+json")

    up.create_job("second", counting(place / "second"), restoreFrom={"snapshot": "bridge"})
    pod = up.running_pod("second")
    wait_for("counts of the second job, committed with a checkpoint of its own", lambda: len(changes(place / "second")) == KEYS)
    first_counts = {key: min(counts) for key, counts in changes(place / "second").items()}
    assert all(count > 1 for count in first_counts.values()), f"it began anew: {first_counts}"
    # The same Pod, another process: it goes on, and not back to the snapshot that the Pod's arguments name.
    before = {key: max(counts) for key, counts in changes(place / "second").items()}
    up.process_of(pod).kill()
    wait_for("another process", lambda: restarts(up.running_pod("second")) > 0)
    up.wait_phase("second", "Finished")
    for key, counts in changes(place / "second").items():
        assert max(counts) == ROWS // KEYS, (key, max(counts))
        assert len(counts) == len(set(counts)), f"key {key} was counted twice: {collections.Counter(counts).most_common(3)}"
        assert before[key] < ROWS // KEYS, "it was killed too late to show anything"
    print("another job counted on, also after a kill", flush=True)


def files_go_with_their_object(snapshots):
    uri = snapshots.get("bridge")["status"]["uri"]
    assert files_at(uri)
    snapshots.delete("bridge")
    assert not files_at(uri), files_at(uri)


def going_back(up, snapshots):
    up.create_job("returns", """CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
CREATE TABLE o (id BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT MOD(id, 5), COUNT(*) FROM t GROUP BY MOD(id, 5);""",
                  checkpoints={"interval": "100ms", "retained": 2, "savepoints": {"schedule": "* * * * *", "keep": 1}})
    up.wait_phase("returns", "Running")
    snapshots.create("point", "returns")
    uri = snapshots.wait("point", "Completed")["uri"]
    up.expect("PATCH", f"{JOBS}/returns", {"spec": {"restoreFrom": {"snapshot": "point"}, "restoreNonce": 1}}, "application/merge-patch+json")
    wait_for("it to have gone back", lambda: up.job("returns")["status"].get("nonces", {}).get("restore") == 1)
    pod = up.running_pod("returns")
    args = pod["spec"]["containers"][0]["args"]
    assert args[args.index("--from") + 1] == uri and "--start" in args, args
    up.wait_phase("returns", "Running")
    # One that the job itself retains, and then not any more.
    snapshots.create("fleeting", "returns", type="Checkpoint")
    gone = snapshots.wait("fleeting", "Abandoned")
    assert gone["error"]["code"] == "NotRetained" and gone["uri"].endswith(f"#checkpoint-{gone['checkpointId']}"), gone


def by_schedule(up, snapshots):
    """The job of `going_back` has a schedule of every minute and keeps one."""
    def complete():
        owned = [one for one in snapshots.of("returns") if "penstock.dev/scheduled-at" in one["metadata"].get("annotations", {})]
        done = [one for one in owned if one.get("status", {}).get("phase") == "Completed"]
        return done if len(owned) == len(done) == 1 else None
    first = wait_for("a periodic savepoint", complete, 75)[0]
    minute = first["metadata"]["annotations"]["penstock.dev/scheduled-at"]
    assert first["metadata"]["name"] == "returns-" + "".join(c for c in minute if c.isdigit())[:12], first["metadata"]
    assert first["metadata"]["ownerReferences"][0]["name"] == "returns"
    assert files_at(first["status"]["uri"])
    second = wait_for("the next one in its place", lambda: (found := complete()) and found[0]["metadata"]["name"] != first["metadata"]["name"] and found, 75)
    assert not files_at(first["status"]["uri"]), "the files of what expired are gone"
    # What expires with its job leaves its files.
    up.expect("DELETE", f"{JOBS}/returns")
    wait_for("its snapshots to go with it", lambda: not [one for one in snapshots.of("returns") if one["metadata"]["name"] != "point"
                                                         and one["metadata"]["name"] != "fleeting"])
    assert files_at(second[0]["status"]["uri"])


def main():
    began = time.monotonic()
    with Workplace("snapshot") as place, Up(place / "up") as up:
        up.start()
        snapshots = Snapshots(up)
        another_job_counts_on(place, up, snapshots)
        files_go_with_their_object(snapshots)
        going_back(up, snapshots)
        by_schedule(up, snapshots)
        up.stop()
    print(f"done in {time.monotonic() - began:.0f} s")


main()
