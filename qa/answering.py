"""Spans and hits -> an answer; the only place where citations are checked.

An `Answerer` hands over a `Draft`, piece by piece. `checked` is what every
draft passes through before anyone sees it, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Protocol

from qa.disagreement import contradicting
from qa.records import Citation, Draft, Hit, Reason, Span
from qa.sentences import LIST_MARK

MARKER = re.compile(r"\s?\[(\d+)\]")
# A second sentence is said too if it is nearly as sure as the first…
_SECOND_SHARE = 0.75
# … and, where the first has the phrase that was asked for, only if that may well be wrong.
_UNSURE = 0.55
_SECOND_SHARE_OF_UNSURE = 0.6

DISAGREEMENT = "The documents disagree."

REFUSALS: dict[Reason, str] = {
    "empty": "Ask a question, and I will look for the answer in the documents.",
    "greeting": "Hello! Ask me about anything that the documents say.",
    "too long": "That question is too long to search for. Ask it in a sentence or two.",
    "no documents": "There are no documents yet. Add some with: qa sync path/to/folder",
    "nothing close": "The documents do not say, and nothing in them comes close to this question.",
    "not said": "The documents do not say. The passages below come closest.",
}


class Answerer(Protocol):
    """Makes an answer of the hits and of the spans that a reader found in them."""

    @property
    def name(self) -> str:
        """What `Answer.answerer` says."""

    def stream(
        self, question: str, hits: Sequence[Hit], spans: Sequence[Span]
    ) -> Generator[str, None, Draft]:
        """Yield the text piece by piece; return the whole.

        The pieces joined are the draft's text.
        """


class QuotingAnswerer:
    """Says the sentence or two that answer, as they stand in the documents."""

    name = "quotes"

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
    ) -> Generator[str, None, Draft]:
        """The quotes, each with its marker."""
        if not spans or spans[0].score < self._threshold:
            return refusal(hits, spans)
        other = contradicting(question, spans)
        chosen = _chosen(spans) if other is None else [spans[0], other]
        citations = tuple(cite(span, number) for number, span in enumerate(chosen, start=1))
        pieces: list[str] = []
        if other is not None:
            pieces.append(DISAGREEMENT)
            yield DISAGREEMENT
        for citation in citations:
            pieces.append(f"{' ' if pieces else ''}{said(citation.quote)} {citation.marker}")
            yield pieces[-1]
        best = chosen[0]
        return Draft(
            text="".join(pieces),
            found=True,
            citations=citations,
            score=best.score,
            # One phrase alone would hide that there is another.
            short=best.short_text if other is None else None,
            disagreement=other is not None,
        )


def refusal(hits: Sequence[Hit], spans: Sequence[Span], nothing: float = 0.15) -> Draft:
    """The draft that says that the documents do not say."""
    score = spans[0].score if spans else 0.0
    reason: Reason = "not said" if hits and score >= nothing else "nothing close"
    return Draft(text=REFUSALS[reason], found=False, score=score, reason=reason)


def cite(span: Span, number: int) -> Citation:
    """The footnote of a span."""
    passage = span.hit.passage
    return Citation(
        number=number,
        source=passage.source,
        title=passage.title,
        start=span.start,
        end=span.end,
        quote=span.text,
        passage_id=passage.id,
        page=passage.page,
        heading=passage.heading,
    )


def said(quote: str) -> str:
    """A quote as running text: on one line, without the mark of a list item.

    The document's own footnotes, "[2]", become "(2)": they are not ours.
    """
    return MARKER.sub(_as_it_stands, LIST_MARK.sub("", " ".join(quote.split())))


def _as_it_stands(match: re.Match[str]) -> str:
    return match.group().replace("[", "(").replace("]", ")")


def checked(draft: Draft, hits: Sequence[Hit]) -> Draft:
    """The draft with only what holds: quotes that stand where they say, markers that point there.

    A citation whose quote is not, to the letter, what its passage holds at
    that place is dropped, and so is every marker without a citation and every
    citation without a marker; the rest is numbered anew from 1.
    """
    if not draft.found:
        return replace(draft, citations=())
    sound = {c.number: c for c in draft.citations if hit_of(c, hits) is not None}
    numbers: dict[int, int] = {}

    def renumber(match: re.Match[str]) -> str:
        number = int(match.group(1))
        if number not in sound:
            return ""
        new = numbers.setdefault(number, len(numbers) + 1)
        return match.group(0).replace(f"[{number}]", f"[{new}]")

    text = MARKER.sub(renumber, draft.text)
    citations = tuple(replace(sound[old], number=new) for old, new in numbers.items())
    if not citations:
        return replace(refusal(hits, ()), unsupported=draft.unsupported)
    return replace(draft, text=text, citations=citations)


def hit_of(citation: Citation, hits: Sequence[Hit]) -> Hit | None:
    """The hit in which a quote stands, to the letter, where its citation says.

    The passage that the citation names goes first: two indexes may hold
    documents of one name.
    """
    for hit in sorted(hits, key=lambda hit: hit.passage.id != citation.passage_id):
        passage = hit.passage
        if passage.source == citation.source and passage.start <= citation.start:
            start, end = citation.start - passage.start, citation.end - passage.start
            if citation.quote and passage.text[start:end] == citation.quote:
                return hit
    return None


def _chosen(spans: Sequence[Span]) -> list[Span]:
    first = spans[0]
    least = _SECOND_SHARE * first.score
    if first.short is not None:
        if first.score >= _UNSURE:  # it says what was asked; more would only distract from it
            return [first]
        least = _SECOND_SHARE_OF_UNSURE * first.score
    for second in spans[1:4]:
        if second.score < least:
            continue
        if said(second.text) == said(first.text):
            continue
        joined = _adjacent(first, second)
        return [joined] if joined is not None else [first, second]
    return [first]


def _adjacent(one: Span, other: Span) -> Span | None:
    """Both as one span, if only white space lies between them."""
    if one.hit is not other.hit:
        return None
    first, last = sorted((one, other), key=lambda span: span.start)
    if first.slice(first.end, last.start).strip():
        return None
    return replace(one, start=first.start, end=last.end)
