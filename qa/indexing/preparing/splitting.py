"""Documents -> passages that tile them.

The text is cut into sentences, and the sentences are packed into passages at the lowest total cost:
a passage costs more if it is short, starts in the middle of a paragraph or runs across a heading.
This is a shortest path over the ends of sentences, found by dynamic programming, as TeX breaks a
paragraph into lines (Knuth and Plass, 1981).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.index import passage_id
from qa.records import Document, Passage, Unit, context, outlined, path_above
from qa.text.sentences import sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The index stores this: raise it when passages come out differently.
VERSION = 2
# Tokens reserved in front of an embedded passage for the title and the headings.
CONTEXT_TOKENS = 40
# The encoder's own marks at both ends.
_MARKS = 2

_PARAGRAPH_COST = 0.1
_LINE_COST = 0.2
_SENTENCE_COST = 0.5
_HEADING_INSIDE_COST = 0.35
_CUT_COST = 1.0
# More than all others together: a heading is only separated from its text if there is no other way.
_HEADING_AT_END_COST = 1000.0
# A run of characters without tokens of their own (a long code, invisible characters, a script that
# the tokenizer does not know) counts as one token for every `_LETTERS_OF_A_TOKEN` of them, if it
# has more than `_LETTERS_AT_MOST`.
_LETTERS_OF_A_TOKEN = 8
_LETTERS_AT_MOST = 40
# Short lines are joined until they have this fraction of a passage's tokens.
_ATOMS_IN_A_PASSAGE = 40
_PARAGRAPH = re.compile(r"[^\n]+\n*|\n+")
_WORD_START = re.compile(r"(?<=\s)\S")


@dataclass(frozen=True, slots=True)
class _Atom:
    """A piece that is not cut: a sentence and the white space after it."""

    start: int
    cost: float  # of a passage starting here
    heading: bool
    new_page: bool


def passage_limit(max_tokens: int, wanted: int) -> int:
    """The most tokens of a passage, so that the encoder sees all of it with its context."""
    return max(16, min(wanted, max_tokens - CONTEXT_TOKENS - _MARKS))


def split(
    document: Document, tokenizer: Tokenizer, limit: int, version: str = "0"
) -> list[Passage]:
    """The passages of `document`, in order, without gap or overlap.

    Each has at most `limit` tokens of `tokenizer`, lies on one page, and ends at the end of a
    sentence or, in a sentence that is longer than that, of a word. `version` goes into their ids.
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


def embedded_text(passage: Passage, tokenizer: Tokenizer) -> str:
    """The encoder's input: the context, cut to its share of tokens, and the passage's text."""
    return _below(passage.above, passage.text.strip(), tokenizer)


def unit_text(document: Document, unit: Unit, tokenizer: Tokenizer, most: int) -> str:
    """The encoder's input for a unit, not much longer than `most` tokens."""
    front = context(document.title, " > ".join(path_above(document.headings, unit)))
    if unit.kind == "outline":
        text = "\n".join(heading.text for heading in outlined(document.headings, unit))
    else:
        # No token is longer than a word, and they hardly have more letters than this on average.
        text = document.text[unit.start : min(unit.end, unit.start + 8 * most)]
    return _below(front, text, tokenizer)


def _below(front: str, text: str, tokenizer: Tokenizer) -> str:
    """A text below its context, which is cut to its share of tokens."""
    if not front:
        return text
    offsets = tokenizer.encode(front, add_special_tokens=False).offsets
    if len(offsets) > CONTEXT_TOKENS - 2:
        front = front[: offsets[CONTEXT_TOKENS - 2][0]].rstrip()
    return f"{front}\n{text}"


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
    # Paragraph by paragraph: one call for a long text needs memory for all of it at once.
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
    """The atoms, with short lines joined: the time to choose among them grows with their square."""
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
    """The starts of sentences and pages; white space at a page's top belongs to what follows."""
    starts = [0]
    for start in sorted({*pages, *(start for start, _ in sentences(text))}):
        if text[starts[-1] : start].strip():
            starts.append(start)
    return starts


def _page_starts(document: Document) -> set[int]:
    """The starts of pages that have words; a page may start in the middle of a sentence."""
    ranges = pairwise([*document.pages, len(document.text)])
    starts = [start for start, end in ranges if document.text[start:end].strip()]
    return set(starts[1:])


def _first_word(text: str, start: int, end: int) -> int:
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def _cuts_inside(
    text: str, start: int, end: int, token_starts: list[int], limit: int, room: int
) -> Iterator[int]:
    """Where a sentence of more than `limit` tokens is cut: between words, if it has any.

    The first piece fits into the `room` that the headings above leave, if at least a word does.
    White space is never a piece of its own, however long it is.
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
    """The best place to cut a long word: before its last run of letters and digits, if any.

    Most of such a word may be invisible characters, or the punctuation of an address.
    """
    first = _first_word(text, start, furthest)
    at = furthest
    while at > first and text[at - 1 : at + 1].isalnum():
        at -= 1
    return at if at > first else furthest


def _best_cuts(atoms: list[_Atom], tokens: list[int], limit: int) -> list[int]:
    """The indices of the atoms where passages start, at the lowest total cost, and the end."""
    count = len(atoms)
    shortness = [((limit - length) / limit) ** 2 for length in range(limit + 1)]
    best = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        extra = _HEADING_AT_END_COST if atoms[end - 1].heading and end < count else 0.0
        for start in range(end - 1, -1, -1):
            # Atoms without any token count, too: passages must not grow without limit.
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
    """The ranges between the bounds, halved if they have more than `limit` tokens after all.

    That can happen where a long word was cut, because its rest has other tokens by itself.
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
        if middle is None:  # a single character with that many tokens
            yield start, end
            continue
        middle = _word_start(text, start, middle) or _inside_word(text, start, middle)
        yield from _fitting(text, [start, middle, end], tokenizer, limit)


def splitter(passage_tokens: int) -> str:
    """What an index remembers of how its passages were cut."""
    return f"{VERSION}/{passage_tokens}"
