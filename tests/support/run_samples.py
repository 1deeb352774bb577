"""Behind `./dev run`: starts the control plane on this machine, applies two samples, shows the live screen, sums up.

    run_samples.py [--for DURATION] [--data DIR] [--fresh] [--expect-rescales N]

With --for it ends by itself that long after the first job is Ready: one summary over both samples, exit 0 when the flights
result equals Python's. Without it Ctrl-C ends everything; the next run goes on from the last checkpoint.
"""
import argparse
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import flights
from cluster import Api, condition, phase

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ["flights", "bids-per-auction"]


def seconds(text):
    match = re.fullmatch(r"(\d+)(s|m|h)?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"not a duration: {text} (write 90s or 2m)")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]


def render(data):
    """The samples with this machine's paths in place of the ones that a cluster would have."""
    folder = data / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        text = (ROOT / f"crds/samples/{name}.yaml").read_text()
        text = text.replace("/var/lib/penstock/flights-daily", str(data / "out/flights-daily"))
        text = text.replace("/var/lib/penstock/hot-auctions", str(data / "out/hot-auctions"))
        text = text.replace("/var/lib/penstock/flights", str(ROOT / "data/flights"))
        (folder / f"{name}.yaml").write_text(text)
    return folder


def ready(job):
    return condition(job, "Ready") == "True" or phase(job) == "Finished"


def lines_in(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("part-*"))


def rows_of(data, name):
    """Rows in, out and late: what the job's processes said when they ended, added up."""
    rows = [0, 0, 0]
    for log in data.glob("pods/*/*.log"):
        for line in log.open(errors="replace"):
            match = re.match(rf"{name}: .*?(\d+) rows in, (\d+) rows out, (\d+) late", line)
            if match:
                rows = [so_far + int(now) for so_far, now in zip(rows, match.groups())]
    return rows


def summarise(data, rescales, jobs):
    pauses = [pause for pause, _ in rescales.values()]
    print(f"{len(rescales)} rescales", end="")
    print(f", pauses {min(pauses):.1f} to {max(pauses):.1f} ms" if pauses else "")
    for (job, at), (pause, text) in sorted(rescales.items(), key=lambda item: item[0][1]):
        print(f"  {at} {job}: {text}, pause {pause:.1f} ms")
    for name, job in sorted(jobs.items()):
        rows_in, rows_out, late = rows_of(data, name)
        committed = lines_in(data / "out" / ("flights-daily" if name == "flights" else "hot-auctions"))
        print(f"{name}: {phase(job)}, {rows_in} rows in, {rows_out} rows out, {late} late, {committed} rows committed to files")


def note_rescale(rescales, name, job):
    scale = job.get("status", {}).get("lastScale")
    if scale:
        text = f"{scale['from']} -> {scale['to']} slots, {scale.get('reason', '')}"
        rescales.setdefault((name, scale["time"]), (float(scale.get("pauseMs", 0)), text))


def stop(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def main():
    parser = argparse.ArgumentParser(prog="./dev run")
    parser.add_argument("--for", dest="duration", type=seconds, help="end by itself that long after the first job is Ready")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / ".penstock")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run left")
    parser.add_argument("--expect-rescales", type=int, default=0, metavar="N", help="fail when there were fewer")
    arguments = parser.parse_args()
    data, bin = arguments.data.resolve(), arguments.bin.resolve()
    if arguments.fresh:
        shutil.rmtree(data, ignore_errors=True)
    samples = render(data)
    kubeconfig = data / "kubeconfig"
    kubeconfig.unlink(missing_ok=True)

    with (data / "operator.log").open("ab") as log:
        operator = subprocess.Popen([bin / "penstock-operator", "up", "--data", data, "--kubeconfig", kubeconfig, "--apply", samples],
                                    stdout=log, stderr=log, start_new_session=True)
    top = None
    try:
        while not kubeconfig.exists():
            if operator.poll() is not None:
                sys.exit(f"the control plane ended with code {operator.returncode}; see {data / 'operator.log'}")
            time.sleep(0.05)
        hints = (f"kubeconfig: {kubeconfig}\ntry:  export KUBECONFIG={kubeconfig}\n"
                 "      kubectl get streamjobs -w\n      kubectl describe sj bids-per-auction\n"
                 "      kubectl scale sj bids-per-auction --replicas=3")
        print(hints + "\n", flush=True)
        api = Api(kubeconfig)
        if sys.stdout.isatty():
            top = subprocess.Popen([bin / "penstock-operator", "top", "--kubeconfig", kubeconfig, "--note", hints])
        rescales, jobs, first_ready, shown = {}, {}, None, 0.0
        while arguments.duration is None or first_ready is None or time.monotonic() < first_ready + arguments.duration:
            time.sleep(0.5)
            if operator.poll() is not None:
                sys.exit(f"the control plane ended with code {operator.returncode}; see {data / 'operator.log'}")
            jobs = api.jobs()
            if first_ready is None and any(map(ready, jobs.values())):
                first_ready = time.monotonic()
            for name, job in jobs.items():
                note_rescale(rescales, name, job)
            if top is None and time.monotonic() > shown + 10:
                shown = time.monotonic()
                subprocess.run([bin / "penstock-operator", "top", "--once", "--kubeconfig", kubeconfig], check=False)
        stop(top)
        stop(operator)
        summarise(data, rescales, jobs)
        flights.check(ROOT / "data", [data / "out/flights-daily"])
        if late := rows_of(data, "flights")[2]:
            sys.exit(f"flights: {late} rows came late, in files that are ordered by event time")
        if len(rescales) < arguments.expect_rescales:
            sys.exit(f"expected at least {arguments.expect_rescales} rescales")
    except KeyboardInterrupt:
        print("\nstopping; the next ./dev run goes on from the last checkpoint")
    finally:
        stop(top)
        stop(operator)
    if operator.returncode != 0:
        sys.exit(f"the control plane ended with code {operator.returncode}; see {data / 'operator.log'}")


if __name__ == "__main__":
    main()
