"""Who requests a page: Gradio makes its configuration without being told."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Receive, Scope, Send

visit: ContextVar[HTTPConnection | None] = ContextVar("visit", default=None)
"""The request that is being answered; None for a stranger's."""


class Visiting:
    """The middleware that remembers it; it stands behind the door, which says who sent it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        from starlette.requests import HTTPConnection

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = visit.set(HTTPConnection(scope))
        try:
            await self.app(scope, receive, send)
        finally:
            visit.reset(token)
