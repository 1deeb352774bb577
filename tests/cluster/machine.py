"""What a node changes of the machine as a whole, and how it is put back: packet filter rules and kernel settings."""
import json
import pathlib
import re
import subprocess

# Ours by name: a kubelet and a kube-proxy write KUBE-..., the network plugins write CNI-...
OURS = re.compile(r"\b(KUBE|CNI)-")
# What the kubelet, kube-proxy and we set.
SETTINGS = ("net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet", "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic",
            "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
            "net/netfilter/nf_conntrack_tcp_timeout_established", "net/netfilter/nf_conntrack_tcp_timeout_close_wait")


def all_rules(family="iptables"):
    """The machine's rules and the chains that are not the kernel's own, as iptables-save writes them, without counters."""
    saved = subprocess.run([family + "-save"], capture_output=True, text=True)
    return [re.sub(r" \[\d+:\d+\]$", "", line) for line in saved.stdout.splitlines() if re.match(r"-A|:\S+ - ", line)]


def rules(family="iptables"):
    """Those of a node."""
    return [line for line in all_rules(family) if OURS.search(line)]


def _removal(saved):
    """What iptables-restore --noflush must read to take our chains and the rules that lead to them away, and nothing else."""
    script = []
    for line in saved.splitlines():
        if line.startswith("*"):
            script.append(line)
            leading, chains = [], []
        elif line.startswith(":") and OURS.match(line[1:]):
            chains.append(line[1:].split()[0])
        elif line.startswith("-A") and OURS.search(line) and not OURS.match(line[3:]):
            leading.append("-D" + line[2:])
        elif line == "COMMIT":
            script += leading + ["-F " + chain for chain in chains] + ["-X " + chain for chain in chains] + [line]
    return "\n".join(script) + "\n"


def remove_rules():
    for family in ("iptables", "ip6tables"):
        if rules(family):
            saved = subprocess.run([family + "-save"], capture_output=True, text=True, check=True).stdout
            subprocess.run([family + "-restore", "--noflush"], input=_removal(saved), text=True, check=True)


def remember_settings(file):
    if not file.exists():
        there = {name: pathlib.Path("/proc/sys", name) for name in SETTINGS}
        file.write_text(json.dumps({name: path.read_text() for name, path in there.items() if path.exists()}))


def restore_settings(file):
    if file.exists():
        for name, value in json.loads(file.read_text()).items():
            pathlib.Path("/proc/sys", name).write_text(value)
        file.unlink()


def mounts_below(folder):
    """Mount points at or below `folder`, the last mounted first."""
    points = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    return [point for point in reversed(points) if point == str(folder) or point.startswith(f"{folder}/")]


def unmount_below(folder):
    for point in mounts_below(folder):
        subprocess.run(["umount", point], check=True)
