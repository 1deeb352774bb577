"""The conformance suites on the real API server: what their cases say of one is still so, and ours refuses whatever it refuses."""
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from real_cluster import ROOT, RealCluster

sys.path.insert(0, str(ROOT / "tests/conformance"))
from ours_test import command, our_server  # noqa: E402

BIN = ROOT / "build/release/bin"


@contextlib.contextmanager
def control_plane():
    """One of its own without nodes, as the cases were recorded: no kubelet changes Pods, and the CRDs go with it."""
    with tempfile.TemporaryDirectory(prefix="penstock-conformance-") as folder:
        cluster = RealCluster(pathlib.Path(folder) / "cluster")
        try:
            cluster.up(nodes=0)
            yield cluster.kubeconfig
        finally:
            cluster.down()


def run(suite, kubeconfig, *arguments):
    done = subprocess.run(command(suite, kubeconfig, arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-20000:]


def test_a_real_api_server_answers_as_recorded():
    with control_plane() as kubeconfig:
        run("conformance.py", kubeconfig)


def test_our_client_gets_along_with_a_real_api_server():
    with control_plane() as kubeconfig:
        run(str(BIN / "client_suite"), kubeconfig)


def test_every_field_at_its_edges_is_judged_alike():
    """Ours also refuses what nothing acts on yet and SQL that does not compile: on a real cluster the webhook does that."""
    with tempfile.TemporaryDirectory(prefix="penstock-fields-") as folder, control_plane() as real, our_server(BIN) as ours:
        verdicts = []
        for name, kubeconfig in (("real", real), ("ours", ours)):
            file = pathlib.Path(folder) / name
            run("fields.py", kubeconfig, "--verdicts", str(file))
            verdicts.append(json.loads(file.read_text()))
        wrong = [f"{label}: refused for {refused}, accepted by ours" for label, refused in verdicts[0].items()
                 if refused != "accepted" and verdicts[1][label] == "accepted"]
        assert not wrong, "\n".join(wrong)
