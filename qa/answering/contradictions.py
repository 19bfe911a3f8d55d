"""From the spans that answer to the one that contradicts the best of them, if there is one.

Two documents contradict each other if they say the same in nearly the same words except for the
number, amount, time or name that was asked for; or if they count the same thing, however they put
it: “25 days of annual leave”, “28 days of paid annual leave”.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa import checking
from qa.answering.units.choosing import Choice
from qa.questions import Kind, candidates, kind_of
from qa.records import Hit, Span
from qa.text.amounts import same_amount
from qa.text.sentences import Range, sentences
from qa.text.terms import stems

# The answers to these are either the same or not; other statements can be worded in many ways.
_KINDS = (
    Kind.MONEY, Kind.NUMBER, Kind.DURATION, Kind.TIME, Kind.PERSON, Kind.PLACE, Kind.NAME
)  # fmt: skip
# A sentence that scores lower is hardly ever said, so nothing has to be set against it.
_HOPELESS = 0.1
# How much of the shorter sentence must be in both for them to say the same or the opposite.
_ECHO = 0.5
_ECHOES = 3
# Units whose sentences may contradict.
_PROSE = frozenset(("paragraph", "item", "row"))
# How sure the other must be, as a share of the best one's score.
_SURE_SHARE = 0.8
# How much of the words of both must be in both.
_ALIKE = 0.7

_COUNTABLE = (Kind.MONEY, Kind.NUMBER, Kind.DURATION)
# Where both count the same thing, the words say more than the score, which is lower for a sentence
# that is worded differently from the question.
_SURE_SHARE_OF_COUNT = 0.5


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


def echoes(question: str, spans: Sequence[Span], choices: Sequence[Choice]) -> list[Hit]:
    """Sentences of other documents in nearly the words of the best span, to be read by themselves.

    They say the same or contradict it, and an answer must not be silent about that; they are short,
    so reading them costs little.
    """
    if not spans or spans[0].score < _HOPELESS or kind_of(question) not in _KINDS:
        return []
    best = spans[0]
    words = frozenset(stems(best.text))
    found: dict[str, tuple[float, Hit]] = {}
    for choice in choices:
        elsewhere = choice.stretch.passage.document_id != best.hit.passage.document_id
        if not elsewhere or choice.unit.kind not in _PROSE:
            continue
        hit = choice.as_hit()
        passage = hit.passage
        for start, end in sentences(passage.text):
            text = passage.text[start:end]
            held = frozenset(stems(text))
            alike = len(words & held) / max(1, min(len(words), len(held)))
            if alike >= _ECHO:
                at = passage.start + start
                alone = replace(passage, start=at, end=passage.start + end, text=text)
                found[text] = alike, replace(hit, passage=alone)
    return [hit for _, hit in sorted(found.values(), key=lambda one: -one[0])[:_ECHOES]]


def _said_otherwise(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether both say the same of the same thing, with different answers."""
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
    return first is not None and second is not None and first.contradicts(second)


def _count(span: Span) -> checking.Count | None:
    """The number in the phrase that answers, and the thing that is counted."""
    if span.short is None:
        return None
    start, end = _phrase(span)
    for first, last in candidates(Kind.NUMBER, span.text, ""):
        if first < end and start < last:
            return checking.count_of(span.text, (first, last))
    return None


def _of_other_cases(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether they speak of other cases: of Vienna and of Lisbon, of staff and of new staff."""
    first, second = (
        checking.cases_of(span.text, [_asked_for(question, kind, span), _phrase(span)])
        for span in (one, other)
    )
    return first.differ_from(second)


def _differ(question: str, kind: Kind, one: Span, other: Span) -> bool:
    """Whether their answers exclude each other: neither is a part of the other."""
    first, second = (span.text[slice(*_asked_for(question, kind, span))] for span in (one, other))
    if same_amount(first, second):
        return False
    some, others = checking.stems_of(first), checking.stems_of(second)
    return bool(some and others) and not (some <= others or others <= some)


def _asked_for(question: str, kind: Kind, span: Span) -> Range:
    """Where it says what was asked for."""
    # The part that is of the kind asked for says more than the phrase, which may be “every day”.
    start, end = _phrase(span)
    found = candidates(kind, span.text, question)
    within = [(first, last) for first, last in found if first < end and start < last]
    return next(iter(within or found), (start, end))


def _phrase(span: Span) -> Range:
    """The phrase that answers, counted from the start of the span; empty if there is none."""
    start, end = span.short or (span.start, span.start)
    return start - span.start, end - span.start


def _alike(kind: Kind, one: Span, other: Span) -> bool:
    """Whether they say the same of the same thing except for the answer.

    The answer is the time or amount alone, or the whole phrase: in “18:00 every evening” the rest
    belongs to it or to the thing, depending on the other sentence.
    """
    for phrase in (False, True):
        first, second = (_frame(kind, span, phrase=phrase) for span in (one, other))
        both = first | second
        if both and len(first & second) / len(both) >= _ALIKE:
            return True
    return False


def _frame(kind: Kind, span: Span, *, phrase: bool) -> frozenset[str]:
    """The words of a sentence without what is of the kind asked for, and without its phrase if
    wanted.
    """
    # A second amount or date would make two sentences of the same kind look less alike than they
    # are.
    cut = candidates(kind, span.text, "")
    return checking.stems_of(checking.without(span.text, [*cut, _phrase(span)] if phrase else cut))
