"""Citations: made from spans, checked to the letter, numbered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from qa.answering.own_words import why_not
from qa.index import Entry, Stretch
from qa.records import (
    MARKER,
    Block,
    Citation,
    Draft,
    Hit,
    Passage,
    Reason,
    Span,
    located,
)
from qa.text.markup.links import unlinked
from qa.text.sentences import LIST_MARK, Range


def refusal(hits: Sequence[Hit], score: float = 0.0, nothing: float = 0.15) -> Draft:
    """The draft that says that the documents do not say."""
    reason: Reason = "not said" if hits and score >= nothing else "nothing close"
    return Draft(text=why_not(reason), found=False, score=score, reason=reason)


def cite(span: Span, number: int) -> Citation:
    """The footnote of a span."""
    return quoted(span.hit.passage, (span.start, span.end), number)


def quoted(passage: Passage, place: Range, number: int) -> Citation:
    """The footnote for a range of the document that lies in a passage."""
    start, end = place
    return Citation(
        number=number,
        source=passage.source,
        title=passage.title,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
        passage_id=passage.id,
        page=passage.page,
        heading=passage.heading,
        recognised=passage.recognised,
    )


def said(quote: str) -> str:
    """A quote as running text: on one line, without the mark of a list item."""
    return harmless(unlinked(LIST_MARK.sub("", " ".join(quote.split()))))


def harmless(text: str) -> str:
    """A text whose own footnotes (“[2]”) are written “(2)”, at the same length."""
    return MARKER.sub(_as_it_stands, text)


def placed(
    citations: Sequence[Citation],
    hits: Sequence[Hit],
    entries: Mapping[str, Entry],
    stretches: Iterable[Stretch] = (),
) -> tuple[Citation, ...]:
    """The citations with the place and the headings of each quote; its passage may begin before it.

    The `stretches` have the rows of sheets.
    """
    rows = _numbered_rows(stretches)
    found: list[Citation] = []
    for citation in citations:
        hit = hit_of(citation, hits)
        assert hit is not None, "a citation that was checked stands in a hit"
        entry = entries[hit.passage.document_id]
        found.append(
            replace(
                located(citation, entry.headings, entry.pages, entry.scans),
                rows=_rows_of(citation, rows.get(entry.id, ())),
            )
        )
    return tuple(found)


def _numbered_rows(stretches: Iterable[Stretch]) -> Mapping[str, list[Block]]:
    """For each document, the blocks that are rows of a sheet."""
    found: dict[str, list[Block]] = {}
    for stretch in stretches:
        numbered = (b for b in stretch.blocks if b.marker and b.kind not in ("item", "list"))
        found.setdefault(stretch.passage.document_id, []).extend(numbered)
    return found


def _rows_of(citation: Citation, blocks: Sequence[Block]) -> tuple[int, int] | None:
    """The first and the last row of a quote; that of the header only if there is no other."""
    quoted = [b for b in blocks if b.start < citation.end and citation.start < b.end]
    numbers = [int(b.marker) for b in quoted if not (b.kind == "row" and b.level)]
    numbers = numbers or [int(b.marker) for b in quoted]
    return (min(numbers), max(numbers)) if numbers else None


def _as_it_stands(match: re.Match[str]) -> str:
    return match.group().replace("[", "(").replace("]", ")")


def checked(draft: Draft, hits: Sequence[Hit]) -> Draft:
    """The draft with only what holds: quotes that are where they claim to be, markers that have
    one.

    A citation whose quote is not, to the letter, what its passage holds at that place is dropped,
    and so is every marker without a citation and every citation without a marker; the rest is
    numbered anew from 1.
    """
    if not draft.found:
        return replace(draft, citations=())
    sound = {c.number: c for c in draft.citations if hit_of(c, hits) is not None}
    numbers: dict[int, int] = {}

    def renumber(match: re.Match[str]) -> str:
        digits = match[1].lstrip("0")
        # Python refuses to read numbers of thousands of digits, and no answer has that many
        # citations.
        number = int(digits) if 0 < len(digits) < 10 else 0
        if number not in sound:
            return ""
        before = match[0].partition("[")[0]
        return f"{before}[{numbers.setdefault(number, len(numbers) + 1)}]"

    text = MARKER.sub(renumber, draft.text)
    statements = tuple(
        replace(
            statement,
            text=MARKER.sub(renumber, statement.text),
            citations=tuple(numbers[n] for n in statement.citations if n in numbers),
        )
        for statement in draft.statements
    )
    citations = tuple(replace(sound[old], number=new) for old, new in numbers.items())
    if not citations:
        return replace(refusal(hits), unsupported=draft.unsupported)
    return replace(draft, text=text, citations=citations, statements=statements)


def hit_of(citation: Citation, hits: Sequence[Hit]) -> Hit | None:
    """The hit that holds a quote, to the letter, where its citation says.

    The passage that the citation names is tried first, because two indexes may have documents of
    the same name.
    """
    for hit in sorted(hits, key=lambda hit: hit.passage.id != citation.passage_id):
        passage = hit.passage
        if passage.source == citation.source and passage.start <= citation.start:
            start, end = citation.start - passage.start, citation.end - passage.start
            if citation.quote and passage.text[start:end] == citation.quote:
                return hit
    return None
