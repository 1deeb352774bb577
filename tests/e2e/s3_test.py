"""Checkpoints on an S3 server: killed, superseded, without the server for a while, with wrong keys; and in a Pod with its Secret."""
import collections
import json
import os
import random
import subprocess
import time
import unittest

from control_plane import Up
from move_test import following, hand_over, move
from orders import Feed, job
from programs import BIN, Job, Workplace, judge, rows_by_split, seed_of_run, verify_checkpoints
from cluster import wait_for
from s3_server import SECRET, S3Server

RNG = random.Random(seed_of_run())
OUTAGE_SECONDS = 10


def penstock(*words, **environment):
    return subprocess.run([BIN / "penstock", *map(str, words)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **environment})


class Case(unittest.TestCase):
    TLS = False

    def setUp(self):
        workplace = Workplace("s3")
        self.place = workplace.__enter__()
        self.addCleanup(lambda: workplace.__exit__(None, None, None))
        self.server = S3Server(self.place / "s3", tls=self.TLS)
        self.server.start()
        self.addCleanup(self.server.kill)
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(self.server.environment())
        self.uri = "s3://checkpoints/orders"

    def feed_and_sql(self, spin_micros=15):
        feed = Feed(self.place / "in", RNG.random())
        self.sql = self.place / "orders.sql"
        self.sql.write_text(job(self.place / "in", self.place / "out", spin_micros))
        return feed

    def job(self, log, *options, file=None):
        process = Job(file or self.sql, self.place / log, "--checkpoints", self.uri, "--control", "127.0.0.1:0", *options)
        self.addCleanup(process.kill)
        return process

    def drain(self, process):
        process.ctl("stop", "--drain")
        self.assertEqual(process.wait_end(), 0, process.text()[-3000:])
        print(judge(self.place / "in", self.place / "out"), flush=True)


class Store(Case):
    def test_the_store_does_on_a_real_server_what_each_store_does(self):
        for tests, keys in (("*", {}), ("RealServer*", self.server.session())):
            result = subprocess.run([BIN / "s3_server_test", "--gtest_brief=1", f"--gtest_filter={tests}"], capture_output=True,
                                    text=True, timeout=120, env={**os.environ, **keys})
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("PASSED", result.stdout)


class Jobs(Case):
    def test_a_job_killed_at_any_moment_goes_on_with_exact_results(self):
        feed, seen = self.feed_and_sql(), collections.Counter()
        for life in range(10):
            for _ in range(RNG.randint(3, 12)):
                feed.add(RNG.randint(50, 150))
            process = self.job(f"life-{life}.log", "--interval", "60ms", "--parallelism", RNG.randint(1, 5))
            if RNG.random() < 0.7:
                process.wait_said('"running"')
            self.assertFalse(process.ends_within(RNG.uniform(0, 0.6)), process.text())
            process.kill()
            seen["restored"] += bool(process.said('"restored"'))
        self.assertGreater(seen["restored"], 0)
        last = self.job("last.log", "--interval", "60ms", "--parallelism", 2)
        self.drain(last)
        verify_checkpoints(self.uri)
        listed = penstock("snapshot", "ls", self.uri)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertGreater(len(listed.stdout.splitlines()), 1)
        rows = penstock("snapshot", "cat", self.uri)
        self.assertEqual(rows.returncode, 0, rows.stderr)
        self.assertTrue(all(json.loads(line) for line in rows.stdout.splitlines()))

    def test_of_two_processes_the_older_is_superseded(self):
        feed = self.feed_and_sql()
        feed.add(500)
        older = self.job("older.log", "--interval", "100ms")
        older.wait_said('"running"')
        newer = self.job("newer.log", "--interval", "100ms")
        self.assertEqual(older.wait_end(), 1, older.text())
        self.assertTrue(older.said("Superseded"), older.text())
        self.assertTrue(older.said(f"pid {newer.process.pid} on host"), older.text())
        feed.add(500)
        self.drain(newer)

    def test_a_follower_is_handed_the_job_and_another_goes_on_when_it_is_killed(self):
        feed = self.feed_and_sql()
        for _ in range(5):
            feed.add(100)
        active = self.job("active.log", "--interval", "300ms")
        for number, how in enumerate(("hand-over", "kill")):
            active.wait_said('"running"')
            follower = self.job(f"follower-{number}.log", "--interval", "300ms", "--parallelism", 2 + number, "--follow")
            wait_for("a follower that has caught up", lambda: following(follower).get("caughtUp", False))
            feed.add(100)
            if how == "kill":
                active.kill()
            else:
                hand_over(active, follower)
            follower.wait_said('"running"', 20)
            print(how, move(follower), flush=True)
            active = follower
        self.drain(active)

    def test_a_savepoint_goes_to_a_bucket_and_a_job_begins_from_it(self):
        feed = self.feed_and_sql()
        feed.add(500)
        first = self.job("first.log", "--interval", "100ms")
        first.wait_said('"running"')
        first.ctl("stop", "--savepoint", "s3://checkpoints/saved")
        self.assertEqual(first.wait_end(), 0, first.text())
        feed.add(500)
        self.uri = "s3://checkpoints/another"
        self.drain(self.job("second.log", "--from", "s3://checkpoints/saved"))

    def with_outage(self, begin, end):
        """The server is away between two checkpoints; the job goes on, fails some, and completes one when it is back."""
        feed = self.feed_and_sql()
        manifest = self.place / "orders.json"
        manifest.write_text(json.dumps({
            "apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": "orders"},
            "spec": {"sql": self.sql.read_text(), "checkpoints": {"interval": "1500ms", "tolerableFailures": 100}}}))
        process = self.job("job.log", file=manifest)
        checkpoints = lambda: process.status()["checkpoints"]  # noqa: E731
        completed = lambda: int(checkpoints()["completed"])  # noqa: E731
        feed.add(500)
        first = completed()
        wait_for("a checkpoint", lambda: completed() > first)
        begin()
        rows = sum(rows_by_split(process.status()).values())
        until = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < until:
            feed.add(100)
            wait_for("rows go on", lambda: sum(rows_by_split(process.status()).values()) > rows)
            rows = sum(rows_by_split(process.status()).values())
        before = completed()
        end()
        wait_for("a checkpoint completes again", lambda: completed() > before)
        status = process.status()
        self.assertEqual(int(status["restarts"]), 0, process.text())
        self.drain(process)
        return status["checkpoints"]

    def test_a_server_that_is_gone_for_a_while_fails_checkpoints_and_not_the_job(self):
        checkpoints = self.with_outage(self.server.kill, self.server.start)
        self.assertGreater(int(checkpoints["failed"]), 0)
        self.assertIn(f'bucket "checkpoints" at {self.server.endpoint}', checkpoints["lastError"])
        self.assertIn("AWS_ENDPOINT_URL", checkpoints["lastError"])

    def test_a_server_that_does_not_answer_for_a_while_delays_checkpoints(self):
        self.with_outage(self.server.stop, self.server.go_on)


class Wrong(Case):
    def refused(self, uri=None, **environment):
        self.feed_and_sql()
        result = penstock("run", self.sql, "--checkpoints", uri or self.uri, **environment)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        self.assertNotIn(SECRET, result.stderr)
        return result.stderr

    def test_a_bucket_that_is_not_there_is_named(self):
        said = self.refused("s3://not-there/orders")
        self.assertIn(f'bucket "not-there" at {self.server.endpoint}: NoSuchBucket', said)
        self.assertIn("make the bucket or choose another one", said)

    def test_wrong_keys_are_told_without_them(self):
        said = self.refused(AWS_SECRET_ACCESS_KEY="another-secret")
        self.assertIn(f'bucket "checkpoints" at {self.server.endpoint}: SignatureDoesNotMatch', said)
        self.assertIn("check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", said)
        self.assertNotIn("another-secret", said)

    def test_a_key_that_is_not_set_is_named(self):
        self.assertIn("AWS_ACCESS_KEY_ID is not set; set it in the environment", self.refused(AWS_ACCESS_KEY_ID=""))

    def test_an_endpoint_where_nobody_listens_is_named(self):
        self.server.kill()
        self.assertIn(self.server.endpoint, self.refused())


class Tls(Case):
    TLS = True

    def test_an_authority_has_to_be_trusted_and_then_is(self):
        refused = penstock("snapshot", "ls", "s3://checkpoints/none")
        self.assertIn("AWS_CA_BUNDLE is a file (or PEM text) with the authorities to trust", refused.stderr)
        file = self.server.certificates / "public.crt"
        for bundle in (str(file), file.read_text()):
            trusted = penstock("snapshot", "ls", "s3://checkpoints/none", AWS_CA_BUNDLE=bundle)
            self.assertIn("there is nothing in s3://checkpoints/none", trusted.stderr)


class Pods(Case):
    def secret(self, up, **more):
        values = {**self.server.environment(), **more}
        up.expect("POST", "/api/v1/namespaces/default/secrets",
                  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": values})

    def create(self, up, name, uri):
        self.feed_and_sql()
        up.create_job(name, self.sql.read_text(), checkpoints={
            "interval": "100ms", "storage": {"uri": uri, "secretRef": {"name": "keys"}}})

    def says(self, up, name, *parts):
        def look():
            texts = [c.get("reason", "") + " " + c.get("message", "") for c in up.job(name).get("status", {}).get("conditions", [])]
            return next((text for text in texts if all(part in text for part in parts)), None)
        return wait_for(f"a condition of {name} with {parts}", look, seconds=30)

    def test_the_secret_that_storage_names_reaches_the_job(self):
        with Up(self.place / "up") as up:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                del os.environ[name]
            up.start()
            self.create(up, "orders", "s3://checkpoints/jobs")
            self.says(up, "orders", "CreateContainerConfigError", '"keys" not found')
            self.secret(up)
            up.wait_phase("orders", "Running")
            wait_for("checkpoints in the bucket", lambda: list(self.server.folder.glob("checkpoints/jobs/default/orders/*/log/*")))
            up.stop()

    def test_what_is_wrong_with_the_bucket_is_a_condition(self):
        with Up(self.place / "up") as up:
            up.start()
            self.secret(up)
            self.create(up, "orders", "s3://not-there/jobs")
            text = self.says(up, "orders", f'bucket "not-there" at {self.server.endpoint}', "make the bucket")
            self.assertNotIn(SECRET, text)
            (self.server.folder / "not-there").mkdir()
            up.wait_phase("orders", "Running")
            up.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
