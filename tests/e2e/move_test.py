"""Moves a job from process to process while rows flow: handed over, killed beside a standby, paused for longer than everything.

Whatever happens to the processes, at the end the result must be exact. PENSTOCK_MOVES says how many moves the long chain makes
(default 12), PENSTOCK_SEED which.
"""
import collections
import os
import random
import signal
import time

from orders import Feed, job
from programs import Job, Workplace, judge, seed_of_run, verify_checkpoints, wait_for

MOVES = int(os.environ.get("PENSTOCK_MOVES", 12))


class Stage:
    """One job, its input and the processes that run it, one after the other."""

    def __init__(self, place, rng):
        self.place, self.rng = place, rng
        self.feed = Feed(place / "in", rng.random())
        self.sql = place / "orders.sql"
        self.sql.write_text(job(place / "in", place / "out", spin_micros=15))
        self.processes = []
        self.add(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()

    def add(self, files):
        for _ in range(files):
            self.feed.add(self.rng.randint(50, 150))

    def start(self, *options, interval="40ms"):
        process = Job(self.sql, self.place / f"process-{len(self.processes)}.log", "--checkpoints", self.place / "checkpoints",
                      "--interval", interval, "--control", "127.0.0.1:0", "--parallelism", self.rng.randint(1, 5), *options)
        self.processes.append(process)
        return process

    def run(self, **options):
        process = self.start(**options)
        process.wait_said('"running"')
        return process

    def follow(self, **options):
        """A follower that is ready to take over."""
        process = self.start("--follow", **options)
        process.wait_said('"following"')
        wait_for("a follower that has caught up", lambda: following(process).get("caughtUp", False))
        return process

    def finish(self, process):
        """Drains the job, and judges."""
        self.add(3)
        process.ctl("stop", "--drain")
        if process.wait_end() != 0 or not process.said("Finished"):
            raise AssertionError(f"the last process did not finish:\n{process.text()[-3000:]}")

    def judge(self):
        print(judge(self.place / "in", self.place / "out"), flush=True)
        verify_checkpoints(self.place / "checkpoints")


def following(process):
    status = process.status()
    return status.get("following") or {}


def move(process):
    """How this process came to the job: why, and how long nobody processed, in milliseconds."""
    report = wait_for("a report of the move", lambda: process.status().get("move"))
    return report["reason"], int(report["pauseNanos"]) / 1e6


def hand_over(old, new):
    taking = new.ctl_in_background("take-over")
    old.ctl("hand-over")
    if taking.wait(timeout=30) != 0:
        raise AssertionError(f"the follower did not take over:\n{new.text()[-3000:]}")
    if old.wait_end(30) != 0 or not old.said('"reason":"HandedOver"'):
        raise AssertionError(f"the predecessor did not end as handed over:\n{old.text()[-3000:]}")


def a_chain_of_moves(place, rng):
    """Each process is handed over, killed, or told to leave; its follower goes on, at another parallelism."""
    seen = collections.Counter()
    with Stage(place, rng) as stage:
        active = stage.run()
        for number in range(MOVES):
            stage.add(rng.randint(3, 10))
            successor = stage.follow()
            stage.add(rng.randint(3, 10))
            how = ["hand-over", "kill", "leave", "hand-over"][number % 4]
            if how == "hand-over":
                hand_over(active, successor)
            elif how == "kill":
                active.kill()
            else:
                active.process.send_signal(signal.SIGTERM)
            successor.wait_said('"running"', 10)
            reason, pause = move(successor)
            if (reason == "HandedOver") != (how == "hand-over"):
                raise AssertionError(f"after {how} it took over because of {reason}:\n{successor.text()[-3000:]}")
            print(f"{how}: {reason}, pause {pause:.0f} ms", flush=True)
            seen[how] += 1
            active = successor
        stage.finish(active)
        print(dict(seen))
        stage.judge()


def a_follower_that_dies_changes_nothing(place, rng):
    with Stage(place, rng) as stage:
        active = stage.run()
        for _ in range(3):
            follower = stage.follow()
            stage.add(3)
            follower.kill()
            if rng.random() < 0.5:
                stage.start("--follow").kill()
        if active.status()["phase"] != "Running":
            raise AssertionError(f"the job does not run:\n{active.text()[-3000:]}")
        stage.finish(active)
        stage.judge()


def a_paused_predecessor_does_nothing_when_it_goes_on(place, rng):
    """Stopped like a machine that hangs; meanwhile its successor does all the rest, and ends."""
    with Stage(place, rng) as stage:
        active = stage.run()
        successor = stage.follow()
        stage.add(10)
        time_of_stop = rng.uniform(0, 0.3)
        active.ends_within(time_of_stop)
        active.process.send_signal(signal.SIGSTOP)
        stage.add(5)
        successor.ctl("take-over", "--now")
        stage.finish(successor)
        active.process.send_signal(signal.SIGCONT)
        active.wait_end(60)
        if not active.said('"ending":"Superseded"'):
            raise AssertionError(f"the paused one did not see that it is superseded:\n{active.text()[-3000:]}")
        stage.judge()


def nobody_claims(place, rng):
    """The predecessor goes on where it stood, and may be moved later."""
    with Stage(place, rng) as stage:
        active = stage.run()
        asked = active.ctl("hand-over", check=False)
        if asked.returncode != 1 or "nobody claimed" not in asked.stderr:
            raise AssertionError(f"hand-over without a follower: {asked.returncode} {asked.stderr}")
        stage.add(5)
        successor = stage.follow()
        hand_over(active, successor)
        stage.finish(successor)
        stage.judge()


def a_standby_is_there_within_a_second(place, rng):
    with Stage(place, rng) as stage:
        active = stage.run(interval="200ms")
        standby = stage.follow(interval="200ms")
        stage.add(10)
        outputs = place / "out" / "joined"
        wait_for("output", lambda: any(path.name.startswith("part-") for path in outputs.iterdir()))
        stage.add(40)  # so that there is something to put out
        before = {path.name for path in outputs.iterdir() if path.name.startswith("part-")}
        killed = time.monotonic()
        active.kill()
        before |= {path.name for path in outputs.iterdir() if path.name.startswith("part-")}
        wait_for("output of the standby",
                 lambda: any(path.name.startswith("part-") and path.name not in before for path in outputs.iterdir()), every=0.005)
        took = time.monotonic() - killed
        print(f"SIGKILL to committed output of the standby: {took * 1e3:.0f} ms, {move(standby)}", flush=True)
        if took > 5:
            raise AssertionError(f"the standby was there after {took:.1f} s:\n{standby.text()[-3000:]}")
        stage.finish(standby)
        stage.judge()


def an_ordered_stop_is_no_reason_to_go_on(place, rng):
    with Stage(place, rng) as stage:
        active = stage.run()
        standby = stage.follow()
        active.ctl("stop")
        if active.wait_end() != 0 or standby.wait_end(30) != 0:
            raise AssertionError("a stop was not followed by the end of the standby")
        if standby.said('"running"') or not standby.said("ordered to stop"):
            raise AssertionError(f"the standby ran a job that was to stop:\n{standby.text()[-3000:]}")
        stage.finish(stage.run())
        stage.judge()


def main():
    rng = random.Random(seed_of_run())
    for test in (a_chain_of_moves, a_follower_that_dies_changes_nothing, a_paused_predecessor_does_nothing_when_it_goes_on,
                 nobody_claims, a_standby_is_there_within_a_second, an_ordered_stop_is_no_reason_to_go_on):
        began = time.monotonic()
        with Workplace("move") as place:
            test(place, rng)
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
