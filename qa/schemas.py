"""The records as JSON: the one schema that the library, the command line, REST and the page share.

Each model reads the record of the same name (`AnswerJSON` reads an `Answer`) and has the fields
that are shown, in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
)

Rounded = Annotated[float, AfterValidator(lambda value: round(value, 4))]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# In JSON, 3.0 is a whole number, too. Bounds stand before it, or the schema would not show them.
Whole = BeforeValidator(_whole)
Offset = Annotated[int, Field(ge=0), Whole]
Number = Annotated[int, Field(ge=1), Whole]
Share = Annotated[float, Field(ge=0, le=1)]
# JSON has no tuples, so a list is one, even where everything else has to fit exactly.
Rows = Annotated[
    tuple[Annotated[int, Strict(), Whole], Annotated[int, Strict(), Whole]], Strict(False)
]


class Schema(BaseModel):
    """The base of all models: they are read from records or JSON, and are immutable."""

    model_config = ConfigDict(from_attributes=True, frozen=True, extra="ignore")

    @classmethod
    def shown(cls, record: object) -> dict[str, Any]:
        """A record as JSON: dictionaries, lists, texts and numbers."""
        return cls.model_validate(record).model_dump(mode="json", by_alias=True)


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
    answerer: str = ""
    seconds: dict[str, Rounded] = {}

    @field_validator("asked")
    @classmethod
    def _what_was_searched_for(cls, asked: str, info: ValidationInfo) -> str:
        return asked or str(info.data.get("question", ""))


class AnswerJSON(AnswerFields):
    """An answer, as `qa ask --json` and `POST /api/ask` give it."""

    passages: tuple[HitJSON, ...] = Field(validation_alias="hits")


class RenamedJSON(Schema):
    """A file that was found under another name."""

    old: str = Field(serialization_alias="from")
    new: str = Field(serialization_alias="to")


class SkippedJSON(Schema):
    """A file that could not be read, and why."""

    source: str
    reason: str


class PermittedJSON(Schema):
    """A document that others may read now: groups, or null if everybody may."""

    source: str
    before: tuple[str, ...] | None
    groups: tuple[str, ...] | None


class SyncReportJSON(Schema):
    """What a sync did, as `qa sync --json` gives it."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    renamed: tuple[RenamedJSON, ...]
    removed: tuple[str, ...]
    samples: tuple[str, ...]
    unchanged: tuple[str, ...]
    readers: tuple[PermittedJSON, ...]
    skipped: tuple[SkippedJSON, ...]
    passages: int
    seconds: Annotated[float, AfterValidator(lambda value: round(value, 3))]

    @field_validator("renamed", mode="before")
    @classmethod
    def _pairs(cls, renamed: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"old": old, "new": new} for old, new in renamed]


class ReviewFindingJSON(Schema):
    """Something in the documents that their owner may want to mend."""

    id: str
    kind: str
    score: Rounded
    citations: tuple[CitationJSON, ...]
    dates: tuple[str, ...]
    newer: int | None
    target: str
    meant: str


class ReviewJSON(Schema):
    """What a review found, as `qa review --json` gives it."""

    documents: int
    judged: int
    seconds: Annotated[float, AfterValidator(lambda value: round(value, 3))]
    findings: tuple[ReviewFindingJSON, ...]
    aside: tuple[ReviewFindingJSON, ...]


class DayJSON(Schema):
    """How many questions of a day ended how, and the opinions given on it."""

    date: str
    questions: int
    answered: int
    unsure: int
    not_said: int
    failed: int
    up: int
    down: int


class UsedJSON(Schema):
    """A document, how many answers cited it, and how often it was opened."""

    source: str
    title: str
    cited: int
    opened: int


class StageSecondsJSON(Schema):
    """The seconds of a stage: half, and 95 of 100 questions, took at most so long."""

    stage: str
    questions: int
    half: Rounded
    most: Rounded


class OpenQuestionJSON(Schema):
    """A question that was not answered, or whose answer was voted down, and how often."""

    question: str
    not_said: int
    down: int


class OpenTopicJSON(Schema):
    """Questions that are alike, and the passages that are closest to them."""

    not_said: int
    down: int
    questions: tuple[OpenQuestionJSON, ...]
    closest: tuple[HitJSON, ...]


class PastSyncJSON(Schema):
    """A sync that changed or skipped something, in numbers of files."""

    time: str
    added: int
    changed: int
    renamed: int
    removed: int
    skipped: int


class InsightsJSON(Schema):
    """The use of an index, as `qa insights --json` gives it."""

    since: str
    until: str
    audit: bool
    questions_kept: bool
    feedback_texts: bool
    total: Annotated[DayJSON, Field(description="All days; its date is the first of them.")]
    days: tuple[DayJSON, ...]
    used: tuple[UsedJSON, ...]
    stages: tuple[StageSecondsJSON, ...]
    topics: tuple[OpenTopicJSON, ...]
    left_out: int
    syncs: tuple[PastSyncJSON, ...]


class SourceJSON(Schema):
    """A document of the index; `groups` may read it, or everybody if there are none.

    Programs that have a key are not told the groups.
    """

    source: str
    title: str
    passages: int
    characters: int
    metadata: dict[str, str | int | float | bool]
    read: str | None
    formats: tuple[str, ...] = Field(validation_alias=AliasPath("reading", "formats"))
    pages: int | None
    warnings: tuple[str, ...] = Field(validation_alias=AliasPath("reading", "warnings"))
    groups: tuple[str, ...] | None

    @field_validator("read", mode="before")
    @classmethod
    def _known(cls, read: str) -> str | None:
        return read or None


class UnreadJSON(Schema):
    """A file that is not in the index, why, and since when."""

    source: str
    reason: str
    since: str
    format: str


def _counted(held: Sequence[object]) -> int:
    return len(held)


Documents = Annotated[int, Field(validation_alias=AliasPath("sources")), BeforeValidator(_counted)]


class StatusJSON(Schema):
    """The state of an index, as `qa status --json` gives it."""

    index: str
    embedder: str
    documents: Documents
    passages: int
    folders: tuple[str, ...]
    updated: str | None
    samples: bool
    failed: tuple[UnreadJSON, ...]
    skipped: tuple[UnreadJSON, ...]
    stale: tuple[SkippedJSON, ...]
    sources: tuple[SourceJSON, ...]


Count = Annotated[int, BeforeValidator(_counted)]


class HeldJSON(Schema):
    """The state of an index without the names in it, as `GET /api/v1/status` gives it.

    `updated` is when it last changed (ISO 8601, UTC), to somebody who may not read everything when
    the newest of the documents was read. `samples` says that it has only the samples.
    Of the files of the synced folders, `failed` could not be read, `skipped` were left out, and
    `stale` have changed since.
    """

    embedder: str
    documents: Documents
    passages: int
    updated: str | None
    samples: bool
    failed: Count
    skipped: Count
    stale: Count


class PageMarksJSON(Schema):
    """The boxes of a quote on a page."""

    page: int
    boxes: tuple[tuple[Rounded, Rounded, Rounded, Rounded], ...]


class HeadingJSON(Schema):
    """A heading of a document."""

    start: int
    level: int
    text: str


class BlockJSON(Schema):
    """A block of a document."""

    kind: str
    start: int
    end: int
    level: int
    marker: str


class LinkJSON(Schema):
    """A link in a document."""

    start: int
    end: int
    target: str


class DocumentJSON(Schema):
    """A document as it was read, as `GET /api/source` gives it."""

    source: str
    title: str
    text: str
    pages: tuple[int, ...]
    headings: tuple[HeadingJSON, ...]
    blocks: tuple[BlockJSON, ...] = ()
    links: tuple[LinkJSON, ...] = ()


class FoundJSON(Schema):
    """The passages that a search found, as `qa search --json` gives them."""

    question: str
    passages: tuple[HitJSON, ...]


class SourcesJSON(Schema):
    """A page of the list of documents; `next` is the offset of the next page, if there is one."""

    total: int
    offset: int
    next: int | None
    sources: tuple[SourceJSON, ...]


class StretchJSON(Schema):
    """A stretch of a document: `text` has the characters from `start` to `end` of `characters`.

    `headings` are those that start in it; `page` is the page that it starts on, if there are pages.
    """

    source: str
    title: str
    characters: int
    start: int
    end: int
    text: str
    page: int | None
    headings: tuple[HeadingJSON, ...]
    metadata: dict[str, str | int | float | bool]
