"""Spans that answer -> the one that contradicts the best of them, where there is one.

Two documents contradict each other where they say the same in nearly the same
words, but for the number, amount, time or name that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.questions import Kind, candidates, kind_of
from qa.records import Span
from qa.terms import stems

# What these ask for is either the same or not; a statement can be put in many ways.
_KINDS = (
    Kind.MONEY, Kind.NUMBER, Kind.DURATION, Kind.TIME, Kind.PERSON, Kind.PLACE, Kind.NAME
)  # fmt: skip
# How sure the other must be, as a share of the best one.
_SURE_SHARE = 0.8
# How much of the words of both must be in both.
_ALIKE = 0.7


def contradicting(question: str, spans: Sequence[Span]) -> Span | None:
    """The surest span of another document that gives another answer than the first span."""
    kind = kind_of(question)
    if not spans or kind not in _KINDS:
        return None
    first = spans[0]
    for other in spans[1:]:
        if (
            other.hit.passage.document_id != first.hit.passage.document_id
            and other.score >= _SURE_SHARE * first.score
            and _differ(question, kind, first, other)
            and _alike(kind, first, other)
        ):
            return other
    return None


def _differ(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether their answers exclude each other: none of them is a part of the other."""
    first, second = (_words(_asked_for(question, kind, span)) for span in (one, other))
    return bool(first and second) and not (first <= second or second <= first)


def _asked_for(question: str, kind: Kind, span: Span) -> str:
    # What is of the kind that was asked for tells more than the phrase, which may be "every day".
    found = candidates(kind, span.text, question)
    return span.text[slice(*found[0])] if found else span.short_text or ""


def _alike(kind: Kind, one: Span, other: Span) -> bool:
    """Whether they say the same of the same thing, but for what answers.

    What answers is the time or amount alone, or the whole phrase: of "18:00 every evening" the
    rest belongs to it or to the thing, as the other sentence has it.
    """
    for phrase in (False, True):
        first, second = (_frame(kind, span, phrase=phrase) for span in (one, other))
        both = first | second
        if both and len(first & second) / len(both) >= _ALIKE:
            return True
    return False


def _frame(kind: Kind, span: Span, *, phrase: bool) -> frozenset[str]:
    """The words of a sentence without what is of the kind, and without its phrase if so wanted."""
    text = span.text
    # A second amount or date would make two sentences of one kind look less alike than they are.
    cut = list(candidates(kind, text, ""))
    if phrase and span.short is not None:
        cut.append((span.short[0] - span.start, span.short[1] - span.start))
    for start, end in cut:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return _words(text)


def _words(text: str) -> frozenset[str]:
    return frozenset(stems(text))
