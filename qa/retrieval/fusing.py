"""From two rankings, by meaning and by words, to one."""

from __future__ import annotations

from collections.abc import Mapping

Scores = Mapping[str, float]
# The background's best score, before weighting, may be this many times the question's best.
_BACKGROUND_AT_MOST = 1.75


def with_more(found: Scores, more: Scores, weight: float) -> dict[str, float]:
    """Scores with others added to them, weighted."""
    return {id: found.get(id, 0.0) + weight * more.get(id, 0.0) for id in {**found, **more}}


def share_of_background(found: Scores, behind: Scores) -> float:
    """How much of the background's weight is left, so that it never outweighs the question."""
    best, most = max(found.values(), default=0.0), max(behind.values(), default=0.0)
    return min(1.0, _BACKGROUND_AT_MOST * best / most) if best > 0 and most > 0 else 1.0


def convex(dense: Scores, keyword: Scores, weight: float) -> dict[str, float]:
    """The fused score: `weight` of the dense score and the rest of the keyword score.

    Both are scaled to 0..1 first. A cosine means little near the bottom, so the lowest of the leg
    counts as 0; BM25 has a zero of its own. A passage that a leg did not bring is at the bottom of
    that leg.
    """
    # One passage alone is not the lowest of several.
    lowest = min(dense.values(), default=0.0)
    floor = min(lowest, 0.0) if len(dense) == 1 else lowest
    span = max(max(dense.values(), default=0.0) - floor, 1e-9)
    top = max(max(keyword.values(), default=0.0), 1e-9)
    return {
        id: weight * (dense.get(id, floor) - floor) / span
        + (1 - weight) * keyword.get(id, 0.0) / top
        for id in {**dense, **keyword}
    }


def reciprocal_rank(dense: Scores, keyword: Scores, constant: int = 60) -> dict[str, float]:
    """Reciprocal rank fusion, scaled to 0..1 (Cormack, Clarke, Büttcher, SIGIR 2009)."""
    fused: dict[str, float] = {}
    for leg in (dense, keyword):
        for rank, id in enumerate(sorted(leg, key=lambda id: -leg[id]), start=1):
            fused[id] = fused.get(id, 0.0) + (constant + 1) / (2 * (constant + rank))
    return fused
