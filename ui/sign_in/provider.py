"""The routes of a sign-in at a provider of OpenID Connect."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from qa import Asker, SignedIn, SignInRefused, SignInUnavailableError, UnknownCallerError, Viewer
from qa.api import Begun, TooManyTriesError
from ui.sign_in import cookies
from ui.sign_in.page import Way, elsewhere
from ui.sign_in.routes import ALONE, STRANGER, Tell, end, entrance, frames, led, sign_out

if TYPE_CHECKING:
    from qa.api import Provider

logger = logging.getLogger(__name__)

# A cookie has room for no more.
LONGEST_WAY = 1500
BEGIN, RETURN = "sign-in-begin", "sign-in-return"
OPEN = frozenset((f"/{BEGIN}", f"/{RETURN}"))


def routes(
    provider: Provider, origins: tuple[str, ...], address: str | None, tell: Tell
) -> APIRouter:
    """The routes; pages of `origins` may show ours in a frame.

    `address` is where people reach the server, if it is not what requests say.
    """
    router = APIRouter()
    entrance(router, origins, elsewhere)
    frames(router, provider.sessions)
    sign_out(router, provider.sessions, tell)

    def returning(request: Request) -> str:
        return f"{(address or str(request.base_url)).rstrip('/')}/{RETURN}"

    @router.get(f"/{BEGIN}", response_model=None)
    async def begin(request: Request, next: str = "") -> Response:
        way = Way.of(next, request)
        begun = Begun.now(way.following if len(way.following) <= LONGEST_WAY else "")
        try:
            address = await provider.address(begun, returning(request))
        except (SignInUnavailableError, UnknownCallerError) as error:
            return _failed(error, way)
        reply = led(address)
        cookies.remember(reply, request, begun)
        return reply

    @router.get(f"/{RETURN}", response_model=None)
    async def back(request: Request) -> Response:
        begun = cookies.remembered(request)
        way = Way.of(begun.following if begun else "", request)
        if begun is None:  # as from another site's page; nothing was tried
            return _failed(UnknownCallerError("It was not begun in this browser."), way)
        client = request.client.host if request.client else ""
        try:
            token = await provider.enter(begun, returning(request), request.query_params, client)
        except (SignInUnavailableError, UnknownCallerError) as error:
            if not isinstance(error, TooManyTriesError):  # of which there may be any number
                await run_in_threadpool(tell, SignInRefused(by=STRANGER))
            return _failed(error, way)
        signed_in = SignedIn(by=Asker(provider.viewer(token) or Viewer(), "page"))
        await run_in_threadpool(tell, signed_in)
        end(provider.sessions, request)
        reply = led(way.to_sign_in(again=True))
        cookies.give(reply, request, "page", token)
        cookies.remember(reply, request, None)
        return reply

    return router


def _failed(error: SignInUnavailableError | UnknownCallerError, way: Way) -> Response:
    if isinstance(error, TooManyTriesError):
        problem = way.texts.sign_in_wait.format(seconds=error.seconds)
        headers = {**ALONE, "retry-after": str(error.seconds)}
        return HTMLResponse(elsewhere(way, problem=problem), error.status, headers)
    logger.warning("Somebody could not sign in. %s", error)
    away = isinstance(error, SignInUnavailableError)
    problem = way.texts.sign_in_away if away else way.texts.sign_in_failed
    return HTMLResponse(elsewhere(way, problem=problem), 503 if away else 403, ALONE)
