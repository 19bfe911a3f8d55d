"""What whoever sent a request may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.access import OWNER, Viewer

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from qa.assistant import Assistant


def seen(assistant: Assistant, request: HTTPConnection | None) -> Assistant:
    """The assistant as whoever sent a request may see it; every route answers with this one.

    Where nobody signs in, because only this machine can reach the server, that is everything.
    Where everybody is let in by a setting, it is what everybody may read.
    """
    known = getattr(request.state, "viewer", None) if request is not None else None
    if isinstance(known, Viewer):
        return assistant.seen_by(known)
    return assistant.seen_by(OWNER if assistant.settings.sign_in is None else Viewer())
