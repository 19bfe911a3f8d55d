"""Answers, their statements and citations, and what a search found."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasPath, Field, ValidationInfo, field_validator

from qa.schemas.fields import Number, Offset, Rounded, Rows, Schema, Share, Whole


class CitationJSON(Schema):
    """A footnote."""

    number: Number
    source: str
    title: str = ""
    page: Annotated[int, Whole] | None = None
    slide: Annotated[int, Whole] | None = None
    sheet: str | None = None
    rows: Rows | None = None
    recognised: Share | None = None
    heading: str = ""
    start: Offset
    end: Offset
    quote: str
    passage_id: str = ""


class StatementJSON(Schema):
    """A part of an answer that says one thing."""

    kind: str
    text: str
    citations: tuple[int, ...] = ()


def _of_passage(name: str) -> Any:
    return Field(validation_alias=AliasPath("passage", name))


class HitJSON(Schema):
    """A passage that was found: a line of `qa search --json`, or of an answer's `passages`."""

    source: str = _of_passage("source")
    title: str = _of_passage("title")
    page: int | None = _of_passage("page")
    recognised: float | None = _of_passage("recognised")
    heading: str = _of_passage("heading")
    start: int = _of_passage("start")
    end: int = _of_passage("end")
    text: str = _of_passage("text")
    passage_id: str = _of_passage("id")
    score: Rounded


class AnswerFields(Schema):
    """The fields of an answer without the passages, of which a page keeps fewer."""

    question: str
    asked: str = ""
    text: str = ""
    short: str | None = None
    found: bool = False
    outcome: str = "answered"
    reason: str | None = None
    score: Rounded = 0.0
    statements: tuple[StatementJSON, ...] = ()
    citations: tuple[CitationJSON, ...] = ()
    sections: tuple[CitationJSON, ...] = ()
    unsupported: tuple[str, ...] = ()
    disagreement: bool = False
    suggestion: str | None = None
    attached: str | None = None
    failure: str | None = None
    answerer: str = ""
    seconds: dict[str, Rounded] = {}  # noqa: RUF012 (pydantic copies it)

    @field_validator("asked")
    @classmethod
    def _what_was_searched_for(cls, asked: str, info: ValidationInfo) -> str:
        return asked or str(info.data.get("question", ""))


class AnswerJSON(AnswerFields):
    """An answer, as `qa ask --json` and `POST /api/ask` give it."""

    passages: tuple[HitJSON, ...] = Field(validation_alias="hits")


class FoundJSON(Schema):
    """The passages that a search found, as `qa search --json` gives them."""

    question: str
    passages: tuple[HitJSON, ...]
