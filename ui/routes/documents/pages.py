"""The pages of PDFs behind the footnotes, as they look, and where a quote is on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from qa import QAError
from qa.api import opened
from ui.routes.errors import told
from ui.routes.finding import REFUSED, Attached, Holders, gone, unless_known

if TYPE_CHECKING:
    from qa import Assistant


def routes(assistant: Assistant, attachments: Attached | None) -> APIRouter:
    """`GET /api/page` and `GET /api/marks`; whatever cannot be shown has a status and `error`."""
    router = APIRouter()
    holders = Holders(assistant, attachments)

    @router.get("/api/page", response_model=None)
    def page_picture(
        request: Request, source: str, page: int, width: int = 1200, conversation: str = ""
    ) -> Response:
        try:
            holder, _ = holders.of(request, source, conversation)
            if holder.original(source) is None:
                return gone(source)
            picture = holder.page(source, page, width)
            opened(holder, source, "page", page)
        except QAError as error:
            return told(error, headers=REFUSED)
        return unless_known(request, picture, "image/webp")

    @router.get("/api/marks", response_model=None)
    def marks(
        request: Request, source: str, start: int, end: int, conversation: str = ""
    ) -> Response:
        try:
            holder, _ = holders.of(request, source, conversation)
            if holder.original(source) is None:
                return gone(source)
            pages = [one.to_dict() for one in holder.marks(source, start, end)]
        except QAError as error:
            return told(error, headers=REFUSED)
        return JSONResponse({"pages": pages}, headers=REFUSED)

    return router
