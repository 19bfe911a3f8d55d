"""Fit the weights of qa/reading/by_words.py on questions with known answer sentences.

python -m tests.benchmarks.fitting.quoting nq-open-oracle selqa squad2-dev

Two logistic regressions: one on pairs of sentences of a question, of which one
holds the answer (`SENTENCE_WEIGHTS`), one on the best sentence of every
question, also of questions whose documents were hidden (`ANSWER_WEIGHTS`).
What it prints is a proposal: weights of features that these sets hardly show
(headings, tables, amounts) were set by hand, from the sample questions.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import qa
from qa.access import OWNER
from qa.index.index import Snapshot
from qa.reading.by_words import ANSWER_WEIGHTS, SENTENCE_WEIGHTS, Features, analyse, read_hit
from qa.records import Hit
from qa.retrieval.hybrid import Query
from qa.text.terms import stems
from tests.benchmarks.sets import BenchmarkSet, indexed

# A sentence's features, and whether it holds the answer.
Example = tuple[tuple[float, ...], bool]

_HITS = 3
_HIDDEN_SHARE = 0.35


def examples(
    assistant: qa.Assistant, snapshot: Snapshot, question: dict[str, Any], name: str, *, hide: bool
) -> list[Example]:
    """Every sentence of a question's best hits; `hide` keeps its own documents out."""
    sources = {f"{name}/{id}" for id in question["doc_ids"]}
    documents = None
    if hide:
        articles = tuple(source.rsplit("#", 1)[0] for source in sources)
        documents = [id for id in snapshot.entries if not id.startswith(articles)]
    hits = assistant.retrieval(Query(question["question"], snapshot, 10, documents))
    asked = analyse(question["question"], snapshot.keywords.rarity(stems(question["question"])))
    return [
        (features.values(), _holds(question, hit, start, end, sources))
        for rank, hit in enumerate(hits[:_HITS])
        for start, end, features in read_hit(asked, hit, rank)
    ]


def _holds(question: dict[str, Any], hit: Hit, start: int, end: int, sources: set[str]) -> bool:
    if not question["answerable"] or hit.passage.source not in sources:
        return False
    first, last = hit.passage.start + start, hit.passage.start + end
    return any(
        at is not None and first <= at and at + len(answer) <= last + 1
        for answer, at in zip(question["answers"], question["answer_starts"], strict=True)
    )


def fit_sentences(groups: Sequence[list[Example]]) -> np.ndarray[Any, Any]:
    """The weights by which the sentence that holds the answer comes first."""
    rows, labels = [], []
    for group in groups:
        right = [np.array(values) for values, holds in group if holds]
        wrong = [np.array(values) for values, holds in group if not holds]
        for one in right[:1]:
            for other in wrong:
                rows += [one - other, other - one]
                labels += [1, 0]
    model = LogisticRegression(C=0.3, max_iter=3000, fit_intercept=False)
    weights: np.ndarray[Any, Any] = model.fit(np.array(rows), labels).coef_[0]
    return weights


def fit_answers(groups: Sequence[list[Example]], order: Any) -> list[float]:
    """The weights, and the constant, by which the best sentence's score is a probability."""
    best = [max(group, key=lambda example: np.dot(order, example[0])) for group in groups if group]
    rows, labels = np.array([values for values, _ in best]), [holds for _, holds in best]
    model = LogisticRegression(C=1, max_iter=3000).fit(rows, labels)
    return [*model.coef_[0], model.intercept_[0]]


def report(label: str, groups: Sequence[list[Example]], order: Any, answer: Any) -> None:
    """How often the first sentence is right, and how well its score tells right from wrong."""
    best = [max(group, key=lambda example: np.dot(order, example[0])) for group in groups if group]
    scores = [float(np.dot(answer[:-1], values)) for values, _ in best]
    right = [holds for _, holds in best]
    answerable = [group for group in groups if any(holds for _, holds in group)]
    first = sum(max(g, key=lambda e: np.dot(order, e[0]))[1] for g in answerable)
    print(
        f"{label}: first sentence right {first / len(answerable):.3f}, "
        f"AUROC of the score {roc_auc_score(right, scores):.3f}"
    )


def main() -> None:
    """Fit on two thirds of the questions, report on the last third."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sample", type=int, default=600, help="questions a set")
    arguments = parser.parse_args()
    sets = [BenchmarkSet(name) for name in arguments.sets]
    assistant = indexed("-".join(arguments.sets).replace("/", "-"), sets)
    dice = random.Random(2)
    fitted: list[list[Example]] = []
    held_back: list[list[Example]] = []
    with assistant.index.reading(OWNER) as snapshot:
        for one in sets:
            chosen = dice.sample(one.questions, min(arguments.sample, len(one.questions)))
            for number, question in enumerate(chosen):
                groups = held_back if number % 3 == 0 else fitted
                groups.append(examples(assistant, snapshot, question, one.name, hide=False))
                if dice.random() < _HIDDEN_SHARE:
                    groups.append(examples(assistant, snapshot, question, one.name, hide=True))
    order = fit_sentences(fitted)
    answer = fit_answers(fitted, order)
    names = list(Features.__slots__)
    print("sentence", dict(zip(names, np.round(order, 1).tolist(), strict=True)))
    print("answer", dict(zip([*names, "constant"], np.round(answer, 1).tolist(), strict=True)))
    report("fitted", held_back, order, answer)
    report("in use", held_back, SENTENCE_WEIGHTS, ANSWER_WEIGHTS)


if __name__ == "__main__":
    main()
