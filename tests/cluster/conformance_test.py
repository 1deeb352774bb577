"""The conformance suite on the real API server: what its cases say of one is still so."""
import os
import pathlib
import subprocess
import sys

WANTS_CLUSTER = True

if __name__ == "__main__":
    suite = pathlib.Path(__file__).resolve().parents[1] / "conformance/conformance.py"
    sys.exit(subprocess.run([sys.executable, suite, "--kubeconfig", os.environ["KUBECONFIG"]], check=False).returncode)
