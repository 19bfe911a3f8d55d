"""Spans that answer -> the one that contradicts the best of them, where there is one.

Two documents contradict each other where they say the same in nearly the same
words, but for the number, amount, time or name that was asked for; or where they
count the same thing, however they put it: "25 days of annual leave", "28 days of
paid annual leave".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa import claims
from qa.questions import Kind, candidates, kind_of
from qa.records import Span
from qa.terms import is_stop_word, stems

# What these ask for is either the same or not; a statement can be put in many ways.
_KINDS = (
    Kind.MONEY, Kind.NUMBER, Kind.DURATION, Kind.TIME, Kind.PERSON, Kind.PLACE, Kind.NAME
)  # fmt: skip
# How sure the other must be, as a share of the best one.
_SURE_SHARE = 0.8
# How much of the words of both must be in both.
_ALIKE = 0.7

_COUNTABLE = (Kind.MONEY, Kind.NUMBER, Kind.DURATION)
# Where both count the same thing, its words say more than the score, which is lower for a
# sentence that is put in other words than the question.
_SURE_SHARE_OF_COUNT = 0.5
# A unit alone ("days") is no thing.
_LEAST_COUNTED = 2
_JOINS = frozenset(("of", "the"))
_WORD_OR_SIGN = re.compile(r"\w+|[^\w\s-]")
# Makes of a statement one about some cases, which does not contradict one about others.
_LIMITS = re.compile(
    r"\b(?:if|unless|when|once|after|before|during|until|since|from|under|over|above|below|only"
    r"|except|without|at (?:least|most)|up to|more|less|fewer|additional|extra|further|another"
    r"|remaining|unused|part|half|new|former|old|previous|temporary|seasonal|junior|senior"
    r"|external|internal|abroad|weekdays?|weekends?)\b",
    re.IGNORECASE,
)


def contradicting(question: str, spans: Sequence[Span]) -> Span | None:
    """The surest span of another document that gives another answer than the first span."""
    kind = kind_of(question)
    if not spans or kind not in _KINDS:
        return None
    first = spans[0]
    for other in spans[1:]:
        if other.hit.passage.document_id == first.hit.passage.document_id:
            continue
        if _said_otherwise(question, kind, first, other) or (
            kind in _COUNTABLE and _counted_otherwise(first, other)
        ):
            return other
    return None


def _said_otherwise(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether both say the same of the same thing, but for another answer."""
    return (
        other.score >= _SURE_SHARE * one.score
        and _differ(question, kind, one, other)
        and _alike(kind, one, other)
    )


def _counted_otherwise(one: Span, other: Span) -> bool:
    """Whether both count the same thing, in the same cases, and come to different numbers."""
    if other.score < _SURE_SHARE_OF_COUNT * one.score:
        return False
    first, second = _count(one), _count(other)
    if first is None or second is None:
        return False
    (number, counted), (other_number, other_counted) = first, second
    fewer, more = sorted((counted, other_counted), key=len)
    return (
        number != other_number
        and len(fewer) >= _LEAST_COUNTED
        and fewer <= more
        and _cases(one) - number == _cases(other) - other_number
    )


def _count(span: Span) -> tuple[frozenset[str], frozenset[str]] | None:
    """The number in the phrase that answers, and the stems of what it counts."""
    if span.short is None:
        return None
    start, end = (place - span.start for place in span.short)
    text = span.text
    for first, last in candidates(Kind.NUMBER, text, ""):
        if first < end and start < last:
            return claims.stems_of(text[first:last]), _words(_noun_phrase(text[last:]))
    return None


def _noun_phrase(text: str) -> str:
    """The beginning of a text, up to a sign or a word that leads on to something else."""
    for match in _WORD_OR_SIGN.finditer(text):
        word = match.group()
        if not word[0].isalnum() or (is_stop_word(word) and word.lower() not in _JOINS):
            return text[: match.start()]
    return text


def _cases(span: Span) -> frozenset[str]:
    """What limits a statement: its names, its numbers, and words such as "after"."""
    said = claims.units(span.text)
    exact = {unit.stem for unit in said if unit.kind in (claims.Kind.NAME, claims.Kind.NUMBER)}
    limits = {match.group().lower() for match in _LIMITS.finditer(span.text)}
    return frozenset(exact | limits)


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
