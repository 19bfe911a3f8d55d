"""Terms that a misspelt one may stand for: those that differ from it by a letter or two."""

from __future__ import annotations

from collections.abc import Collection

# Shorter words are all alike, and codes that are alike mean different things.
_SHORTEST = 4
_LONG = 8
_LONGEST = 30
# Of words that differ as little from it, the commonest few.
_MEANT = 3


def misspellable(stem: str) -> bool:
    """Whether a stem that is not in the documents may be a typing mistake: a word, not a code."""
    return _SHORTEST <= len(stem) <= _LONGEST and stem.isalpha()


def meant(stem: str, vocabulary: Collection[str]) -> dict[str, int]:
    """The terms of `vocabulary` nearest to `stem`, with their distance: letters to be put right.

    The distance is optimal string alignment: a letter too many, one lacking, another one, or two
    in each other's place count one each. A word of fewer than eight letters may have one such
    mistake, a longer one two; the first letter of a short word is taken to be right.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not misspellable(stem):
        return {}
    most = 1 if len(stem) < _LONG else 2
    found = process.extract(stem, vocabulary, scorer=OSA.distance, score_cutoff=most, limit=None)
    near = {
        term: int(distance)
        for term, distance, _ in found
        if misspellable(term) and (len(stem) >= _LONG or term[0] == stem[0])
    }
    least = min(near.values(), default=0)
    return {term: distance for term, distance in near.items() if distance == least}


def commonest(near: Collection[str], counts: dict[str, int]) -> list[str]:
    """The few of these terms that most passages hold."""
    return sorted(near, key=lambda term: (-counts.get(term, 0), term))[:_MEANT]
