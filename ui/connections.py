"""Limits on the number of connections, and on the time to send a request and take its reply."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ui.bodies import LINGER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

# The most bytes of a request's header, or of a piece of its body.
LONGEST_HEADER = 65_536
# For this number of bytes, a body may take a second longer than its header.
BYTES_PER_SECOND = 4_000
# The files that a server has open besides its connections.
OTHER_FILES = 200
RETRY_SECONDS = 5


def protocol(
    most: int, seconds: float, refused: Callable[[], None] = lambda: None
) -> type[asyncio.Protocol]:
    """Uvicorn's HTTP/1.1, for a limited number of simultaneous connections.

    A connection is closed if its request is not complete after `seconds`, or if it takes nothing of
    its reply for as long. If there are too many, the one that has been sending for the longest time
    is closed; if all are being answered, the new one is asked to come back, and `refused` called.
    """

    class Limited(Connection):
        most_connections = most
        patience = seconds
        on_refusal = staticmethod(refused)

    return Limited


class Connection(H11Protocol):
    """One connection; see `protocol`."""

    most_connections: int
    patience: float
    on_refusal: Callable[[], None]
    _since: float | None = None  # since when the request is awaited
    _received = 0
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> float | None:
        """Since when a request has been awaited, by the loop's clock; None if it is complete."""
        return self._since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        full = len(self.connections) >= self.most_connections
        if full and (waiting := _longest_waiting(self.connections)) is not None:
            waiting.hang_up()
            full = False
        super().connection_made(transport)  # type: ignore[arg-type]
        if full:
            self.on_refusal()
            self._say(503, "There are too many connections. Try again in a moment.")
            self.transport.close()
            self.connections.discard(self)
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """A part of a request has arrived."""
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """A reply is complete; the next request may come."""
        self._since = None
        super().on_response_complete()
        self._watch()
        if self.conn.their_state is h11.SEND_BODY:
            self.loop.call_later(LINGER_SECONDS, self._hang_up_on, self.cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._since = None
        for timer in (self._timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take the reply."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """It is."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()

    def send_400_response(self, msg: str) -> None:
        """The data is not HTTP."""
        self._say(400, msg)
        self.transport.close()

    def hang_up(self) -> None:
        """Close, and say why unless a reply is on its way."""
        self._since = None
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self._say(408, "The request did not arrive in time.")
            self.transport.close()
        self.connections.discard(self)

    def _hang_up_on(self, answered: RequestResponseCycle) -> None:
        """Close if an answered request is still arriving, as it may never end."""
        if self.cycle is answered and self.conn.their_state is h11.SEND_BODY:
            self.transport.close()

    def _watch(self) -> None:
        """Start or stop waiting for a request."""
        if self.transport.is_closing() or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._since = None
        elif self._since is None:
            self._since = self.loop.time()
            self._received = 0
            if self._timer is None:
                self._timer = self.loop.call_later(self.patience, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        if self.flow.read_paused:  # by us, who have not yet read it
            self._since = self.loop.time()
        due = self._since + self.patience + self._received / BYTES_PER_SECOND
        if due <= self.loop.time():
            self.hang_up()
        else:
            self._timer = self.loop.call_at(due, self._look)

    def _say(self, status: int, reason: str) -> None:
        body = json.dumps({"error": reason}).encode()
        retry = f"retry-after: {RETRY_SECONDS}\r\n" if status == 503 else ""
        phrase = {400: "Bad Request", 408: "Request Timeout", 503: "Service Unavailable"}[status]
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


def affordable(connections: int) -> int:
    """The number of connections, or fewer if this process may not open as many files.

    The limit of the process is raised first, where the system allows it.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):
        allowed = soft
    return max(allowed - OTHER_FILES, allowed // 2)


def _longest_waiting(connections: Iterable[Any]) -> Connection | None:
    waiting = (
        (one.waiting, id(one), one)
        for one in connections
        if isinstance(one, Connection) and one.waiting is not None
    )
    return min(waiting, default=(0, 0, None))[2]
