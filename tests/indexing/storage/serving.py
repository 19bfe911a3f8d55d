"""Real servers on loopback that hold a folder of the test: sshd, WebDAV, and moto for S3."""

from __future__ import annotations

import contextlib
import itertools
import math
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
_NUMBERS = itertools.count()
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
    broken: set[str] = field(default_factory=set)
    """Files that the WebDAV server fails to read."""
    ends_after: float = math.inf
    """The number of files after which the server fails whatever it is asked for."""
    leads: str = ""
    """Where it leads whoever asks for anything."""
    slow: set[str] = field(default_factory=set)
    """Those of which a byte arrives now and then."""

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        modified = LONG_AGO + next(_NUMBERS)  # what is as new as now may change again unnoticed
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
    folder = Folder(root, "")

    def logged(environ: dict[str, Any], start: Any) -> Any:
        name = environ["PATH_INFO"].encode("latin-1").decode().removeprefix("/docs/")
        if folder.leads:
            start("302 Found", [("Location", folder.leads), ("Content-Length", "0")])
            return []
        is_get = environ["REQUEST_METHOD"] == "GET"
        if is_get:
            folder.log.append(name)
            folder.ends_after -= 1
        if folder.ends_after < 0 or (is_get and name in folder.broken):
            start("500 Internal Server Error", [("Content-Length", "0")])
            return []
        if is_get and name in folder.slow:
            start("200 OK", [("Content-Length", "1000")])
            return _trickle(folder)
        return app(environ, start)

    server = wsgi.Server(("127.0.0.1", 0), logged)
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        folder.url = f"webdav://127.0.0.1:{server.bind_addr[1]}/docs"
        yield folder
    finally:
        folder.slow.clear()
        server.stop()
        thread.join()


def _trickle(folder: Folder) -> Iterator[bytes]:
    for _ in range(1000):
        if folder.slow:
            time.sleep(0.1)
        yield b"."


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
                    started.append(subprocess.Popen(command, stdin=ends, stdout=ends, stderr=quiet))

    thread = Thread(target=serve)
    thread.start()
    try:
        yield Sftp(root, f"sftp://127.0.0.1:{port}{root}", log_file=log)
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
        self._name = f"papers-{next(_NUMBERS)}"
        self._client.create_bucket(Bucket=self._name)
        self.url = f"s3://{self._name}/docs"
        self._asked: list[str] = []

    def put(self, name: str, text: str) -> None:
        self._client.put_object(Bucket=self._name, Key=f"docs/{name}", Body=text.encode())

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket=self._name, Key=f"docs/{name}")

    def note(self, method: str, path: str) -> None:
        if method == "GET" and path.startswith(f"/{self._name}/"):
            self._asked.append(path.removeprefix(f"/{self._name}/docs/"))

    def fetched(self) -> list[str]:
        found, self._asked[:] = sorted(self._asked), []
        return found

    def close(self) -> None:
        self._client.close()


class Moto:
    """Moto's server, which stands in for S3."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        app = DomainDispatcherApplication(create_backend_app)
        self.buckets: list[Bucket] = []

        def logged(environ: dict[str, Any], start: Any) -> Any:
            path = environ["PATH_INFO"].encode("latin-1").decode()
            for bucket in self.buckets:
                bucket.note(environ["REQUEST_METHOD"], path)
            return app(environ, start)

        self._server = make_server("127.0.0.1", 0, logged, threaded=True)
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
