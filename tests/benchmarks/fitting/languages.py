"""Fit the weights of qa/answering/confidence.py on questions in several languages.

python -m tests.benchmarks.fitting.languages de es ru zh --sample 200

Each question is asked twice, once of documents from which those of its own article are taken away.
A logistic regression tells answers that have what was expected from all others. It is fitted on all
languages but one and tried on that one, and last on all of them. "Contained" and "refused" are at
the threshold of the settings, beside the same with the score for English.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import qa
from qa.access import OWNER
from qa.answering.confidence import WEIGHTS, evidence
from qa.answering.quoting import QuotingAnswerer
from qa.answering.units.choosing import sureness
from qa.evaluation.scoring import holds
from qa.evaluation.sets import every
from qa.index.index import Snapshot
from qa.records import MARKER
from qa.retrieval import Query
from tests.benchmarks.sets import BenchmarkSet, article

# Questions that no document answers are asked less often than others.
_HIDDEN_COUNTS = 0.75


@dataclass(frozen=True, slots=True)
class Example:
    """An answer given whatever its score, and what is known of it."""

    hidden: bool
    contained: bool
    evidence: tuple[float, ...]
    as_english: float


def examples(name: str, sample: int | None) -> tuple[list[Example], float]:
    """Every answer to the questions of a set, and the threshold of the settings."""
    benchmark = BenchmarkSet(name)
    with benchmark.assistant() as assistant, assistant.index.reading(OWNER) as snapshot:
        found = [
            example
            for question in every(benchmark.questions, sample)
            for hidden in (False, True)
            if (example := _asked(assistant, snapshot, question, name, hidden)) is not None
        ]
        return found, assistant.settings.threshold


def _asked(
    assistant: qa.Assistant, snapshot: Snapshot, asked: dict[str, Any], name: str, hidden: bool
) -> Example | None:
    question, parts = asked["question"], assistant._finding
    own = f"{name}/{article(asked['doc_ids'][0])}#"
    documents = [id for id in snapshot.entries if not id.startswith(own)] if hidden else None
    vector = parts.retrieval.embedder.embed_query(question)
    hits = parts.retrieval(Query(question, snapshot, parts.settings.limit, documents, {}, vector))
    choices, spans = parts.judged(snapshot, question, hits, vector)
    if not choices:
        return None
    text = MARKER.sub("", "".join(QuotingAnswerer(0.0).stream(question, hits, spans, choices)))
    return Example(
        hidden,
        not hidden and holds(text, asked["answers"]),
        evidence(choices, spans),
        sureness(choices),
    )


def fit(found: Sequence[Example]) -> list[float]:
    """The weights, the constant last."""
    rows = np.array([one.evidence for one in found])
    counts = [_HIDDEN_COUNTS if one.hidden else 1.0 for one in found]
    model = LogisticRegression(C=1, max_iter=3000, fit_intercept=True)
    model.fit(rows[:, :-1], [one.contained for one in found], sample_weight=counts)
    return [*map(float, model.coef_[0]), float(model.intercept_[0])]


def report(label: str, found: Sequence[Example], scores: Sequence[float], threshold: float) -> None:
    """The figures of the questions at a threshold."""
    given = np.array(scores) >= threshold
    hidden = np.array([one.hidden for one in found])
    right = np.array([one.contained for one in found])
    print(
        f"{label}: contained {(right & given)[~hidden].mean():.3f} "
        f"(of at most {right[~hidden].mean():.3f}), refused {1 - given[~hidden].mean():.3f}, "
        f"refused without their documents {1 - given[hidden].mean():.3f}"
    )


def scored(found: Sequence[Example], weights: Sequence[float]) -> list[float]:
    """The score of each example."""
    logits = np.array([one.evidence for one in found]) @ np.array(weights)
    return list(1 / (1 + np.exp(-logits)))


def main() -> None:
    """Print the weights and what they do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="+")
    parser.add_argument("--sample", type=int, default=200, help="questions a language")
    arguments = parser.parse_args()
    asked: dict[str, list[Example]] = {}
    threshold = 0.0
    for language in arguments.languages:
        asked[language], threshold = examples(f"xquad/{language}", arguments.sample)
    for language, found in asked.items():
        report(f"{language}, as English", found, [one.as_english for one in found], threshold)
        others = [one for other, rest in asked.items() if other != language for one in rest]
        if others:
            report(f"{language}, held back", found, scored(found, fit(others)), threshold)
        report(f"{language}, in use", found, scored(found, WEIGHTS), threshold)
    print("weights", np.round(fit([one for rest in asked.values() for one in rest]), 2).tolist())


if __name__ == "__main__":
    main()
