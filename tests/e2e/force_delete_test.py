"""A Pod that is deleted by force, while it ends: its process ends, and every other Pod keeps its process, folder and address."""
from control_plane import PODS, Up, restarts
from programs import Workplace, wait_for

ENDLESS = """CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole'); INSERT INTO o SELECT id FROM t;"""


def delete_by_force(up, name):
    """The new Pod that takes the place of the deleted one."""
    pod = up.running_pod(name)
    process = up.process_of(pod)
    path = f"{PODS}/{pod['metadata']['name']}"
    up.expect("DELETE", path)
    status, answer = up.call("DELETE", path + "?gracePeriodSeconds=0")
    if status not in (200, 404):
        raise AssertionError(f"{status} {answer}")
    wait_for("its process ends", lambda: not process.alive())
    wait_for("another Pod runs", lambda: up.running_pod(name)["metadata"]["uid"] != pod["metadata"]["uid"])
    return up.running_pod(name)


def main():
    with Workplace("force-delete") as place, Up(place / "data") as up:
        up.start()
        for name in ("kept", "deleted"):
            up.create_job(name, ENDLESS)
        kept = up.running_pod("kept")
        process = up.process_of(kept)
        for _ in range(5):
            pod = delete_by_force(up, "deleted")
            folders = sorted(path.name for path in (place / "data/pods").iterdir())
            if folders != sorted(one["metadata"]["uid"] for one in (kept, pod)):
                raise AssertionError(f"folders of other Pods than there are: {folders}")
            if not process.alive() or up.process_of(kept).pid != process.pid or restarts(up.running_pod("kept")) != 0:
                raise AssertionError(f"the other job's process {process.pid} became {up.process_of(kept).pid}")
        up.stop()
        if process.alive():
            raise AssertionError("stopped, and a process still runs")
        print("5 Pods deleted by force; the other one kept its process")


if __name__ == "__main__":
    main()
