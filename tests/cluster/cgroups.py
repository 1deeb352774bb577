"""The kernel's cgroups, version 1 (one hierarchy per controller) and version 2 (one for all)."""
import contextlib
import pathlib
import time


def _mounts(kind):
    lines = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    return [pathlib.Path(fields[1]) for fields in lines if fields[2] == kind]


def hierarchies():
    """Where cgroups are made: version 1's when there are any (its version 2 beside them carries no controllers), else version 2's."""
    return _mounts("cgroup") or _mounts("cgroup2")


def is_version_2():
    return not _mounts("cgroup")


def create(path):
    """Makes `path` in each hierarchy, able to hold processes: v1 wants a cpuset filled in, v2 wants controllers handed down."""
    for root in hierarchies():
        folder = root
        for part in pathlib.PurePath(path).parts:
            parent, folder = folder, folder / part
            if is_version_2():
                for controller in (parent / "cgroup.controllers").read_text().split():
                    (parent / "cgroup.subtree_control").write_text("+" + controller)
            folder.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if not is_version_2() and (folder / name).exists() and not (folder / name).read_text().strip():
                    (folder / name).write_text((parent / name).read_text())


def folders(path):
    """All cgroups at and below `path`, the deepest first; those too that runc makes in a version 2 beside version 1."""
    found = [folder for root in _mounts("cgroup") + _mounts("cgroup2") if (root / path).is_dir()
             for folder in [root / path, *(entry for entry in (root / path).rglob("*") if entry.is_dir())]]
    return sorted(found, key=lambda folder: -len(folder.parts))


def processes(path):
    found = set()
    for folder in folders(path):
        with contextlib.suppress(OSError):  # it may be gone by now
            found.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
    return found


def remove(path, seconds=10):
    """Removes `path` and all below it; they must be empty, or become so in time (a killed process takes its moment)."""
    until = time.monotonic() + seconds
    while True:
        failed = None
        for folder in folders(path):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError as busy:
                failed = busy
        if not failed:
            return
        if time.monotonic() > until:
            raise failed
        time.sleep(0.05)


def limits(path):
    """{'cpu': cores or None, 'memory': bytes or None} of one cgroup, as the kernel holds them now."""
    def read(controller, name):
        root = hierarchies()[0] if is_version_2() else pathlib.Path("/sys/fs/cgroup") / controller
        return (root / path / name).read_text().split()
    if is_version_2():
        quota, period = read("cpu", "cpu.max")
        memory = read("memory", "memory.max")[0]
    else:
        quota, period = read("cpu", "cpu.cfs_quota_us")[0], read("cpu", "cpu.cfs_period_us")[0]
        memory = read("memory", "memory.limit_in_bytes")[0]
    unlimited = memory == "max" or int(memory) >= 1 << 62
    return {"cpu": None if quota in ("max", "-1") else int(quota) / int(period), "memory": None if unlimited else int(memory)}


def of_container(root, container):
    """The path of a container's cgroup below `root`, by the container's id."""
    hierarchy = hierarchies()[0]
    return next((folder.relative_to(hierarchy) for folder in (hierarchy / root).rglob(container)), None)
