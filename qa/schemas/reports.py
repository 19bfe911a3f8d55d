"""What a sync did, what a review found, and the state of an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import AliasPath, BeforeValidator, Field, field_validator

from qa.schemas.answers import CitationJSON
from qa.schemas.fields import Rounded, Schema, Seconds


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
    seconds: Seconds

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
    seconds: Seconds
    findings: tuple[ReviewFindingJSON, ...]
    aside: tuple[ReviewFindingJSON, ...]


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


class SourcesJSON(Schema):
    """A page of the list of documents; `next` is the offset of the next page, if there is one."""

    total: int
    offset: int
    next: int | None
    sources: tuple[SourceJSON, ...]
