"""The outermost middleware: each request has an id and is told of once it has been answered."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

from qa.api import REQUEST_ID

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200
# What a client that left before its reply began is logged with, as nginx does.
LEFT = 499


@dataclass(frozen=True, slots=True)
class Handled:
    """A request that was answered, without its query; `sent` are the bytes of the reply's body."""

    method: str
    path: str
    status: int
    seconds: float
    sent: int


class Requests:
    """The middleware; `told` is called once for each request.

    The id is the one that a proxy of `proxies` gives in `X-Request-Id`, or a new one. The reply has
    it in the same header, and so has what is logged meanwhile.
    """

    def __init__(
        self,
        app: ASGIApp,
        proxies: Sequence[IPv4Network | IPv6Network] = (),
        told: Callable[[Handled], None] = lambda _: None,
    ) -> None:
        self.app = app
        self._proxies = proxies
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id = self._given(scope) or secrets.token_hex(8)
        status, sent, began = LEFT, 0, time.monotonic()

        async def noted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (HEADER, id.encode())]}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        before = REQUEST_ID.set(id)
        try:
            await self.app(scope, receive, noted)
        except Exception:
            status = 500 if status == LEFT else status
            raise
        finally:
            path = scope["path"][:_LONGEST_PATH]
            seconds = time.monotonic() - began
            self._told(Handled(scope["method"], path, status, seconds, sent))
            REQUEST_ID.reset(before)

    def _given(self, scope: Scope) -> str | None:
        """The id of a proxy that is trusted, if it is one."""
        found = [value for name, value in scope["headers"] if name == HEADER]
        if len(found) != 1 or not _ID.fullmatch(found[0]):
            return None
        try:
            sender = ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return None
        return found[0].decode() if any(sender in one for one in self._proxies) else None
