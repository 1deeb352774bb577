"""The conformance suite on the real API server: what its cases say of one is still so."""
import pathlib
import subprocess
import sys
import tempfile

from real_cluster import RealCluster

SUITE = pathlib.Path(__file__).resolve().parents[1] / "conformance/conformance.py"


def test_a_real_api_server_answers_as_recorded():
    """A control plane of its own without nodes, as the cases were recorded: no kubelet changes Pods, and the CRDs go with it."""
    with tempfile.TemporaryDirectory(prefix="penstock-conformance-") as folder:
        cluster = RealCluster(pathlib.Path(folder) / "cluster")
        try:
            cluster.up(nodes=0)
            done = subprocess.run([sys.executable, SUITE, "--kubeconfig", cluster.kubeconfig], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        finally:
            cluster.down()
        assert done.returncode == 0, done.stdout[-20000:]
