"""Runs `penstock bench` and operator_bench.py, and writes what it found into the generated parts of tests/bench/README.md."""
import json
import os
import platform
import re
import subprocess
import sys
import time

BENCHES = ["nexmark", "start", "state", "checkpoint", "rescale", "move", "operator"]
README = "tests/bench/README.md"


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def machine():
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    load = os.getloadavg()[0]
    return (f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}, {cpu_model()}, {os.cpu_count()} CPUs, "
            f"load average {load:.1f} when it began.")


def short(value):
    size = abs(value)
    for bound, suffix in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if size >= bound:
            divided = value / {" G": 1e9, " M": 1e6, " k": 1e3}[suffix]
            return f"{divided:.3g}{suffix}" if abs(divided) < 100 else f"{divided:.0f}{suffix}"
    return f"{value:.3g}" if size < 100 else f"{value:.0f}"


def table(found):
    lines = ["| what | measured | should be | |", "|---|---|---|---|"]
    for row in found["measurements"]:
        target = ""
        if "at_least" in row:
            target = "at least " + short(row["at_least"])
        if "at_most" in row:
            target = "at most " + short(row["at_most"])
        value = f"{short(row['value'])} {row['unit']}".strip()
        verdict = " **missed**" if row["missed"] else ""
        note = row["note"].replace("|", "\\|")
        lines.append(f"| {row['name']} | {value}{verdict} | {target} | {note} |")
    return "\n".join(lines)


def replace(text, bench, body):
    pattern = re.compile(rf"(<!-- {bench}: generated -->\n).*?(<!-- {bench}: end -->)", re.DOTALL)
    if not pattern.search(text):
        sys.exit(f"{README} has no generated part '{bench}': put its two comments back")
    return pattern.sub(lambda found: found.group(1) + body + "\n" + found.group(2), text)


def main():
    program, wanted = sys.argv[1], sys.argv[2:] or BENCHES
    for bench in wanted:
        if bench not in BENCHES:
            sys.exit(f"no bench '{bench}'; there are {', '.join(BENCHES)}")
    for bench in wanted:
        print(f"==> {bench}", file=sys.stderr)
        facts = machine()
        own = [program, "bench", bench]
        command = [sys.executable, "tests/bench/operator_bench.py", "--bin", os.path.dirname(program)] if bench == "operator" else own
        run = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True)
        if run.returncode != 0:
            sys.exit(run.returncode)
        found = json.loads(run.stdout)
        with open(README, encoding="utf-8") as file:
            text = file.read()
        text = replace(text, bench, f"{facts}\n\n{table(found)}")
        with open(README, "w", encoding="utf-8") as file:
            file.write(text)
        print(table(found), flush=True)
        print(f"{bench}: {len(found['measurements'])} numbers, {found['missed']} missed")


main()
