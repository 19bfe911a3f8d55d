"""nDCG@10 of follow-ups: the last turn only, with its history, ours, and rewritten by hand.

python -m tests.benchmarks.followups

On the follow-ups of mtrag/human_subset. The set does not have the questions that its authors
rewrote, so `data/rewritten.jsonl` has ones of our own, written before anything was tuned on them.
A second part asks questions of xquad/en after two of another article, to see whether what was
said before leaks into a question that has nothing to do with it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import qa
from qa.access import OWNER
from qa.index.index import Snapshot
from qa.questions.followups import background, standalone
from qa.retrieval.hybrid import Query
from tests.benchmarks.sets import BenchmarkSet, indexed, ndcg

REWRITTEN = Path(__file__).parent / "data" / "rewritten.jsonl"
_CHANGES = 200


class Asked(NamedTuple):
    """A question in a conversation, and the documents that answer it."""

    question: str
    history: list[qa.Turn]
    rewritten: str
    grades: dict[str, int]


Form = Callable[[Asked, Snapshot], Query]


def _joined(asked: Asked, snapshot: Snapshot) -> Query:
    said = " ".join(turn.question for turn in asked.history)
    return Query(f"{said} {asked.question}", snapshot)


def _by_rules(asked: Asked, snapshot: Snapshot) -> Query:
    return Query(standalone(asked.question, asked.history), snapshot)


def _ours(asked: Asked, snapshot: Snapshot) -> Query:
    question = standalone(asked.question, asked.history)
    behind = background(question, asked.history)
    return Query(question, snapshot, background=behind)


FORMS: dict[str, Form] = {
    "the last turn only": lambda asked, snapshot: Query(asked.question, snapshot),
    "all questions joined": _joined,
    "completed by the rules": _by_rules,
    "ours: completed, and the questions before as background": _ours,
    "rewritten by hand (the ceiling)": lambda asked, snapshot: Query(asked.rewritten, snapshot),
}


def follow_ups(benchmark: BenchmarkSet) -> list[Asked]:
    """The questions of mtrag that have a history and documents."""
    lines = REWRITTEN.read_text(encoding="utf-8").splitlines()
    rewritten = {row["id"]: row["question"] for row in map(json.loads, lines)}
    found = []
    for question in benchmark.questions:
        grades = benchmark.relevance.get(question["id"])
        said = [turn["text"] for turn in question["history"]]
        turns = [qa.Turn(*pair) for pair in zip(said[::2], said[1::2], strict=True)]
        if grades and turns:
            text = question["question"].strip()
            found.append(Asked(text, turns, rewritten[question["id"]], grades))
    return found


def changes_of_subject(benchmark: BenchmarkSet) -> list[Asked]:
    """Questions of a set, each after two of another article."""
    rng = random.Random(3)
    articles = {document.source: document.title for document in benchmark.documents}
    by_article: dict[str, list[dict[str, str]]] = {}
    for question in benchmark.questions:
        article = articles[f"{benchmark.name}/{question['doc_ids'][0]}"]
        by_article.setdefault(article, []).append(question)
    found = []
    for _ in range(_CHANGES):
        before, now = rng.sample([a for a in by_article if len(by_article[a]) > 1], 2)
        turns = [
            qa.Turn(earlier["question"], earlier["answers"][0])
            for earlier in rng.sample(by_article[before], 2)
        ]
        question = rng.choice(by_article[now])
        text = question["question"].strip()
        found.append(Asked(text, turns, text, benchmark.relevance[question["id"]]))
    return found


def main() -> None:
    """Print the mean nDCG@10 of each form, and its share of the ceiling."""
    conversations, articles = BenchmarkSet("mtrag/human_subset"), BenchmarkSet("xquad/en")
    assistant = indexed("followups", [conversations, articles])
    parts = {
        "follow-ups": follow_ups(conversations),
        "changes of subject": changes_of_subject(articles),
    }
    with assistant.index.reading(OWNER) as snapshot:
        for label, questions in parts.items():
            print(f"{len(questions)} {label}")
            means = {}
            for form, query in FORMS.items():
                gains = []
                for asked in questions:
                    hits = assistant.retrieval(query(asked, snapshot))
                    ranked = list(dict.fromkeys(hit.passage.source for hit in hits))
                    gains.append(ndcg(ranked, asked.grades))
                means[form] = sum(gains) / len(gains)
            ceiling = list(means.values())[-1]
            for form, mean in means.items():
                print(f"  {form}: {mean:.4f}, {mean / ceiling:.3f} of the ceiling")
    assistant.close()


if __name__ == "__main__":
    main()
