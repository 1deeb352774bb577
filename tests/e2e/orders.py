"""Input of the crash tests, and their judge: it computes every result from the input files and reads nothing but files.

    orders.py INPUT OUTPUT    exit 0 when OUTPUT holds exactly what the job's three statements give over INPUT
"""
import collections
import json
import os
import pathlib
import random
import sys

CUSTOMERS = 40
WINDOW_SECONDS = 10


def job(inputs, outputs, spin_micros, follow=True, options=""):
    """A window, a changelog and a join over the same orders; each order is made to cost time. Without `follow` the input ends."""
    follows = ", 'source.monitor-interval' = '20ms'" if follow else ""

    def source(name):
        return f"'connector' = 'filesystem', 'path' = '{inputs}/{name}', 'format' = 'json'{follows}{options}"

    def sink(name, format="json"):
        return f"'connector' = 'filesystem', 'path' = '{outputs}/{name}', 'format' = '{format}'"

    return f"""
CREATE TABLE raw_orders (id BIGINT, customer BIGINT, amount BIGINT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ({source("orders")});
CREATE TABLE customers (id BIGINT, state STRING) WITH ({source("customers")});
CREATE VIEW orders AS SELECT id, customer, SPIN(amount, {spin_micros}) AS amount, ts FROM raw_orders;
CREATE TABLE windowed (window_start TIMESTAMP(3), customer BIGINT, orders BIGINT, amount BIGINT) WITH ({sink("windowed")});
CREATE TABLE totals (customer BIGINT, orders BIGINT, amount BIGINT) WITH ({sink("totals", "debezium-json")});
CREATE TABLE joined (id BIGINT, customer BIGINT, state STRING, amount BIGINT) WITH ({sink("joined")});
INSERT INTO windowed SELECT window_start, customer, COUNT(*), SUM(amount)
  FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '{WINDOW_SECONDS}' SECOND))
  GROUP BY window_start, window_end, customer;
INSERT INTO totals SELECT customer, COUNT(*), SUM(amount) FROM orders GROUP BY customer;
INSERT INTO joined SELECT o.id, o.customer, c.state, o.amount FROM orders AS o JOIN customers AS c ON o.customer = c.id;
"""


def time_text(seconds):
    return f"2024-05-{1 + seconds // 86400:02} {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class Feed:
    """Adds files to the input, in the order of event time; a file is complete when it appears."""

    def __init__(self, inputs, seed):
        self.inputs, self.random = pathlib.Path(inputs), random.Random(seed)
        self.orders = self.files = self.customers = 0
        for name in ("orders", "customers"):
            (self.inputs / name).mkdir(parents=True, exist_ok=True)

    def publish(self, table, rows):
        self.files += 1
        text = "".join(json.dumps(row) + "\n" for row in rows)
        hidden = self.inputs / table / f".{self.files:06}"
        hidden.write_text(text)
        os.rename(hidden, self.inputs / table / f"{self.files:06}.jsonl")

    def add(self, orders):
        rows = []
        for _ in range(orders):
            self.orders += 1
            # Half a second of disorder is less than the watermark allows: no row is late.
            second = self.orders // 20 + self.random.randint(0, 1) * (self.orders % 20 > 10)
            rows.append({"id": self.orders, "customer": self.random.randrange(CUSTOMERS),
                         "amount": self.random.randint(-50, 100), "ts": time_text(second)})
        self.publish("orders", rows)
        if self.customers < CUSTOMERS:
            self.customers += 1
            self.publish("customers", [{"id": self.customers - 1, "state": self.random.choice(["OR", "ID", "CA"])}])


def rows_in(folder):
    for path in sorted(pathlib.Path(folder).iterdir()):
        if not path.name.startswith((".", "_")):
            for line in path.open():
                yield json.loads(line)


def expected(inputs):
    inputs = pathlib.Path(inputs)
    states = {row["id"]: row["state"] for row in rows_in(inputs / "customers")}
    windowed = collections.defaultdict(lambda: [0, 0])
    totals = collections.defaultdict(lambda: [0, 0])
    joined = collections.Counter()
    for row in rows_in(inputs / "orders"):
        day, clock = row["ts"].split(" ")
        hours, minutes, seconds = map(int, clock.split(":"))
        second = (int(day[8:]) - 1) * 86400 + hours * 3600 + minutes * 60 + seconds
        start = time_text(second - second % WINDOW_SECONDS)
        for group in (windowed[start, row["customer"]], totals[row["customer"]]):
            group[0] += 1
            group[1] += row["amount"]
        if row["customer"] in states:
            joined[row["id"], row["customer"], states[row["customer"]], row["amount"]] += 1
    return {"windowed": collections.Counter((*key, *group) for key, group in windowed.items()),
            "totals": collections.Counter((key, *group) for key, group in totals.items()),
            "joined": joined}


def produced(outputs):
    """Rows with how often they are there; of a changelog what is left when every change has been made."""
    outputs = pathlib.Path(outputs)
    rows = {name: collections.Counter() for name in ("windowed", "totals", "joined")}
    for name, counter in rows.items():
        for row in rows_in(outputs / name):
            if name != "totals":
                counter[tuple(row.values())] += 1
                continue
            if row["before"]:
                counter[tuple(row["before"].values())] -= 1
            if row["after"]:
                counter[tuple(row["after"].values())] += 1
        rows[name] = collections.Counter({row: count for row, count in counter.items() if count != 0})
    return rows


def problems(inputs, outputs):
    want, got = expected(inputs), produced(outputs)
    found = []
    for name in want:
        wrong = sorted(row for row in want[name].keys() | got[name].keys() if want[name][row] != got[name][row])
        for row in wrong[:5]:
            found.append(f"{name}: {row} is there {got[name][row]} times, expected {want[name][row]}")
        if len(wrong) > 5:
            found.append(f"{name}: {len(wrong)} rows differ")
        left = [path.name for path in (pathlib.Path(outputs) / name).iterdir() if not path.name.startswith("part-")]
        if left:
            found.append(f"{name}: left behind: {left[:5]}")
    return found, sum(sum(rows.values()) for rows in want.values())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wrong, rows = problems(*sys.argv[1:])
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{rows} rows, as computed from the input files")
