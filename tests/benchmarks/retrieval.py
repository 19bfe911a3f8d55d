"""hit@1 and nDCG@10 of each leg, of each fusion, and of txtai's hybrid search, in one run.

python -m tests.benchmarks.retrieval xquad/en scifact ir/cranfield ir/cacm multihop/hotpotqa100

txtai is compared with if it can be imported; it is no dependency. It is given the same passages
and the same vectors, so that only the search differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from qa.access import OWNER
from qa.index.index import Snapshot
from qa.indexing.preparing.splitting import embedded_text
from qa.models.embedders import Embedder
from qa.retrieval.fusing import Scores, convex, reciprocal_rank
from qa.retrieval.hybrid import Query, Retrieval
from tests.benchmarks.sets import BenchmarkSet, ndcg

Fusion = Callable[[Scores, Scores], Scores]
Measured = tuple[float, float]

TXTAI = "txtai, hybrid"
_DEPTH = 100
_FUSIONS: dict[str, Fusion] = {
    "dense alone": lambda dense, keyword: dense,
    "BM25 alone": lambda dense, keyword: keyword,
    "reciprocal ranks": reciprocal_rank,
    **{
        f"convex {weight}": lambda dense, keyword, weight=weight: convex(dense, keyword, weight)  # type: ignore[misc]
        for weight in (0.3, 0.4, 0.5, 0.6, 0.7)
    },
}


def measure(name: str) -> dict[str, Measured]:
    """What was measured -> (hit@1, nDCG@10) on one set; "ours" is the whole retrieval."""
    benchmark = BenchmarkSet(name)
    assistant = benchmark.assistant()
    retrieval = Retrieval(assistant.embedder, candidates=_DEPTH)
    asked = [q for q in benchmark.questions if q["id"] in benchmark.relevance]
    grades = [benchmark.relevance[question["id"]] for question in asked]
    with assistant.index.reading(OWNER) as snapshot:
        queries = [Query(question["question"], snapshot) for question in asked]
        legs = [(retrieval.dense(query), retrieval.keyword(query)) for query in queries]
        results = {
            label: _measured([_documents(fusion(*leg), snapshot) for leg in legs], grades)
            for label, fusion in _FUSIONS.items()
        }
        ours = [[hit.passage.source for hit in assistant.retrieval(query)] for query in queries]
        results["ours, neighbours joined"] = _measured(ours, grades)
        others = _txtai(snapshot, assistant.embedder, [query.question for query in queries])
        if others is not None:
            ranked = [_documents(found, snapshot) for found in others]
            results[TXTAI] = _measured(ranked, grades)
    assistant.close()
    return results


def _txtai(snapshot: Snapshot, embedder: Embedder, questions: Sequence[str]) -> list[Scores] | None:
    """The best passages of txtai for each question, with its scores; None without txtai."""
    try:
        from txtai import Embeddings
    except ImportError:
        print("txtai cannot be imported: it is left out.", file=sys.stderr)
        return None
    ids = [id for entry in snapshot.entries.values() for id in entry.passage_ids]
    texts = {p.id: embedded_text(p, embedder.tokenizer) for p in snapshot.passages(ids)}
    held: Any = snapshot.view.passages.get(include=["embeddings"])
    vectors = {
        texts[id]: vector
        for id, vector in zip(held["ids"], held["embeddings"], strict=True)
        if id in texts
    }

    def transform(wanted: Sequence[str]) -> Any:
        return np.asarray(
            [vectors[t] if t in vectors else embedder.embed_query(t) for t in wanted], "f4"
        )

    other = Embeddings(
        {"method": "external", "transform": transform, "hybrid": True, "content": False}
    )
    other.index((id, text, None) for id, text in texts.items())
    return [dict(other.search(question, _DEPTH)) for question in questions]


def _measured(ranked: Sequence[Sequence[str]], grades: Sequence[dict[str, int]]) -> Measured:
    hits, gains = 0, 0.0
    for sources, grade in zip(ranked, grades, strict=True):
        documents = list(dict.fromkeys(sources))
        hits += bool(documents) and grade.get(documents[0], 0) > 0
        gains += ndcg(documents, grade)
    return hits / len(ranked), gains / len(ranked)


def _documents(scores: Scores, snapshot: Snapshot) -> list[str]:
    """The documents of the passages, each at the place of its best one."""
    best_first = sorted(scores, key=lambda id: -scores[id])
    return [snapshot.entries[id.rsplit(":", 2)[0]].source for id in best_first]


def main() -> None:
    """Print a table: for each fusion and set, hit@1 and nDCG@10, also against the better leg."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    names = parser.parse_args().sets
    measured = {name: measure(name) for name in names}
    table = Table("", *(f"{name}\nhit@1  nDCG@10  ratio" for name in names))
    for label in next(iter(measured.values())):
        cells = []
        for name in names:
            first, gain = measured[name][label]
            leg = max(measured[name][alone][1] for alone in ("dense alone", "BM25 alone"))
            cells.append(f"{first:.3f}  {gain:.4f}  {gain / leg:.3f}")
        table.add_row(label, *cells)
    Console(width=40 + 26 * len(names)).print(table)


if __name__ == "__main__":
    main()
