"""Runs clang-tidy over the sources that a build has compiled: tidy.py BUILD [FILTER].

A file is looked at again only when it, a header of ours that it includes, its command line or the checks have
changed: what passed is remembered in build/tidy, by a hash of all of these. Exit 1 when anything was found.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("controllers/", "operator/", "runtime/")
PROGRAM = "clang-tidy-19"


def commands(build):
    """(file, command) of each source of ours; paths as seen from ROOT."""
    out = {}
    for one in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.join(one["directory"], one["file"]), ROOT)
        if path.startswith(FOLDERS) and path.endswith(".cpp"):
            out[path] = one
    return out


def headers(build):
    """Object -> headers of ours, as the last build has seen them."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    out, target = {}, None
    for line in text.splitlines():
        if line and not line.startswith(" "):
            target = line.split(":")[0]
            out[target] = []
        elif target and line:
            path = os.path.relpath(os.path.join(build, line.strip()), ROOT)
            if path.startswith(FOLDERS):
                out[target].append(path)
    return out


def digest(parts, paths):
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() + b"\0")
    for path in sorted(set(paths)):
        sha.update(path.encode() + b"\0" + (ROOT / path).read_bytes())
    return sha.hexdigest()


def check(build, path):
    run = subprocess.run([PROGRAM, "-p", build, "--quiet", "--extra-arg=-w", path],
                         cwd=ROOT, capture_output=True, text=True)
    found = [line for line in run.stdout.splitlines() if not re.match(r"\d+ warnings? treated as error", line)]
    # It says on stderr how many warnings it left out; that matters only when it could not work at all.
    return run.returncode == 0, "\n".join(found) or ("" if run.returncode == 0 else run.stderr)


def main():
    build = ROOT / sys.argv[1]
    wanted = re.compile(sys.argv[2] if len(sys.argv) > 2 else ".")
    passed = ROOT / "build" / "tidy"
    passed.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout
    common = [version, (ROOT / ".clang-tidy").read_text()]
    known = headers(build)
    open_files, all_hashes = {}, set()
    for path, one in sorted(commands(build).items()):
        if not wanted.search(path):
            continue
        target = re.search(r" -o (\S+)", one["command"])[1]
        used = [header for header in known.get(target, []) if (ROOT / header).exists()]
        key = digest(common + [one["command"].replace(str(ROOT), "")], used + [path])
        all_hashes.add(key)
        if not (passed / key).exists():
            open_files[path] = key
    print(f"clang-tidy: {len(all_hashes) - len(open_files)} files as they were, {len(open_files)} to look at", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        running = {pool.submit(check, build, path): path for path in open_files}
        for done, future in enumerate(concurrent.futures.as_completed(running), 1):
            path = running[future]
            good, text = future.result()
            print(f"[{done}/{len(running)}] {path}" + ("" if good else ": " + "\n" + text), flush=True)
            if good:
                (passed / open_files[path]).touch()
            bad += not good
    if len(sys.argv) <= 2:
        for old in passed.iterdir():
            if old.name not in all_hashes:
                old.unlink()
    print(f"clang-tidy: {bad} files with findings" if bad else "clang-tidy: nothing found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
