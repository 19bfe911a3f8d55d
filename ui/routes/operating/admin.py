"""`/admin`: the owner's page, and what is pressed on it; for the groups of the setting `admins`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from qa import Assistant, UnknownSourceError
from qa.api import Office, admit_admin, owned
from ui.admin import documents, findings, questions
from ui.admin.frame import POLICY, alerts_html, framed, review_html, sync_html
from ui.bodies import form_fields
from ui.brand.brand import brand_of
from ui.page.texts import choose

if TYPE_CHECKING:
    from qa import ReviewFinding
    from qa.api import Work
    from ui.page.texts import Texts

    Judge = Callable[[Assistant, str], ReviewFinding]

View = Literal["documents", "questions", "findings"]
ALONE = {"cache-control": "no-store", "content-security-policy": POLICY}
# The periods that the page offers, in days.
PERIODS = (7, 30, 90, 365)
_ID = re.compile(r"[\w-]{1,100}", re.ASCII)


def routes(office: Office) -> APIRouter:
    """The routes; all addresses in the page are relative, for any proxy."""
    settings = office.assistant.settings

    async def check(request: Request) -> None:
        admit_admin(settings, request)

    router = APIRouter(dependencies=[Depends(check)])
    _page(router, office)
    _pressed(router, office)
    return router


def _page(router: APIRouter, office: Office) -> None:
    @router.get("/admin", response_model=None)
    def page(
        request: Request,
        view: View = "documents",
        days: int = 30,
        find: str = "",
        state: documents.State | Literal[""] = "",
    ) -> Response:
        texts, assistant = _texts(request), office.assistant
        if view == "questions":
            period = days if days in PERIODS else PERIODS[1]
            body = questions.html(
                assistant.insights(period),
                office.voted_down(),
                office.wordless_votes(),
                str(office.verdicts.set_file),
                PERIODS,
                period,
                texts,
            )
        elif view == "findings":
            number = len(assistant.status().sources)
            body = findings.html(assistant.findings(), number, office.review.state, texts)
        else:
            body = documents.html(
                assistant.status(),
                documents.Wanted(find[: documents.LONGEST], state or None),
                sync_html(office.sync.state, office.syncs, texts),
                texts,
                watch=assistant.settings.watch,
            )
        return HTMLResponse(framed(view, body, texts, brand_of(request)), headers=ALONE)

    @router.get("/admin/state", response_model=None)
    async def state(request: Request) -> Response:
        """The parts of the page that change by themselves, as HTML."""
        texts = _texts(request)
        parts = {
            "alerts": alerts_html(await office.alerts(), texts),
            "sync": sync_html(office.sync.state, office.syncs, texts),
            "review": review_html(office.review.state, texts),
        }
        busy = office.sync.state.running or office.review.state.running
        return JSONResponse({"parts": parts, "busy": busy}, headers={"cache-control": "no-store"})


def _pressed(router: APIRouter, office: Office) -> None:
    def begun(work: Work, view: View, request: Request) -> Response:
        work.start(owned(office.assistant, request))
        return _back(view, request)

    async def judged(judge: Judge, request: Request) -> Response:
        sent = await form_fields(request)
        by = owned(office.assistant, request)
        # Its texts may have changed since the page was shown; then there is another one by now.
        with contextlib.suppress(UnknownSourceError):
            await run_in_threadpool(judge, by, sent.get("id", ""))
        return _back("findings", request, sent.get("after", ""))

    @router.post("/admin/sync", response_model=None)
    def sync(request: Request) -> Response:
        return begun(office.sync, "documents", request)

    @router.post("/admin/review", response_model=None)
    def review(request: Request) -> Response:
        return begun(office.review, "findings", request)

    @router.post("/admin/set", response_model=None)
    async def add(request: Request) -> Response:
        sent = await form_fields(request)
        answerable = "refuse" not in sent
        answer = sent.get("answer", "") if answerable else ""
        id = sent.get("id", "")
        office.add_to_set(id, answer=answer, answerable=answerable)
        return _back("questions", request, f"voted-{id}")

    @router.post("/admin/set-aside", response_model=None)
    async def set_aside(request: Request) -> Response:
        return await judged(Assistant.set_aside, request)

    @router.post("/admin/bring-back", response_model=None)
    async def bring_back(request: Request) -> Response:
        return await judged(Assistant.bring_back, request)


def _texts(request: Request) -> Texts:
    liked = request.headers.get("accept-language", "")
    brand = brand_of(request)
    return choose(request.query_params.get("lang"), liked, brand.languages).named(brand.name)


def _back(view: View, request: Request, at: str = "") -> Response:
    """The view again, from the element with the id `at` on."""
    query: dict[str, str] = {"view": view}
    if (language := request.query_params.get("lang")) is not None:
        query["lang"] = choose(language, "", brand_of(request).languages).language
    place = f"#{at}" if _ID.fullmatch(at) else ""
    address = f"../admin?{urlencode(query)}{place}"
    return RedirectResponse(address, 303, {"cache-control": "no-store"})
