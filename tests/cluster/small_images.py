"""The two small images of the test cluster, built here: `pause`, which every Pod needs, and `busybox`, for Pods of tests."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "cmake/image")]
from node import PAUSE
from oci import Entry, write_image

BUSYBOX = "localhost/busybox:1"
APPLETS = ("sh", "cat", "echo", "env", "false", "hostname", "httpd", "id", "ls", "mkdir", "nc", "sleep", "touch", "true", "wget")


def build(folder):
    """Image files below `folder`, built where they are missing."""
    pause, busybox = folder / "pause.tar", folder / "busybox.tar"
    if not pause.exists():
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "pause"
        subprocess.run(["gcc", "-Os", "-static", "-s", "-Wall", "-Werror", "-o", program, HERE / "pause.c"], check=True)
        write_image(pause, PAUSE, {"pause": Entry(program.read_bytes())}, Entrypoint=["/pause"])
    if not busybox.exists():
        entries = {"bin/busybox": Entry(pathlib.Path("/bin/busybox").read_bytes()), "tmp": Entry(mode=0o1777)}
        entries.update({"bin/" + applet: Entry(link="busybox") for applet in APPLETS})
        write_image(busybox, BUSYBOX, entries, Cmd=["/bin/sh"], Env=["PATH=/bin"])
    return [pause, busybox]
