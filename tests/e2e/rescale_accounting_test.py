"""Twenty live rescales of a job that reads files: each split is read once, and no state is read from storage.

What each split emitted is counted at the source and compared with the lines of its file. Opened state files are counted by the
kernel (inotify on the checkpoint directory), not by the engine.
"""
import collections
import ctypes
import os
import pathlib
import random
import struct

from orders import Feed, job
from programs import Job, Workplace, judge, rows_by_split, seed_of_run, wait_for

RESCALES = 20
IN_OPEN, IN_NONBLOCK = 0x20, 0o4000


class Opened:
    """Counts opens of files below a directory. Names that begin with a dot are files being written."""

    def __init__(self, folder):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.file = self.libc.inotify_init1(IN_NONBLOCK)
        if self.file < 0 or self.libc.inotify_add_watch(self.file, str(folder).encode(), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {folder}")

    def take(self):
        names = []
        try:
            events = os.read(self.file, 1 << 20)
        except BlockingIOError:
            return names
        while events:
            _, _, _, length = struct.unpack_from("iIII", events)
            names.append(events[16:16 + length].rstrip(b"\0").decode())
            events = events[16 + length:]
        return [name for name in names if name and not name.startswith(".")]


def lines_by_file(inputs):
    return {path.name: path.read_bytes().count(b"\n") for path in pathlib.Path(inputs).glob("*/*.jsonl")}


def main():
    rng = random.Random(seed_of_run())
    with Workplace("rescale") as place:
        sql = place / "orders.sql"
        sql.write_text(job(place / "in", place / "out", spin_micros=20))
        feed = Feed(place / "in", rng.random())
        for _ in range(50):
            feed.add(rng.randint(50, 150))
        options = ["--checkpoints", place / "checkpoints", "--control", "127.0.0.1:0", "--interval", "1h"]
        with Job(sql, place / "job.log", *options, "--parallelism", 2) as process:
            process.ctl("checkpoint")  # so that there is state that could be read
            opened = Opened(place / "checkpoints/state")
            slots = 2
            for _ in range(RESCALES):
                for _ in range(3):
                    feed.add(rng.randint(50, 150))
                slots = rng.choice([wanted for wanted in range(1, 9) if wanted != slots])
                process.ctl("rescale", slots)
            rescales = process.status()["rescales"]
            if int(rescales["count"]) != RESCALES or rescales["to"] != slots:
                raise AssertionError(f"not {RESCALES} rescales: {rescales}")
            lines = lines_by_file(place / "in")
            wait_for("all rows are read", lambda: sum(rows_by_split(process.status()).values()) >= sum(lines.values()))
            read = opened.take()
            if read:
                raise AssertionError(f"state was read from storage: {read[:5]}")
            emitted = collections.Counter()
            for (_, split), rows in rows_by_split(process.status()).items():
                emitted[split] += rows
            if emitted != collections.Counter(lines):
                wrong = {name: (emitted[name], lines.get(name, 0)) for name in emitted | collections.Counter(lines)
                         if emitted[name] != lines.get(name, 0)}
                raise AssertionError(f"rows emitted and lines of the file differ: {wrong}")
            process.ctl("checkpoint")
            process.kill()
        opened.take()
        with Job(sql, place / "again.log", *options) as process:
            process.wait_said('"restored"')
            if not opened.take():
                raise AssertionError("a restore opened no state file: the count above shows nothing")
            process.ctl("stop", "--drain")
            if process.wait_end() != 0:
                raise AssertionError(process.text())
        print(f"{RESCALES} rescales, {len(lines)} splits, {sum(lines.values())} rows emitted = lines in the files, 0 state files opened")
        print(judge(place / "in", place / "out"))


if __name__ == "__main__":
    main()
