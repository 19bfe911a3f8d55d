"""How close an answer is to the expected one, and how reliable its score is.

Nothing here knows the Assistant: texts, numbers and right answers go in, figures come out.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[Any]

BINS = 10

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_DECIMAL_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
# Of no use elsewhere, and no punctuation.
_POINT = "\N{ARABIC DECIMAL SEPARATOR}"
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers with a score in `low`..`high`: their number, mean score and share right."""

    low: float
    high: float
    count: int
    score: float
    right: float


def normalised(text: str) -> str:
    """Lower case, without punctuation, articles and extra spaces, as SQuAD compares.

    Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (2016).
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact(text: str, answers: Sequence[str]) -> float:
    """1 if the text is one of the answers, as SQuAD counts, else 0."""
    return float(any(normalised(text) == normalised(answer) for answer in answers))


def f1(text: str, answers: Sequence[str]) -> float:
    """The share of words in common with the closest answer, as SQuAD counts: 0..1.

    The harmonic mean of precision and recall over the words of the normalised texts.
    """
    words = normalised(text).split()
    return max((_f1(words, normalised(answer).split()) for answer in answers), default=0.0)


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers is in the text, both normalised.

    This is the sub-span match of Liu et al., "Lost in the Middle" (2023), but stricter: only whole
    words and numbers match (not "HR" in "three", nor "15" in "1.5"), except for the s of a plural
    or a genitive.
    """
    within = _with_parts(text)
    return any(
        # Nothing would be left of "A" or "%".
        _stands(_with_parts(answer), within)
        if normalised(answer)
        else _stands(answer.strip(), text)
        for answer in answers
        if answer.strip()
    )


def auroc(positive: Numbers, negative: Numbers) -> float:
    """How often one of the first is greater than one of the second; a tie counts half.

    The area under the ROC curve, by ranks (Hanley and McNeil, 1982); NaN if either is empty.
    """
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.sort(np.asarray(negative))
    values = np.asarray(positive)
    under = np.searchsorted(below, values, side="left")
    up_to = np.searchsorted(below, values, side="right")
    return float((under + up_to).sum() / 2 / len(values) / len(below))


def reliability(scores: Numbers, right: Numbers, bins: int = BINS) -> list[Bin]:
    """Answers by score, in bins of equal width over 0..1; empty bins are left out.

    `scores` and `right` (1 or 0) have the same length. A score of 1 is in the last bin.
    """
    values, correct = np.asarray(scores, dtype=float), np.asarray(right, dtype=float)
    places = np.minimum((values * bins).astype(int), bins - 1)
    return [
        Bin(
            place / bins,
            (place + 1) / bins,
            int(inside.sum()),
            float(values[inside].mean()),
            float(correct[inside].mean()),
        )
        for place in range(bins)
        if (inside := places == place).any()
    ]


def expected_calibration_error(scores: Numbers, right: Numbers, bins: int = BINS) -> float:
    """The mean distance of the share of right answers from their score: 0..1, or NaN for none.

    Guo et al., "On Calibration of Modern Neural Networks" (2017), equation 3.
    """
    found = reliability(scores, right, bins)
    if not found:
        return float("nan")
    return sum(one.count * abs(one.right - one.score) for one in found) / len(scores)


def _with_parts(text: str) -> str:
    """The text normalised, but "1.5" is not "15", "six-time" is two words, "1,500" is "1500"."""
    apart = _HYPHEN.sub(" ", text)
    return normalised(_DECIMAL_POINT.sub(_POINT, _THOUSANDS.sub("", apart)))


def _f1(words: list[str], wanted: list[str]) -> float:
    if not words or not wanted:
        return float(words == wanted)
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted))


def _stands(answer: str, text: str) -> bool:
    first, last = answer[0], answer[-1]
    before = after = ""
    if first.isdigit():
        before = rf"(?<!\d)(?<!\d{_POINT})"
    elif first.isascii() and first.isalpha():
        before = "(?<![a-zA-Z0-9])"
    if last.isdigit():
        after = rf"(?!{_POINT}?\d)"
    elif last.isascii() and last.isalpha():
        after = r"(?!(?!s\b)[a-zA-Z])"
    return re.search(before + re.escape(answer) + after, text) is not None
