"""A conversation as the browser stores it: questions, and the answers as the page shows them.

The server stores no conversations. The record is sent with each question and comes back longer, so
a restart loses nothing. What a browser sends is checked like any other input, and its citations
against the documents.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qa import AnswerFields, Turn
from qa.api import Cited, holds

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa import Answer, Document

# The number of passages shown with a refusal.
CLOSEST = 3
LONGEST_CONVERSATION = 100
LONGEST_QUESTION = 10_000
# A browser may send twice as much with a question.
LARGEST_RECORD = 1_000_000
# Far longer than any passage or answer, and still small enough.
LONGEST_TEXT = 50_000
ConversationId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Exchange(AnswerFields):
    """A question and its answer.

    `related` are other questions that the documents answer. `problem` says why there is no answer,
    `stopped` that its reader stopped it.
    """

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)

    citations: tuple[Cited, ...] = Field((), max_length=100)
    sections: tuple[Cited, ...] = Field((), max_length=20)
    passages: list[Cited] = Field(default_factory=list, max_length=CLOSEST)
    related: tuple[str, ...] = Field((), max_length=10)
    problem: str | None = None
    stopped: bool = False

    @property
    def unsure(self) -> bool:
        """Whether the answer is shown although it may not fit the question."""
        return self.found and self.outcome == "unsure"

    @classmethod
    def of(cls, answer: Answer) -> Exchange:
        """An answer as the page stores it."""
        closest = () if answer.found else answer.hits[:CLOSEST]
        passages = [
            {**hit.to_dict(), "number": number, "quote": hit.passage.text}
            for number, hit in enumerate(closest, 1)
        ]
        return cls.model_validate({**answer.to_dict(), "passages": passages})

    def checked(self, read: Callable[[str], Document]) -> Exchange:
        """The exchange, without anything that the documents no longer say.

        An answer that loses a footnote loses its text, too: it becomes a problem, and the question
        can be asked again.
        """
        if all(holds(cited, read) for cited in self.citations):
            passages = [cited for cited in self.passages if holds(cited, read)]
            sections = tuple(cited for cited in self.sections if holds(cited, read))
            return self.model_copy(update={"passages": passages, "sections": sections})
        return Exchange(question=self.question, asked=self.asked, reason="changed")


class Conversation(BaseModel):
    """A conversation: an id that nobody can guess, and its exchanges, oldest first.

    `folder` is set if the page around the chat limits it to one.
    """

    model_config = ConfigDict(frozen=True, str_max_length=LONGEST_TEXT)

    id: ConversationId
    folder: str = ""
    exchanges: Annotated[list[Exchange], Field(max_length=LONGEST_CONVERSATION)] = []

    @classmethod
    def new(cls) -> Conversation:
        """An empty conversation."""
        return cls(id=secrets.token_hex(16))

    @classmethod
    def read(cls, text: str | None) -> Conversation:
        """A record from a browser; a new one if that is not valid."""
        try:
            return cls.model_validate_json(text or "")
        except ValidationError:
            return cls.new()

    @property
    def full(self) -> bool:
        """Whether it is full, so that no more can be asked in it."""
        return (
            len(self.exchanges) >= LONGEST_CONVERSATION
            or len(self.model_dump_json().encode()) > LARGEST_RECORD
        )

    def history(self) -> list[Turn]:
        """The turns that a follow-up may refer to."""
        return [
            Turn(exchange.question, exchange.text)
            for exchange in self.exchanges
            if exchange.problem is None and not exchange.stopped
        ]

    def with_(self, exchange: Exchange) -> Conversation:
        """The record, one exchange longer."""
        return self.model_copy(update={"exchanges": [*self.exchanges, exchange]})
