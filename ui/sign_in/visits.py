"""Visits of browsers, and the page for those that may not see the owner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from qa import AccessError
from qa.api import Problem, told
from ui.sign_in.page import Way, closed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

OWNERS = "/admin"


def is_visit(request: Request) -> bool:
    """Whether a browser wants a page, and no part of one."""
    mode = request.headers.get("sec-fetch-mode")
    a_page = (
        "text/html" in request.headers.get("accept", "") if mode is None else mode == "navigate"
    )
    return a_page and request.method in ("GET", "HEAD")


def wanted(request: Request) -> str:
    """The address that a browser asked for, relative to the chat's."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.scope['path'].removeprefix('/')}{query}"


async def not_admitted(request: Request, error: Exception) -> Response:
    """The reply to whoever may not do something: to a visit of the owner's page, a page."""
    assert isinstance(error, AccessError)
    path = request.scope["path"]
    if path != OWNERS or not is_visit(request):
        return told(error, path)
    way = Way.of(wanted(request), request)
    texts = way.texts
    page = closed(way, texts.closed_admin, texts.admin_chat, title=texts.admin_title)
    return HTMLResponse(page, Problem.of(error).status)
