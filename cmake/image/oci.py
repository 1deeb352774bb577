"""Writes an OCI image of one layer as a tar file, byte for byte the same for the same content. containerd, podman and Docker read it."""
import dataclasses
import gzip
import hashlib
import io
import json
import tarfile


@dataclasses.dataclass(frozen=True)
class Entry:
    """One path of the image: a file's bytes, a symbolic link's target, or, with neither, a directory."""
    data: bytes | None = None
    link: str | None = None
    mode: int = 0o755


def _add(archive, path, entry):
    member = tarfile.TarInfo(path)  # owner 0, time 0: nothing of the machine that builds it
    member.mode = entry.mode
    if entry.link is not None:
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry.link, 0o777
    elif entry.data is None:
        member.type = tarfile.DIRTYPE
    else:
        member.size = len(entry.data)
    archive.addfile(member, io.BytesIO(entry.data or b""))


def _tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(entries):
            _add(archive, path, entries[path])
    return out.getvalue()


def _with_parents(entries):
    whole = dict(entries)
    for path in entries:
        while "/" in path:
            path = path.rpartition("/")[0]
            whole.setdefault(path, Entry())
    return whole


class _Blobs:
    """The blobs of a layout, each under the name of its content."""

    def __init__(self):
        self.entries = {}

    def add(self, data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        self.entries["blobs/sha256/" + digest] = Entry(data, mode=0o644)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}


def write_image(out, name, entries, architecture="amd64", **config):
    """`name` is NAME:TAG, `entries` maps paths without a leading slash to Entry, `config` is the OCI config (User, Entrypoint, ...)."""
    layer = _tar(_with_parents(entries))
    image = {"architecture": architecture, "os": "linux", "config": config, "created": "1970-01-01T00:00:00Z",
             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    blobs = _Blobs()
    compressed = blobs.add(gzip.compress(layer, 6, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blobs.add(json.dumps(image, sort_keys=True).encode(), "application/vnd.oci.image.config.v1+json"),
                "layers": [compressed]}
    described = blobs.add(json.dumps(manifest, sort_keys=True).encode(), manifest["mediaType"])
    whole = name if "/" in name else "docker.io/library/" + name  # what a kubelet makes of a short name
    described["annotations"] = {"io.containerd.image.name": whole, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [described]}
    layout = {**blobs.entries,
              "oci-layout": Entry(json.dumps({"imageLayoutVersion": "1.0.0"}).encode(), mode=0o644),
              "index.json": Entry(json.dumps(index, sort_keys=True).encode(), mode=0o644)}
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".new")
    unfinished.write_bytes(_tar(_with_parents(layout)))
    unfinished.rename(out)
    return len(layer)
