"""Who may see the owner's page and its interface for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.access import Viewer
from qa.api.seeing import is_forwarded, way_of
from qa.api.sign_in.elsewhere import is_loopback
from qa.errors import AccessError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from qa.assistant import Assistant
    from qa.settings import Settings


def is_admin(settings: Settings, request: HTTPConnection) -> bool:
    """Whether whoever sent a request is in one of the groups of the setting `admins`.

    Where nobody signs in at all, it is whoever sends it from this very machine, without a proxy.
    Where everybody is let in (`sign_in = "none"`), no person is.
    """
    known = getattr(request.state, "viewer", None)
    if isinstance(known, Viewer) and known.name:
        return not set(known.groups).isdisjoint(settings.admins)
    return settings.sign_in is None and known is None and _is_from_here(request)


def admit_admin(settings: Settings, request: HTTPConnection) -> None:
    """Let an admin through.

    Raises:
        AccessError: somebody else sent the request.
    """
    if not is_admin(settings, request):
        raise AccessError("This is for the groups in the setting admins.")


def owned(assistant: Assistant, request: HTTPConnection) -> Assistant:
    """The assistant of an admin, who may change the index under their own name."""
    known = getattr(request.state, "viewer", None) or Viewer()
    owner = Viewer(known.name, known.groups, owner=True)
    return assistant.seen_by(owner, way=way_of(request.url.path))


def _is_from_here(request: HTTPConnection) -> bool:
    if is_forwarded(request):
        return False
    return request.client is not None and is_loopback(request.client.host)
