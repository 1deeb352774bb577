"""What is wrong is told by name and with what to do, and nothing is lost: whole programs, judged by what they say and by files."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import unittest

from orders import Feed, job
from programs import BIN, Job, Workplace, judge, rows_by_split, wait_for


def run(*words, prefix=()):
    return subprocess.run([*prefix, BIN / "penstock", *map(str, words)], capture_output=True, text=True, timeout=60)


class Case(unittest.TestCase):
    def setUp(self):
        workplace = Workplace("bad-input")
        self.place = workplace.__enter__()
        self.addCleanup(lambda: workplace.__exit__(None, None, None))
        self.sql = self.place / "orders.sql"
        self.checkpoints = self.place / "checkpoints"
        self.options = ["--checkpoints", self.checkpoints, "--interval", "40ms", "--control", "127.0.0.1:0"]

    def feed(self, outputs=None, spin_micros=5):
        feed = Feed(self.place / "in", 1)
        self.sql.write_text(job(self.place / "in", outputs or self.place / "out", spin_micros))
        self.more(feed)
        return feed

    def more(self, feed, files=20):
        for _ in range(files):
            feed.add(100)

    def job(self, *options, log="job.log"):
        process = Job(self.sql, self.place / log, *self.options, *options)
        self.addCleanup(process.kill)
        return process

    def checkpoints_beyond(self, process, count):
        return wait_for(f"more than {count} checkpoints", lambda: int(process.status()["checkpoints"]["completed"]) > count)

    def finish(self, process, outputs=None):
        process.ctl("stop", "--drain")
        self.assertEqual(process.wait_end(), 0, process.text())
        judge(self.place / "in", outputs or self.place / "out")

    def assert_says(self, text, *parts):
        for part in parts:
            self.assertIn(part, text)


class Rows(Case):
    GOOD_AND_BAD = '{"id": 1, "note": "a"}\nno json at all\n{"id": 3, "note": "c"}\n'

    def write_job(self, options=""):
        (self.place / "rows").mkdir()
        (self.place / "rows/a.jsonl").write_text(self.GOOD_AND_BAD)
        self.sql.write_text(f"""
CREATE TABLE t (id BIGINT, note STRING)
  WITH ('connector' = 'filesystem', 'path' = '{self.place}/rows', 'format' = 'json'{options});
CREATE TABLE o (id BIGINT, note STRING) WITH ('connector' = 'filesystem', 'path' = '{self.place}/out', 'format' = 'json');
INSERT INTO o SELECT id, note FROM t;""")

    def test_undecodable_row_fails_the_job_with_its_place_and_what_to_do(self):
        self.write_job()
        result = run("run", self.sql, "--checkpoints", self.checkpoints)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assert_says(result.stdout, "Failed", f"{self.place}/rows/a.jsonl:2", "json.ignore-parse-errors")
        self.assertEqual(list(self.place.glob("out/part-*")), [])

    def test_undecodable_row_is_skipped_and_counted_when_the_table_says_so(self):
        self.write_job(", 'json.ignore-parse-errors' = 'true', 'source.monitor-interval' = '20ms'")
        process = self.job()
        chains = wait_for("a row is counted", lambda: [c for c in process.status()["chains"] if int(c["undecodableRows"])])
        self.assertEqual([int(chain["undecodableRows"]) for chain in chains], [1])
        process.ctl("stop", "--drain")
        self.assertEqual(process.wait_end(), 0)
        lines = "".join(path.read_text() for path in self.place.glob("out/part-*"))
        self.assertEqual(lines, '{"id":1,"note":"a"}\n{"id":3,"note":"c"}\n')


class Directories(Case):
    def test_checkpoint_directory_that_is_not_writable(self):
        self.feed()
        self.place.chmod(0o755)
        prefix = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        self.checkpoints.mkdir(mode=0o555)
        result = run("run", self.sql, "--checkpoints", self.checkpoints, prefix=prefix)
        self.assertEqual(result.returncode, 2)
        self.assert_says(result.stderr, "checkpoint directory", str(self.checkpoints), "Permission denied", "choose another directory")

    def test_another_jobs_checkpoint_directory_is_refused_by_name(self):
        self.feed()
        process = self.job()
        self.checkpoints_beyond(process, 1)
        other = self.place / "another.sql"
        shutil.copy(self.sql, other)
        result = run("run", other, "--checkpoints", self.checkpoints)
        self.assertEqual(result.returncode, 2)
        self.assert_says(result.stderr, '"orders"', '"another"', str(self.checkpoints), "use another directory")
        self.finish(process)

    def test_second_process_takes_over_and_the_older_one_ends_saying_so(self):
        feed = self.feed()
        older = self.job(log="older.log")
        self.checkpoints_beyond(older, 2)
        newer = self.job("--parallelism", 3, log="newer.log")
        self.assertEqual(older.wait_end(), 1)
        self.assert_says(older.text(), "Superseded", f"pid {newer.process.pid}")
        self.assert_says(run("--help").stdout, "superseded")
        self.more(feed)
        self.finish(newer)


class Ports(Case):
    """A process that cannot have its port must not take the job from the one that runs."""

    def test_port_in_use_leaves_the_running_process_alone(self):
        feed = self.feed()
        running = self.job()
        self.checkpoints_beyond(running, 1)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for option in ("--control", "--http"):
                with self.subTest(option):
                    result = run("run", self.sql, "--checkpoints", self.checkpoints, option, address)
                    self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
                    self.assert_says(result.stderr, option, address, "in use", "choose another")
                    self.assertNotIn("restored", result.stderr)
                    self.assertNotIn("chttp2", result.stderr)  # a library's own words
        self.more(feed)
        self.checkpoints_beyond(running, int(running.status()["checkpoints"]["completed"]))
        self.finish(running)


class Damage(Case):
    """A damaged file costs a restore of something older, never a wrong result."""

    def leave_checkpoints(self):
        feed = self.feed(spin_micros=2)
        self.options[self.options.index("40ms")] = "1h"  # checkpoints only when asked for: each has committed rows
        process = self.job(log="before.log")
        for _ in range(4):
            self.more(feed, 5)
            rows = sum(1 for _ in self.place.glob("in/*/*.jsonl"))
            wait_for("all files are seen", lambda: len(rows_by_split(process.status())) >= rows)
            process.ctl("checkpoint")
        process.kill()

    def newest(self, folder):
        return max((path for path in (self.checkpoints / folder).iterdir()), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def flip(self, path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def expect_exact_after_fall_back(self):
        verdict = run("snapshot", "verify", self.checkpoints)
        self.assertEqual(verdict.returncode, 1, verdict.stdout)
        process = self.job(log="after.log")
        process.wait_said('"running"')
        self.finish(process)
        return process.text()

    def test_flipped_byte_in_a_state_file(self):
        self.leave_checkpoints()
        self.flip(self.newest("state"))
        self.assert_says(self.expect_exact_after_fall_back(), "fell back to checkpoint", "is damaged")

    def test_truncated_state_file(self):
        self.leave_checkpoints()
        path = self.newest("state")
        os.truncate(path, path.stat().st_size // 2)
        self.assert_says(self.expect_exact_after_fall_back(), "fell back to checkpoint", "is damaged")

    def test_flipped_byte_in_the_newest_record(self):
        self.leave_checkpoints()
        path = self.newest("log")
        self.flip(path)
        self.assert_says(self.expect_exact_after_fall_back(), "a newer record is damaged", path.name)

    def test_truncated_newest_record(self):
        self.leave_checkpoints()
        path = self.newest("log")
        os.truncate(path, path.stat().st_size // 2)
        self.assert_says(self.expect_exact_after_fall_back(), "a newer record is damaged", path.name)

    def test_nothing_that_could_be_restored_names_the_damaged_file(self):
        self.leave_checkpoints()
        for path in (self.checkpoints / "state").iterdir():
            os.truncate(path, 1)
        newest = self.newest("state")
        result = run("run", self.sql, "--checkpoints", self.checkpoints)
        self.assertEqual(result.returncode, 2)
        self.assert_says(result.stderr, "can be restored", "shorter than expected", "--from")
        self.assertNotIn("No such file", result.stderr)
        self.assertTrue(newest.exists())


@unittest.skipUnless(os.geteuid() == 0, "a small disk needs a mount, and that needs root")
class FullDisk(Case):
    def mount(self):
        small = self.place / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", small], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "--lazy", small], check=True))
        return small

    def fill(self, disk):
        ballast = os.open(disk / "ballast", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        try:
            while os.write(ballast, bytes(512)):
                pass
        except OSError:
            os.close(ballast)
        return True

    def go_through_a_full_disk(self, feed, disk, outputs):
        process = self.job()
        self.checkpoints_beyond(process, 1)
        self.more(feed)
        # Again and again: what the job deletes makes room.
        failed = wait_for("the job notices", lambda: self.fill(disk) and process.status()["failures"])
        self.assert_says(failed[0]["message"], str(disk), "No space left on device", "free space")
        # Asked of a job that waits to start again, a drain is for when it has.
        wait_for("it waits to start again", lambda: process.status()["phase"] == "Restarting")
        process.ctl("stop", "--drain", "--no-wait")
        (disk / "ballast").unlink()
        self.assertEqual(process.wait_end(), 0, process.text())
        self.assert_says(process.text(), "orders: Finished")
        judge(self.place / "in", outputs or self.place / "out")

    def test_below_the_checkpoints(self):
        disk = self.mount()
        self.options[1] = disk / "checkpoints"
        self.go_through_a_full_disk(self.feed(), disk, None)

    def test_below_the_sink(self):
        disk = self.mount()
        self.go_through_a_full_disk(self.feed(disk / "out"), disk, disk / "out")


MANIFEST = """
apiVersion: penstock.dev/v1alpha1
kind: StreamJob
metadata: {name: orders}
spec:
  sql: |
    CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10');
    CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO o SELECT id FROM t;
"""


class Manifests(Case):
    def answers(self, extra):
        manifest = self.place / "job.yaml"
        manifest.write_text(MANIFEST + extra)
        ran, validated = run("run", manifest), run("validate", manifest)
        self.assertEqual((ran.returncode, validated.returncode), (2, 2), ran.stdout + ran.stderr + validated.stdout)
        return ran.stderr, validated.stdout

    def test_unknown_fields_are_refused_with_path_and_near_name(self):
        for text in self.answers("  paralelism: 2\n  checkpoints: {intervall: 5s}\n"):
            self.assert_says(text, 'unknown field "spec.paralelism"', "did you mean 'parallelism'?",
                             'unknown field "spec.checkpoints.intervall"', "did you mean 'interval'?")

    def test_what_is_not_built_is_refused(self):
        for text in self.answers("  mode: Batch\n"):
            self.assert_says(text, "spec.mode", "NotImplemented")

    def test_values_out_of_bounds_or_of_a_wrong_type(self):
        for text in self.answers("  keyGroups: 0\n  parallelism: two\n  restart: {maxAttempts: -1}\n"):
            self.assert_says(text, "spec.keyGroups", "spec.parallelism", "spec.restart.maxAttempts")

    def test_a_right_one_runs(self):
        manifest = self.place / "job.yaml"
        manifest.write_text(MANIFEST + "  parallelism: 2\n  checkpoints: {interval: 5s}\n")
        result = run("run", manifest)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("10 rows in", result.stdout)


class Sql(Case):
    def test_wrong_sql_has_line_column_expectation_and_a_near_name(self):
        self.sql.write_text("CREATE TABLE t (price BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '1');\n"
                            "CREATE TABLE o (price BIGINT) WITH ('connector' = 'blackhole');\n"
                            "INSERT INTO o SELECT pric FROM t;\n")
        result = run("run", self.sql)
        self.assertEqual(result.returncode, 2)
        self.assert_says(result.stderr, "line 3, column 22", "unknown column 'pric'", "expected one of price", "did you mean 'price'?")


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1)
