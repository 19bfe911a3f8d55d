"""Terms that a misspelt one may stand for: those that differ by a letter or two."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Shorter words are all similar, and similar codes mean different things.
_SHORTEST = 4
_LONG = 8
_LONGEST = 30
# Among equally near words, only the most common ones.
_MEANT = 3


def misspellable(stem: str) -> bool:
    """Whether a stem that is not in the documents may be a typing mistake: a word, not a code."""
    return _SHORTEST <= len(stem) <= _LONGEST and stem.isalpha()


def near(stem: str, vocabulary: Collection[str]) -> dict[str, int]:
    """The terms of `vocabulary` near `stem`, with their distance: the number of mistakes.

    The distance is optimal string alignment: a letter too many, a missing one, a wrong one, or two
    that are swapped count as one mistake each. A word of fewer than eight letters may have one
    mistake, a longer one two; the first letter of a short word must be right.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not misspellable(stem):
        return {}
    most = 1 if len(stem) < _LONG else 2
    found = process.extract(stem, vocabulary, scorer=OSA.distance, score_cutoff=most, limit=None)
    return {
        term: int(distance)
        for term, distance, _ in found
        if misspellable(term) and (len(stem) >= _LONG or term[0] == stem[0])
    }


def meant(stem: str, vocabulary: Collection[str]) -> dict[str, int]:
    """The nearest of the terms near `stem`, with their distance."""
    return nearest(near(stem, vocabulary))


def nearest(near: Mapping[str, int]) -> dict[str, int]:
    """Those of the terms that have the smallest distance."""
    least = min(near.values(), default=0)
    return {term: distance for term, distance in near.items() if distance == least}


def commonest(near: Collection[str], counts: Mapping[str, int]) -> list[str]:
    """The few of these terms that are in most passages."""
    return sorted(near, key=lambda term: (-counts.get(term, 0), term))[:_MEANT]
