"""Fit the weights of qa/answering/units/choosing.py on questions whose answers are known.

python -m tests.benchmarks.fitting.units
python -m tests.benchmarks.fitting.units --more FOLDER --sets xquad/en squad2-dev --sample 220

Three fits, one after the other, since each decides what the next one sees: which units are likely,
and so are read (`LIKELY`); which of them come first once they have been read (`WEIGHTS`); and how
surely the first one answers (`SURENESS`). The first two are fitted on questions whose answers are
lists of facts, so that a unit that is complete and concise comes before the others; what is
reported of them is of questions that they were not fitted on (eight folds). The third one is
fitted on the sets with short answers and on the samples as well, each set counting the same. A
folder given with `--more` holds `docs/` and `questions.jsonl`, as the handbook does.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

import qa
from qa.access import OWNER
from qa.answering.units import choosing
from qa.answering.units.choosing import Choice, Signals
from qa.answering.units.selecting import selected
from qa.answering.units.wording import say
from qa.evaluation import read_set
from qa.evaluation.nuggets import recalled
from qa.evaluation.scoring import expected_calibration_error, holds
from qa.index import Scope
from qa.places import sample_folder
from qa.questions import background, form_of, standalone
from tests.benchmarks.answers import expected
from tests.benchmarks.handbook import HANDBOOK
from tests.benchmarks.sets import CACHE, BenchmarkSet, indexed

Values = NDArray[np.float64]

SAMPLES = Path(__file__).parents[2] / "seeds" / "questions.jsonl"
_FOLDS = 8
_WHOLE = 3  # how much more sets with whole answers count in the last fit
_STRENGTH = 0.02  # of the penalty for large weights, of signals in standard deviations
_NOT_READ = Signals.__slots__.index("read")  # the signals before it are known before reading


@dataclass(frozen=True)
class Asked:
    """A question, the signals of its units, best first, which of them are right, and how sure the
    best one is: by what, and whether what is said of it is right.
    """

    of: str
    answerable: bool
    signals: Values
    right: NDArray[np.bool_]
    evidence: tuple[float, ...]
    said_right: bool
    whole: bool  # whether all facts of an answer are known, and not only a short answer


Judge = Callable[[qa.Expected, str], bool]


def complete_and_concise(question: qa.Expected, text: str) -> bool:
    """Whether a text says all that it must, and not much more."""
    return bool(question.answerable and recalled(question, text).get("both"))


def holds_an_answer(question: qa.Expected, text: str) -> bool:
    """Whether a text has what was asked for; if that is facts, all of them."""
    if question.nuggets:
        return bool(question.answerable and recalled(question, text).get("complete"))
    return bool(question.answerable and holds(text, question.answers))


def ask(assistant: qa.Assistant, questions: Sequence[qa.Expected], of: str) -> Iterator[Asked]:
    """Choose the units of each question by the weights as they are now."""
    asking = assistant._finding
    for question in track(questions, description=of):
        text = standalone(question.question, question.history)
        with assistant.index.reading(OWNER) as snapshot:
            found = asking.found(snapshot, text, Scope(), background(text, question.history))
            choices = found.choices
        if choices:
            yield Asked(
                of,
                question.answerable,
                np.array([choice.signals.values() for choice in choices]),
                np.array([complete_and_concise(question, _said(text, [c])) for c in choices]),
                choosing.evidence(choices),
                holds_an_answer(question, _said(text, selected(text, choices))),
                bool(question.nuggets),
            )


def _said(question: str, choices: Sequence[Choice]) -> str:
    form = form_of(question)
    return "\n\n".join(say(choice, form, question).text for choice in choices)


def order(asked: Sequence[Asked], columns: int) -> Values:
    """Weights that put right units before the others: the softmax over a question's units.

    After Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach" (2007).
    """
    every = np.concatenate([one.signals[:, :columns] for one in asked])
    scale = every.std(axis=0) + 1e-6
    lists = [(one.signals[:, :columns] / scale, one.right) for one in asked if one.right.any()]

    def cost(weights: Values) -> tuple[float, Values]:
        total, slope = 0.0, np.zeros(columns)
        for signals, right in lists:
            values = signals @ weights
            total += logsumexp(values) - logsumexp(values[right])
            slope += np.exp(values - logsumexp(values)) @ signals
            slope -= np.exp(values[right] - logsumexp(values[right])) @ signals[right]
        penalty = _STRENGTH * float(weights @ weights)
        return total / len(lists) + penalty, slope / len(lists) + 2 * _STRENGTH * weights

    weights: Values = minimize(cost, np.zeros(columns), jac=True, method="L-BFGS-B").x / scale
    return weights


def report_order(label: str, asked: Sequence[Asked], columns: int) -> None:
    """How often a right unit is first, by weights fitted on other questions."""
    first, three, best, answerable = [], [], [], []
    for train, test in KFold(_FOLDS, shuffle=True, random_state=0).split(asked):
        weights = order([asked[at] for at in train if asked[at].answerable], columns)
        for one in (asked[at] for at in test):
            values = one.signals[:, :columns] @ weights
            ranked = one.right[np.argsort(-values)]
            best.append(values.max())
            answerable.append(one.answerable)
            if one.answerable:
                first.append(ranked[0])
                three.append(ranked[:3].any())
    auroc = roc_auc_score(answerable, best) if not all(answerable) else float("nan")
    print(
        f"{label}: first {sum(first)}, among three {sum(three)} of {len(first)}; "
        f"AUROC of the best one's value {auroc:.3f}"
    )


def surely(asked: Sequence[Asked]) -> Values:
    """Weights, none below zero, and a constant, of the log loss.

    Each set counts the same, but those with whole answers more: they are what people ask.
    """
    rows = np.array([[*one.evidence, 1.0] for one in asked])
    right = np.array([one.said_right for one in asked])
    sizes = {of: sum(one.of == of for one in asked) for of in {one.of for one in asked}}
    counts = np.array([(_WHOLE if one.whole else 1) / sizes[one.of] for one in asked])

    def cost(weights: Values) -> tuple[float, Values]:
        logits = rows @ weights
        losses = np.logaddexp(0, np.where(right, -logits, logits))
        slope = (counts * (expit(logits) - right)) @ rows
        return float(counts @ losses), slope

    bounds = [(0.0, None)] * (rows.shape[1] - 1) + [(None, None)]
    start = np.zeros(rows.shape[1])
    fitted: Values = minimize(cost, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return fitted


def report_sureness(asked: Sequence[Asked], weights: Values) -> None:
    """Calibration, and refusals at each threshold, of every set."""
    for of in dict.fromkeys(one.of for one in asked):
        some = [one for one in asked if one.of == of]
        scores = expit(np.array([[*one.evidence, 1.0] for one in some]) @ weights)
        right = np.array([one.said_right for one in some])
        possible = np.array([one.answerable for one in some])
        print(f"{of}: calibration error {expected_calibration_error(scores, right):.3f}", end="")
        if possible.all():
            print()
            continue
        print(f", AUROC of answerable {roc_auc_score(possible, scores):.3f}")
        for threshold in np.arange(0.15, 0.6, 0.05):
            refused = scores < threshold
            kept = (right & ~refused).sum()
            truly = (refused & ~possible).sum()
            print(
                f"    below {threshold:.2f}: {refused.sum()} refused, precision "
                f"{truly / max(1, refused.sum()):.2f}, recall {truly / (~possible).sum():.2f}; "
                f"{kept} of {right.sum()} right answers kept"
            )


def nuggeted(folder: Path) -> tuple[qa.Assistant, list[qa.Expected]]:
    """An assistant that knows the documents of a folder, and its questions."""
    assistant = qa.Assistant(index=CACHE / folder.name)
    assistant.sync([folder / "docs"])
    return assistant, list(read_set(folder / "questions.jsonl").questions)


def answered(
    sets: Sequence[str], sample: int
) -> Iterator[tuple[str, qa.Assistant, list[qa.Expected]]]:
    """The sets with short answers, half of the questions answerable where there are others."""
    dice = random.Random(1)
    for name in sets:
        one = BenchmarkSet(name)
        questions = expected(one, one.questions)
        dice.shuffle(questions)
        chosen = [
            question
            for answerable in (True, False)
            for question in [q for q in questions if q.answerable is answerable][:sample]
        ]
        yield name, indexed(name.replace("/", "-"), [one]), chosen
    samples = qa.Assistant(index=CACHE / "samples")
    samples.sync([sample_folder()])
    yield "samples", samples, list(read_set(SAMPLES).questions)


def main() -> None:
    """Fit and report, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="folders like the set's")
    parser.add_argument("--sets", nargs="*", default=["xquad/en", "squad2-dev"])
    parser.add_argument("--sample", type=int, default=220, help="questions a set")
    options = parser.parse_args()
    known = [(folder.name, *nuggeted(folder)) for folder in (HANDBOOK, *options.more)]

    def of_facts() -> list[Asked]:
        return [one for of, assistant, some in known for one in ask(assistant, some, of)]

    asked = of_facts()
    report_order("Before reading", asked, _NOT_READ)
    likely = order([one for one in asked if one.answerable], _NOT_READ)
    choosing.LIKELY = tuple(likely.tolist())
    asked = of_facts()
    report_order("Once read", asked, asked[0].signals.shape[1])
    weights = order([one for one in asked if one.answerable], asked[0].signals.shape[1])
    choosing.WEIGHTS = tuple(weights.tolist())
    asked = of_facts()
    for of, assistant, some in answered(options.sets, options.sample):
        asked.extend(ask(assistant, some, of))
    sureness = surely(asked)
    report_sureness(asked, sureness)
    for name, values in (("LIKELY", likely), ("WEIGHTS", weights), ("SURENESS", sureness)):
        print(name, "=", tuple(np.round(values, 2).tolist()))


if __name__ == "__main__":
    main()
