"""Documents and their parts: headings, blocks, links, units, passages.

All offsets count characters (Python string indices) in `Document.text`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Metadata = Mapping[str, str | int | float | bool]
HeadingPart = Literal["", "slide", "sheet"]
"""What a heading begins, if that is counted or named by the program that shows the file."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line: its start, its level (1 is the top) and its text.

    Of what it begins, `part` says whether that is a slide or a sheet; `number` is a slide's.
    """

    start: int
    level: int
    text: str
    part: HeadingPart = ""
    number: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields as JSON values, without what few headings have."""
        told = {"start": self.start, "level": self.level, "text": self.text}
        return {**told, "part": self.part, "number": self.number} if self.part else told


BlockKind = Literal[
    "heading", "paragraph", "list", "item", "table", "row", "code", "note", "question"
]
"""The kinds of blocks; "note" is a remark or a quotation, "question" one of a FAQ."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document that its author set apart: `document.text[start:end]`.

    It has no white space at its ends. Lists, tables, items and notes contain the blocks inside
    them. An item runs from its marker to the end of everything that belongs to it; its first words
    are not a separate block.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of a heading, 1 is the top; of an item, 0 is outermost; of a row, 1 is the header's."""
    marker: str = ""
    """Of an item, as written in the text: "-" or "3."; empty where the text has none.

    Of a row or a line of a sheet, the number that it has there.
    """
    parent: int = -1
    """The position in `Document.blocks` of the innermost block around it; -1 if there is none."""


def are_nested(blocks: Sequence[Block], length: int) -> bool:
    """Whether blocks are in a text of this length, in order, each after and inside its parent."""
    before = 0
    for place, block in enumerate(blocks):
        if not -1 <= block.parent < place:
            return False
        last = blocks[block.parent].end if block.parent >= 0 else length
        if not before <= block.start < block.end <= last or block.level < 0:
            return False
        before = block.start
    return True


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere: `document.text[start:end]`.

    `target` is the address as written in the document: of the web or of mail, or relative to the
    document, such as `../leave.md#parental-leave`.
    """

    start: int
    end: int
    target: str


_SURELY_READ = 0.8


@dataclass(frozen=True, slots=True)
class Scan:
    """A part of a document that was read from a picture: `document.text[start:end]`.

    It is on one page. `sure` is how sure the recognition is of its words, from 0 to 1.
    """

    start: int
    end: int
    sure: float


def hard_to_read(sure: float) -> bool:
    """Whether words of a scan may be wrong, by how sure the recognition is of them (0 to 1)."""
    return sure < _SURELY_READ


def recognised(scans: Sequence[Scan], start: int, end: int) -> float | None:
    """How sure the recognition is of a range of the text, from 0 to 1; None if it read none of it.

    The scans are in order, and do not overlap.
    """
    sure = characters = 0.0
    for scan in scans[bisect_right(scans, start, key=lambda scan: scan.end) :]:
        shared = min(end, scan.end) - max(start, scan.start)
        if shared <= 0:
            break
        sure, characters = sure + shared * scan.sure, characters + shared
    return round(sure / characters, 2) if characters else None


def are_apart(parts: Sequence[Link] | Sequence[Scan], length: int) -> bool:
    """Whether ranges are within a text of this length, in order, and do not overlap."""
    before = 0
    for part in parts:
        if not before <= part.start < part.end <= length:
            return False
        before = part.end
    return True


UnitKind = Literal[
    "paragraph", "lead", "list", "steps", "item", "table", "row", "section", "outline"
]
"""A "lead" is a paragraph that introduces a list; an "outline", the headings below another."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a document that can be the answer to a question: `document.text[start:end]`.

    `body` is its start after the line that introduces it, or after the question that it answers;
    the same as `start` if there is neither.
    """

    kind: UnitKind
    start: int
    end: int
    body: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file became a document."""

    formats: tuple[str, ...] = ()
    """What it was read as, with the version of the loader, such as "docx 1"; then the formats of
    the files inside it."""
    warnings: tuple[str, ...] = ()
    """What of it could not be read."""
    named: bool = False
    """Whether its title was made from its name, because it has none of its own."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source, as text.

    `pages` has the offset of each page (empty if the format has none). `headings` are in the order
    of the text. So are `blocks`, each before the blocks inside it; there are none if the structure
    is unknown. `links` are in the order of the text, too, and do not overlap, and so are `scans`,
    the parts that were read from pictures. `id` may be left empty: the index then derives one from
    `source`. `reading` is empty if it was in no file.
    """

    text: str
    source: str
    title: str = ""
    id: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    links: tuple[Link, ...] = ()
    reading: Reading = Reading()
    scans: tuple[Scan, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON, as `GET /api/source` gives it."""
        from qa.schemas import DocumentJSON

        return DocumentJSON.shown(self)

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, that contains `offset`; None without pages."""
        return page_at(self.pages, offset)

    def heading_path(self, offset: int) -> tuple[str, ...]:
        """The headings above `offset`, outermost first."""
        return heading_path(self.headings, offset)


def page_at(pages: Sequence[int], offset: int) -> int | None:
    """The number of the page that contains `offset`; None without pages."""
    return max(1, bisect_right(pages, offset)) if pages else None


def heading_path(headings: Sequence[Heading], offset: int) -> tuple[str, ...]:
    """The texts of `headings_above`."""
    return tuple(heading.text for heading in headings_above(headings, offset))


def headings_above(headings: Sequence[Heading], offset: int) -> list[Heading]:
    """Of a document's headings, those above `offset`, outermost first."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start > offset:
            break
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
    return path


def outlined(headings: Sequence[Heading], outline: Unit) -> list[Heading]:
    """The headings of an outline, without those below them."""
    within = [heading for heading in headings if outline.start <= heading.start < outline.end]
    level = min((heading.level for heading in within), default=0)
    return [heading for heading in within if heading.level == level]


def path_above(headings: Sequence[Heading], unit: Unit) -> tuple[str, ...]:
    """Of a document's headings, those above a unit, outermost first."""
    path = heading_path(headings, unit.start)
    # An outline begins with a heading, which is not above itself.
    return path[:-1] if unit.kind == "outline" else path


def context(title: str, heading: str) -> str:
    """What is embedded, indexed and read in front of a text: its title and path of headings."""
    if f"{heading} > ".startswith(f"{title} > "):  # the first heading is often the title
        return heading
    return " > ".join(part for part in (title, heading) if part)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is embedded, found and read as one.

    `document.text[start:end] == text`. `heading` is the path of headings
    above it, joined with " > ". `recognised` is how sure the recognition is of what of it was read
    from a scan (0 to 1), None if nothing was.
    """

    id: str
    document_id: str
    source: str
    title: str
    start: int
    end: int
    text: str
    heading: str = ""
    page: int | None = None
    metadata: Metadata = field(default_factory=dict)
    recognised: float | None = None

    @property
    def above(self) -> str:
        """Its context when it is embedded, indexed or read."""
        return context(self.title, self.heading)
