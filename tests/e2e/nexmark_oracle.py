"""Every published Nexmark query that is there, against a brute force over the same events: `penstock run` writes all events to
files once, Python computes each query's result from these, and the queries run at parallelism 1, 2, 3 and 5.

    nexmark_oracle.py --bin DIR [--events N]
"""
import argparse
import collections
import datetime
import decimal
import json
import pathlib
import re
import subprocess
import sys
import tempfile

QUERIES = pathlib.Path(__file__).resolve().parents[1] / "golden" / "nexmark"
RATE = 1000  # events per second of event time: few enough for many windows, many enough for ties in q5
SINK = "'connector' = 'filesystem', 'path' = '{}', 'format' = '{}'"

EVENTS = """
CREATE TABLE events (kind INT, at TIMESTAMP(3), person BIGINT, name STRING, city STRING, state STRING, auction BIGINT,
  seller BIGINT, category BIGINT, bid BIGINT, bidder BIGINT, price BIGINT, extra STRING) WITH ({});
INSERT INTO events
SELECT event_type, dateTime, person.id, person.name, person.city, person.state, auction.id, auction.seller, auction.category,
  bid.auction, bid.bidder, bid.price, bid.extra
FROM nexmark;
"""


def run(binary, sql, parallelism, scratch):
    path = scratch / "job.sql"
    path.write_text(sql)
    done = subprocess.run([binary / "penstock", "run", path, "--parallelism", str(parallelism), "--json"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"penstock run ended with {done.returncode}:\n{done.stderr}\n{sql}")
    summary = json.loads(done.stdout)
    if summary["late_rows"]:
        sys.exit(f"{summary['late_rows']} rows came late, in a stream that is in order:\n{sql}")


def rows_in(folder):
    for path in sorted(folder.glob("part-*")):
        with path.open() as lines:
            for line in lines:
                yield json.loads(line, parse_float=decimal.Decimal)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=datetime.timezone.utc).timestamp()


def text_of(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def counted(rows):
    """A multiset of rows, each as its values; decimals by value, times without a fraction that is zero."""
    def plain(value):
        if isinstance(value, decimal.Decimal):
            return value.normalize()
        return re.sub(r"\.0+$", "", value) if isinstance(value, str) else value
    return collections.Counter(tuple(map(plain, row)) for row in rows)


# A function per query: the events, as dictionaries, to the expected rows in the order of the sink's columns.

def q0(events):
    return [(e["bid"], e["bidder"], e["price"], e["at"], e["extra"]) for e in events if e["kind"] == 2]


def q1(events):
    rate = decimal.Decimal("0.908")
    return [(e["bid"], e["bidder"], rate * e["price"], e["at"], e["extra"]) for e in events if e["kind"] == 2]


def q2(events):
    return [(e["bid"], e["price"]) for e in events if e["kind"] == 2 and e["bid"] % 123 == 0]


def q3(events):
    persons = collections.defaultdict(list)
    for e in events:
        if e["kind"] == 0 and e["state"] in ("OR", "ID", "CA"):
            persons[e["person"]].append((e["name"], e["city"], e["state"]))
    return [person + (e["auction"],) for e in events if e["kind"] == 1 and e["category"] == 10
            for person in persons[e["seller"]]]


def q5(events):
    windows = collections.defaultdict(collections.Counter)
    for e in events:
        if e["kind"] != 2:
            continue
        last = int(seconds(e["at"])) // 2 * 2
        for start in range(last - 8, last + 1, 2):
            windows[start][e["bid"]] += 1
    return [(auction, most) for counts in windows.values() for most in [max(counts.values())]
            for auction, count in counts.items() if count >= most]


def q8(events):
    def window(e):
        return int(seconds(e["at"])) // 10 * 10
    sellers = {(window(e), e["seller"]) for e in events if e["kind"] == 1}
    new = {(e["person"], e["name"], window(e)) for e in events if e["kind"] == 0}
    return [(person, name, text_of(start)) for person, name, start in new if (start, person) in sellers]


def q12(events):
    """Windows of the wall clock differ from run to run; the counts of a bidder over all of them do not."""
    return list(collections.Counter(e["bidder"] for e in events if e["kind"] == 2).items())


def sum_of_q12(rows):
    sums = collections.Counter()
    for bidder, count, *_ in rows:
        sums[bidder] += count
    return list(sums.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--events", type=int, default=60000)
    arguments = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        tables = (QUERIES / "tables.sql").read_text()
        tables = tables.replace("'events.num' = '1000000'", f"'events.num' = '{arguments.events}'")
        tables, rates = re.subn(r"(event.rate') = '10000'", rf"\1 = '{RATE}'", tables)
        assert rates == 2, "the source has another rate"
        run(arguments.bin, tables + EVENTS.format(SINK.format(scratch / "events", "json")), 1, scratch)
        events = list(rows_in(scratch / "events"))
        assert len(events) == arguments.events, f"{len(events)} events of {arguments.events}"
        for number, oracle in ((0, q0), (1, q1), (2, q2), (3, q3), (5, q5), (8, q8), (12, q12)):
            sql = tables + (QUERIES / f"q{number}.sql").read_text()
            expected = counted(oracle(events))
            assert expected, f"q{number} has no result over so few events"
            for parallelism in (1, 2, 3, 5):
                out = scratch / f"q{number}-{parallelism}"
                run(arguments.bin, sql.replace("'connector' = 'blackhole'", SINK.format(out, "json")), parallelism, scratch)
                rows = [tuple(row.values()) for row in rows_in(out)]
                got = counted(sum_of_q12(rows) if number == 12 else rows)
                wrong = (expected - got) + (got - expected)
                print(f"q{number} at {parallelism}: {sum(got.values())} rows" + (f", {sum(wrong.values())} differ" if wrong else ""))
                for row in list(wrong)[:5]:
                    print(f"  {row}: {expected[row]} expected, {got[row]} there")
                failed += bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
