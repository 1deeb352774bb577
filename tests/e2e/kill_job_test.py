"""Kills `penstock run` again and again, at any moment of its life; at the end the result must be exact.

Each life goes on from the same checkpoint directory, at another parallelism, and is killed while it starts, while it works or
while it rescales. PENSTOCK_KILLS says how many lives (default 30), PENSTOCK_SEED which moments.
"""
import collections
import os
import random

from orders import Feed, job
from programs import Job, Workplace, judge, seed_of_run, verify_checkpoints

KILLS = int(os.environ.get("PENSTOCK_KILLS", 30))


def live_and_die(process, moment, rng):
    """One life, to the kill. What it had reached by then."""
    rescales = []
    if moment == "working":
        process.wait_said('"running"')
        delay = rng.uniform(0, 0.5)
    elif moment in ("rescaling", "rescaled"):
        # Several at once queue up in the job, which then rescales back to back: a kill lands within one, before or after.
        rescales = [process.ctl_in_background("rescale", wanted) for wanted in rng.sample(range(1, 8), 4)]
        if moment == "rescaled":
            process.wait_said('"rescaled"')
        delay = rng.uniform(0, 0.3)
    else:
        delay = rng.uniform(0, 0.12)
    if process.ends_within(delay):
        raise AssertionError(f"it ended by itself with {process.process.returncode}:\n{process.text()}")
    process.kill()
    for rescale in rescales:
        rescale.wait()


def main():
    rng = random.Random(seed_of_run())
    with Workplace("kill-job") as place:
        sql = place / "orders.sql"
        sql.write_text(job(place / "in", place / "out", spin_micros=15))
        feed = Feed(place / "in", rng.random())
        options = ["--checkpoints", place / "checkpoints", "--interval", "40ms", "--control", "127.0.0.1:0"]
        seen = collections.Counter()
        for life in range(KILLS):
            for _ in range(rng.randint(3, 15)):
                feed.add(rng.randint(50, 150))
            moment = rng.choice(["starting", "working", "working", "rescaling", "rescaled"])
            with Job(sql, place / f"life-{life}.log", *options, "--parallelism", rng.randint(1, 5)) as process:
                live_and_die(process, moment, rng)
                seen[moment] += 1
                seen["restored"] += bool(process.said('"restored"'))
        with Job(sql, place / "last.log", *options, "--parallelism", 2) as process:
            process.ctl("rescale", 5)
            process.ctl("rescale", 3)
            process.ctl("stop", "--drain")
            if process.wait_end() != 0 or not process.said("Finished"):
                raise AssertionError(f"the last life did not finish:\n{process.text()}")
        print(f"{KILLS} kills {dict(seen)}; {feed.orders} orders")
        if KILLS >= 30 and not (seen["starting"] and seen["rescaling"] and seen["rescaled"] and seen["restored"] > KILLS // 4):
            raise AssertionError("these kills show little; this is not what the test is for")
        print(judge(place / "in", place / "out"))
        verify_checkpoints(place / "checkpoints")


if __name__ == "__main__":
    main()
