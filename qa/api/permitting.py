"""Who asks a route, what it asks of a program before it answers, and what they may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from qa.access import OWNER, Viewer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import HTTPConnection

    from qa.api.keys import Keys, Right
    from qa.assistant import Assistant

PROGRAMS = ("/api/v1", "/v1", "/mcp")


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
    return any(f"{path}/".startswith(f"{folder}/") for folder in PROGRAMS)


def viewer_of(request: HTTPConnection) -> Viewer | None:
    """Whoever sent a request; None for a stranger, where people sign in."""
    known: Viewer | None = getattr(request.state, "viewer", Viewer())
    return known


def seen(assistant: Assistant, request: HTTPConnection | None) -> Assistant:
    """The assistant as whoever sent a request may see it; every route answers with this one.

    Where nobody signs in, because only this machine can reach the server, that is everything.
    Where everybody is let in by a setting, it is what everybody may read.
    """
    known = getattr(request.state, "viewer", None) if request is not None else None
    if isinstance(known, Viewer):
        return assistant.seen_by(known)
    return assistant.seen_by(OWNER if assistant.settings.sign_in is None else Viewer())
