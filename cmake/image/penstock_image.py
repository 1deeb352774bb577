"""Builds Penstock's image from build/release without a Docker daemon: both programs, the shared libraries that they load, certificates."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from oci import Entry, write_image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("penstock", "penstock-operator")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
USER = 65532


def output(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def stripped(file):
    """The program's bytes without symbols and debug information."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "stripped"
        output("strip", "-o", out, file)
        return out.read_bytes()


def libraries(program):
    """{path in the image: file here} of what the loader loads for the program, and of the loader itself."""
    found = {}
    for line in output("ldd", program).splitlines():
        if "not found" in line:
            raise RuntimeError(f"{program} needs a library that is not installed: {line.strip()}")
        path = re.search(r"(/\S+) \(0x", line)
        if path:  # linux-vdso has none
            found[path[1].lstrip("/")] = pathlib.Path(path[1]).resolve()
    return found


def image_entries(bin):
    """Debian's own layout, in which /lib and /lib64 are links into /usr."""
    entries = {"bin": Entry(link="usr/bin"), "lib": Entry(link="usr/lib"), "lib64": Entry(link="usr/lib64"),
               "tmp": Entry(mode=0o1777),
               "etc/passwd": Entry(f"root:x:0:0:root:/:/none\nnonroot:x:{USER}:{USER}:nonroot:/:/none\n".encode(), mode=0o644),
               "etc/group": Entry(f"root:x:0:\nnonroot:x:{USER}:\n".encode(), mode=0o644),
               "etc/nsswitch.conf": Entry(b"hosts: files dns\n", mode=0o644),
               CERTIFICATES: Entry(pathlib.Path("/", CERTIFICATES).read_bytes(), mode=0o644),
               "usr/lib/ssl/cert.pem": Entry(link="/" + CERTIFICATES)}
    for name in PROGRAMS:
        program = pathlib.Path(bin) / name
        entries["usr/bin/" + name] = Entry(stripped(program))
        for path, file in libraries(program).items():
            entries[re.sub(r"^(lib|lib64)/", r"usr/\1/", path)] = Entry(file.read_bytes())
    return entries


def version(bin):
    return output(pathlib.Path(bin) / "penstock", "--version").split()[1]


def print_sizes(entries, file):
    sizes = sorted(((len(entry.data), path) for path, entry in entries.items() if entry.data), reverse=True)
    shown = [(size, path) for size, path in sizes if size >= 500_000]
    rest = [size for size, path in sizes if size < 500_000]
    for size, path in [*shown, (sum(rest), f"{len(rest)} smaller files")]:
        print(f"{size / 1e6:8.1f} MB  {path}", file=sys.stderr)
    print(f"{sum(size for size, _ in sizes) / 1e6:8.1f} MB  in all; {file.stat().st_size / 1e6:.1f} MB compressed", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="./dev image")
    parser.add_argument("--bin", default=ROOT / "build/release/bin", help="where the programs are")
    parser.add_argument("--out", default=ROOT / "build/image", type=pathlib.Path, help="the folder for the image")
    options = parser.parse_args()
    number = version(options.bin)
    entries = image_entries(options.bin)
    for other in options.out.glob("penstock-*.tar"):  # whoever looks for the image finds one
        other.unlink()
    file = options.out / f"penstock-{number}.tar"
    write_image(file, f"penstock:{number}", entries, User=f"{USER}:{USER}", WorkingDir="/",
                Env=["PATH=/usr/bin", "SSL_CERT_FILE=/" + CERTIFICATES],
                Labels={"org.opencontainers.image.title": "penstock", "org.opencontainers.image.version": number})
    print_sizes(entries, file)
    print(file)


if __name__ == "__main__":
    main()
