"""From what was found to an answer that quotes it.

An `Answerer` hands over a `Draft`, piece by piece. Every draft passes through `citations.checked`
before anyone sees it, whatever wrote it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Protocol

from qa.answering.citations import cite, harmless, quoted, refusal, said
from qa.answering.confidence import confidence
from qa.answering.contradictions import contradicting
from qa.answering.own_words import disagreement
from qa.answering.units.choosing import LISTS, Choice, spans_in
from qa.answering.units.selecting import selected
from qa.answering.units.wording import Saying, cell, say
from qa.questions import LONG, MEASURED, Form, form_of, kind_of
from qa.records import Citation, Draft, Hit, Span, Statement
from qa.text.ages import dated

# Kinds of questions that no single phrase answers.
_NO_PHRASE = (LONG - {Form.LIST}) | {Form.WHETHER, Form.REASON}


class Answerer(Protocol):
    """Makes an answer of the hits, of the spans that a reader found, and of the units chosen."""

    @property
    def name(self) -> str:
        """What `Answer.answerer` says."""

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        """Yield the text piece by piece; return the whole.

        The pieces joined are the draft's text.
        """


class QuotingAnswerer:
    """Says the part of a document that answers, in full and in the document's own words."""

    name = "quotes"

    def __init__(self, threshold: float, sure: float = 0.0) -> None:
        self._threshold = threshold
        self._sure = sure

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        """What answers, each statement with its markers."""
        score = confidence(question, choices, spans)
        if not choices or score < self._threshold:
            return refusal(hits, score)
        other = contradicting(question, spans)
        if other is not None and (_holds(choices[0], spans[0]) or _holds(choices[0], other)):
            draft = yield from _both_sides(question, spans[0], other)
            return replace(draft, score=score, sure=score >= self._sure)
        chosen = selected(question, choices)
        draft = yield from in_full(chosen, form_of(question), question)
        short = _short(chosen[0], question, spans, draft.citations)
        return replace(draft, score=score, short=short, sure=score >= self._sure)


def in_full(chosen: Sequence[Choice], form: Form, question: str) -> Generator[str, None, Draft]:
    """The statements of all units, one after the other, with their markers."""
    citations: list[Citation] = []
    statements: list[Statement] = []
    for before, choice in zip([None, *chosen], chosen, strict=False):
        saying = say(choice, form, question, before)
        cited = [
            quoted(choice.stretch.passage, place, number)
            for number, place in enumerate(saying.ranges, len(citations) + 1)
        ]
        citations.extend(cited)
        numbers = tuple(citation.number for citation in cited)
        statements.append(Statement(saying.kind, _marked(saying, cited), numbers))
        yield ("\n\n" if len(statements) > 1 else "") + statements[-1].text
    return Draft(
        text="\n\n".join(statement.text for statement in statements),
        found=True,
        citations=tuple(citations),
        statements=tuple(statements),
    )


def _both_sides(question: str, one: Span, other: Span) -> Generator[str, None, Draft]:
    """Two statements that cannot both hold, the newer one first, each with its document's date."""
    passages = ((span, span.hit.passage) for span in (one, other))
    sides = [(span, dated(at.title, at.source, at.metadata)) for span, at in passages]
    if all(date for _, date in sides):
        sides.sort(key=lambda side: side[1], reverse=True)
    citations = tuple(cite(span, number) for number, (span, _) in enumerate(sides, 1))
    texts = [
        f"{said(citation.quote)}{f' ({date})' if date else ''} {citation.marker}"
        for citation, (_, date) in zip(citations, sides, strict=True)
    ]
    first = disagreement(question)
    yield first
    for text in texts:
        yield f"\n\n{text}"
    return Draft(
        text="\n\n".join((first, *texts)),
        found=True,
        citations=citations,
        # One phrase alone would hide that there is another.
        short=None,
        disagreement=True,
        statements=tuple(
            Statement("side", text, (number,)) for number, text in enumerate(texts, 1)
        ),
    )


def _holds(choice: Choice, span: Span) -> bool:
    return (
        choice.stretch.passage.document_id == span.hit.passage.document_id
        and choice.unit.start <= span.start < choice.unit.end
    )


def _marked(saying: Saying, citations: Sequence[Citation]) -> str:
    """The text of a statement with its markers, the document's own ones made harmless."""
    text = harmless(saying.text)
    if saying.marks:
        for mark, citation in zip(reversed(saying.marks), reversed(citations), strict=True):
            text = f"{text[:mark]} {citation.marker}{text[mark:]}"
        return text
    markers = "".join(citation.marker for citation in citations)
    return f"{text[: saying.mark]} {markers}{text[saying.mark :]}"


def _short(
    choice: Choice, question: str, spans: Sequence[Span], citations: Sequence[Citation]
) -> str | None:
    """The phrase that answers by itself, if one was asked for and it is in the statements."""
    if form_of(question) in _NO_PHRASE or choice.unit.kind in LISTS:
        return None
    if choice.unit.kind == "row":
        place = cell(choice, question)
    else:
        span = choice.span
        if span is not None and kind_of(question) in MEASURED:
            # Whatever sentence says most, the amount may be in another one.
            span = max((span, *spans_in(choice, spans)), key=lambda one: one.fitting)
        place = None if span is None else span.short
    if place is None:
        return None
    for citation in citations:
        if citation.start <= place[0] and place[1] <= citation.end:
            return citation.quote[place[0] - citation.start : place[1] - citation.start]
    return None
