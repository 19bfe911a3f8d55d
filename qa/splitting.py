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
from itertools import pairwise
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
_CUT_COST = 1.0
# More than all else together: a heading is parted from its text only if nothing else is possible.
_HEADING_AT_END_COST = 1000.0
# Letters in a row without a token of their own (a long code, invisible signs, a script that the
# tokenizer does not know) count as one for each of so many, once there are more than so many.
_LETTERS_OF_A_TOKEN = 8
_LETTERS_AT_MOST = 40
# Fewer tokens than a passage's share of so many are not looked at one by one.
_ATOMS_IN_A_PASSAGE = 40
_PARAGRAPH = re.compile(r"[^\n]+\n*|\n+")
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


def split(
    document: Document, tokenizer: Tokenizer, limit: int, version: str = "0"
) -> list[Passage]:
    """The passages of `document`, in order, without gap or overlap.

    Each holds at most `limit` tokens of `tokenizer`, lies on one page, and
    ends at the end of a sentence or, where one sentence is longer than that,
    of a word. `version` goes into their ids.
    """
    text = document.text
    if not text.strip():
        return []
    token_starts = _token_starts(text, tokenizer)
    atoms = _not_too_fine(list(_atoms(document, token_starts, limit)), token_starts, limit)
    bounds = [atom.start for atom in atoms] + [len(text)]
    cuts = _best_cuts(atoms, [bisect_left(token_starts, bound) for bound in bounds], limit)
    ranges = _fitting(text, [bounds[cut] for cut in cuts], tokenizer, limit)
    return [
        _passage(document, ordinal, start, end, version)
        for ordinal, (start, end) in enumerate(ranges)
    ]


def context(passage: Passage) -> str:
    """What is embedded and indexed in front of the passage: its title and its headings."""
    title, heading = passage.title, passage.heading
    if f"{heading} > ".startswith(f"{title} > "):  # the first heading is often the title
        return heading
    return " > ".join(part for part in (title, heading) if part)


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
    first_word = _first_word(document.text, start, end)
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
    for paragraph in _PARAGRAPH.finditer(text):
        encoding = tokenizer.encode(paragraph.group(), add_special_tokens=False)
        at = paragraph.start()
        for offset, _ in encoding.offsets:
            start = paragraph.start() + offset
            starts.extend(range(at + _LETTERS_AT_MOST, start, _LETTERS_OF_A_TOKEN))
            starts.append(start)
            at = start
        starts.extend(range(at + _LETTERS_AT_MOST, paragraph.end(), _LETTERS_OF_A_TOKEN))
    return starts


def _atoms(document: Document, token_starts: list[int], limit: int) -> Iterator[_Atom]:
    text = document.text
    headings = {heading.start for heading in document.headings}
    pages = _page_starts(document)
    starts = _starts(text, pages)
    leading = 0  # tokens of the headings right before
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        gap = text[max(0, start - 8) : start]
        line_start = start == 0 or "\n" in gap
        cost = _SENTENCE_COST
        if line_start:
            cost = _PARAGRAPH_COST if gap.count("\n") > 1 else _LINE_COST
        first_word = _first_word(text, start, end)
        heading = first_word in headings
        new_page = start in pages
        if new_page:
            leading = 0
        yield _Atom(start, 0.0 if heading or new_page else cost, heading, new_page)
        for cut in _cuts_inside(text, start, end, token_starts, limit, limit - leading):
            yield _Atom(cut, _CUT_COST, heading=False, new_page=False)
        size = bisect_left(token_starts, end) - bisect_left(token_starts, start)
        leading = leading + size if heading else 0


def _not_too_fine(atoms: list[_Atom], token_starts: list[int], limit: int) -> list[_Atom]:
    """The atoms, short lines joined: the time to choose among them grows with their square."""
    least = limit // _ATOMS_IN_A_PASSAGE
    firsts = [bisect_left(token_starts, atom.start) for atom in atoms]
    kept: list[_Atom] = []
    before = least  # tokens of the last one kept, and what was joined to it
    for atom, (first, end) in zip(atoms, pairwise([*firsts, len(token_starts)]), strict=True):
        size = max(1, end - first)
        free = not (atom.heading or atom.new_page or (kept and kept[-1].heading))
        if free and before < least and size < least:
            before += size
        else:
            kept.append(atom)
            before = size
    return kept


def _starts(text: str, pages: set[int]) -> list[int]:
    """Where sentences and pages start; the white space at a page's top goes with what follows."""
    starts = [0]
    for start in sorted({*pages, *(start for start, _ in sentences(text))}):
        if text[starts[-1] : start].strip():
            starts.append(start)
    return starts


def _page_starts(document: Document) -> set[int]:
    """Where pages start that hold words: a page may do so in the middle of a sentence."""
    ranges = pairwise([*document.pages, len(document.text)])
    starts = [start for start, end in ranges if document.text[start:end].strip()]
    return set(starts[1:])


def _first_word(text: str, start: int, end: int) -> int:
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def _cuts_inside(
    text: str, start: int, end: int, token_starts: list[int], limit: int, room: int
) -> Iterator[int]:
    """Where a sentence of more than `limit` tokens is cut: between words, if it has any.

    The first piece fits into the `room` that the headings above it leave, if a word does. White
    space makes no piece, however long it is.
    """
    first, last = bisect_left(token_starts, start), bisect_left(token_starts, end)
    while last - first > room:
        furthest = token_starts[first + room] if room > 0 else start
        cut = _word_start(text, start, furthest)
        if cut is None and room == limit:
            cut = _first_word(text, _inside_word(text, start, furthest), end)
        if cut is not None:
            if cut == end:
                return
            if text[start:cut].strip():
                yield cut
                start = cut
            first = bisect_left(token_starts, cut)
        room = limit


def _word_start(text: str, start: int, last: int) -> int | None:
    """Where the last word between the first one after `start` and `last` starts."""
    after = _first_word(text, start, last) + 1
    words = [match.start() for match in _WORD_START.finditer(text, after, last + 1)]
    return words[-1] if words else None


def _inside_word(text: str, start: int, furthest: int) -> int:
    """Where a long word is cut at best: before its last letters and digits in a row, if it has any.

    Invisible signs, or those of an address, may be most of such a word.
    """
    first = _first_word(text, start, furthest)
    at = furthest
    while at > first and text[at - 1 : at + 1].isalnum():
        at -= 1
    return at if at > first else furthest


def _best_cuts(atoms: list[_Atom], tokens: list[int], limit: int) -> list[int]:
    """The indices of the atoms that passages start at, and the end; the cheapest there is."""
    count = len(atoms)
    shortness = [((limit - length) / limit) ** 2 for length in range(limit + 1)]
    best = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        extra = _HEADING_AT_END_COST if atoms[end - 1].heading and end < count else 0.0
        for start in range(end - 1, -1, -1):
            # What holds no token at all counts, too: passages must not grow without end.
            length = max(tokens[end] - tokens[start], end - start)
            if length > limit and start < end - 1:
                break
            atom = atoms[start]
            cost = best[start] + atom.cost + shortness[min(length, limit)] + extra
            if cost < best[end]:
                best[end], came_from[end] = cost, start
            if atom.new_page:
                break
            if atom.heading:
                extra += _HEADING_INSIDE_COST
    cuts = [count]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    return cuts[::-1]


def _fitting(
    text: str, bounds: list[int], tokenizer: Tokenizer, limit: int
) -> Iterator[tuple[int, int]]:
    """The ranges between the bounds, halved where one holds more tokens than `limit` after all.

    That may be where a long word was cut: its rest makes other tokens by itself.
    """
    ranges = list(pairwise(bounds))
    texts = [text[start:end] for start, end in ranges]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    for (start, end), encoding in zip(ranges, encodings, strict=True):
        if len(encoding.offsets) <= limit:
            yield start, end
            continue
        half = encoding.offsets[len(encoding.offsets) // 2 :]
        middle = next((start + offset for offset, _ in half if offset), None)
        if middle is None:  # a single letter of so many tokens
            yield start, end
            continue
        middle = _word_start(text, start, middle) or _inside_word(text, start, middle)
        yield from _fitting(text, [start, middle, end], tokenizer, limit)
