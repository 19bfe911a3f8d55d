"""How well a reader reads: SQuAD 2's exact match and F1, and how it tells what is not answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from qa.evaluation.scoring import auroc, exact, f1

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a reader gives for a question: a text, and how likely it is that the passage answers."""

    text: str
    answerable: float


@dataclass(frozen=True, slots=True)
class Scores:
    """In percent, but for AUROC and the threshold.

    `exact`, `f1`, `answerable_f1` and `unanswerable` refuse below the threshold, as SQuAD 2
    counts, and answered and unanswered questions count the same, as many as there are of each:
    SQuAD 2 asks as many of the one as of the other. `span_f1` is that of the answered questions
    if nothing is refused. The threshold is the one that gives the best F1, `f1_at_half` what 0.5
    gives.
    """

    questions: int
    exact: float
    f1: float
    answerable_f1: float
    unanswerable: float
    span_f1: float
    auroc: float
    threshold: float
    f1_at_half: float

    def as_dict(self) -> dict[str, float]:
        """The scores by name, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def score(predictions: Sequence[Prediction], gold: Sequence[Sequence[str]]) -> Scores:
    """Score predictions against the answers of each question; no answers: to be refused."""
    answered = np.array([bool(answers) for answers in gold])
    sure = np.array([prediction.answerable for prediction in predictions])
    pairs = list(zip(predictions, gold, strict=True))
    exacts = np.array([exact(prediction.text, answers) for prediction, answers in pairs])
    f1s = np.array([f1(prediction.text, answers) for prediction, answers in pairs])
    weights = compute_sample_weight("balanced", answered)
    threshold = _best_threshold(sure, np.where(answered, f1s, -1.0) * weights)

    def right(values: Values, least: float) -> Values:
        return np.where(answered, values * (sure >= least), sure < least)

    return Scores(
        questions=len(pairs),
        exact=_percent(right(exacts, threshold), weights),
        f1=_percent(right(f1s, threshold), weights),
        answerable_f1=_percent(right(f1s, threshold)[answered]),
        unanswerable=_percent(right(f1s, threshold)[~answered]),
        span_f1=_percent(f1s[answered]),
        auroc=auroc(list(sure[answered]), list(sure[~answered])),
        threshold=threshold,
        f1_at_half=_percent(right(f1s, 0.5), weights),
    )


def _best_threshold(sure: Values, gains: Values) -> float:
    # Going down from refusing everything, each answer wins its F1 or loses a right refusal.
    if not len(sure):
        return 0.5
    downwards = np.argsort(-sure, kind="stable")
    won = gains[downwards].cumsum()
    best = int(won.argmax())
    return float(sure[downwards[best]]) if won[best] > 0 else 1.0


def _percent(values: Values, weights: Values | None = None) -> float:
    return float(100 * np.average(values, weights=weights)) if len(values) else float("nan")
