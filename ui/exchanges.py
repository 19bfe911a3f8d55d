"""A conversation as the browser keeps it: questions, and what the page shows of their answers.

The server holds no conversation. The record goes along with each question and
comes back longer, so a restart loses nothing; whatever a browser sends is
checked like any other input, and its citations against the documents.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa import QAError, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa import Answer, Document

# Passages shown with a refusal.
CLOSEST = 3
LONGEST_CONVERSATION = 100
# Far above what a passage or an answer holds, and small enough to be no burden.
Text = Annotated[str, Field(max_length=50_000)]
ConversationId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Cited(_Part):
    """A footnote, or (numbered likewise) a passage that only came close."""

    number: int = Field(ge=1)
    source: Text
    title: Text = ""
    page: int | None = None
    heading: Text = ""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: Text


class Exchange(_Part):
    """A question and its answer; fields as in `qa.Answer`.

    `problem` says why there is no answer, `stopped` that its reader had enough.
    """

    question: Text
    asked: Text = ""
    text: Text = ""
    short: Text | None = None
    found: bool = False
    reason: str | None = None
    score: float = 0.0
    citations: Annotated[list[Cited], Field(max_length=100)] = []
    passages: Annotated[list[Cited], Field(max_length=CLOSEST)] = []
    disagreement: bool = False
    suggestion: Text | None = None
    answerer: Text = ""
    problem: Text | None = None
    stopped: bool = False

    @classmethod
    def of(cls, answer: Answer) -> Exchange:
        """What the page keeps of an answer."""
        closest = () if answer.found else answer.hits[:CLOSEST]
        return cls(
            question=answer.question,
            asked=answer.asked,
            text=answer.text,
            short=answer.short,
            found=answer.found,
            reason=answer.reason,
            score=round(answer.score, 4),
            citations=[
                Cited(
                    number=citation.number,
                    source=citation.source,
                    title=citation.title,
                    page=citation.page,
                    heading=citation.heading,
                    start=citation.start,
                    end=citation.end,
                    quote=citation.quote,
                )
                for citation in answer.citations
            ],
            passages=[
                Cited(
                    number=number,
                    source=hit.passage.source,
                    title=hit.passage.title,
                    page=hit.passage.page,
                    heading=hit.passage.heading,
                    start=hit.passage.start,
                    end=hit.passage.end,
                    quote=hit.passage.text,
                )
                for number, hit in enumerate(closest, 1)
            ],
            disagreement=answer.disagreement,
            suggestion=answer.suggestion,
            answerer=answer.answerer,
        )

    def checked(self, read: Callable[[str], Document]) -> Exchange:
        """Itself, without what the documents no longer say.

        An answer that loses a footnote loses its statements with it: it becomes a
        problem, with the question there to be asked again.
        """
        if all(_holds(cited, read) for cited in self.citations):
            held = [cited for cited in self.passages if _holds(cited, read)]
            return self if held == self.passages else self.model_copy(update={"passages": held})
        return Exchange(question=self.question, asked=self.asked, reason="changed")


class Record(_Part):
    """One conversation: an id that nobody else can guess, and its exchanges, oldest first.

    `folder` is set where the page around the chat keeps it to one.
    """

    id: ConversationId
    folder: Text = ""
    exchanges: Annotated[list[Exchange], Field(max_length=LONGEST_CONVERSATION)] = []

    @classmethod
    def new(cls) -> Record:
        """An empty conversation."""
        return cls(id=secrets.token_hex(16))

    @classmethod
    def read(cls, text: str) -> Record:
        """A record as a browser sent it; a new one where that is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return cls.new()

    @property
    def full(self) -> bool:
        """Whether nothing more can be asked in it."""
        return len(self.exchanges) >= LONGEST_CONVERSATION

    def history(self) -> list[Turn]:
        """The turns that a follow-up may refer to."""
        return [
            Turn(exchange.question, exchange.text)
            for exchange in self.exchanges
            if exchange.problem is None and not exchange.stopped
        ]

    def with_(self, exchange: Exchange) -> Record:
        """The record, one exchange longer."""
        return self.model_copy(update={"exchanges": [*self.exchanges, exchange]})


def _holds(cited: Cited, read: Callable[[str], Document]) -> bool:
    try:
        return read(cited.source).text[cited.start : cited.end] == cited.quote
    except QAError:
        return False
