"""The data that flows from a folder to a cited answer: frozen, and nothing but data.

All offsets count characters (Python string indices) in `Document.text`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Metadata = Mapping[str, str | int | float | bool]

Reason = Literal["empty", "greeting", "too long", "no documents", "nothing close", "not said"]
"""Why an answer was not found; see `Answer.reason`."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line: where it starts, how deep it is (1 is the top), what it says."""

    start: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One source, as text.

    `pages` holds the offset at which each page starts (empty where the format
    has none); `headings` are in the order of the text. `id` may be left empty:
    the index then derives one from `source`.
    """

    text: str
    source: str
    title: str = ""
    id: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: Metadata = field(default_factory=dict)

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, that holds `offset`; None without pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    def heading_path(self, offset: int) -> tuple[str, ...]:
        """The headings above `offset`, outermost first."""
        return heading_path(self.headings, offset)


def heading_path(headings: Sequence[Heading], offset: int) -> tuple[str, ...]:
    """Of a document's headings, those above `offset`, outermost first."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start > offset:
            break
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
    return tuple(heading.text for heading in path)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is embedded, found and read as one.

    `document.text[start:end] == text`. `heading` is the path of headings
    above it, joined with " > ".
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


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that retrieval brought, with its fused score in 0..1.

    `similarity` is the cosine between question and passage, `keyword` the BM25
    score (higher is better); each is None where that leg did not bring it.
    """

    passage: Passage
    score: float
    similarity: float | None = None
    keyword: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a hit that answers: what is quoted, the exact phrase in it, and how sure.

    `start` and `end` count in the document. `short` is the range of the
    phrase that answers by itself, None where none can be told apart. `score`
    is in 0..1 and comparable across passages.
    """

    hit: Hit
    start: int
    end: int
    score: float
    short: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The quoted words."""
        return self.slice(self.start, self.end)

    @property
    def short_text(self) -> str | None:
        """The phrase that answers by itself."""
        return None if self.short is None else self.slice(*self.short)

    def slice(self, start: int, end: int) -> str:
        """Document offsets, cut out of the hit's passage."""
        offset = self.hit.passage.start
        return self.hit.passage.text[start - offset : end - offset]


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: `document.text[start:end] == quote`, checked before anyone sees it."""

    number: int
    source: str
    title: str
    start: int
    end: int
    quote: str
    passage_id: str
    page: int | None = None
    heading: str = ""

    @property
    def marker(self) -> str:
        """How the text refers to it: `[1]`."""
        return f"[{self.number}]"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answerer made of the hits, before its citations are checked.

    `text` carries the markers; `citations` are numbered 1, 2, ... in the order
    in which it first refers to them. The rest is as in `Answer`.
    """

    text: str
    found: bool
    citations: tuple[Citation, ...] = ()
    score: float = 0.0
    short: str | None = None
    reason: Reason | None = None
    unsupported: tuple[str, ...] = ()
    disagreement: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What every reader gets: the page, the embed, REST, the command line and the library.

    `text` carries a marker `[n]` for `citations[n - 1]`. `short` is the exact
    phrase, where one can be told apart. Where the documents do not say,
    `found` is False, `reason` says why and `hits` are the closest passages.
    `asked` is the question that was searched for: the one given, or the
    standalone form of a follow-up. `unsupported` holds sentences of a chat
    model that no passage supports (they are marked or dropped, by setting).
    Where two documents contradict each other, `disagreement` is True and the
    text says so. `suggestion` is, where a follow-up was not answered, a
    question that the documents do answer, if one could be made of the history.
    """

    question: str
    text: str
    found: bool
    score: float = 0.0
    short: str | None = None
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    answerer: str = "quotes"
    asked: str = ""
    reason: Reason | None = None
    unsupported: tuple[str, ...] = ()
    disagreement: bool = False
    suggestion: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The one JSON object that `qa ask --json` and REST give; see README, "JSON"."""
        return {
            "question": self.question,
            "asked": self.asked or self.question,
            "text": self.text,
            "short": self.short,
            "found": self.found,
            "reason": self.reason,
            "score": round(self.score, 4),
            "citations": [
                {
                    "number": citation.number,
                    "source": citation.source,
                    "title": citation.title,
                    "page": citation.page,
                    "heading": citation.heading,
                    "start": citation.start,
                    "end": citation.end,
                    "quote": citation.quote,
                    "passage_id": citation.passage_id,
                }
                for citation in self.citations
            ],
            "passages": [hit_to_dict(hit) for hit in self.hits],
            "unsupported": list(self.unsupported),
            "disagreement": self.disagreement,
            "suggestion": self.suggestion,
            "answerer": self.answerer,
            "seconds": {name: round(value, 4) for name, value in self.seconds.items()},
        }


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as JSON: what `qa search --json` lists and an answer's `passages` hold."""
    passage = hit.passage
    return {
        "source": passage.source,
        "title": passage.title,
        "page": passage.page,
        "heading": passage.heading,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "passage_id": passage.id,
        "score": round(hit.score, 4),
    }


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation, oldest first in a history."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that a sync could not read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, by source; `renamed` holds (old, new)."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    passages: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON, as `qa sync --json` gives it."""
        return {
            "added": list(self.added),
            "changed": list(self.changed),
            "renamed": [{"from": old, "to": new} for old, new in self.renamed],
            "removed": list(self.removed),
            "unchanged": list(self.unchanged),
            "skipped": [{"source": s.source, "reason": s.reason} for s in self.skipped],
            "passages": self.passages,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: `done` of `total` files read, or passages embedded."""

    stage: Literal["waiting", "reading", "embedding"]
    done: int
    total: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` removed, and what a search of the whole index then still found of it.

    `left` counts passages, keyword entries and copies of the text in the
    index's files; it is 0, or forgetting has failed.
    """

    sources: tuple[str, ...]
    passages: int
    left: int


@dataclass(frozen=True, slots=True)
class Source:
    """A line of `qa status`: one document of the index."""

    source: str
    title: str
    document_id: str
    passages: int
    characters: int
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an index; `updated` is when it last changed (ISO 8601, UTC)."""

    index: str
    embedder: str
    sources: Sequence[Source]
    passages: int
    folders: Sequence[str]
    updated: str | None

    def to_dict(self) -> dict[str, Any]:
        """The status as JSON, as `qa status --json` gives it."""
        return {
            "index": self.index,
            "embedder": self.embedder,
            "documents": len(self.sources),
            "passages": self.passages,
            "folders": list(self.folders),
            "updated": self.updated,
            "sources": [
                {
                    "source": source.source,
                    "title": source.title,
                    "passages": source.passages,
                    "characters": source.characters,
                    "metadata": dict(source.metadata),
                }
                for source in self.sources
            ],
        }
