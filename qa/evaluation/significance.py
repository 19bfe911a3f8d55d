"""Compare two evaluations of the same questions: which differences are more than noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import EvaluationError, extra, need
from qa.evaluation.evaluation import Evaluation
from qa.evaluation.measures import MEASURES, Chosen, Columns, Measure

RESAMPLES = 2000
LEVEL = 0.05

Rows = NDArray[np.intp]
Difference = Callable[[Rows, Rows], float]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of an evaluation against that of another one.

    The difference is between `low` and `high` in 95 of 100 cases (paired bootstrap over the
    questions). `p` is how often a difference as large would occur if it were up to chance which of
    the two gave which answer (paired permutation test; for times, the paired bootstrap), adjusted
    for the number of figures. `verdict` is "same" unless `p` is below one in twenty.
    """

    measure: Measure
    value: float
    against: float
    low: float
    high: float
    p: float

    @property
    def difference(self) -> float:
        """The difference to the other figure."""
        return self.value - self.against

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `same` for no more than noise."""
        if self.p >= LEVEL or not self.difference:
            return "same"
        return "better" if self.difference * self.measure.better > 0 else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations, limited to their common questions, and how each figure changes."""

    evaluation: Evaluation
    against: Evaluation
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON, as `qa eval --against … --json` prints it."""
        return {
            "evaluation": self.evaluation.to_dict(),
            "against": self.against.to_dict(),
            "differences": [_plain(change) for change in self.changes],
        }


def need_statistics() -> None:
    """Make sure that differences can be tested.

    Raises:
        ModelUnavailableError: the package for it is missing.
    """
    need("Comparing", "scipy", "scipy", extra("eval"))


def compare(
    evaluation: Evaluation, against: Evaluation, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compare two evaluations on the questions that both have.

    The tests are those of Smucker, Allan and Carterette (CIKM 2007) and Sakai (SIGIR 2006);
    p values are adjusted after Benjamini and Hochberg (1995).

    Raises:
        EvaluationError: no question is in both.
        ModelUnavailableError: the package with the tests is missing.
    """
    need_statistics()
    theirs = {outcome.id: outcome for outcome in against.outcomes}
    shared = [
        outcome.id
        for outcome in evaluation.outcomes
        if outcome.id in theirs and outcome.question == theirs[outcome.id].question
    ]
    if not shared:
        raise EvaluationError(
            f"{against.name} and {evaluation.name} have no question in common; only answers to "
            "the same questions can be compared."
        )
    ours, other = evaluation.of(shared), against.of(shared)
    both = {
        name: np.concatenate([column, other.columns[name]]) for name, column in ours.columns.items()
    }
    measured = [
        change
        for measure in MEASURES
        if (change := _change(measure, both, len(shared), resamples, seed)) is not None
    ]
    return Comparison(ours, other, tuple(_adjusted(measured)))


def _change(
    measure: Measure, both: Columns, questions: int, resamples: int, seed: int
) -> Change | None:
    """A figure over the first half of the rows against the second half."""
    from scipy import stats

    pairs = np.arange(questions), np.arange(questions) + questions
    ours, theirs = (Chosen(both, rows) for rows in pairs)
    value, against = measure.value(ours), measure.value(theirs)
    if math.isnan(value) or math.isnan(against):
        return None

    def difference(first: Rows, second: Rows) -> float:
        gap = measure.value(Chosen(both, first)) - measure.value(Chosen(both, second))
        # A selection without any question that counts shows no difference.
        return 0.0 if math.isnan(gap) else gap

    # The figure only depends on the columns that it read.
    if all(np.array_equal(ours[name], theirs[name], equal_nan=True) for name in ours):
        return Change(measure, value, against, 0.0, 0.0, 1.0)
    if questions < 2:
        return Change(measure, value, against, value - against, value - against, 1.0)
    drawn = stats.bootstrap(
        pairs, difference, paired=True, vectorized=False, method="percentile",
        n_resamples=resamples, rng=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = map(float, drawn.confidence_interval)
    if measure.unit == "share":
        p = float(
            stats.permutation_test(
                pairs, difference, permutation_type="samples", vectorized=False,
                n_resamples=resamples, rng=np.random.default_rng(seed),
            ).pvalue
        )  # fmt: skip
    else:
        p = _beyond_zero(drawn.bootstrap_distribution, questions)
    return Change(measure, value, against, low, high, p)


def _beyond_zero(differences: NDArray[np.float64], questions: int) -> float:
    """How often a bootstrapped difference is on the other side of zero, for both sides.

    Permutations are of no use for quantiles of times: if one run is slower throughout, the quantile
    of swapped times jumps from one to the other. As with a permutation test, too few questions
    prove nothing.
    """
    fewer = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(1.0, max(2 * (fewer + 1) / (len(differences) + 1), 2.0 ** (1 - questions))))


def _adjusted(changes: Sequence[Change]) -> list[Change]:
    """The changes with p values adjusted for the number of figures that could have changed."""
    from scipy import stats

    # If no selection of questions makes a difference, nothing was tested.
    tested = [change for change in changes if change.difference or change.low or change.high]
    if not tested:
        return list(changes)
    adjusted = stats.false_discovery_control([change.p for change in tested], method="bh")
    by_measure = dict(zip((change.measure for change in tested), adjusted, strict=True))
    return [replace(one, p=float(by_measure.get(one.measure, one.p))) for one in changes]


def _plain(change: Change) -> dict[str, Any]:
    return {
        "measure": f"{change.measure.group}.{change.measure.name}",
        "value": round(change.value, 6),
        "against": round(change.against, 6),
        "difference": round(change.difference, 6),
        "low": round(change.low, 6),
        "high": round(change.high, 6),
        "p": round(change.p, 6),
        "verdict": change.verdict,
    }
