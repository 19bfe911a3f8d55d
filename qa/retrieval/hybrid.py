"""From a question to the passages most likely to answer it.

Two legs, dense (cosine of the encoder's vectors, from Chroma) and keyword (BM25), each bring
candidates; their scores are fused, duplicates are dropped and neighbours joined. Each step is a
plain callable held by `Retrieval`, so any of them can be replaced; `as_chain` gives the same steps
as a LangChain runnable.

The fusion is a convex combination of the two scores, each scaled to 0..1 by the best of its leg; it
beat reciprocal rank fusion on every set it was measured on (tests/benchmarks/README.md). In a
conversation, the words of earlier questions are searched for, too, and count for little. S. Bruch,
S. Gai, A. Ingber: An Analysis of Fusion Functions for Hybrid Retrieval, TOIS 42(1), 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.index import Searchable
from qa.models import Embedder
from qa.records import Hit
from qa.retrieval.fusing import Scores, convex, share_of_background, with_more
from qa.retrieval.joining import arrange
from qa.retrieval.respelling import asked_terms, misspelt
from qa.text.dates import dates
from qa.text.language import asked_native_stems

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

# Passages read beyond the limit, because some of them will be joined to others.
_SPARE = 3
# How much a word counts that a misspelt one may stand for.
_SPELT = 0.6


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one generation of the index, or of several indexes together.

    `documents` restricts the search to these document ids; None searches all.
    `vector` is the question's, and `misspelt` what its misspelt words may stand
    for, where these are known already. `background` holds stems that the
    question lacks but that its conversation is about, with what each counts
    beside one of the question's own, 0 to 1.
    """

    question: str
    snapshot: Searchable
    limit: int = 10
    documents: Collection[str] | None = None
    background: Mapping[str, float] = field(default_factory=dict)
    vector: Sequence[float] | None = None
    misspelt: Mapping[str, Sequence[str]] | None = None


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
        # Both legs wait for a database, and let others have Python meanwhile.
        with ThreadPoolExecutor(1) as beside:
            dense = beside.submit(copy_context().run, self.dense, query)
            keyword = self.keyword(query)
        return self._gather(query, dense.result(), keyword)

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
        vector = query.vector or self.embedder.embed_query(query.question)
        return dict(query.snapshot.nearest(vector, self._depth(query), query.documents))

    def _keyword(self, query: Query) -> Scores:
        asked = asked_terms(query.question)
        native = asked_native_stems(query.question)
        found = self._search(query, [*asked, *dates(query.question), *native])
        meant = query.misspelt
        if meant is None:
            meant = misspelt(
                query.question,
                query.snapshot.keywords,
                query.documents,
                self.embedder.is_token,
            )
        if meant:
            spelt = [stem for several in meant.values() for stem in several]
            found = with_more(found, self._search(query, spelt), _SPELT)
        for weight in set(query.background.values()):
            group = [stem for stem, counts in query.background.items() if counts == weight]
            behind = self._search(query, group)
            found = with_more(found, behind, weight * share_of_background(found, behind))
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
        # Joining and dropping leave fewer hits: go on until there are enough, or no more.
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
