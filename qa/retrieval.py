"""A question -> the passages most likely to answer it.

Two legs, dense (cosine of the encoder's vectors, from Chroma) and keyword
(BM25), each bring candidates; their scores are fused, duplicates are dropped
and neighbours joined. Each step is a plain callable held by `Retrieval`, so
any of them can be replaced; `as_chain` gives the same steps as a LangChain
runnable.

The fusion is a convex combination of the two scores, each brought to 0..1 by
the best of its leg; it beat reciprocal rank fusion on every set it was
measured on (tests/benchmarks/README.md). In a conversation, the words of the
questions before are searched for, too, and count for little. S. Bruch, S. Gai, A. Ingber: An
Analysis of Fusion Functions for Hybrid Retrieval, TOIS 42(1), 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qa.dates import dates
from qa.index import Snapshot
from qa.joint import Joint, JointKeywords
from qa.keywords import KeywordIndex
from qa.models import Embedder
from qa.records import Hit, Passage
from qa.spelling import commonest, misspellable
from qa.terms import stems

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

Scores = Mapping[str, float]

# Passages read beyond the limit, because some will be joined to others.
_SPARE = 3
# The background's best score may be so many times the question's best, before it is weighted.
_BACKGROUND_AT_MOST = 1.75
# What a word counts that a misspelt one may stand for.
_SPELT = 0.6
# Characters; about three passages.
_LONGEST_JOINED = 2500


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one generation of the index, or of several indexes together.

    `documents` restricts the search to these document ids; None searches all.
    `background` holds stems that the question lacks but that its conversation
    is about, with what each counts beside one of the question's own, 0 to 1.
    """

    question: str
    snapshot: Snapshot | Joint
    limit: int = 10
    documents: Collection[str] | None = None
    background: Mapping[str, float] = field(default_factory=dict)


class Retrieval:
    """The steps from a question to its hits."""

    def __init__(self, embedder: Embedder, *, candidates: int = 100, dense_weight: float = 0.4):
        self.embedder = embedder
        self.candidates = candidates
        self.dense_weight = dense_weight
        self.dense: Callable[[Query], Scores] = self._dense
        self.keyword: Callable[[Query], Scores] = self._keyword
        self.fuse: Callable[[Scores, Scores], dict[str, float]] = self._fuse
        self.arrange: Callable[[Sequence[Hit]], list[Hit]] = arrange

    def __call__(self, query: Query) -> list[Hit]:
        """The hits for a query, best first; at most `query.limit`."""
        return self._gather(query, self.dense(query), self.keyword(query))

    def as_chain(self) -> Runnable[Query, list[Hit]]:
        """The same as a LangChain runnable: both legs in parallel, then the rest."""
        from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough

        legs: Runnable[Query, dict[str, object]] = RunnableParallel(
            query=RunnablePassthrough(),
            dense=RunnableLambda(self.dense, name="dense"),
            keyword=RunnableLambda(self.keyword, name="keyword"),
        )

        def gather(found: dict[str, object]) -> list[Hit]:
            return self._gather(found["query"], found["dense"], found["keyword"])  # type: ignore[arg-type]

        return legs | RunnableLambda(gather, name="fuse")

    def _dense(self, query: Query) -> Scores:
        if not query.snapshot.entries:
            return {}
        vector = self.embedder.embed_query(query.question)
        return dict(query.snapshot.nearest(vector, self._depth(query), query.documents))

    def _keyword(self, query: Query) -> Scores:
        asked = stems(query.question) or stems(query.question, keep_stop_words=True)
        found = self._search(query, [*asked, *dates(query.question)])
        spelt = _spelt(asked, query.snapshot.keywords)
        if spelt:
            found = _with(found, self._search(query, spelt), _SPELT)
        for weight in set(query.background.values()):
            group = [stem for stem, counts in query.background.items() if counts == weight]
            behind = self._search(query, group)
            found = _with(found, behind, weight * _share(found, behind))
        return found

    def _search(self, query: Query, sought: Sequence[str]) -> dict[str, float]:
        return dict(query.snapshot.keywords.search(sought, self._depth(query), query.documents))

    def _depth(self, query: Query) -> int:
        return max(self.candidates, query.limit)

    def _fuse(self, dense: Scores, keyword: Scores) -> dict[str, float]:
        return convex(dense, keyword, self.dense_weight)

    def _gather(self, query: Query, dense: Scores, keyword: Scores) -> list[Hit]:
        fused = self.fuse(dense, keyword)
        ranked = sorted(fused, key=lambda id: (-fused[id], id))
        hits: list[Hit] = []
        at = 0
        # Joining and dropping make hits fewer: go on until there are enough or no more.
        while len(hits) < query.limit and at < len(ranked):
            more = ranked[at : at + query.limit + _SPARE]
            at += len(more)
            found = query.snapshot.passages(more)
            hits = self.arrange(
                [
                    *hits,
                    *(
                        Hit(
                            passage,
                            round(fused[passage.id], 6),
                            dense.get(passage.id),
                            keyword.get(passage.id),
                        )
                        for passage in found
                    ),
                ]
            )
        return hits[: query.limit]


def _spelt(asked: Sequence[str], keywords: KeywordIndex | JointKeywords) -> list[str]:
    """What those of the stems that no passage holds may stand for, if they are misspelt."""
    words = [stem for stem in asked if misspellable(stem)]
    _, counts = keywords.counts(words)
    near = [keywords.meant(stem) for stem in words if not counts[stem]]
    _, counts = keywords.counts([term for terms in near for term in terms])
    return [term for terms in near for term in commonest(terms, counts)]


def _with(found: Scores, more: Scores, weight: float) -> dict[str, float]:
    return {id: found.get(id, 0.0) + weight * more.get(id, 0.0) for id in {**found, **more}}


def _share(found: Scores, behind: Scores) -> float:
    """What is left of the background's weight, that it never outweighs the question."""
    best, most = max(found.values(), default=0.0), max(behind.values(), default=0.0)
    return min(1.0, _BACKGROUND_AT_MOST * best / most) if best > 0 and most > 0 else 1.0


def convex(dense: Scores, keyword: Scores, weight: float) -> dict[str, float]:
    """The fused score: `weight` of the dense score and the rest of the keyword score.

    Both are brought to 0..1 first. A cosine means little near the bottom, so
    the lowest of the leg counts as 0; BM25 has a zero of its own. What a leg
    did not bring is at its bottom.
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


def arrange(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without repeated texts, and with neighbours of one document joined."""
    return _joined(_distinct(hits))


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    seen: set[str] = set()
    kept: list[Hit] = []
    for hit in hits:
        words = " ".join(hit.passage.text.split()).casefold()
        if words not in seen:
            seen.add(words)
            kept.append(hit)
    return kept


def _joined(hits: Sequence[Hit]) -> list[Hit]:
    """Adjacent passages become one hit, in the place and with the scores of the better one."""
    joined: list[Hit] = []
    for hit in hits:
        for position, other in enumerate(joined):
            passage = _join(other.passage, hit.passage)
            if passage is not None:
                joined[position] = replace(other, passage=passage)
                break
        else:
            joined.append(hit)
    return joined


def _join(one: Passage, other: Passage) -> Passage | None:
    if one.document_id != other.document_id or one.page != other.page:
        return None
    first, last = sorted((one, other), key=lambda passage: passage.start)
    if first.end != last.start or len(first.text) + len(last.text) > _LONGEST_JOINED:
        return None
    ordinals = [*first.id.rsplit(":", 1)[1].split("-"), *last.id.rsplit(":", 1)[1].split("-")]
    stem = one.id.rsplit(":", 1)[0]
    return replace(
        first,
        id=f"{stem}:{ordinals[0]}-{ordinals[-1]}",
        end=last.end,
        text=first.text + last.text,
    )
