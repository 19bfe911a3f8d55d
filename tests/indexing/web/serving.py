"""A real server on loopback whose pages a test changes, and that counts what is asked of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from qa.settings import Settings

LOOPBACK = Settings(web_networks=("127.0.0.1/32",), web_pause=0, lock_timeout=0.2)


@dataclass
class Served:
    """What is at a path: a body with its headers, after a while and in slow pieces if wanted."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: bool = True
    wait: Callable[[], object] = lambda: None
    pieces: int = 1
    between: float = 0.0


def page(title: str, text: str, *links: str, head: str = "") -> Served:
    """A page of a handbook."""
    led = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    return Served(
        f"<html><head><title>{title}</title>{head}</head><body><nav><ul>{led}</ul></nav>"
        f"<main><h1>{title}</h1><p>{text}</p></main></body></html>".encode()
    )


def moved(place: str, status: int = 302) -> Served:
    return Served(status=status, headers={"Location": place})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that does not wait for the rest of a page is none of our business."""


class Web:
    """The server: what it has, and the requests that came (path, status)."""

    def __init__(self) -> None:
        self.pages: dict[str, Served] = {}
        self.asked: list[tuple[str, int]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):
                    web._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def requests(self) -> dict[str, int]:
        """The status of each path asked for since the last time, but for robots.txt."""
        asked = {path: status for path, status in self.asked if path != "/robots.txt"}
        self.asked.clear()
        return asked

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        served = self.pages.get(handler.path, Served(b"not here", status=404, etag=False))
        self.times.append(time.monotonic())
        self.headers.append(dict(handler.headers))
        tag = f'"{hash(served.body)}"' if served.etag else ""
        same = bool(tag) and handler.headers.get("If-None-Match") == tag
        status = 304 if same else served.status
        self.asked.append((handler.path, status))
        served.wait()
        handler.send_response(status)
        if tag:
            handler.send_header("ETag", tag)
        for name, value in served.headers.items():
            handler.send_header(name, value)
        if not same:
            handler.send_header("Content-Type", served.kind)
            handler.send_header("Content-Length", str(len(served.body)))
        handler.end_headers()
        if not same:
            size = max(1, len(served.body) // served.pieces)
            for start in range(0, len(served.body), size):
                handler.wfile.write(served.body[start : start + size])
                handler.wfile.flush()
                time.sleep(served.between)


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    web = Web()
    try:
        yield web
    finally:
        web.close()
