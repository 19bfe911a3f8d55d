"""A document as it was read, a stretch of it, and the marks on its pages."""

from __future__ import annotations

from qa.schemas.fields import Rounded, Schema


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
