"""Spans that answer -> the one that contradicts the best of them, where there is one.

Two documents contradict each other where they say the same in nearly the same
words, but for the number, amount, time or name that was asked for; or where they
count the same thing, however they put it: "25 days of annual leave", "28 days of
paid annual leave".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa import claims
from qa.amounts import amounts, same_amount
from qa.questions import Kind, candidates, kind_of
from qa.records import Span
from qa.sentences import Range
from qa.terms import is_stop_word, stem

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
_WORD_OR_SIGN = re.compile(r"\w+|[^\w\s'’-]")
# Who has what is counted, where it is nobody in particular, and that they have it.
_ANYONE = claims.LIGHT | {
    stem(word)
    for word in (
        "everyone", "everybody", "all", "each", "every", "any", "employee", "staff", "worker",
        "colleague", "entitled", "receive", "granted", "offer", "provide", "allow", "total",
    )
}  # fmt: skip
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
        and not _of_other_cases(question, kind, one, other)
    )


def _counted_otherwise(one: Span, other: Span) -> bool:
    """Whether both count the same thing, in the same cases, and come to different numbers."""
    if other.score < _SURE_SHARE_OF_COUNT * one.score:
        return False
    first, second = _count(one), _count(other)
    if first is None or second is None:
        return False
    fewer, more = sorted((first.counted, second.counted), key=len)
    return (
        first.number != second.number
        and len(fewer) >= _LEAST_COUNTED
        and fewer <= more
        and first.cases == second.cases
        # "Managers have 30 days", "interns have 15 days".
        and not (first.about - second.about and second.about - first.about)
    )


@dataclass(frozen=True, slots=True)
class _Count:
    """What a sentence counts: the number, stems of the thing, of who has it, and of the cases."""

    number: frozenset[str]
    counted: frozenset[str]
    about: frozenset[str]
    cases: frozenset[str]


def _count(span: Span) -> _Count | None:
    """The number in the phrase that answers, and what is said of it."""
    if span.short is None:
        return None
    start, end = _phrase(span)
    text = span.text
    for first, last in candidates(Kind.NUMBER, text, ""):
        if first < end and start < last:
            return _Count(
                # Without what follows it, which may be a unit in one sentence only.
                number=amounts(text[first:last]),
                counted=claims.stems_of(_noun_phrase(text[last:])),
                about=frozenset(unit.stem for unit in claims.units(text[:first])) - _ANYONE,
                cases=frozenset().union(*_cases(text, [(first, last)])),
            )
    return None


def _noun_phrase(text: str) -> str:
    """The beginning of a text, up to a sign or a word that leads on to something else."""
    for match in _WORD_OR_SIGN.finditer(text):
        word = match.group()
        if not word[0].isalnum() or (is_stop_word(word) and word.lower() not in _JOINS):
            return text[: match.start()]
    return text


def _cases(text: str, cut: Sequence[Range]) -> tuple[frozenset[str], frozenset[str]]:
    """What limits a statement: its names; and its numbers, and words such as "after".

    `cut` is what it says of those cases.
    """
    said = claims.units(_without(text, cut))
    names = {unit.stem for unit in said if unit.kind is claims.Kind.NAME}
    numbers = {unit.stem for unit in said if unit.kind is claims.Kind.NUMBER}
    limits = {match.group().lower() for match in _LIMITS.finditer(text)}
    return frozenset(names), frozenset(numbers | limits)


def _of_other_cases(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether they speak of other cases: of Vienna and of Lisbon, of staff and of new staff."""
    (names, limits), (other_names, other_limits) = (
        _cases(span.text, [_asked_for(question, kind, span), _phrase(span)])
        for span in (one, other)
    )
    return limits != other_limits or bool(names - other_names and other_names - names)


def _differ(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether their answers exclude each other: none of them is a part of the other."""
    first, second = (span.text[slice(*_asked_for(question, kind, span))] for span in (one, other))
    if same_amount(first, second):
        return False
    some, others = claims.stems_of(first), claims.stems_of(second)
    return bool(some and others) and not (some <= others or others <= some)


def _asked_for(question: str, kind: Kind, span: Span) -> Range:
    """Where it says what was asked for."""
    # What is of the kind that was asked for tells more than the phrase, which may be "every day".
    start, end = _phrase(span)
    found = candidates(kind, span.text, question)
    within = [(first, last) for first, last in found if first < end and start < last]
    return next(iter(within or found), (start, end))


def _phrase(span: Span) -> Range:
    """The phrase that answers, counted from where the span starts; nothing if there is none."""
    start, end = span.short or (span.start, span.start)
    return start - span.start, end - span.start


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
    # A second amount or date would make two sentences of one kind look less alike than they are.
    cut = candidates(kind, span.text, "")
    return claims.stems_of(_without(span.text, [*cut, _phrase(span)] if phrase else cut))


def _without(text: str, cut: Sequence[Range]) -> str:
    for start, end in cut:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text
