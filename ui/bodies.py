"""Limits on the bodies of requests: not too large, and only valid text.

A body is held here until it is complete, so that no route sees the start of one that is too large.
All bodies held at the same time have a common limit, too.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from qa.api import Problem, written

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))
# The most bytes of all bodies held at the same time.
MOST_HELD = 64_000_000
# Of a form; ours have fewer.
MOST_FIELDS = 10
# Seconds for which data from a refused sender is still read and thrown away: if the connection was
# closed at once, the sender would not get the refusal.
LINGER_SECONDS = 2.0
# JSON strings in which each half of a surrogate pair has its other half.
_WHOLE_TEXT = re.compile(
    rb"(?:[^\\]++|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\(?!u[dD][89a-fA-F])[\x00-\xff])*+"
)


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form, each once; none if there are too many."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # there are more
        return {}
    return {name: values[0] for name, values in fields.items()}


class Bodies:
    """The middleware.

    `largest` is in bytes; paths in `exempt` read their bodies themselves.
    """

    def __init__(self, app: ASGIApp, largest: int, exempt: Collection[str] = ()) -> None:
        self.app = app
        self.largest = largest
        self.exempt = frozenset(exempt)
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if (
            scope["type"] != "http"
            or scope["method"] in WITHOUT_BODY
            or scope["path"] in self.exempt
        ):
            await self.app(scope, receive, send)
            return
        body = bytearray()
        try:
            refused = await self._fill(body, scope, receive)
            if refused is None:
                return  # the sender has gone
            if not refused[0]:
                await self.app(scope, _replayed(bytes(body), receive), send)
                return
        finally:
            self._held -= len(body)
        await refuse(Problem(*refused), scope, receive, send)

    async def _fill(
        self, body: bytearray, scope: Scope, receive: Receive
    ) -> tuple[int, str] | None:
        """Read a body: the status and reason of a refusal (0: none), or None if it never ends."""
        too_large = 413, f"A request may have {self.largest:,} bytes. Send less."
        if _declared(scope) > self.largest:
            return too_large
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) + len(piece) > self.largest:
                return too_large
            if self._held + len(piece) > MOST_HELD:
                return 503, "Too much data is arriving at the same time. Try again in a moment."
            body += piece
            self._held += len(piece)
        problem = _problem(bytes(body))
        return (400, problem) if problem else (0, "")


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error before the request is read, and hang up once that was received."""
    said, kind = written(problem, scope["path"])
    body = json.dumps(said).encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    headers += [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    until = time.monotonic() + LINGER_SECONDS
    more = True
    while more and (left := until - time.monotonic()) > 0:
        try:
            message = await asyncio.wait_for(receive(), left)
        except TimeoutError:
            break
        more = message.get("more_body", False)
    await send({"type": "http.response.body", "body": b""})


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _problem(body: bytes) -> str | None:
    """Why a body is not UTF-8 as JSON needs it; whether it is JSON, its route finds out."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"The request is not UTF-8: {error.reason} at byte {error.start}. Send it as UTF-8."
    if b"\0" in body:
        return "The request contains a zero byte, which JSON does not allow. Send it as UTF-8."
    if not _WHOLE_TEXT.fullmatch(body):
        return r"The request has half a surrogate pair (\ud800 to \udfff). Send whole characters."
    return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
