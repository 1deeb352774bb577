"""Kills `penstock run` again and again, at any moment of its life; at the end the result must be exact.

Each life goes on from the same checkpoint directory, at another parallelism, and is killed while it starts, while it works, while
it rescales or while it finishes. PENSTOCK_KILLS says how many lives (default 36), PENSTOCK_SEED which moments.
"""
import collections
import os
import random

from orders import Feed, job
from programs import Job, Workplace, judge, seed_of_run, verify_checkpoints

KILLS = int(os.environ.get("PENSTOCK_KILLS", 36))


class Campaign:
    def __init__(self, place, rng, follow):
        self.place, self.rng = place, rng
        self.feed = Feed(place / "in", rng.random())
        self.sql = place / "orders.sql"
        self.sql.write_text(job(place / "in", place / "out", spin_micros=15, follow=follow))
        self.seen = collections.Counter()

    def add(self, files):
        for _ in range(files):
            self.feed.add(self.rng.randint(50, 150))

    def job(self, life, parallelism):
        return Job(self.sql, self.place / f"life-{life}.log", "--checkpoints", self.place / "checkpoints", "--interval", "40ms",
                   "--control", "127.0.0.1:0", "--parallelism", parallelism)

    def judge(self):
        print(f"{dict(self.seen)}; {self.feed.orders} orders")
        print(judge(self.place / "in", self.place / "out"))
        verify_checkpoints(self.place / "checkpoints")


def live_and_die(process, moment, rng):
    """One life, to the kill."""
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


def follow_a_directory(place, rng, kills):
    """The input has no end; files come all the time. At the end the job is drained."""
    campaign = Campaign(place, rng, follow=True)
    for life in range(kills):
        campaign.add(rng.randint(3, 15))
        moment = rng.choice(["starting", "working", "working", "rescaling", "rescaled"])
        with campaign.job(life, rng.randint(1, 5)) as process:
            live_and_die(process, moment, rng)
            campaign.seen[moment] += 1
            campaign.seen["restored"] += bool(process.said('"restored"'))
    with campaign.job("last", 2) as process:
        process.ctl("rescale", 5)
        process.ctl("rescale", 3)
        process.ctl("stop", "--drain")
        if process.wait_end() != 0 or not process.said("Finished"):
            raise AssertionError(f"the last life did not finish:\n{process.text()}")
    if kills >= 24 and not all(campaign.seen[kind] for kind in ("starting", "rescaling", "rescaled", "restored")):
        raise AssertionError(f"these kills show little: {campaign.seen}")
    campaign.judge()


def read_to_the_end(place, rng, kills):
    """The input ends, and so does a life that is long enough; most kills are near that. A job that has finished may start again."""
    campaign = Campaign(place, rng, follow=False)
    campaign.add(25)
    longest = 1.0
    for life in range(kills):
        with campaign.job(life, rng.randint(1, 5)) as process:
            if not process.ends_within(rng.uniform(0, longest)):
                process.kill()
                campaign.seen["killed"] += 1
                longest *= 1.2
            elif process.process.returncode != 0:
                raise AssertionError(f"it failed:\n{process.text()}")
            else:
                campaign.seen["finished"] += 1
                longest *= 0.6
    with campaign.job("last", 2) as process:
        if process.wait_end() != 0:
            raise AssertionError(f"the last life did not finish:\n{process.text()}")
    campaign.judge()


def main():
    rng = random.Random(seed_of_run())
    with Workplace("kill-job") as place:
        follow_a_directory(place / "follow", rng, KILLS * 2 // 3)
    with Workplace("kill-job") as place:
        read_to_the_end(place / "end", rng, KILLS // 3)


if __name__ == "__main__":
    main()
