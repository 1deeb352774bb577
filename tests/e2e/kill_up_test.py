"""Kills `penstock-operator up`, and processes of its jobs, at any moment; what was acknowledged is there afterwards and results are exact.

While the control plane is away its jobs go on; when it is back it adopts them: same Pod, same process, no restart. A job's process
that was killed is started again. PENSTOCK_KILLS says how often (default 9), PENSTOCK_SEED when.
"""
import collections
import json
import os
import random

from control_plane import JOBS, Up, ctl, restarts
from orders import Feed, job, rows_in
from programs import Workplace, judge, rows_by_split, seed_of_run, wait_for

KILLS = int(os.environ.get("PENSTOCK_KILLS", 9))
# A process that is killed often waits longer each time before it is started again, as with a kubelet: that happens twice.
MOMENTS = ["working", "scaling", "applying", "deleting", "starting", "process", "process while away"]
AFTER_THESE = MOMENTS[:5]
ENDLESS = """CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole'); INSERT INTO o SELECT id FROM t;"""


def copy_job(inputs, outputs):
    return f"""
CREATE TABLE orders (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{inputs}/orders', 'format' = 'json');
CREATE TABLE copy (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{outputs}', 'format' = 'json');
INSERT INTO copy SELECT id FROM orders;
"""


class Campaign:
    def __init__(self, place, up, rng):
        self.place, self.up, self.rng = place, up, rng
        self.feed = Feed(place / "in", rng.random())
        self.slots, self.copies, self.restarts = 2, 0, 0
        self.deleted = None  # (name, process) of a job whose deletion was acknowledged

    def begin(self):
        few = Feed(self.place / "few", 1)
        few.add(200)
        self.up.start()
        self.up.create_job("orders", job(self.place / "in", self.place / "out", spin_micros=15), parallelism=self.slots)
        self.look()

    def look(self):
        """Remembers the job's Pod and process as they run now."""
        self.pod = self.up.running_pod("orders")
        self.process = self.up.process_of(self.pod)

    def rows(self):
        return sum(rows_by_split(json.loads(ctl(self.pod, "status", "--json"))).values())

    def kill_up(self, moment):
        rng = self.rng
        if moment == "scaling":
            self.slots = rng.choice([n for n in range(1, 6) if n != self.slots])
            self.up.scale("orders", self.slots)
        elif moment == "applying":
            self.copies += 1
            self.up.create_job(f"copy-{self.copies}", copy_job(self.place / "few", self.place / f"copy-{self.copies}"))
        elif moment == "deleting":
            self.up.create_job("deleted", ENDLESS)
            self.deleted = "deleted", self.up.process_of(self.up.running_pod("deleted"))
            self.up.expect("DELETE", f"{JOBS}/deleted")
        elif moment == "starting":
            self.up.kill()
            self.up.launch()
        if self.up.ends_within(rng.uniform(0, 0.2 if moment in ("applying", "deleting") else 0.6)):
            raise AssertionError(f"up ended by itself with {self.up.process.returncode}")
        self.up.kill()

    def expect_adopted(self):
        """Same Pod, same process, no restart; and as large as was asked for."""
        pod = self.up.running_pod("orders")
        if pod["metadata"]["uid"] != self.pod["metadata"]["uid"] or restarts(pod) != self.restarts:
            raise AssertionError(f"not adopted: {self.pod['metadata']} became {pod['metadata']}, {restarts(pod)} restarts")
        if self.up.process_of(pod).pid != self.process.pid or not self.process.alive():
            raise AssertionError(f"process {self.process.pid} became {self.up.process_of(pod).pid}")

    def expect_running(self):
        wait_for(f"orders runs with {self.slots} slots", lambda: self.up.job("orders")["status"].get("parallelism", {}).get("running") == self.slots)
        self.up.wait_phase("orders", "Running")

    def expect_deleted(self):
        if self.deleted:
            name, process = self.deleted
            wait_for(f"{name} is gone", lambda: self.up.call("GET", f"{JOBS}/{name}")[0] == 404)
            wait_for(f"nothing of {name} runs", lambda: not process.alive() and not self.up.pods(name))
            self.deleted = None

    def round(self, moment):
        for _ in range(self.rng.randint(2, 8)):
            self.feed.add(self.rng.randint(50, 150))
        if moment == "process":
            self.process.kill()
        else:
            self.kill_up(moment)
            if moment == "process while away":
                self.process.kill()
            else:
                before = self.rows()
                self.feed.add(100)
                wait_for("the job goes on while the control plane is away", lambda: self.rows() > before or None)
            self.up.start()
        if moment.startswith("process"):
            self.restarts += 1
            wait_for("the process is started again", lambda: [pod for pod in self.up.pods("orders") if restarts(pod) == self.restarts])
            self.look()
        self.expect_adopted()
        self.expect_running()
        self.expect_deleted()

    def finish(self):
        for number in range(1, self.copies + 1):
            self.up.wait_phase(f"copy-{number}", "Finished")
            ids = collections.Counter(row["id"] for row in rows_in(self.place / f"copy-{number}"))
            if ids != collections.Counter(range(1, 201)):
                raise AssertionError(f"copy-{number} is wrong: {ids}")
        ctl(self.pod, "stop", "--drain")
        self.up.wait_phase("orders", "Finished")
        self.up.stop()


def main():
    rng = random.Random(seed_of_run())
    with Workplace("kill-up") as place, Up(place / "data") as up:
        campaign = Campaign(place, up, rng)
        campaign.begin()
        seen = collections.Counter()
        for number in range(KILLS):
            moment = MOMENTS[number] if number < len(MOMENTS) else rng.choice(AFTER_THESE)
            print(f"{number}: {moment}", flush=True)
            campaign.round(moment)
            seen[moment] += 1
        campaign.finish()
        print(f"{KILLS} kills {dict(seen)}; {campaign.feed.orders} orders, {campaign.restarts} restarts")
        print(judge(place / "in", place / "out"))


if __name__ == "__main__":
    main()
