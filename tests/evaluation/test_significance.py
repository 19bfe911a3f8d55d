from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

import qa
from qa.evaluation.measures import Outcome
from qa.evaluation.significance import Change, compare


def evaluation(name: str, f1s: Iterable[float], **columns: Sequence[Any]) -> qa.Evaluation:
    """Answers with these F1, to questions 0, 1, 2, …; `columns` change the rest."""
    outcomes = tuple(
        Outcome(
            id=str(number),
            question=str(number),
            **{
                "answerable": True,
                "found": True,
                "score": 0.5,
                "milliseconds": 10.0,
                "encoding": 5.0,
                "f1": float(value),
                **{column: values[number] for column, values in columns.items()},
            },
        )
        for number, value in enumerate(f1s)
    )
    return qa.Evaluation(name, outcomes)


def change(ours: qa.Evaluation, theirs: qa.Evaluation, name: str = "f1") -> Change:
    changes = compare(ours, theirs, resamples=RESAMPLES).changes
    (found,) = (one for one in changes if one.measure.name == name)
    return found


# Enough to tell one in twenty; the default gives a place more.
RESAMPLES = 500
NOISE = np.random.default_rng(7).random(80)


def test_the_same_answers_are_the_same() -> None:
    for one in compare(evaluation("a", NOISE), evaluation("b", NOISE)).changes:
        assert (one.difference, one.low, one.high, one.p, one.verdict) == (0, 0, 0, 1, "same")


def test_a_small_gain_on_every_question_is_more_than_noise() -> None:
    found = change(evaluation("a", NOISE + 0.02), evaluation("b", NOISE))
    assert found.difference == pytest.approx(0.02)
    assert found.low == pytest.approx(0.02)
    assert found.p < 0.01
    assert found.verdict == "better"
    assert change(evaluation("a", NOISE), evaluation("b", NOISE + 0.02)).verdict == "worse"


def test_a_gain_on_one_question_is_noise() -> None:
    more = NOISE.copy()
    more[3] += 1
    found = change(evaluation("a", more), evaluation("b", NOISE))
    assert found.difference == pytest.approx(1 / 80)
    assert found.low <= 0 < found.high
    assert found.verdict == "same"


def test_chance_is_seldom_called_a_difference() -> None:
    random = np.random.default_rng(11)
    verdicts = []
    for _ in range(20):
        ours, theirs = random.random(20), random.random(20)
        both = evaluation("a", ours), evaluation("b", theirs)
        comparison = compare(*both, resamples=200)
        verdicts += [one.verdict for one in comparison.changes if one.measure.name == "f1"]
    assert verdicts.count("same") >= 17


def test_shorter_times_are_better() -> None:
    fast, slow = [10.0] * 30, [20.0] * 30
    ours = evaluation("a", [1] * 30, milliseconds=fast)
    theirs = evaluation("b", [1] * 30, milliseconds=slow)
    found = change(ours, theirs, "p50")
    assert (found.difference, found.verdict) == (-10, "better")
    assert change(ours, theirs).verdict == "same"


def test_figures_that_are_not_means_are_tested_too() -> None:
    answerable = [number % 2 == 0 for number in range(60)]
    told = [0.9 if one else 0.1 for one in answerable]
    mixed = [0.5 + 0.01 * (number % 7) for number in range(60)]
    ours = evaluation("a", NOISE[:60], answerable=answerable, score=told)
    theirs = evaluation("b", NOISE[:60], answerable=answerable, score=mixed)
    found = change(ours, theirs, "auroc")
    assert found.value == 1
    assert 0.3 < found.against < 0.7
    assert 0 < found.low < found.high < 0.8
    assert found.verdict == "better"


def test_only_questions_that_both_have_are_compared() -> None:
    comparison = compare(evaluation("a", NOISE), evaluation("b", NOISE[:20]))
    assert len(comparison.evaluation.outcomes) == len(comparison.against.outcomes) == 20
    assert all(one.verdict == "same" for one in comparison.changes)
    other = qa.Evaluation("other", (Outcome("x", "x", True, True, 0.5, 1.0, 1.0),))
    with pytest.raises(qa.EvaluationError, match="other and a have no question in common"):
        compare(evaluation("a", NOISE), other)


def test_a_few_questions_prove_nothing() -> None:
    fast, slow = ([time] * 4 for time in (10.0, 20.0))
    ours = evaluation("a", [1] * 4, milliseconds=fast)
    assert change(ours, evaluation("b", [0] * 4, milliseconds=slow)).verdict == "same"
    assert change(ours, evaluation("b", [1] * 4, milliseconds=slow), "p50").verdict == "same"


def test_one_question_proves_nothing() -> None:
    found = change(evaluation("a", [1]), evaluation("b", [0]))
    assert (found.difference, found.verdict) == (1, "same")


def test_the_same_comparison_gives_the_same_numbers() -> None:
    both = evaluation("a", NOISE), evaluation("b", NOISE[::-1])
    assert compare(*both, resamples=50).to_dict() == compare(*both, resamples=50).to_dict()


def test_without_the_package_for_tests_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(qa.ModelUnavailableError, match=r'pip install "footnote-qa\[eval\]"'):
        compare(evaluation("a", NOISE), evaluation("b", NOISE))
