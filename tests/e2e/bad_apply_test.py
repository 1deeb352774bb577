"""What is wrong is refused at apply, and the version that runs goes on: same process, exact result."""
import json

from control_plane import JOBS, Up, ctl
from orders import Feed, job
from programs import Workplace, judge, rows_by_split, wait_for


def refuse(up, spec, code, *parts):
    """Applies it as kubectl does; the answer is a Status that says all of `parts`."""
    manifest = {"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob", "metadata": {"name": "orders"}, "spec": spec}
    status, answer = up.call("PATCH", f"{JOBS}/orders?fieldManager=test&force=true&fieldValidation=Strict", manifest,
                             "application/apply-patch+yaml")
    if status != code or any(part not in answer["message"] for part in parts):
        raise AssertionError(f"expected {code} with {parts}, got {status} {answer}")


def rows(pod):
    return sum(rows_by_split(json.loads(ctl(pod, "status", "--json"))).values())


def main():
    with Workplace("bad-apply") as place, Up(place / "data") as up:
        feed = Feed(place / "in", 1)
        feed.add(200)
        sql = job(place / "in", place / "out", spin_micros=5)
        up.start()
        up.create_job("orders", sql, parallelism=2)
        pod = up.running_pod("orders")
        process = up.process_of(pod)
        before = up.job("orders")

        wrong = sql.replace("SELECT customer, COUNT(*)", "SELECT custmer, COUNT(*)")
        line = 1 + wrong[:wrong.index("custmer")].count("\n")
        refuse(up, {"sql": wrong}, 422, "spec.sql", f"line {line}, column ", "unknown column 'custmer'", "did you mean 'customer'?")
        # The code and the words of a real API server.
        refuse(up, {"sql": sql, "paralelism": 3}, 500, ".spec.paralelism: field not declared in schema")
        refuse(up, {"sql": sql, "parallelism": 0}, 422, "spec.parallelism")
        refuse(up, {"sql": sql, "mode": "Batch"}, 422, "spec.mode", "NotImplemented")

        after = up.job("orders")
        if after["metadata"]["generation"] != before["metadata"]["generation"] or after["spec"] != before["spec"]:
            raise AssertionError(f"a refused change changed the job: {before} {after}")
        seen = rows(pod)
        feed.add(200)
        wait_for("the running version goes on", lambda: rows(pod) > seen or None)
        if not process.alive() or up.running_pod("orders")["metadata"]["uid"] != pod["metadata"]["uid"]:
            raise AssertionError("the running version was replaced")

        # A checkpoint directory that cannot be made: told in status, and tried again until it can.
        (place / "store").write_text("a file")
        up.create_job("stored", sql.replace(str(place / "out"), str(place / "stored")),
                      checkpoints={"interval": "100ms", "storage": {"uri": f"file://{place}/store"}})
        wait_for("status names the directory", lambda: f"{place}/store" in json.dumps(up.job("stored").get("status", {})))
        if up.phase("stored") == "Failed":
            raise AssertionError(up.job("stored")["status"])

        # Found out only by running: told in status, once, instead of tried for ever.
        (place / "rows").mkdir()
        (place / "rows/a.jsonl").write_text('{"id": 1}\nno json at all\n')
        up.create_job("rows", f"""CREATE TABLE t (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{place}/rows', 'format' = 'json');
CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole'); INSERT INTO o SELECT id FROM t;""")
        up.wait_phase("rows", "Failed")
        said = json.dumps(up.job("rows")["status"])
        if f"{place}/rows/a.jsonl:2" not in said or "json.ignore-parse-errors" not in said:
            raise AssertionError(said)

        (place / "store").unlink()
        ctl(up.running_pod("stored"), "stop", "--drain")
        up.wait_phase("stored", "Finished")
        ctl(pod, "stop", "--drain")
        up.wait_phase("orders", "Finished")
        up.stop()
        judge(place / "in", place / "stored")
        print(judge(place / "in", place / "out"))


if __name__ == "__main__":
    main()
