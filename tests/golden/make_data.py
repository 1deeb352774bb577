"""Writes the input and the expected results of tests/golden: seeded data, and each result computed by an independent
program (SQLite, or a few lines of Python) from the same lines. Run it after adding a query; commit what it writes."""
import collections
import datetime
import decimal
import json
import pathlib
import random
import sqlite3

HERE = pathlib.Path(__file__).parent
START = datetime.datetime(2024, 3, 1, 10, 0, 0)
ITEMS = ["apple", "pear", "plum", "fig", None]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows))


def stamp(second):
    return (START + datetime.timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S")


def make_input():
    random.seed(7)
    customers = [{"id": i, "name": f"customer {i}" if i % 9 else "Zoë", "state": random.choice(["OR", "ID", "CA", "NY"]),
                  "ts": stamp(i * 3)} for i in range(120)]
    orders = []
    for i in range(3000):
        second = i // 4 + random.randint(-4, 0) if i > 20 else i // 4
        amount = None if random.random() < 0.03 else random.randint(1, 99999) / 100
        orders.append({"id": i, "customer": random.randint(0, 139), "item": random.choice(ITEMS), "amount": amount,
                       "ts": stamp(second)})
    folder = HERE / "data"
    (folder / "orders").mkdir(parents=True, exist_ok=True)
    (folder / "customers").mkdir(exist_ok=True)
    for part in range(3):  # three files: three splits
        write_lines(folder / "orders" / f"orders-{part}.jsonl", orders[part::3])
    write_lines(folder / "customers" / "customers.jsonl", customers)
    return orders, customers


def expect(name, rows):
    lines = [json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows]
    (HERE / "queries" / f"{name}.expected").write_text("".join(line + "\n" for line in sorted(lines)))


def epoch(row):
    return int((datetime.datetime.strptime(row["ts"], "%Y-%m-%d %H:%M:%S") - START).total_seconds())


def money(value):
    return decimal.Decimal(str(value))


def main():
    orders, customers = make_input()
    by_id = {c["id"]: c for c in customers}

    expect("filter_project", [
        {"id": o["id"], "label": (o["item"] or "none").upper() + "-" + str(o["customer"]),
         "size": "large" if o["amount"] >= 500 else "small"}
        for o in orders if o["amount"] is not None and o["customer"] % 7 == 3])

    windows = collections.defaultdict(list)
    for o in orders:
        windows[epoch(o) // 60 * 60, o["item"]].append(o)
    expect("tumble", [
        {"window_start": stamp(start), "window_end": stamp(start + 60), "item": item, "orders": len(rows),
         "with_amount": sum(r["amount"] is not None for r in rows), "customers": len({r["customer"] for r in rows}),
         "big": sum(1 for r in rows if (r["amount"] or 0) > 900),
         "least": min((r["id"] for r in rows)), "most": max((r["id"] for r in rows))}
        for (start, item), rows in windows.items()])

    hops = collections.defaultdict(int)
    for o in orders:
        slide = epoch(o) // 20 * 20
        for start in (slide, slide - 20, slide - 40):
            hops[start, o["customer"] % 10] += 1
    most = collections.defaultdict(int)
    for (start, _), count in hops.items():
        most[start] = max(most[start], count)
    expect("hop_hottest", [
        {"window_end": stamp(start + 60), "bucket": bucket, "orders": count}
        for (start, bucket), count in hops.items() if count >= most[start]])

    totals = collections.defaultdict(list)
    for o in orders:
        totals[o["customer"]].append(o)
    expect("group_by", [
        {"customer": customer, "orders": len(rows), "first_id": min(r["id"] for r in rows),
         "items": len({r["item"] for r in rows if r["item"] is not None})}
        for customer, rows in totals.items() if len(rows) >= 20])

    sizes = collections.Counter(len(rows) for rows in totals.values())
    expect("count_of_counts", [{"orders": size, "customers": count} for size, count in sizes.items()])

    expect("join", [
        {"id": o["id"], "name": by_id[o["customer"]]["name"], "state": by_id[o["customer"]]["state"]}
        for o in orders if o["customer"] in by_id and by_id[o["customer"]]["state"] in ("OR", "ID") and o["id"] % 5 == 0])

    database = sqlite3.connect(":memory:")
    database.execute("create table o (id, customer, item, amount, ts)")
    database.executemany("insert into o values (:id, :customer, :item, :amount, :ts)", orders)
    union = database.execute(
        "select 'fruit' as kind, id, item as what from o where item like 'p%' and id % 11 = 0 union all "
        "select 'customer', id, cast(customer as text) from o where id % 97 = 0").fetchall()
    expect("union_all", [{"kind": k, "id": i, "what": w} for k, i, w in union])

    sums = collections.defaultdict(lambda: [decimal.Decimal(0), 0])
    for o in orders:
        if o["amount"] is not None:
            sums[o["customer"] % 3][0] += money(o["amount"])
            sums[o["customer"] % 3][1] += 1
    (HERE / "queries" / "decimal_sum.expected").write_text("".join(sorted(
        f'{{"bucket":{bucket},"total":{total:.2f},"counted":{count}}}\n' for bucket, (total, count) in sums.items())))


if __name__ == "__main__":
    main()
