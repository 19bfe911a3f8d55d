"""The real nginx with our files."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.chroma_server import free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NAME = "chat.example.org"


@contextmanager
def nginx(folder: Path, *chats: str, portal: int | None = None) -> Iterator[httpx.Client]:
    """The real one with our file, in which only places differ; with a portal, also the lines for
    single sign-on are taken in, and with several chats, the file for replicas.
    """
    text = (DEPLOY / "nginx" / "footnote.conf").read_text(encoding="utf-8")
    if len(chats) > 1:
        text = _with_replicas(text)
    if portal is not None:
        text = re.sub(r"^(\s*)#(?=\S)", r"\1", text, flags=re.M)  # with a space, it is a comment
    http_port, tls_port = free_port(), free_port()
    for old, new in (
        *((f"127.0.0.1:{7860 + n}", httpx.URL(one).netloc.decode()) for n, one in enumerate(chats)),
        ("127.0.0.1:4180", f"127.0.0.1:{portal}"),
        ("listen 80;", f"listen 127.0.0.1:{http_port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls_port} ssl;"),
        (f"/etc/ssl/certs/{NAME}.pem", str(folder / "certificate.pem")),
        (f"/etc/ssl/private/{NAME}.key", str(folder / "key.pem")),
    ):
        assert old in text
        text = text.replace(old, new)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}} "
        f"http {{ access_log off; {places}\n{text}\n}}",
        encoding="utf-8",
    )
    assert NGINX is not None
    child = subprocess.Popen(
        [NGINX, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    try:
        while not _listens(tls_port):
            assert child.poll() is None, child.stderr and child.stderr.read()
        with httpx.Client(
            base_url=f"https://127.0.0.1:{tls_port}",
            headers={"Host": NAME},
            verify=context,
            timeout=60,
            transport=_Named(verify=context),
        ) as client:
            yield client
    finally:
        child.terminate()
        child.communicate(timeout=30)


class _Named(httpx.HTTPTransport):
    """Asks for the certificate of our name, which no name server knows."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = NAME
        return super().handle_request(request)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def _with_replicas(text: str) -> str:
    """As docs/deployment.md says: the one upstream out, the other in."""
    replicas = (DEPLOY / "nginx" / "replicas.conf").read_text(encoding="utf-8")
    without, number = re.subn(r"^upstream.*?^}$", "", text, flags=re.M | re.S)
    assert number == 1
    return f"{replicas}\n{without}"
