"""Real servers on loopback that hold a folder of the test: sshd, WebDAV, and moto for S3."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
LONG_AGO = time.time() - 3600


class Shelf:
    """A place with files, as a test fills it: `url` is its address for `qa sync`."""

    url = ""

    def put(self, name: str, text: str) -> None:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError

    def fetched(self) -> list[str]:
        """The names of the files that were read since the last time, in order."""
        raise NotImplementedError


@dataclass
class Folder(Shelf):
    """A folder that a server shows."""

    root: Path
    url: str
    log: list[str] = field(default_factory=list)

    def put(self, name: str, text: str, modified: float = LONG_AGO) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (modified, modified))

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def fetched(self) -> list[str]:
        found, self.log[:] = sorted(self.log), []
        return found


@contextlib.contextmanager
def webdav(root: Path, user: str = "") -> Iterator[Folder]:
    """A WebDAV server of a folder; `user` has the password "open sesame"."""
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    allowed: Any = {user: {"password": "open sesame"}} if user else True
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/docs": {"root": str(root), "readonly": True}},
            "simple_dc": {"user_mapping": {"*": allowed}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    log: list[str] = []

    def logged(environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            path = environ["PATH_INFO"].encode("latin-1").decode()
            log.append(path.removeprefix("/docs/"))
        return app(environ, start)

    server = wsgi.Server(("127.0.0.1", 0), logged)
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield Folder(root, f"webdav://127.0.0.1:{server.bind_addr[1]}/docs", log)
    finally:
        server.stop()
        thread.join()


@contextlib.contextmanager
def sftp(root: Path, home: Path) -> Iterator[Folder]:
    """Debian's sshd for a folder; `home` gets the keys that a user of it has."""
    keys = home / ".ssh"
    keys.mkdir(mode=0o700)
    host = home / "host"
    for key in (host, keys / "id_ed25519"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(made, check=True, timeout=60)
    shutil.copy(keys / "id_ed25519.pub", home / "allowed")
    log = home / "log"
    log.touch()
    logging = home / "sftp"
    logging.write_text(f"#!/bin/sh\nexec {SFTP_SERVER} -e -l INFO 2>>{log}\n")
    logging.chmod(0o755)
    config = home / "sshd_config"
    config.write_text(
        f"HostKey {host}\nAuthorizedKeysFile {home / 'allowed'}\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        f"Subsystem sftp {logging}\n"
    )
    if os.geteuid() == 0:  # what starts it as a service makes this folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    public = (home / "host.pub").read_text().split()
    (keys / "known_hosts").write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    started: list[subprocess.Popen[bytes]] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    command = [SSHD, "-i", "-e", "-f", str(config)]
                    ends = connection.fileno()
                    quiet = subprocess.DEVNULL
                    started.append(
                        subprocess.Popen(command, stdin=ends, stdout=ends, stderr=quiet)
                    )

    thread = Thread(target=serve)
    thread.start()
    try:
        yield Sftp(root, f"sftp://127.0.0.1:{port}{root}", [], log)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for process in started:
            process.terminate()
            process.wait()


@dataclass
class Sftp(Folder):
    """A folder that sshd shows; what was read is in its log."""

    log_file: Path = Path()
    read: int = 0

    def fetched(self) -> list[str]:
        lines = self.log_file.read_text(errors="replace").splitlines()
        new, self.read = lines[self.read :], len(lines)
        opened = [line.split('open "', 1)[1] for line in new if 'open "' in line]
        names = (line.split('" flags READ')[0] for line in opened)
        return sorted(name.removeprefix(f"{self.root}/") for name in names)


class Bucket(Shelf):
    """A bucket of moto's S3."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        self._client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        self._client.create_bucket(Bucket="papers")
        self.url = "s3://papers/docs"
        self._asked: list[str] = []

    def put(self, name: str, text: str) -> None:
        self._client.put_object(Bucket="papers", Key=f"docs/{name}", Body=text.encode())

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket="papers", Key=f"docs/{name}")

    def note(self, method: str, path: str) -> None:
        if method == "GET" and path.startswith("/papers/"):
            self._asked.append(path.removeprefix("/papers/docs/"))

    def fetched(self) -> list[str]:
        found, self._asked[:] = sorted(self._asked), []
        return found

    def close(self) -> None:
        self._client.close()


@contextlib.contextmanager
def s3() -> Iterator[Bucket]:
    """Moto's server, which stands in for S3; its address has to be in AWS_ENDPOINT_URL."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    app = DomainDispatcherApplication(create_backend_app)
    buckets: list[Bucket] = []

    def logged(environ: dict[str, Any], start: Any) -> Any:
        for bucket in buckets:
            path = environ["PATH_INFO"].encode("latin-1").decode()
            bucket.note(environ["REQUEST_METHOD"], path)
        return app(environ, start)

    server = make_server("127.0.0.1", 0, logged, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.port}"
    try:
        bucket = Bucket(os.environ["AWS_ENDPOINT_URL"])
        buckets.append(bucket)
        yield bucket
        bucket.close()
    finally:
        del os.environ["AWS_ENDPOINT_URL"]
        server.shutdown()
        thread.join()
        server.server_close()
