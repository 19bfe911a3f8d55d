"""Readers' opinions of answers, as the page sends them; `qa.Verdicts` stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from qa import IndexUnavailableError
from qa.api import Cited, account_of, keep, seen
from ui.page.conversations import ConversationId
from ui.routes.errors import told

if TYPE_CHECKING:
    from qa import Assistant, Verdicts
    from qa.api import Pace


class Judged(BaseModel):
    """One reader's opinion of one answer."""

    conversation: ConversationId
    question: Annotated[str, Field(max_length=10_000)]
    answer: Annotated[str, Field(max_length=50_000)]
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=5_000)] = ""
    citations: Annotated[list[Cited], Field(max_length=100)] = []


def routes(verdicts: Verdicts, assistant: Assistant, pace: Pace) -> APIRouter:
    """`POST /api/feedback`; `assistant` has the documents that are not of one conversation."""
    router = APIRouter()

    @router.post("/api/feedback", status_code=204, response_model=None)
    def judge(judged: Judged, request: Request) -> Response:
        try:
            keep(judged, verdicts, seen(assistant, request), pace, account_of(request))
        except IndexUnavailableError as error:
            return told(error, 507)  # no room, or no permission to write
        return Response(status_code=204)

    return router
