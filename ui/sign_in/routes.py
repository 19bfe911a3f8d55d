"""The routes of the page to sign in at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from qa import (
    Asker,
    BusyError,
    Event,
    QAError,
    SignedIn,
    SignedOut,
    SignInRefused,
    SignInUnavailableError,
    TimeLimitError,
    UnknownCallerError,
    Viewer,
)
from qa.api import Problem, TooManyTriesError, viewer_of
from ui.bodies import form_fields
from ui.sign_in import cookies
from ui.sign_in.page import FORM_POLICY, Way, done, form, in_frame

if TYPE_CHECKING:
    from qa.api import Desk, Sessions

logger = logging.getLogger(__name__)

NOT_KEPT = {"cache-control": "no-store"}
ALONE = {**NOT_KEPT, "content-security-policy": FORM_POLICY}
LONGEST_TOLD = 100
STRANGER = Asker(Viewer(), "page")
Tell = Callable[[Event], None]
"""Tells those who listen what happened; one of them writes to the disk."""


class Page(Protocol):
    """What somebody signs in at, as HTML."""

    def __call__(self, way: Way, *, problem: str = "") -> str:
        """The page, with what went wrong."""
        ...


def routes(desk: Desk, origins: tuple[str, ...], tell: Tell) -> APIRouter:
    """The routes; pages of `origins` may show ours in a frame. All addresses are relative."""
    router = APIRouter()
    entrance(router, origins, form)
    _form(router, desk, tell)
    frames(router, desk.sessions)
    sign_out(router, desk.sessions, tell)
    return router


def sign_out(router: APIRouter, sessions: Sessions, tell: Tell) -> None:
    """The route that ends a session."""

    @router.post("/sign-out", response_model=None)
    async def left(request: Request) -> Response:
        end(sessions, request)
        if (viewer := viewer_of(request)) is not None:
            await run_in_threadpool(tell, SignedOut(by=Asker(viewer, "page")))
        way = Way.of((await form_fields(request)).get("next", ""), request)
        reply = led(way.to_sign_in())
        cookies.take_back(reply, request)
        return reply


def entrance(router: APIRouter, origins: tuple[str, ...], page: Page) -> None:
    """The route of the page to sign in at; in a frame, it leads to a window of its own."""

    @router.get("/sign-in", response_model=None)
    def shown(request: Request, next: str = "", again: bool = False) -> Response:
        way = Way.of(next, request)
        if viewer_of(request) is not None:
            return led(way.address)
        if way.embedded or request.headers.get("sec-fetch-dest") == "iframe":
            return HTMLResponse(in_frame(way, origins, refused=again), headers=NOT_KEPT)
        problem = way.texts.sign_in_cookies if again else ""
        return HTMLResponse(page(way, problem=problem), headers=ALONE)


def _form(router: APIRouter, desk: Desk, tell: Tell) -> None:
    @router.post("/sign-in", response_model=None)
    async def sign_in(request: Request) -> Response:
        sent = await form_fields(request)
        way, name = Way.of(sent.get("next", ""), request), sent.get("name", "")
        password, address = sent.get("password", ""), request.client.host if request.client else ""
        try:
            token = await desk.enter(name, password, address, request.is_disconnected)
        except (UnknownCallerError, BusyError, TimeLimitError, SignInUnavailableError) as error:
            if not isinstance(error, TooManyTriesError):  # of which there may be any number
                refused = SignInRefused(by=STRANGER, name=name[:LONGEST_TOLD])
                await run_in_threadpool(tell, refused)
            return _refused(error, way, name)
        signed_in = SignedIn(by=Asker(desk.viewer(token) or Viewer(), "page"))
        await run_in_threadpool(tell, signed_in)
        end(desk.sessions, request)
        reply = led(way.to_sign_in(again=True))
        cookies.give(reply, request, "page", token)
        return reply


def _refused(error: QAError, way: Way, name: str) -> Response:
    texts = way.texts
    status, headers = 403, ALONE
    if isinstance(error, TooManyTriesError):
        status, headers = error.status, {**ALONE, "retry-after": str(error.seconds)}
        problem = texts.sign_in_wait.format(seconds=error.seconds)
    elif isinstance(error, UnknownCallerError):
        problem = texts.sign_in_wrong
    elif isinstance(error, SignInUnavailableError):
        logger.warning("Somebody could not sign in. %s", error)
        status, problem = Problem.of(error).status, texts.sign_in_away
    else:
        status, problem = Problem.of(error).status, texts.sign_in_busy
    return HTMLResponse(form(way, name=name, problem=problem), status, headers)


def frames(router: APIRouter, sessions: Sessions) -> None:
    """The routes by which a frame gets a session from another window."""

    @router.get("/signed-in", response_model=None)
    def signed_in(request: Request) -> Response:
        way = Way.of("", request)
        code = next((sessions.code(token) for token in cookies.tokens(request)), "")
        return HTMLResponse(done(way, code), headers=NOT_KEPT)

    @router.post("/sign-in-frame", response_model=None)
    async def let_frame_in(request: Request) -> Response:
        sent = await form_fields(request)
        way = Way.of(sent.get("next", ""), request)
        if not (code := sent.get("code")):  # without scripts: it may be let in by now
            return led(way.address)
        token = sessions.redeem(code)
        reply = led(way.to_sign_in(again=True))
        if token is not None:
            cookies.give(reply, request, "frame", token)
        return reply


def led(address: str) -> Response:
    """The reply that leads a browser on."""
    return RedirectResponse(address, 303, NOT_KEPT)


def end(sessions: Sessions, request: Request) -> None:
    """End the sessions of the browser that sent a request."""
    for token in cookies.tokens(request):
        sessions.end(token)
