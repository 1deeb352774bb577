"""Runs a suite of this folder on our own API server, as `up --api-only --cpus 0` serves it: without a Node, as the real one was recorded.

    ours_test.py --bin DIR SUITE [ARGUMENT...]

--bin: where the programs are. SUITE: a Python file here, or a program; it gets --kubeconfig FILE and the arguments.
"""
import argparse
import contextlib
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from cluster import wait_for  # noqa: E402


@contextlib.contextmanager
def our_server(bin):
    """The kubeconfig of a server of ours; its folder stays when the test fails."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="penstock-conformance-"))
    kubeconfig = folder / "kubeconfig"
    with (folder / "api.log").open("wb") as log:
        server = subprocess.Popen([bin / "penstock-operator", "up", "--api-only", "--cpus", "0", "--data", folder / "data", "--kubeconfig",
                                   kubeconfig], stdout=log, stderr=log)
    try:
        wait_for(f"the API server; see {folder}/api.log", kubeconfig.exists)
        yield kubeconfig
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    shutil.rmtree(folder)


def command(suite, kubeconfig, arguments):
    start = [sys.executable, HERE / suite] if suite.endswith(".py") else [suite]
    return [*start, "--kubeconfig", str(kubeconfig), *arguments]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("suite")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    with our_server(options.bin) as kubeconfig:
        if code := subprocess.run(command(options.suite, kubeconfig, options.arguments), check=False).returncode:
            sys.exit(code)


if __name__ == "__main__":
    main()
