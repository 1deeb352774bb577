"""The conformance suite on our own API server, as `up --api-only --cpus 0` serves it: without a Node, as the real one was recorded. --bin DIR: where the programs are."""
import argparse
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from cluster import wait_for  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="penstock-conformance-"))
    kubeconfig = folder / "kubeconfig"
    with (folder / "api.log").open("wb") as log:
        server = subprocess.Popen([options.bin / "penstock-operator", "up", "--api-only", "--cpus", "0", "--data", folder / "data", "--kubeconfig",
                                   kubeconfig], stdout=log, stderr=log)
    try:
        wait_for(f"the API server; see {folder}/api.log", kubeconfig.exists)
        suite = [sys.executable, HERE / "conformance.py", "--kubeconfig", kubeconfig, *options.cases]
        code = subprocess.run(suite, check=False).returncode
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    if code == 0:
        shutil.rmtree(folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
