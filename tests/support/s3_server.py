"""An S3 server of a test: MinIO, built by ./dev from its Go module (PENSTOCK_MINIO names the program), on a free port."""
import datetime
import hashlib
import hmac
import os
import pathlib
import re
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

from cluster import free_port, wait_for

KEY, SECRET = "penstock-test", "penstock-test-secret"


class S3Server:
    """Buckets are directories of `folder`, made before it starts or while it runs."""

    def __init__(self, folder, buckets=("checkpoints",), tls=False):
        self.folder, self.process = pathlib.Path(folder), None
        self.certificates = self.folder.parent / "certificates"
        for bucket in buckets:
            (self.folder / bucket).mkdir(parents=True)
        self.port = free_port()
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            self.certificates.mkdir()
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                            "-subj", "/CN=s3", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.certificates / "private.key",
                            "-out", self.certificates / "public.crt"], check=True, capture_output=True)

    def environment(self, **more):
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": self.endpoint, **more}

    def session(self):
        """An environment with keys for an hour, which are worth nothing without their token."""
        body, now = b"Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600", datetime.datetime.now(datetime.timezone.utc)
        headers = {"host": f"127.0.0.1:{self.port}", "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}
        scope, names = now.strftime("%Y%m%d/us-east-1/sts/aws4_request"), ";".join(headers)
        canonical = "\n".join(["POST", "/", "", *(f"{name}:{value}" for name, value in headers.items()), "", names,
                               hashlib.sha256(body).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for part in [*scope.split("/"), text]:
            key = hmac.digest(key, part.encode(), "sha256")
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={key.hex()}"

        def ask():
            try:
                with urllib.request.urlopen(urllib.request.Request(self.endpoint + "/", body, headers)) as answer:
                    return dict(re.findall(r"<(\w+)>([^<]+)</", answer.read().decode()))
            except urllib.error.HTTPError as refusal:
                text = refusal.read().decode()
                if "not initialized" in text:  # a server that is ready knows no keys yet
                    return None
                raise AssertionError(text) from refusal

        fields = wait_for("the S3 server's keys", ask)
        return self.environment(AWS_ACCESS_KEY_ID=fields["AccessKeyId"], AWS_SECRET_ACCESS_KEY=fields["SecretAccessKey"],
                                AWS_SESSION_TOKEN=fields["SessionToken"])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        environment = {**os.environ, "MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off", "GOMAXPROCS": "2"}
        with (self.folder.parent / "minio.log").open("ab") as log:
            self.process = subprocess.Popen(
                [os.environ["PENSTOCK_MINIO"], "server", "--address", f"127.0.0.1:{self.port}",
                 "--certs-dir", self.certificates, self.folder],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("the S3 server", self.ready)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"minio ended: {(self.folder.parent / 'minio.log').read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.endpoint}/minio/health/ready", timeout=2, context=self.trust()) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def trust(self):
        return ssl.create_default_context(cafile=self.certificates / "public.crt") if self.endpoint.startswith("https") else None

    def stop(self):
        """Keeps its sockets and answers nothing, as a host that is gone."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
