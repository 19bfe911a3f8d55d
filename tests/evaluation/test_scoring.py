from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from qa.evaluation.scoring import (
    auroc,
    exact,
    expected_calibration_error,
    f1,
    holds,
    normalised,
    reliability,
)

shares = st.floats(0, 1)


# Words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("The Cat, a hat.", "cat hat"),
        ("1,940 sondes!", "1940 sondes"),
        ("  An\n another\tday ", "another day"),
        ("Theatre", "theatre"),
        ("the", ""),
    ],
)
def test_case_punctuation_articles_and_spaces_do_not_count(text: str, plain: str) -> None:
    assert normalised(text) == plain


def test_an_exact_match_is_with_any_of_the_answers() -> None:
    assert exact("The June.", ["in May", "june"]) == 1
    assert exact("in June", ["June"]) == 0
    assert exact("", ["June"]) == 0
    assert exact("June", []) == 0


def test_f1_is_as_calculated_by_hand() -> None:
    # One of the two words given is right, one of the three wanted is found: 2 · 1 / (2 + 3).
    assert f1("red car", ["red fast boat"]) == pytest.approx(0.4)
    # "red red" against "red": one in common, 2 · 1 / (2 + 1).
    assert f1("red red", ["red"]) == pytest.approx(2 / 3)
    assert f1("red car", ["blue", "a red car"]) == 1
    assert f1("", ["red"]) == 0
    assert f1("red", []) == 0
    assert f1("the", ["a"]) == 1


@settings(deadline=None)
@given(st.text(), st.lists(st.text(), max_size=3))
def test_an_exact_match_has_an_f1_of_one_and_nothing_has_more(
    text: str, answers: list[str]
) -> None:
    assert 0 <= f1(text, answers) <= 1
    if exact(text, answers):
        assert f1(text, answers) == 1
    assert f1(text, [*answers, text]) == 1


def test_a_text_holds_an_answer_in_other_case_and_punctuation() -> None:
    assert holds("He arrived on the 3rd, in June.", ["In June"])
    assert holds("1,940 sondes had data.", ["1940"])
    assert holds("Newton's laws", ["Newton"])
    assert holds("会议在曼谷举行。", ["曼谷"])
    assert not holds("In May.", ["June"])


def test_a_number_is_not_found_in_a_longer_one() -> None:
    assert not holds("in 2016", ["20"])
    assert not holds("1,940", ["940"])
    assert holds("20 in 2016", ["20"])


@pytest.mark.parametrize(
    ("text", "answer", "held"),
    [
        ("The three managers approve leave.", "HR", False),
        ("HR approves leave.", "HR", True),
        ("They are with item 4.", "IT", False),
        ("She knows it.", "no", False),
        ("No, she does not.", "no", True),
        ("Newton's laws", "Newton", True),
        ("The managers agree.", "manager", True),
        ("The fee is 1.5 euros.", "15", False),
        ("The fee is 2.50 euros.", "250 euros", False),
        ("The fee is €12.50.", "€1,250", False),
        ("The fee is €1250.", "€1,250", True),
        ("The fee is 1.5 euros.", "1.5", True),
        ("It rose by 12 to 1.512.", "12", True),
        ("It rose to 1.512.", "12", False),
        ("Six-time winner Ada King", "Six", True),
        ("a six-time winner", "six-time", True),
        ("曼谷和河内都在考虑之中。", "曼谷", True),
        ("The flat is in energy class A.", "A", True),
    ],
)
def test_longer_words_and_numbers_are_different_ones(text: str, answer: str, held: bool) -> None:
    assert holds(text, [answer]) is held


@pytest.mark.parametrize("answer", ["", " "])
def test_an_empty_answer_is_found_nowhere(answer: str) -> None:
    assert not holds("Anything at all.", [answer])


def test_an_answer_of_only_punctuation_or_an_article_is_searched_for_unchanged() -> None:
    assert not holds("vitamin B", ["The"])
    assert holds("the grade is +", ["grade is"])


@settings(deadline=None)
@given(st.text(min_size=1), st.text(), st.text())
def test_what_is_between_spaces_is_found(answer: str, before: str, after: str) -> None:
    if normalised(answer):
        assert holds(f"{before} {answer} {after}", [answer])


# Scores


def test_auroc_is_as_calculated_by_hand() -> None:
    # Of six pairs, four are in order and one is a tie.
    assert auroc([0.9, 0.5, 0.2], [0.5, 0.1]) == pytest.approx((2 + 1.5 + 1) / 6)
    assert math.isnan(auroc([], [0.5]))
    assert math.isnan(auroc([0.5], []))


@settings(deadline=None)
@given(st.lists(shares, min_size=1), st.lists(shares, min_size=1))
def test_auroc_is_that_of_scikit_learn(positive: list[float], negative: list[float]) -> None:
    truth = [1] * len(positive) + [0] * len(negative)
    assert auroc(positive, negative) == pytest.approx(
        float(roc_auc_score(truth, positive + negative))
    )


def test_reliability_is_as_calculated_by_hand() -> None:
    first, second, last = reliability([0.1, 0.15, 0.62, 1.0, 0.95], [0, 1, 1, 1, 0])
    assert (first.low, first.high, first.count) == (0.1, 0.2, 2)
    assert first.score == pytest.approx(0.125)
    assert first.right == 0.5
    assert (second.count, second.right) == (1, 1)
    assert (last.low, last.high, last.count, last.right) == (0.9, 1.0, 2, 0.5)
    # (2 · |0.5 − 0.125| + 1 · |1 − 0.62| + 2 · |0.5 − 0.975|) / 5
    error = expected_calibration_error([0.1, 0.15, 0.62, 1.0, 0.95], [0, 1, 1, 1, 0])
    assert error == pytest.approx((0.75 + 0.38 + 0.95) / 5)


def test_without_answers_there_is_no_calibration_error() -> None:
    assert reliability([], []) == []
    assert math.isnan(expected_calibration_error([], []))


@settings(deadline=None)
@given(st.lists(st.tuples(shares, st.booleans()), min_size=1))
def test_every_answer_is_in_one_bin(answers: list[tuple[float, bool]]) -> None:
    scores = [score for score, _ in answers]
    right = [float(one) for _, one in answers]
    bins = reliability(scores, right)
    assert sum(one.count for one in bins) == len(answers)
    assert all(one.low - 1e-9 <= one.score <= one.high + 1e-9 for one in bins)
    assert 0 <= expected_calibration_error(scores, right) <= 1


def test_sure_right_answers_and_unsure_wrong_ones_are_calibrated() -> None:
    assert expected_calibration_error([1.0, 1.0, 0.0], [1, 1, 0]) == 0
    assert expected_calibration_error([1.0, 0.0], [0, 1]) == 1
