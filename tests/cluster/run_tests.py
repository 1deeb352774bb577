"""Runs the tests of a real cluster and writes a report that summary.py reads. Run by `./dev test cluster [FILTER]`.

Each function test_... of a *_test.py here is a test. One with the parameter `cluster` gets the cluster of the run; one without makes
its own, before that one starts. A *_test.py that says WANTS_CLUSTER = True is run as a program instead, with KUBECONFIG and
PENSTOCK_IMAGE (NAME:TAG) in its environment; other files are ctest's. A cluster that is up already (./dev cluster up) is used and left
as it is."""
import argparse
import functools
import importlib
import inspect
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[0] / "support")]
from cluster import wait_for
from real_cluster import FOLDER, ROOT, RealCluster, image_name

LIMIT = 300  # seconds for one test
PATIENCE = 900  # seconds to wait for a machine that another cluster has
LOGS = ROOT / "build/reports/cluster-logs"


def found(pattern):
    """[(name, function)] of the tests whose name the regular expression finds."""
    tests = []
    for file in sorted(HERE.glob("*_test.py")):
        name, text = "cluster_" + file.stem.removesuffix("_test"), file.read_text()
        if re.search(r"^WANTS_CLUSTER = True\b", text, re.MULTILINE):
            tests.append((name, functools.partial(run_program, file)))
        elif "\ndef test_" in text:
            functions = inspect.getmembers(importlib.import_module(file.stem), inspect.isfunction)
            found = [(function.__code__.co_firstlineno, test, function) for test, function in functions if test.startswith("test_")]
            tests += [(f"{name}.{test.removeprefix('test_')}", function) for _, test, function in sorted(found)]
    return [(name, function) for name, function in tests if re.search(pattern, name)]


def run_program(file, cluster):
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "PENSTOCK_IMAGE": image_name()}
    done = subprocess.run([sys.executable, file], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{file.name} ended with {done.returncode}:\n{done.stdout[-20000:]}")


def wait_for_machine():
    """Until no other cluster has nodes here: another checkout may be testing too."""
    if taken := RealCluster.taken():
        print(f"waiting: {taken}", file=sys.stderr, flush=True)
        wait_for("the machine to be free of other clusters", lambda: not RealCluster.taken(), seconds=PATIENCE, every=1)


def wants_cluster(function):
    return "cluster" in inspect.signature(function).parameters


def time_out(*_):
    raise TimeoutError(f"the test took more than {LIMIT} s")


class Report:
    def __init__(self):
        self.suite = xml.Element("testsuite", name="cluster")
        self.failed = 0

    def run(self, name, function, *arguments):
        began, failure = time.monotonic(), None
        signal.alarm(LIMIT)
        try:
            function(*arguments)
        except Exception:
            failure = traceback.format_exc()
        finally:
            signal.alarm(0)
        seconds = time.monotonic() - began
        case = xml.SubElement(self.suite, "testcase", name=name, classname=name, time=f"{seconds:.2f}", status="fail" if failure else "run")
        print(f"{'failed' if failure else 'passed'}  {seconds:6.1f} s  {name}", file=sys.stderr, flush=True)
        if failure:
            self.failed += 1
            print(failure, file=sys.stderr)
            xml.SubElement(case, "failure").text = failure
        return not failure


def describe(cluster):
    """What one looks at first when a test has failed."""
    for words in (("get", "pods", "-A", "-o", "wide"), ("get", "events", "-A", "--sort-by=.lastTimestamp")):
        print("\n".join(cluster.kubectl(*words, check=False).splitlines()[-30:]), file=sys.stderr)


def save_logs(cluster):
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in [*cluster.folder.glob("*.log"), *cluster.folder.glob("node-*/containerd.log")]:
        shutil.copy(log, LOGS / "-".join(log.relative_to(cluster.folder).parts))
    print(f"the components' logs are in {LOGS}", file=sys.stderr)


def run_on_cluster(report, tests):
    cluster = RealCluster()
    borrowed = cluster.is_up()
    try:
        if not borrowed and not report.run("cluster_up", lambda: cluster.up()):
            return
        for name, function in tests:
            if not report.run(name, function, cluster):
                describe(cluster)
    finally:
        if report.failed and cluster.folder.exists():
            save_logs(cluster)
        if not borrowed:
            report.run("cluster_down", cluster.down)


def main():
    parser = argparse.ArgumentParser(prog="./dev test cluster")
    parser.add_argument("filter", nargs="?", default=".", help="a regular expression for names of tests")
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--list", action="store_true", help="only say which tests there are")
    options = parser.parse_args()
    tests = found(options.filter)
    if options.list or not tests:
        print("\n".join(name for name, _ in tests))
        return
    signal.signal(signal.SIGALRM, time_out)
    if not RealCluster().is_up():
        wait_for_machine()
    report = Report()
    for name, function in tests:
        if not wants_cluster(function):
            if RealCluster().is_up():
                print(f"left out, because {FOLDER} is up and this test makes a cluster of its own: {name}", file=sys.stderr)
            else:
                report.run(name, function)
    on_cluster = [test for test in tests if wants_cluster(test[1])]
    if on_cluster:
        run_on_cluster(report, on_cluster)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    xml.ElementTree(report.suite).write(options.report)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
