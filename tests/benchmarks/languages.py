"""hit@1 of the keyword leg alone, one row for each language: it needs no model of the language.

python -m tests.benchmarks.languages
"""

from __future__ import annotations

from qa.index.keywords import KeywordIndex
from qa.indexing.preparing.splitting import passage_limit, split
from qa.models.embedders import open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.text.language import asked_native_stems
from qa.text.terms import stems
from tests.benchmarks.sets import BENCH, BenchmarkSet


def hit_rate(name: str) -> tuple[int, float]:
    """How many questions a set has, and the share whose document comes first by words."""
    benchmark = BenchmarkSet(name)
    embedder = open_embedder(PACKAGED_EMBEDDER)
    limit = passage_limit(embedder.max_tokens, 200)
    passages = {
        document.id: split(document, embedder.tokenizer, limit) for document in benchmark.documents
    }
    keywords = KeywordIndex(None)
    keywords.reconcile(
        dict.fromkeys(passages, "1"),
        lambda ids: [passage for id in ids for passage in passages[id]],
    )
    sources = {p.id: p.source for several in passages.values() for p in several}
    hits = 0
    for question in benchmark.questions:
        found = keywords.search(_sought(question["question"]), 1)
        grades = benchmark.relevance[question["id"]]
        hits += bool(found) and grades.get(sources[found[0][0]], 0) > 0
    keywords.close()
    return len(benchmark.questions), hits / len(benchmark.questions)


def _sought(question: str) -> list[str]:
    asked = stems(question) or stems(question, keep_stop_words=True)
    return [*asked, *asked_native_stems(question)]


def main() -> None:
    """Print one line for each language."""
    for folder in sorted((BENCH / "xquad").iterdir()):
        count, share = hit_rate(f"xquad/{folder.name}")
        print(f"{folder.name}: {share:.3f} of {count} questions")


if __name__ == "__main__":
    main()
