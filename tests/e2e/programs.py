"""Drives the real programs for the end-to-end tests: starts, watches, kills, asks."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import wait_for  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("PENSTOCK_BIN", HERE.parents[1] / "build/release/bin"))


def seed_of_run():
    seed = int(os.environ.get("PENSTOCK_SEED", int.from_bytes(os.urandom(4), "big")))
    print(f"PENSTOCK_SEED={seed}", flush=True)
    return seed


class Workplace:
    """A directory of one test: kept when the test fails, so that one can look."""

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"penstock-{name}-"))

    def __enter__(self):
        return self.path

    def __exit__(self, kind, value, trace):
        if kind is None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"left for inspection: {self.path}", file=sys.stderr)


def judge(inputs, outputs):
    """Another program decides, from files alone."""
    result = subprocess.run([sys.executable, HERE / "orders.py", inputs, outputs], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError("the result is wrong:\n" + result.stderr)
    return result.stdout.strip()


def verify_checkpoints(uri):
    result = subprocess.run([BIN / "penstock", "snapshot", "verify", uri], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"penstock snapshot verify {uri}: {result.stdout}{result.stderr}")


class Job:
    """One process of `penstock run`. Its output goes to a file, which tells what it has reached."""

    def __init__(self, file, log, *options, prefix=()):
        self.log = pathlib.Path(log)
        with self.log.open("wb") as out:
            self.process = subprocess.Popen([*prefix, BIN / "penstock", "run", file, *map(str, options)],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def text(self):
        return self.log.read_text(errors="replace")

    def said(self, pattern):
        return re.search(pattern, self.text())

    def wait_said(self, pattern, seconds=60):
        def look():
            found = self.said(pattern)
            if not found and self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode} before it said {pattern!r}:\n{self.text()}")
            return found
        return wait_for(f"{pattern!r} in {self.log}", look, seconds, every=0.005)

    def ends_within(self, seconds):
        try:
            self.process.wait(timeout=seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def wait_end(self, seconds=120):
        if not self.ends_within(seconds):
            raise AssertionError(f"it does not end:\n{self.text()[-3000:]}")
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def address(self):
        return self.wait_said(r'"address":"([^"]+)"')[1]

    def ctl(self, *words, check=True):
        result = subprocess.run([BIN / "penstock", "ctl", self.address(), *map(str, words)], capture_output=True, text=True)
        if check and result.returncode != 0:
            raise AssertionError(f"ctl {words}: {result.stderr}\n{self.text()[-3000:]}")
        return result

    def ctl_in_background(self, *words):
        return subprocess.Popen([BIN / "penstock", "ctl", self.address(), *map(str, words)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def status(self):
        return json.loads(self.ctl("status", "--json").stdout)


def rows_by_split(status):
    """Rows that the sources emitted, by (source, split)."""
    return {(chain["name"], split["id"]): int(split["rows"]) for chain in status["chains"] for split in chain["splits"]}
