"""Who asks a route, and what it asks of a program before it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from qa.api.seeing import name_of, way_of
from qa.api.sign_in.elsewhere import is_loopback
from qa.api.sign_in.throttle import household

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


def account_of(request: HTTPConnection | None) -> str:
    """Whose share of what all share a request takes: a person's, a program's or an address's.

    "" is nobody's: where nobody signs in, this machine may use all of it.
    """
    if request is None:
        return ""
    kind = "program" if is_for_programs(request.url.path) else "person"
    if name := name_of(request):
        return f"{kind} {name}"
    address = request.client.host if request.client else ""
    return "" if not address or is_loopback(address) else f"address {household(address)}"
