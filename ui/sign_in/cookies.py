"""The cookies that hold the tokens of sessions: one of the page, one of frames on other sites."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from qa.api import Begun

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

Kind = Literal["page", "frame"]
# Time to sign in elsewhere.
BEGUN_SECONDS = 600
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


def remember(reply: Response, request: HTTPConnection, begun: Begun | None) -> None:
    """Have the browser keep what it has to bring back from where people sign in, or forget it."""
    kept = urlsafe_b64encode(json.dumps(asdict(begun)).encode()).decode() if begun else ""
    seconds = BEGUN_SECONDS if begun else 0
    terms = f"Max-Age={seconds}; {_terms('page', request)}"
    reply.headers.append("set-cookie", f"{_begun(request)}={kept}; {terms}")


def remembered(request: HTTPConnection) -> Begun | None:
    """What the browser kept; None if that is nothing of ours."""
    try:
        kept = json.loads(urlsafe_b64decode(request.cookies.get(_begun(request), "")))
        begun = Begun(**kept)
    except (ValueError, TypeError):
        return None
    return begun if all(isinstance(one, str) for one in asdict(begun).values()) else None


def _begun(request: HTTPConnection) -> str:
    return ("__Host-" if _secure(request) else "") + "footnote-sign-in"


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
