"""Fit the weights of qa/reading/by_model.py on questions with known answers.

python -m tests.benchmarks.fitting.reader squad2-dev nq-open-oracle selqa fairytaleqa \
    --held-back FILE

Every sentence of the units that would be read is read, and a logistic regression is fitted to
whether it holds the answer; a second one makes the best sentence's score the share of answers
that are right (Platt scaling). What is reported of fitted weights is of questions about articles
that they were not fitted on (five folds). Questions are read with their documents hidden, too,
and SQuAD 2 brings questions that were made to be unanswerable. `--held-back` is the
`prepared.json` of the training program: of the articles that the reader was trained on, no
question is used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

import qa
from qa.access import OWNER
from qa.answering.units.choosing import to_read
from qa.evaluation.scoring import expected_calibration_error, f1, holds
from qa.index.index import Snapshot
from qa.reading.by_model import WEIGHTS, ExtractiveReader, Signals
from qa.reading.span_model import ABOUT_FILE, PACKAGED
from qa.retrieval.hybrid import Query
from qa.text.terms import stems
from tests.benchmarks.sets import CACHE, BenchmarkSet, article, indexed

Values = NDArray[np.float64]

_HIDDEN_SHARE = 0.35
_FOLDS = 5


@dataclass(frozen=True)
class Read:
    """A sentence that was read: what speaks for it, and how right it and its phrase are."""

    evidence: tuple[float, ...]
    right: bool
    phrase: float


@dataclass(frozen=True)
class Asked:
    """A question, all that was read for it, and whether it could be answered."""

    source: str
    article: str
    answerable: bool
    read: tuple[Read, ...]


def ask(
    assistant: qa.Assistant, snapshot: Snapshot, question: dict[str, Any], name: str, *, hide: bool
) -> Asked:
    """All sentences that are read for a question; `hide` keeps its own documents out."""
    documents = None
    if hide:
        articles = tuple(f"{name}/{article(id)}" for id in question["doc_ids"])
        documents = [id for id in snapshot.entries if not id.startswith(articles)]
    text = question["question"]
    vector = assistant.embedder.embed_query(text)
    hits = assistant.retrieval(Query(text, snapshot, 10, documents, vector=vector))
    reader = assistant.reader
    assert isinstance(reader, ExtractiveReader)
    rarity = snapshot.keywords.rarity(stems(text))
    units = to_read(assistant._finding.likely(snapshot, text, hits, vector, rarity))
    windows = reader.windows(text, units, rarity)
    answers = question["answers"] if question["answerable"] and not hide else []
    read: list[Read] = []
    for one in reader.candidates(text, windows):
        span = one.span()
        right = bool(answers) and holds(span.text, answers)
        phrase = f1(span.short_text or "", answers) if answers else 0.0
        read.append(Read(one.evidence.values(), right, phrase))
    about = f"{name}/{article(question['doc_ids'][0])}" if question["doc_ids"] else name
    return Asked(name, about, bool(answers), tuple(read))


def collect(sets: Sequence[BenchmarkSet], sample: int, held_back: set[str]) -> list[Asked]:
    """Ask a sample of every set, over one index of all of them."""
    name = "-".join(one.name for one in sets).replace("/", "-")
    assistant = indexed(name, sets)
    dice = random.Random(2)
    asked: list[Asked] = []
    with assistant.index.reading(OWNER) as snapshot:
        for one in sets:
            fair = one.untrained(held_back)
            chosen = dice.sample(fair, min(sample, len(fair)))
            for question in track(chosen, description=one.name):
                asked.append(ask(assistant, snapshot, question, one.name, hide=False))
                if question["answerable"] and dice.random() < _HIDDEN_SHARE:
                    asked.append(ask(assistant, snapshot, question, one.name, hide=True))
    return asked


def fit(asked: Sequence[Asked]) -> Values:
    """The weights, the constant last."""
    rows = np.array([read.evidence for one in asked for read in one.read])
    right = np.array([read.right for one in asked for read in one.read])
    centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    model = LogisticRegression(C=1, max_iter=3000).fit((rows - centre) / scale, right)
    weights = model.coef_[0] / scale
    constant = float(model.intercept_[0] - weights @ centre)
    # The best of many is surer than it should be.
    best = [chosen(one, np.append(weights, constant)) for one in asked if one.read]
    logits = np.array([[logit] for logit, _ in best])
    last = LogisticRegression(C=100).fit(logits, [read.right for _, read in best])
    slope, shift = float(last.coef_[0][0]), float(last.intercept_[0])
    return np.append(slope * weights, slope * constant + shift)


def chosen(one: Asked, weights: Values) -> tuple[float, Read]:
    """The best sentence and its logit."""
    logits = [float(np.dot(weights[:-1], read.evidence) + weights[-1]) for read in one.read]
    best = int(np.argmax(logits))
    return logits[best], one.read[best]


Scored = tuple[Asked, float, Read]


def fitted(asked: Sequence[Asked]) -> list[Scored]:
    """The best sentence of each question, by weights that were fitted on other articles."""
    groups = [one.article for one in asked]
    scored: list[Scored] = []
    for train, test in GroupKFold(_FOLDS).split(asked, groups=groups):
        weights = fit([asked[at] for at in train])
        scored.extend(in_use([asked[at] for at in test], weights))
    return scored


def in_use(asked: Sequence[Asked], weights: Values) -> list[Scored]:
    """The best sentence of each question, and its probability."""
    found = [(one, *chosen(one, weights)) for one in asked]
    return [(one, _probability(logit), read) for one, logit, read in found]


def report(label: str, scored: Sequence[Scored], threshold: float) -> None:
    """How often the best sentence is right, its phrase's F1, and what its score is worth."""
    for source in (*dict.fromkeys(one.source for one, _, _ in scored), "all"):
        some = [each for each in scored if source in (each[0].source, "all")]
        scores = np.array([score for _, score, _ in some])
        right = np.array([read.right for _, _, read in some])
        possible = np.array([one.answerable for one, _, _ in some])
        phrase = np.array([read.phrase for _, _, read in some])
        given = scores >= threshold
        print(
            f"{label:8} {source:16} right {right[possible].mean():.3f}, "
            f"phrase F1 {phrase[possible].mean():.3f}, "
            f"AUROC right {roc_auc_score(right, scores):.3f}, "
            f"answerable {roc_auc_score(possible, scores) if not possible.all() else 1:.3f}, "
            f"ECE {expected_calibration_error(scores, right):.3f}, "
            f"of those given {expected_calibration_error(scores[given], right[given]):.3f}"
        )


def thresholds(scored: Sequence[Scored]) -> None:
    """Precision and recall of refusals at each threshold, of SQuAD 2 and of all."""
    for source in ("squad2-dev", "all"):
        some = [each for each in scored if source in (each[0].source, "all")]
        scores = np.array([score for _, score, _ in some])
        impossible = np.array([not one.answerable for one, _, _ in some])
        for threshold in np.arange(0.1, 0.7, 0.05):
            refused = scores < threshold
            precision = (refused & impossible).sum() / max(1, refused.sum())
            recall = (refused & impossible).sum() / max(1, impossible.sum())
            print(
                f"{source:12} threshold {threshold:.2f}: refusals precise {precision:.3f}, "
                f"recall {recall:.3f}"
            )


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _kept(options: argparse.Namespace) -> Path:
    """The file with what this reader read for these questions."""
    reader = qa.Settings.load().reader
    about = (PACKAGED if reader == "packaged" else Path(reader)) / ABOUT_FILE
    told = [about.read_text(), options.held_back.read_text(), *options.sets, options.sample]
    digest = hashlib.sha256(repr([*told, Signals.__slots__]).encode()).hexdigest()
    return CACHE / f"read-{digest[:12]}.pickle"


def main() -> None:
    """Fit on all questions; report by folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sample", type=int, default=500, help="questions a set")
    parser.add_argument("--held-back", type=Path, required=True, help="the prepared.json")
    options = parser.parse_args()
    kept = _kept(options)
    if kept.is_file():
        asked = pickle.loads(kept.read_bytes())
    else:
        held_back = set(json.loads(options.held_back.read_text())["held_back_articles"])
        sets = [BenchmarkSet(name) for name in options.sets]
        asked = collect(sets, options.sample, held_back)
        kept.write_bytes(pickle.dumps(asked))
    asked = [one for one in asked if one.read]
    weights = fit(asked)
    names = [*Signals.__slots__, "constant"]
    print(dict(zip(names, np.round(weights, 3).tolist(), strict=True)))
    threshold = qa.Settings.load().threshold
    scored = fitted(asked)
    report("fitted", scored, threshold)
    thresholds(scored)
    report("in use", in_use(asked, np.array(WEIGHTS)), threshold)


if __name__ == "__main__":
    main()
