"""The operator moves a job while rows flow: to another template, off a cordoned node, to its standby; the result must be exact."""
import random

from control_plane import JOBS, PODS, Up, ctl
from orders import Feed, job
from programs import Workplace, judge, seed_of_run, wait_for

MERGE = "application/merge-patch+json"


class Story:
    def __init__(self, place, up, rng):
        self.up, self.rng = up, rng
        self.feed = Feed(place / "in", rng.random())
        self.add()
        up.create_job("orders", job(place / "in", place / "out", spin_micros=15), parallelism=2)
        self.active = up.running_pod("orders")
        wait_for("a checkpoint", lambda: self.status().get("checkpoint", {}).get("id"))

    def add(self):
        for _ in range(self.rng.randint(3, 10)):
            self.feed.add(self.rng.randint(50, 150))

    def status(self):
        return self.up.job("orders")["status"]

    def change(self, spec):
        self.up.expect("PATCH", f"{JOBS}/orders", {"spec": spec}, MERGE)

    def moved(self, reason, pods):
        """The job runs in another Pod, for this reason, and as many Pods are left."""
        before = self.active["metadata"]["name"]

        def look():
            self.feed.add(20)
            status = self.status()
            move = status.get("lastMove", {})
            done = move.get("from") == before and move.get("reason") == reason and move.get("pauseMs") and status["phase"] == "Running"
            return status if done and len(self.up.pods("orders")) == pods else None
        try:
            status = wait_for(f"a move for {reason}", look)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.status()}") from error
        self.active = next(pod for pod in self.up.pods("orders") if pod["metadata"]["name"] == status["lastMove"]["to"])
        print(f"{reason}: {before} -> {status['lastMove']['to']}, pause {status['lastMove']['pauseMs']:.1f} ms", flush=True)
        return status


def main():
    rng = random.Random(seed_of_run())
    with Workplace("operator-move") as place, Up(place / "up") as up:
        up.start()
        story = Story(place, up, rng)
        first = story.active["metadata"]["name"]
        story.change({"template": {"spec": {"containers": [{"name": "engine", "env": [{"name": "COLOUR", "value": "blue"}]}]}}})
        status = story.moved("NewVersion", 1)
        if status.get("restarts"):
            raise AssertionError(f"a move is no restart: {status}")
        story.add()

        node = up.expect("GET", "/api/v1/nodes")["items"][0]["metadata"]["name"]
        up.expect("PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}}, MERGE)
        story.moved("NodeCordoned", 1)
        up.expect("PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}}, MERGE)
        story.add()

        story.change({"standby": True})
        wait_for("a standby", lambda: len(up.pods("orders")) == 2 and story.status()["pods"]["desired"] == 2)
        standby = next(pod for pod in up.pods("orders") if pod["metadata"]["name"] != story.active["metadata"]["name"])
        wait_for("a standby that follows", lambda: '"Following"' in follower_status(up, standby))
        story.add()
        up.expect("DELETE", f"{PODS}/{story.active['metadata']['name']}?gracePeriodSeconds=0")
        status = story.moved("ProcessLost", 2)
        if status["lastMove"]["to"] != standby["metadata"]["name"]:
            raise AssertionError(f"the standby did not take over: {status}")
        story.add()

        ctl(story.active, "stop", "--drain")
        up.wait_phase("orders", "Finished")
        wait_for("no standby of a job that has finished", lambda: len(up.pods("orders")) == 1)
        print(f"{first} moved {status['counters']['pods'] - 1} times")
        print(judge(place / "in", place / "out"))


def follower_status(up, pod):
    current = next((one for one in up.pods("orders") if one["metadata"]["uid"] == pod["metadata"]["uid"]), None)
    try:
        return ctl(current, "status", "--json") if current else ""
    except (AssertionError, KeyError):
        return ""  # it is not there yet


if __name__ == "__main__":
    main()
