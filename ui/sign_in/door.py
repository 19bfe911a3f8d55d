"""The middleware that lets in people who have signed in, and shows others how to."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from qa import QAError, UnknownCallerError, Viewer
from qa.api import Problem, is_for_programs, told
from ui.bodies import WITHOUT_BODY
from ui.sign_in.cookies import tokens
from ui.sign_in.page import Way, closed
from ui.sign_in.visits import is_visit, wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from qa.api import Desk, Keys, Provider

logger = logging.getLogger(__name__)

# What anybody gets: it holds nothing of the documents. `/metrics` has its own rule.
OPEN = frozenset((
    "/health", "/healthz", "/readyz", "/metrics", "/embed.js", "/sign-in", "/sign-in-frame",
    "/sign-out",
))  # fmt: skip
OPEN_FOLDERS = ("/static/fonts/", "/static/sign-in/", "/brand/")
# Seconds until the log repeats that a proxy does not name anybody.
LOG_SECONDS = 60.0
# The pages ask for these again and again, whether anybody is there or not.
BY_THEMSELVES = frozenset(("/api/state", "/admin/state"))


class Knows(Protocol):
    """How the person who sent a request is known."""

    signs_in_here: bool
    """Whether there is a page to sign in at."""
    opens: frozenset[str]
    """What anybody gets besides `OPEN`."""
    asks_others: bool
    """Whether another server may be asked, which takes time."""

    def viewer(self, request: Request) -> Viewer | None:
        """Who it is; None for a stranger."""

    def advice(self, request: Request) -> str:
        """What a stranger is told."""


class ByCookie:
    """People sign in here, and have a cookie."""

    signs_in_here = True

    def __init__(self, desk: Desk | Provider, opens: frozenset[str] = frozenset()) -> None:
        self.desk = desk
        self.opens = opens
        self.asks_others = desk.asks_others

    def viewer(self, request: Request) -> Viewer | None:
        """Whose session it is."""
        seen = request.scope["path"] not in BY_THEMSELVES
        found = (self.desk.viewer(token, seen=seen) for token in tokens(request))
        return next((viewer for viewer in found if viewer), None)

    def advice(self, request: Request) -> str:  # noqa: ARG002
        """To sign in."""
        return "Sign in first."


class ByHeader:
    """A proxy in front of the server knows people, and says who it is in a header.

    The gate has removed these headers from requests that no trusted proxy sent.
    """

    signs_in_here = False
    opens: frozenset[str] = frozenset()
    asks_others = False

    def __init__(self, name: str, groups: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._groups = groups
        self._clock = clock
        self._logged: dict[str, float] = {}

    @property
    def headers(self) -> frozenset[bytes]:
        """The names of the headers, as a server gets them."""
        return frozenset(name.lower().encode() for name in (self._name, self._groups))

    def viewer(self, request: Request) -> Viewer | None:
        """Whom the proxy names. Two names are none: one of them is not the proxy's."""
        if self._wrong(request):
            return None
        (name,), groups = (self._sent(request, header) for header in (self._name, self._groups))
        parts = (part.strip() for group in groups for part in (group or "").split(","))
        return Viewer(name or "", tuple(dict.fromkeys(filter(None, parts))))

    def advice(self, request: Request) -> str:
        """The way past a proxy, or that the proxy did not say who it is; the log says why."""
        if not is_by_proxy(request):
            return "This server is reached through its proxy, where people sign in."
        self._log(self._wrong(request))
        return "The proxy did not say who you are. Whoever runs this server sees why in its log."

    def _sent(self, request: Request, header: str) -> list[str | None]:
        return [_text(value) for value in request.headers.getlist(header)]

    def _wrong(self, request: Request) -> str:
        """Which header is not as it should be, and why; "" if both are."""
        for header in (self._name, self._groups):
            sent = self._sent(request, header)
            if len(sent) > 1:
                return f"the header {header} is there more than once"
            if None in sent:
                return f"the header {header} is not in UTF-8"
            if header == self._name and not any(sent):
                return f"the header {header} is {'empty' if sent else 'missing'}"
        return ""

    def _log(self, wrong: str) -> None:
        """One line, and no more of the same for a while: any number of requests may lack it."""
        now = self._clock()
        if now - self._logged.get(wrong, -LOG_SECONDS) >= LOG_SECONDS:
            self._logged[wrong] = now
            logger.warning(
                "The proxy sent a request without saying who sends it: %s. Have it send each of "
                "sign_in_header and sign_in_groups_header once, in place of what it received.",
                wrong,
            )


class Door:
    """The middleware: routes find the viewer with `qa.api.viewer_of`."""

    def __init__(self, app: ASGIApp, knows: Knows, keys: Keys) -> None:
        self.app = app
        self._knows = knows
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            if self._knows.asks_others:
                viewer = await run_in_threadpool(self._viewer, request)
            else:
                viewer = self._viewer(request)
            request.state.viewer = viewer
        except QAError as error:
            await told(error, scope["path"])(scope, receive, send)
            return
        if viewer is None and not self._is_open(scope["path"]):
            await self._refused(request)(scope, receive, send)
        elif self._may_be_forged(request):
            forged = Problem(403, "This request does not say which page it comes from.")
            await told(forged, scope["path"])(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _viewer(self, request: Request) -> Viewer | None:
        """Who it is: a program by its key, a person otherwise.

        Raises:
            UnknownCallerError: it has a key that is not good.
            SettingsError: keys or users cannot be read.
            SignInUnavailableError: sessions cannot be read.
        """
        if _has_key(request):
            key = self._keys.check(request.headers["authorization"])
            return key.viewer if key else None
        return self._knows.viewer(request)

    def _is_open(self, path: str) -> bool:
        return path in OPEN or path in self._knows.opens or path.startswith(OPEN_FOLDERS)

    def _refused(self, request: Request) -> Response:
        path = request.scope["path"]
        following = wanted(request)
        # Relative, for any proxy.
        up = "../" * (path.count("/") - 1)
        if self._knows.signs_in_here and is_visit(request):
            address = f"{up}sign-in?{urlencode({'next': following})}"
            return RedirectResponse(address, 303, {"cache-control": "no-store"})
        if is_for_programs(path):
            return told(
                UnknownCallerError(
                    "A key is needed. Send the header Authorization: Bearer KEY; "
                    "`qa key add NAME` makes one."
                ),
                path,
            )
        stranger = Problem.of(UnknownCallerError(self._knows.advice(request)))
        if is_visit(request):
            way = Way.of(following, request)
            why = way.texts.closed_unnamed if is_by_proxy(request) else way.texts.closed_proxy
            page = closed(way, why, way.texts.closed_again, up=up)
            return HTMLResponse(page, stranger.status, stranger.headers)
        return told(stranger, path)

    def _may_be_forged(self, request: Request) -> bool:
        """Whether it changes something and another site's page may have had a browser send it.

        The gate refuses requests that name another site; browsers always name it.
        """
        if request.method in WITHOUT_BODY or _has_key(request):
            return False
        return not any(name in request.headers for name in ("origin", "sec-fetch-site"))


def _has_key(request: Request) -> bool:
    return is_for_programs(request.scope["path"]) and "authorization" in request.headers


def is_by_proxy(request: Request) -> bool:
    """Whether a proxy that is trusted sent a request; the gate knows."""
    return bool(getattr(request.state, "by_proxy", False))


def _text(value: str) -> str | None:
    """The value of a header, which Starlette reads as Latin-1; None if it is no UTF-8."""
    try:
        return value.encode("latin-1").decode().strip()
    except UnicodeDecodeError:
        return None
