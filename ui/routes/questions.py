"""`/api/state`, `/api/ask` and `/api/related`."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from qa import Answer, Citation, Hit, Passage, QAError
from qa.api import LONGEST_HISTORY, Asked, Earlier, account_of, seen

if TYPE_CHECKING:
    from qa import Assistant, Viewer
    from qa.api import Line
    from ui.uploads import Attachments

# Seconds after which the state of the index is looked up again, and that this may take.
LOOK_SECONDS, WAIT_SECONDS = 1.0, 0.3
# What so many readers were told is kept.
MOST_LOOKS = 1000

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


def routes(
    assistant: Assistant, attachments: Attachments, line: Line, holdings: Holdings
) -> APIRouter:
    """The routes; only those that take a question ever wait for other questions, in `line`."""
    router = APIRouter()

    @router.get("/api/state")
    async def state(request: Request) -> dict[str, Any]:
        reader = seen(assistant, request)
        held = await holdings.told(reader)
        # Who may read what is being read is not known yet.
        reading = attachments.activity.reading if reader.sees_everything else None
        return {**held, "reading": reading}

    # Replies are written where answers are made: the thread that takes requests is for others.
    @router.post("/api/ask")
    async def ask(asked: Asked, request: Request) -> Response:
        turns, reader = asked.turns(), seen(assistant, request)

        def answered() -> Response:
            answer = reader.ask(asked.question, history=turns, folder=asked.folder)
            return JSONResponse(answer.to_dict())

        return await line.answered(answered, request.is_disconnected, account_of(request))

    @router.post("/api/related")
    async def related(answered: Answered, request: Request) -> dict[str, Any]:
        before = [turn.question for turn in answered.history]
        reader = seen(assistant, request)
        return await line.answered(
            lambda: {"related": reader.related(answered.answer(), answered.limit, asked=before)},
            request.is_disconnected,
            account_of(request),
        )

    return router


class Holdings:
    """The state of the index, without delay: the previous state if looking it up takes long.

    `changes` gives another number once the content is known to have changed.
    """

    def __init__(self, changes: Callable[[], int] = lambda: 0) -> None:
        self._changes = changes
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="footnote holdings")
        self._looks: OrderedDict[Viewer, _Look] = OrderedDict()

    async def told(self, reader: Assistant, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The numbers of documents and passages that a reader sees, and when that last changed.

        Where it has been looked up before, this waits for so many `seconds` at most.

        Raises:
            QAError: the index cannot be read.
        """
        look = self._looks.setdefault(reader.viewer, _Look())
        self._looks.move_to_end(reader.viewer)
        while len(self._looks) > MOST_LOOKS:
            self._looks.popitem(last=False)
        old = time.monotonic() - look.at > LOOK_SECONDS or self._changes() != look.seen
        if look.running is None and old:
            look.seen = self._changes()
            look.running = self._threads.submit(_looked_up, reader)
        if (running := look.running) is not None:
            looking = asyncio.wrap_future(running)
            await asyncio.wait([looking], timeout=seconds if look.known else None)
            if looking.done():
                look.known, look.at = looking.result(), time.monotonic()
                if look.running is running:
                    look.running = None
        assert look.known is not None, "the first look is waited for"
        if isinstance(look.known, QAError):
            raise look.known
        return look.known


@dataclass(slots=True)
class _Look:
    """What one reader was told, when, and what is being looked up."""

    known: dict[str, Any] | QAError | None = None
    at: float = float("-inf")
    seen: int = 0
    running: Future[dict[str, Any] | QAError] | None = None


def _looked_up(reader: Assistant) -> dict[str, Any] | QAError:
    try:
        status = reader.status()
    except QAError as error:
        return error
    return {
        "documents": len(status.sources),
        "passages": status.passages,
        "updated": status.updated,
    }
