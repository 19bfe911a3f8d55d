"""The cookies that hold the tokens of sessions: one of the page, one of frames on other sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

Kind = Literal["page", "frame"]
_NAMES: dict[Kind, str] = {"page": "footnote", "frame": "footnote-frame"}


def tokens(request: HTTPConnection) -> list[str]:
    """The tokens that a request has."""
    sent = request.cookies
    return [sent[name] for kind in _NAMES if (name := _name(kind, request)) in sent]


def give(reply: Response, request: HTTPConnection, kind: Kind, token: str) -> None:
    """Have the browser keep a token until it is closed, out of reach of scripts."""
    reply.headers.append("set-cookie", f"{_name(kind, request)}={token}; {_terms(kind, request)}")


def take_back(reply: Response, request: HTTPConnection) -> None:
    """Have the browser forget all tokens."""
    for kind in _NAMES:
        gone = f"{_name(kind, request)}=; Max-Age=0; {_terms(kind, request)}"
        reply.headers.append("set-cookie", gone)


def _secure(request: HTTPConnection) -> bool:
    return request.url.scheme == "https"


def _name(kind: Kind, request: HTTPConnection) -> str:
    # Nobody but this very host, over TLS, can set a cookie of such a name.
    return ("__Host-" if _secure(request) else "") + _NAMES[kind]


def _terms(kind: Kind, request: HTTPConnection) -> str:
    terms = "Path=/; HttpOnly"
    if not _secure(request):
        return f"{terms}; SameSite=Lax"
    # A frame of another site needs one that is sent from there; it is good on that site alone.
    across = "SameSite=None; Partitioned" if kind == "frame" else "SameSite=Lax"
    return f"{terms}; Secure; {across}"
