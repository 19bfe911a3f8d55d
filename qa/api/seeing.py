"""Which way a request came, who sent it, what they may see, and what they have opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.access import OWNER, Viewer
from qa.events import SourceOpened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection

    from qa.assistant import Assistant
    from qa.events import Part, Way


WAYS: Mapping[str, Way] = {"/api/v1": "rest", "/v1": "openai", "/mcp": "mcp"}
"""The interfaces for programs, by their folders."""


def way_of(path: str) -> Way:
    """The interface that a path belongs to."""
    below = (way for folder, way in WAYS.items() if f"{path}/".startswith(f"{folder}/"))
    return next(below, "page")


def seen(assistant: Assistant, request: HTTPConnection | None) -> Assistant:
    """The assistant as whoever sent a request may see it; every route answers with this one.

    Where nobody signs in, because only this machine can reach the server, that is everything.
    Where everybody is let in by a setting, or a proxy that nobody named forwards the request, it is
    what everybody may read.
    """
    known = getattr(request.state, "viewer", None) if request is not None else None
    way = way_of(request.url.path) if request is not None else "page"
    if isinstance(known, Viewer):
        return assistant.seen_by(known, way=way)
    from_here = assistant.settings.sign_in is None and not is_forwarded(request)
    return assistant.seen_by(OWNER if from_here else Viewer(), way=way)


def is_forwarded(request: HTTPConnection | None) -> bool:
    """Whether a proxy that nobody named sent a request, which it may do for anybody."""
    return request is not None and getattr(request.state, "forwarded", False)


def viewer_of(request: HTTPConnection) -> Viewer | None:
    """Whoever sent a request; None for a stranger, where people sign in."""
    known: Viewer | None = getattr(request.state, "viewer", Viewer())
    return known


def name_of(request: HTTPConnection | None) -> str:
    """The name of whoever sent a request; "" where nobody knows it."""
    viewer = viewer_of(request) if request is not None else None
    return viewer.name if viewer is not None else ""


def opened(reader: Assistant, source: str, part: Part = "text", page: int | None = None) -> None:
    """Tell those who listen that whoever this assistant is for was shown a source."""
    reader.listeners.tell(SourceOpened(by=reader.by, source=source, part=part, page=page))
