"""How often the quoting answerer is right, and how often it refuses.

python -m tests.benchmarks.answers xquad/en
python -m tests.benchmarks.answers nq-open-oracle selqa squad2-dev --sample 600
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from typing import Any

import qa
from tests.benchmarks.sets import BenchmarkSet, indexed


def measure(assistant: qa.Assistant, benchmark: BenchmarkSet, sample: int) -> Counter[str]:
    """Counts over a sample of a set's questions."""
    chosen = benchmark.questions
    if sample and sample < len(chosen):
        chosen = random.Random(0).sample(chosen, sample)
    counts: Counter[str] = Counter()
    for question in chosen:
        answer = assistant.ask(question["question"])
        _check(assistant, answer)
        counts["citations"] += len(answer.citations)
        if question["answerable"]:
            counts["answerable"] += 1
            counts["answered"] += answer.found
            counts.update(_right(answer, question, benchmark))
        else:
            counts["unanswerable"] += 1
            counts["refused"] += not answer.found
    return counts


def _right(answer: qa.Answer, question: dict[str, Any], benchmark: BenchmarkSet) -> Counter[str]:
    wanted = [right.lower() for right in question["answers"]]
    sources = {f"{benchmark.name}/{id}" for id in question["doc_ids"]}

    def holds(text: str) -> bool:
        return any(right in text.lower() for right in wanted)

    return Counter(
        {
            "source first": int(bool(answer.hits) and answer.hits[0].passage.source in sources),
            "text contains": int(answer.found and holds(answer.text)),
            "quote contains": int(answer.found and holds(answer.citations[0].quote)),
            "short given": int(answer.short is not None),
            "short exact": int(answer.short is not None and answer.short.lower() in wanted),
        }
    )


def _check(assistant: qa.Assistant, answer: qa.Answer) -> None:
    for citation in answer.citations:
        text = assistant.document(citation.source).text
        if text[citation.start : citation.end] != citation.quote:
            raise SystemExit(f"A citation is not exact: {citation}")


def main() -> None:
    """Print the counts of each set, over one index of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sample", type=int, default=0, help="questions a set; 0 takes all")
    arguments = parser.parse_args()
    sets = [BenchmarkSet(name) for name in arguments.sets]
    assistant = indexed("-".join(arguments.sets).replace("/", "-"), sets)
    for benchmark in sets:
        counts = measure(assistant, benchmark, arguments.sample)
        answerable, unanswerable = counts["answerable"], counts["unanswerable"]
        print(f"{benchmark.name}: {answerable} answerable, {unanswerable} unanswerable questions")
        for label in ("answered", "source first", "text contains", "quote contains"):
            print(f"  {label}: {counts[label] / max(1, answerable):.3f}")
        given = max(1, counts["short given"])
        print(f"  short exact, of those given: {counts['short exact'] / given:.3f} of {given}")
        if unanswerable:
            print(f"  unanswerable refused: {counts['refused'] / unanswerable:.3f}")
        print(f"  citations exact: {counts['citations']} of {counts['citations']}")


if __name__ == "__main__":
    main()
