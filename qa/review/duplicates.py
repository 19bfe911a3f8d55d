"""The same text kept twice: whole documents, and long passages of two documents.

Texts are compared by their runs of five words, by stem, so that another layout or a word changed
here and there makes no difference. A passage that stands in several documents is part of a template
and not reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.review.texts import SHINGLE, Text
from qa.text.sentences import Range

# Chosen by reading what they add and take; see the table in tests/benchmarks/README.md.
LEAST_SHARED = 0.8
"""How much of each of two documents must be in the other for them to be the same."""
WHOLLY_SHARED = 0.98
"""The same, where there are more such documents: else what they share is a template."""
LEAST_WORDS = 40
"""Words of a document; shorter ones say the same by chance."""
LONG_PASSAGE = 60
"""Words of a passage that is in two documents."""
TEMPLATE = 1.5
"""In how many more documents, on average, the words of a template stand."""
# Fewer runs of words in both are neither a long passage nor a document.
_LEAST_SHINGLES = LEAST_SHARED * (LEAST_WORDS - SHINGLE)
# Words of a quote; the whole of a long document would help nobody.
_QUOTED = 120


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same text in two documents: where it is in each, and how likely it is no accident."""

    whole: bool
    one: Range
    other: Range
    score: float


def duplicate(one: Text, other: Text, around: Sequence[Text]) -> Duplicate | None:
    """The longest text that is in both documents, if it is long; `around` are similar documents."""
    if len(one.shingles.keys() & other.shingles.keys()) < _LEAST_SHINGLES:
        return None
    shared, back = one.share_in(other), other.share_in(one)
    first, second, length = _longest_run(one, other)
    if not length:
        return None
    lead = _lead(one, first, length)
    shown = length - lead
    places = (_range(one, first + lead, shown), _range(other, second + lead, shown))
    short = min(len(one.words), len(other.words))
    same = min(shared, back)
    if same < WHOLLY_SHARED and _is_template(one, other, first, length, around):
        return None
    if same >= LEAST_SHARED and short >= LEAST_WORDS:
        return Duplicate(True, *places, score=0.5 + 0.5 * same)
    if length < LONG_PASSAGE:
        return None
    return Duplicate(False, *places, score=min(0.9, 0.6 + length / 1000))


def _longest_run(one: Text, other: Text) -> tuple[int, int, int]:
    """The longest run of words in both: its first word in each, and its length in words."""
    stems = [word.stem for word in one.words]
    there = [word.stem for word in other.words]
    best = (0, 0, 0)
    at = 0
    while at + SHINGLE <= len(stems):
        start = other.shingles.get(one.shingle(at))
        if start is None:
            at += 1
            continue
        length = 0
        while (
            at + length < len(stems)
            and start + length < len(there)
            and stems[at + length] == there[start + length]
        ):
            length += 1
        if length > best[2]:
            best = (at, start, length)
        at += max(1, length - SHINGLE + 1)
    return best


def _lead(text: Text, first: int, length: int) -> int:
    """How many words of a run come before its first whole sentence; 0 if that would be many."""
    starts = {sentence.start for sentence in text.sentences}
    lead = (at for at in range(length // 3) if text.words[first + at].start in starts)
    return next(lead, 0)


def _range(text: Text, first: int, length: int) -> Range:
    last = first + min(length, _QUOTED) - 1
    return text.words[first].start, text.words[last].end


def _is_template(one: Text, other: Text, first: int, length: int, around: Sequence[Text]) -> bool:
    """Whether a passage is in several other documents as well, wholly or in parts."""
    run = {one.shingle(at) for at in range(first, first + length - SHINGLE + 1)}
    others = (text for text in around if text is not one and text is not other)
    held = sum(len(run & text.shingles.keys()) for text in others)
    return held >= TEMPLATE * len(run)
