"""An address at which a server answers, then none, then another, as when one is restarted."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


class Relay:
    """A port of this machine; outside of `to` nothing listens there."""

    def __init__(self) -> None:
        self._port = 0

    @contextlib.contextmanager
    def to(self, url: str) -> Iterator[str]:
        """The URL at which the server of `url` answers; when the block ends, connections break."""
        with _Passing(("127.0.0.1", self._port), _Connection) as passing:
            parts = urlsplit(url)
            passing.target = parts.hostname or "", parts.port or 80
            self._port = passing.server_address[1]
            threading.Thread(target=passing.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield f"http://127.0.0.1:{self._port}/"
            finally:
                passing.shutdown()
                passing.over.set()
                for end in passing.ends:
                    _end(end)


class _Passing(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], connection: type[BaseRequestHandler]) -> None:
        super().__init__(address, connection)
        self.target = ("", 0)
        self.ends: list[socket.socket] = []
        self.over = threading.Event()


class _Connection(BaseRequestHandler):
    server: _Passing

    def handle(self) -> None:
        here = self.request
        with socket.create_connection(self.server.target) as there:
            self.server.ends += (here, there)
            if self.server.over.is_set():  # while this one was made
                return
            back = threading.Thread(target=_pass_on, args=(there, here), daemon=True)
            back.start()
            _pass_on(here, there)
            back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := one.recv(65_536):
            other.sendall(piece)
    _end(other, socket.SHUT_WR)


def _end(one: socket.socket, ways: int = socket.SHUT_RDWR) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(ways)
