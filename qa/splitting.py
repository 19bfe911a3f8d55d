"""Documents -> passages that tile them.

The text is cut into sentences, and the sentences are packed into passages so
that the sum of what makes a passage bad is smallest: being short, starting in
the middle of a paragraph, running across a heading. That is a shortest path
over the sentence ends, found by dynamic programming (the method by which TeX
breaks a paragraph into lines: Knuth and Plass, 1981).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.records import Document, Passage
from qa.sentences import sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Part of what an index remembers of how it was made: raise it when passages come out differently.
VERSION = 1
# Tokens in front of an embedded passage that are kept for the title and the headings.
CONTEXT_TOKENS = 40
# The encoder's own marks at both ends.
_MARKS = 2

_PARAGRAPH_COST = 0.1
_LINE_COST = 0.2
_SENTENCE_COST = 0.5
_HEADING_INSIDE_COST = 0.35
_HEADING_AT_END_COST = 2.0
_WORD_START = re.compile(r"(?<=\s)\S")


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is never cut: a sentence and the white space behind it."""

    start: int
    cost: float  # of a passage starting here
    heading: bool
    new_page: bool


def passage_limit(max_tokens: int, wanted: int) -> int:
    """The most tokens a passage may hold, so that with its context the encoder sees all of it."""
    return max(16, min(wanted, max_tokens - CONTEXT_TOKENS - _MARKS))


def split(document: Document, tokenizer: Tokenizer, limit: int, version: str = "0") -> list[Passage]:
    """The passages of `document`, in order, without gap or overlap.

    Each holds at most `limit` tokens of `tokenizer`, lies on one page, and
    ends at the end of a sentence or, where one sentence is longer than that,
    of a word. `version` goes into their ids.
    """
    text = document.text
    if not text.strip():
        return []
    token_starts = _token_starts(text, tokenizer)
    atoms = list(_atoms(document, token_starts, limit))
    bounds = [atom.start for atom in atoms] + [len(text)]
    cuts = _best_cuts(atoms, [bisect_left(token_starts, bound) for bound in bounds], limit)
    return [
        _passage(document, ordinal, bounds[first], bounds[last], version)
        for ordinal, (first, last) in enumerate(zip(cuts, cuts[1:], strict=False))
    ]


def context(passage: Passage) -> str:
    """What is embedded and indexed in front of the passage: its title and its headings."""
    parts = [passage.title] if passage.title else []
    if passage.heading and passage.heading != passage.title:
        parts.append(passage.heading)
    return " > ".join(parts)


def embedded_text(passage: Passage, tokenizer: Tokenizer) -> str:
    """What the encoder is given: the context, cut to its share of tokens, and the plain text."""
    front = context(passage)
    if not front:
        return passage.text.strip()
    offsets = tokenizer.encode(front, add_special_tokens=False).offsets
    if len(offsets) > CONTEXT_TOKENS - 2:
        front = front[: offsets[CONTEXT_TOKENS - 2][0]].rstrip()
    return f"{front}\n{passage.text.strip()}"


def passage_id(document_id: str, version: str, ordinal: int) -> str:
    """The id of a document's nth passage in one version of its text."""
    return f"{document_id}:{version}:{ordinal}"


def _passage(document: Document, ordinal: int, start: int, end: int, version: str) -> Passage:
    first_word = start + len(document.text[start:end]) - len(document.text[start:end].lstrip())
    return Passage(
        id=passage_id(document.id, version, ordinal),
        document_id=document.id,
        source=document.source,
        title=document.title,
        start=start,
        end=end,
        text=document.text[start:end],
        heading=" > ".join(document.heading_path(first_word)),
        page=document.page_at(first_word),
        metadata=document.metadata,
    )


def _token_starts(text: str, tokenizer: Tokenizer) -> list[int]:
    # Paragraph by paragraph: one call on a long text takes memory for all of it at once.
    starts: list[int] = []
    for paragraph in re.finditer(r"[^\n]+\n*", text):
        encoding = tokenizer.encode(paragraph.group(), add_special_tokens=False)
        starts.extend(paragraph.start() + start for start, _ in encoding.offsets)
    return starts


def _atoms(document: Document, token_starts: list[int], limit: int) -> Iterator[_Atom]:
    text = document.text
    headings = {heading.start for heading in document.headings}
    pages = set(document.pages[1:])
    ranges = sentences(text)
    starts = sorted({0, *(start for start, _ in ranges[1:]), *_page_starts(document, ranges)})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        gap = text[max(0, start - 8) : start]
        line_start = start == 0 or "\n" in gap
        cost = _SENTENCE_COST
        if line_start:
            cost = _PARAGRAPH_COST if gap.count("\n") > 1 else _LINE_COST
        heading = start in headings
        new_page = start in pages
        yield _Atom(start, 0.0 if heading or new_page else cost, heading, new_page)
        for cut in _cuts_inside(text, start, end, token_starts, limit):
            yield _Atom(cut, 1.0, heading=False, new_page=False)


def _page_starts(document: Document, ranges: list[tuple[int, int]]) -> list[int]:
    # A page may begin with white space, or in the middle of what looks like one sentence.
    return [page for page in document.pages[1:] if ranges and page < ranges[-1][1]]


def _cuts_inside(
    text: str, start: int, end: int, token_starts: list[int], limit: int
) -> Iterator[int]:
    """Where a sentence of more than `limit` tokens is cut: between words, if it has any."""
    first, last = bisect_left(token_starts, start), bisect_left(token_starts, end)
    while last - first > limit:
        furthest = token_starts[first + limit]
        words = [match.start() for match in _WORD_START.finditer(text, start + 1, furthest + 1)]
        start = words[-1] if words else furthest
        yield start
        first = bisect_left(token_starts, start)


def _best_cuts(atoms: list[_Atom], tokens: list[int], limit: int) -> list[int]:
    """The indices of the atoms that passages start at, and the end; the cheapest there is."""
    count = len(atoms)
    best = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        headings = 0
        for start in range(end - 1, -1, -1):
            length = tokens[end] - tokens[start]
            if length > limit and start < end - 1:
                break
            atom = atoms[start]
            cost = best[start] + atom.cost + (max(0.0, limit - length) / limit) ** 2
            cost += _HEADING_INSIDE_COST * headings
            if atoms[end - 1].heading and end < count:
                cost += _HEADING_AT_END_COST
            if cost < best[end]:
                best[end], came_from[end] = cost, start
            if atom.new_page:
                break
            headings += atom.heading
    cuts = [count]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    return cuts[::-1]
