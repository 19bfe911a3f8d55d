"""What programs may send, with limits on all of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.records import Turn
from qa.schemas import CitationJSON, Whole

# The most turns of a conversation in a request; the assistant uses the latest.
LONGEST_HISTORY = 50
MOST_PASSAGES = 200
# Far longer than any passage or answer, and still small enough.
LONGEST_TEXT = 50_000

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(max_length=4_000)]
Value = str | bool | int | float
Where = dict[Name, Value | Annotated[list[Value], Field(max_length=100)]]

# A misspelt name must not have a question answered from other documents than was meant.
EXACTLY = ConfigDict(extra="forbid", strict=True)


class Earlier(BaseModel):
    """An earlier turn of the conversation."""

    model_config = ConfigDict(strict=True)

    question: Text
    answer: Text = ""


class Asked(BaseModel):
    """A question, as `Assistant.ask` takes it."""

    question: Text
    history: Annotated[list[Earlier], Field(max_length=LONGEST_HISTORY)] = []
    folder: Name | None = None

    def turns(self) -> list[Turn]:
        """The history as the assistant takes it."""
        return [Turn(turn.question, turn.answer) for turn in self.history]


class Question(Asked):
    """A question; with `stream`, the answer comes as events."""

    model_config = ConfigDict(
        **EXACTLY,
        json_schema_extra={"examples": [{"question": "Who approves leave?", "folder": None}]},
    )

    where: Where | None = Field(
        None, description="Only documents with these metadata; of a list, any item matches."
    )
    stream: bool = False

    def arguments(self) -> dict[str, Any]:
        """The arguments of `Assistant.ask`."""
        return {
            "question": self.question,
            "history": self.turns(),
            "folder": self.folder,
            "where": self.where,
        }


class Searched(BaseModel):
    """A search, as `Assistant.search` takes it."""

    model_config = EXACTLY

    question: Text
    limit: Annotated[int, Field(ge=1, le=MOST_PASSAGES), Whole] | None = None
    folder: Name | None = None
    where: Where | None = None


class Cited(CitationJSON):
    """A footnote that comes back to us."""

    model_config = ConfigDict(str_max_length=LONGEST_TEXT, strict=True)


class Judged(BaseModel):
    """Somebody's opinion of an answer; `conversation` is any name that the program has for it."""

    model_config = EXACTLY

    question: Annotated[str, Field(max_length=10_000)]
    answer: Text
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=5_000)] = ""
    conversation: Annotated[str, Field(max_length=200)] = ""
    citations: Annotated[list[Cited], Field(max_length=100)] = []
