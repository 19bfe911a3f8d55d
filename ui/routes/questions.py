"""`/health`, `/api/state`, `/api/ask` and `/api/related`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from qa import Answer, Citation, Hit, Passage, QAError
from qa.api import LONGEST_HISTORY, Asked, Earlier, viewer_of

if TYPE_CHECKING:
    from qa import Assistant
    from qa.api import Line
    from ui.uploads import Attachments

# Seconds after which the state of the index is looked up again, and that this may take.
LOOK_SECONDS, WAIT_SECONDS = 1.0, 0.3

Text = Annotated[str, Field(max_length=50_000)]
# The form of passage ids; joined passages also have the last one's number.
PassageId = Annotated[str, Field(pattern=r"^[^:]{1,200}:[0-9a-f]{1,64}:\d{1,9}(?:-\d{1,9})?$")]
MOST_RELATED = 10


class Place(BaseModel):
    """The place of a citation or a passage of an answer."""

    passage_id: PassageId
    source: Annotated[str, Field(max_length=4_000)]
    start: Annotated[int, Field(ge=0)] = 0


class Answered(BaseModel):
    """An answer of `/api/ask`, and the number of questions wanted; other fields are not read."""

    question: Text
    asked: Text = ""
    citations: Annotated[list[Place], Field(max_length=100)] = []
    passages: Annotated[list[Place], Field(max_length=200)] = []
    history: Annotated[list[Earlier], Field(max_length=LONGEST_HISTORY)] = []
    limit: Annotated[int, Field(ge=1, le=MOST_RELATED)] = 3

    def answer(self) -> Answer:
        """The fields that `Assistant.related` uses."""
        return Answer(
            question=self.question,
            asked=self.asked,
            text="",
            found=bool(self.citations),
            citations=tuple(
                Citation(number, one.source, "", one.start, one.start, "", one.passage_id)
                for number, one in enumerate(self.citations, 1)
            ),
            hits=tuple(
                Hit(Passage(one.passage_id, "", one.source, "", one.start, one.start, ""), 0.0)
                for one in self.passages
            ),
        )


def routes(assistant: Assistant, attachments: Attachments, line: Line) -> APIRouter:
    """The routes; only those that take a question ever wait for other questions, in `line`."""
    holdings = Holdings(assistant, lambda: attachments.activity.ended)
    router = APIRouter()

    @router.get("/health", response_model=None)
    async def health(request: Request) -> Response:
        stranger = viewer_of(request) is None
        try:
            held = await holdings.told()
        except QAError:
            if stranger:  # what is wrong names files
                return JSONResponse({"status": "not available"}, 503)
            raise
        counts = {} if stranger else {name: held[name] for name in ("documents", "passages")}
        return JSONResponse({"status": "ok", **counts})

    @router.get("/api/state")
    async def state() -> dict[str, Any]:
        return {**await holdings.told(), "reading": attachments.activity.reading}

    @router.post("/api/ask")
    async def ask(asked: Asked, request: Request) -> dict[str, Any]:
        turns = asked.turns()
        return await line.answered(
            lambda: assistant.ask(asked.question, history=turns, folder=asked.folder).to_dict(),
            request.is_disconnected,
        )

    @router.post("/api/related")
    async def related(answered: Answered, request: Request) -> dict[str, Any]:
        before = [turn.question for turn in answered.history]
        return await line.answered(
            lambda: {"related": assistant.related(answered.answer(), answered.limit, asked=before)},
            request.is_disconnected,
        )

    return router


class Holdings:
    """The state of the index, without delay: the previous state if looking it up takes long.

    `changes` gives another number once the content is known to have changed.
    """

    def __init__(self, assistant: Assistant, changes: Callable[[], int] = lambda: 0) -> None:
        self._assistant = assistant
        self._changes = changes
        self._seen = 0
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="footnote holdings")
        self._looking: Future[dict[str, Any] | QAError] | None = None
        self._looked = float("-inf")
        self._known: dict[str, Any] | QAError | None = None

    async def told(self) -> dict[str, Any]:
        """The numbers of documents and passages, and the time of the last change.

        Raises:
            QAError: the index cannot be read.
        """
        old = time.monotonic() - self._looked > LOOK_SECONDS or self._changes() != self._seen
        if self._looking is None and old:
            self._seen = self._changes()
            self._looking = self._threads.submit(self._look)
        if (running := self._looking) is not None:
            looking = asyncio.wrap_future(running)
            await asyncio.wait([looking], timeout=WAIT_SECONDS if self._known else None)
            if looking.done():
                self._known, self._looked = looking.result(), time.monotonic()
                if self._looking is running:
                    self._looking = None
        assert self._known is not None, "the first look is waited for"
        if isinstance(self._known, QAError):
            raise self._known
        return self._known

    def _look(self) -> dict[str, Any] | QAError:
        try:
            status = self._assistant.status()
        except QAError as error:
            return error
        return {
            "documents": len(status.sources),
            "passages": status.passages,
            "updated": status.updated,
        }
