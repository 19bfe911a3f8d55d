"""What a statement is about, apart from its figures: the cases that it is limited to, and what it
counts.

Two statements with other figures contradict each other only if they speak of the same cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.checking.claims import LIGHT, Strictness, details, stems_of
from qa.text.amounts import amounts
from qa.text.sentences import Range
from qa.text.terms import is_stop_word, stem

# A unit by itself (“days”) is not a thing.
_LEAST_COUNTED = 2
_JOINS = frozenset(("of", "the"))
_WORD_OR_SIGN = re.compile(r"\w+|[^\w\s'’-]")
# The subject of a sentence that says how many of something people in general have, and its verb.
_ANYONE = LIGHT | {
    stem(word)
    for word in (
        "everyone", "everybody", "all", "each", "every", "any", "employee", "staff", "worker",
        "colleague", "entitled", "receive", "granted", "offer", "provide", "allow", "total",
    )
}  # fmt: skip
# Words that limit a statement to some cases, so that it does not contradict one about others.
_LIMITS = re.compile(
    r"\b(?:if|unless|when|once|after|before|during|until|since|from|under|over|above|below|only"
    r"|except|without|at (?:least|most)|up to|more|less|fewer|additional|extra|further|another"
    r"|remaining|unused|part|half|new|former|old|previous|temporary|seasonal|junior|senior"
    r"|external|internal|abroad|weekdays?|weekends?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cases:
    """What limits a statement: its names, its numbers, and words such as “after”."""

    names: frozenset[str]
    limits: frozenset[str]

    def differ_from(self, other: Cases) -> bool:
        """Whether they are others: those of Vienna and of Lisbon, of staff and of new staff."""
        apart = self.names - other.names and other.names - self.names
        return self.limits != other.limits or bool(apart)


@dataclass(frozen=True, slots=True)
class Count:
    """What a sentence counts: the number, and stems of the thing, its owner and the cases."""

    number: frozenset[str]
    counted: frozenset[str]
    about: frozenset[str]
    cases: frozenset[str]

    def contradicts(self, other: Count) -> bool:
        """Whether both count the same thing, in the same cases, and come to different numbers."""
        fewer, more = sorted((self.counted, other.counted), key=len)
        return (
            self.number != other.number
            and len(fewer) >= _LEAST_COUNTED
            and fewer <= more
            and self.cases == other.cases
            # "Managers have 30 days", "interns have 15 days".
            and not (self.about - other.about and other.about - self.about)
        )


def cases_of(text: str, cut: Sequence[Range]) -> Cases:
    """What limits a statement; `cut` is what it says of those cases."""
    said = details(without(text, cut))
    names = {detail.stem for detail in said if detail.kind is Strictness.NAME}
    numbers = {detail.stem for detail in said if detail.kind is Strictness.NUMBER}
    limits = {match.group().lower() for match in _LIMITS.finditer(text)}
    return Cases(frozenset(names), frozenset(numbers | limits))


def count_of(text: str, number: Range) -> Count:
    """What the number at this place of a sentence counts."""
    first, last = number
    cases = cases_of(text, [number])
    return Count(
        # Without what follows it, which may be a unit in only one of the sentences.
        number=amounts(text[first:last]),
        counted=stems_of(_noun_phrase(text[last:])),
        about=frozenset(detail.stem for detail in details(text[:first])) - _ANYONE,
        cases=cases.names | cases.limits,
    )


def without(text: str, cut: Sequence[Range]) -> str:
    """A text with white space in place of some ranges; its offsets stay the same."""
    for start, end in cut:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _noun_phrase(text: str) -> str:
    """The beginning of a text, up to a sign or word that leads on to something else."""
    for match in _WORD_OR_SIGN.finditer(text):
        word = match.group()
        if not word[0].isalnum() or (is_stop_word(word) and word.lower() not in _JOINS):
            return text[: match.start()]
    return text
