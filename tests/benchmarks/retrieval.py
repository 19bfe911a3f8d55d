"""hit@1 and nDCG@10 of each leg and of each fusion, in one run.

python -m tests.benchmarks.retrieval xquad/en scifact ir/cranfield ir/cacm
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from qa.retrieval import Query, Retrieval, Scores, convex, reciprocal_rank
from tests.benchmarks.sets import BenchmarkSet, ndcg

Fusion = Callable[[Scores, Scores], Scores]

_FUSIONS: dict[str, Fusion] = {
    "dense alone": lambda dense, keyword: dense,
    "BM25 alone": lambda dense, keyword: keyword,
    "reciprocal ranks": reciprocal_rank,
    **{
        f"convex {weight}": lambda dense, keyword, weight=weight: convex(dense, keyword, weight)  # type: ignore[misc]
        for weight in (0.3, 0.4, 0.5, 0.6, 0.7)
    },
}


def measure(name: str) -> dict[str, tuple[float, float]]:
    """Fusion -> (hit@1, nDCG@10) on one set."""
    benchmark = BenchmarkSet(name)
    assistant = benchmark.assistant()
    settings = assistant.settings
    retrieval = Retrieval(assistant.embedder, candidates=settings.candidates)
    asked = [q for q in benchmark.questions if q["id"] in benchmark.relevance]
    with assistant.index.reading() as snapshot:
        queries = [Query(question["question"], snapshot) for question in asked]
        legs = [(retrieval.dense(query), retrieval.keyword(query)) for query in queries]
    results = {}
    for label, fusion in _FUSIONS.items():
        hits, gains = 0, 0.0
        for question, (dense, keyword) in zip(asked, legs, strict=True):
            ranked = _documents(fusion(dense, keyword))
            grades = benchmark.relevance[question["id"]]
            hits += bool(ranked) and grades.get(ranked[0], 0) > 0
            gains += ndcg(ranked, grades)
        results[label] = (hits / len(asked), gains / len(asked))
    return results


def _documents(scores: Scores) -> list[str]:
    """The documents of the passages, each at the place of its best one."""
    best_first = sorted(scores, key=lambda id: -scores[id])
    return list(dict.fromkeys(id.rsplit(":", 2)[0] for id in best_first))


def main() -> None:
    """Print a table: a row a fusion, hit@1 and nDCG@10 a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    names = parser.parse_args().sets
    measured = {name: measure(name) for name in names}
    table = Table("", *(f"{name}\nhit@1  nDCG@10" for name in names))
    for label in _FUSIONS:
        cells = (f"{measured[n][label][0]:.3f}  {measured[n][label][1]:.4f}" for n in names)
        table.add_row(label, *cells)
    Console(width=60 + 20 * len(names)).print(table)


if __name__ == "__main__":
    main()
