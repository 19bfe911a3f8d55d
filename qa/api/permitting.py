"""Who asks a route, and what it asks of a program before it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from qa.access import Viewer
from qa.api.seeing import way_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import HTTPConnection

    from qa.api.keys import Keys, Right


def permitted(keys: Keys, right: Right | None = None) -> Callable[[Request], Awaitable[None]]:
    """For `Depends`: lets only those through who have this right, or, without one, any key."""

    async def check(request: Request) -> None:
        admit(keys, request, right)

    return check


def admit(keys: Keys, request: Request, right: Right | None = None) -> None:
    """Let a program through that has this right, and remember whose key it has.

    Raises:
        UnknownCallerError, AccessError, SettingsError: see `Keys.check`.
    """
    key = keys.check(request.headers.get("authorization"), right)
    if key is not None:
        request.state.viewer = key.viewer


def is_for_programs(path: str) -> bool:
    """Whether a path belongs to the interfaces for programs, which have keys."""
    return way_of(path) != "page"


def viewer_of(request: HTTPConnection) -> Viewer | None:
    """Whoever sent a request; None for a stranger, where people sign in."""
    known: Viewer | None = getattr(request.state, "viewer", Viewer())
    return known
