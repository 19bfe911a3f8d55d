"""From hits to an answer: spans, citations, statements.

All offsets count characters (Python string indices) in `Document.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qa.records.documents import (
    Heading,
    Passage,
    Scan,
    hard_to_read,
    headings_above,
    page_at,
    recognised,
)

MARKER = re.compile(r"\s?\[(\d+)\]")
"""How a text refers to a citation, with the space before it; see `Citation.marker`."""
CLOSEST = 3
"""The number of closest passages that are shown below a refusal."""
# The characters that are shown of each.
_EXCERPT = 120

Reason = Literal[
    "empty",
    "greeting",
    "about",
    "too long",
    "no documents",
    "nothing close",
    "not said",
    "nothing more",
]
"""Why an answer was not found; see `Answer.reason`."""

Outcome = Literal["answered", "unsure", "not said"]
"""The outcome of a question: an answer, one that may not fit, or none in the documents."""

Attached = Literal["answered", "not said"]
"""Whether an answer rests on the documents that were attached to the question."""


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

    def to_dict(self) -> dict[str, Any]:
        """The hit as JSON: what `qa search --json` lists and an answer's `passages` hold."""
        from qa.schemas import HitJSON

        return HitJSON.shown(self)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a hit that answers: the quote, the exact phrase in it, and a score.

    `start` and `end` are offsets in the document. `short` is the range of the phrase that answers
    by itself, None where there is no clear one. `score` is in 0..1 and comparable across passages.
    `answer` is the logit that the hit as a whole answers, 0 where the reader has no opinion on it.
    `fitting` says how well the phrase answers beside those of other sentences of the same text.
    """

    hit: Hit
    start: int
    end: int
    score: float
    short: tuple[int, int] | None = None
    answer: float = 0.0
    fitting: float = 0.0

    @property
    def text(self) -> str:
        """The quoted words."""
        return self.slice(self.start, self.end)

    @property
    def short_text(self) -> str | None:
        """The phrase that answers by itself."""
        return None if self.short is None else self.slice(*self.short)

    def slice(self, start: int, end: int) -> str:
        """The text between two offsets in the document, from the hit's passage."""
        offset = self.hit.passage.start
        return self.hit.passage.text[start - offset : end - offset]


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: `document.text[start:end] == quote`, checked before anyone sees it.

    Where it is in its file: its `page`, or the number of its `slide`, or the name of its `sheet`;
    in a sheet or a table of values, the numbers of its first and last row there. `recognised` is
    how sure the recognition is of what was read from a scan (0 to 1): of the words on the pages
    that the quote is on. It is None if the quote was not read from one.
    """

    number: int
    source: str
    title: str
    start: int
    end: int
    quote: str
    passage_id: str
    page: int | None = None
    heading: str = ""
    slide: int | None = None
    sheet: str | None = None
    rows: tuple[int, int] | None = None
    recognised: float | None = None

    @property
    def marker(self) -> str:
        """How the text refers to it: `[1]`."""
        return f"[{self.number}]"

    @property
    def place(self) -> str:
        """Where it is: source, headings, page, slide or rows of a sheet, offsets, and if a scan."""
        parts = [
            self.source,
            " > ".join(headings_below(self)),
            f"page {self.page}" if self.page else "",
            f"slide {self.slide}" if self.slide else "",
            f"sheet {self.sheet}" if self.sheet else "",
            f"rows {rows_of([self])}" if self.rows else "",
            f"characters {self.start} to {self.end}",
            from_scan(self.recognised),
        ]
        return ", ".join(filter(None, parts))


def located(
    citation: Citation, headings: Sequence[Heading], pages: Sequence[int], scans: Sequence[Scan]
) -> Citation:
    """A citation with the headings above its quote, and its page, slide or sheet.

    `headings`, `pages` and `scans` are those of its document.
    """
    path = headings_above(headings, citation.start)
    parts = {heading.part: heading for heading in path}
    slide, sheet = parts.get("slide"), parts.get("sheet")
    return replace(
        citation,
        heading=" > ".join(heading.text for heading in path),
        page=page_at(pages, citation.start),
        slide=slide.number if slide else None,
        sheet=sheet.text if sheet else None,
        recognised=recognised(scans, citation.start, citation.end),
    )


def words_above(cited: Any) -> list[str]:
    """The title and the headings above a citation or a passage, whose words need no showing."""
    return [cited.title, *cited.heading.split(" > ")]


def headings_below(cited: Any) -> list[str]:
    """The headings above a citation or a passage, without what its title and its place say."""
    headings = [part for part in cited.heading.split(" > ") if part]
    if headings and headings[0] == cited.title:
        del headings[0]
    slide, sheet = getattr(cited, "slide", None), getattr(cited, "sheet", None)
    if slide is not None:
        headings = [part.removeprefix(f"Slide {slide}").removeprefix(": ") for part in headings]
    return [part for part in headings if part and part != sheet]


def rows_of(cited: Iterable[Any]) -> str:
    """The rows of citations from one sheet, such as "1, 3–5"; empty if they have none."""
    rows = sorted({one.rows for one in cited if getattr(one, "rows", None)})
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in rows)


def in_file(cited: Any, group: Iterable[Any] | None = None, page: str = "page") -> str:
    """Where in its file a citation is, such as "page 3", "slide 7" or "sheet Q3, row 12".

    If it was read from a scan, this is said, too. The rows of a sheet are those of the whole
    group. Of all this, a passage has its page and its scan at most.
    """
    slide, sheet = getattr(cited, "slide", None), getattr(cited, "sheet", None)
    parts = [f"{page} {cited.page}" if cited.page else "", f"slide {slide}" if slide else ""]
    parts.append(f"sheet {sheet}" if sheet else "")
    if rows := rows_of([cited] if group is None else group):
        parts.append(f"row {rows}" if rows.isdecimal() else f"rows {rows}")
    parts.append(from_scan(cited.recognised))
    return ", ".join(filter(None, parts))


def from_scan(sure: float | None) -> str:
    """How well words were read from a scan, given how sure the recognition is; "" for no scan."""
    if sure is None:
        return ""
    told = "hard to read in the scan" if hard_to_read(sure) else "read from a scan"
    return f"{told}, {sure:.0%} sure"


StatementKind = Literal["verdict", "sentence", "list", "steps", "table", "side"]
"""Yes or no, running text, a list, steps, a table, or one side of a comparison."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A part of an answer that says one thing, as Markdown with markers.

    `citations` are the numbers of the footnotes that it rests on.
    """

    kind: StatementKind
    text: str
    citations: tuple[int, ...] = ()


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
    statements: tuple[Statement, ...] = ()
    sure: bool = True
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as everyone gets it: the page, the embed, REST, the command line and the library.

    `text` has a marker `[n]` for `citations[n - 1]`. `short` is the exact phrase, if there is a
    clear one. If the documents do not have the answer, `found` is False, `reason` says why and
    `hits` are the closest passages. `asked` is the question that was searched for: the one given,
    or the standalone form of a follow-up. `unsupported` holds sentences of a chat model that no
    passage supports (they are marked or dropped, by setting). Where two documents contradict each
    other, `disagreement` is True and the text says so. After a follow-up without an answer,
    `suggestion` is a question that the documents do answer, if one could be made from the history.
    `attached` says whether the answer rests on the documents that were asked first, those of
    `also`; it is None if there were none. If the question names only a topic ("parental leave"),
    `sections` are other sections that fit it as well, each cited by its heading. Where the chat
    model failed and quotes stand in for it, `failure` says what was wrong.
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
    statements: tuple[Statement, ...] = ()
    sure: bool = True
    attached: Attached | None = None
    sections: tuple[Citation, ...] = ()
    failure: str | None = None

    @property
    def outcome(self) -> Outcome:
        """Whether it answers, may not fit the question, or finds no answer in the documents."""
        if not self.found:
            return "not said"
        return "answered" if self.sure else "unsure"

    @property
    def with_closest(self) -> str:
        """The text; where it says that passages come closest, these are listed below it."""
        listed = "\n".join(f"- {line}" for line in self._closest())
        return f"{self.text}\n\n{listed}" if listed else self.text

    @property
    def with_footnotes(self) -> str:
        """The text, and the footnotes below it with their places and quotes, for a model.

        A refusal has the closest passages instead.
        """
        notes = (f"{one.marker} {one.place}: “{one.quote}”" for one in self.citations)
        return "\n\n".join([self.with_closest, *notes])

    def _closest(self) -> list[str]:
        """The closest passages, if the text refers to them: title › heading, and an excerpt."""
        from qa.text.cleaning import clean, one_line
        from qa.text.excerpts import excerpt

        if self.found or self.reason not in (None, "not said"):
            return []
        lines = []
        for passage in (hit.passage for hit in self.hits[:CLOSEST]):
            place = " › ".join([passage.title or passage.source, *headings_below(passage)])
            asked = self.asked or self.question
            words = excerpt(passage.text, _EXCERPT, asked, words_above(passage))
            # No number in a passage may look like a footnote of the answer.
            lines.append(MARKER.sub(r" (\1)", f"{one_line(clean(place))}: “{words}”"))
        return lines

    def _repr_markdown_(self) -> str:
        """The answer and its footnotes as Markdown; a notebook shows it."""
        from qa.text.markup.markdown import answer_markdown, plain_markdown

        parts = [answer_markdown(self.text)]
        if closest := self._closest():
            parts.append("\n".join(f"- {plain_markdown(line)}" for line in closest))
        for one in self.citations:
            place = plain_markdown(f"{one.marker} {one.place}")
            parts += [
                place,
                "\n".join(f"> {line}" for line in plain_markdown(one.quote.strip()).splitlines()),
            ]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """The answer and its footnotes as HTML; a notebook shows it."""
        from qa.text.markup.markdown import as_html

        return as_html(self._repr_markdown_())

    def to_dict(self) -> dict[str, Any]:
        """The one JSON object that `qa ask --json` and REST give; see docs/api.md."""
        from qa.schemas import AnswerJSON

        return AnswerJSON.shown(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation, oldest first in a history."""

    question: str
    answer: str = ""
