"""The measurements of one answer, and the figures over many.

A figure is a function of the answers' columns, so that it can be computed for any selection of
them; `qa.evaluation.significance` does so to tell a difference from noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.scoring import auroc, expected_calibration_error

Column = NDArray[np.float64]
Mask = NDArray[np.bool_]
Columns = Mapping[str, Column]
"""A value for each question, by name; NaN for a question without one."""

Unit = Literal["share", "ms", "times", "words"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one question.

    Unknown values are None: how well the right document was found if none is named, whether the
    answer is right if none is expected, anything about a quote if there is none. `short` and
    `score` are the answer's; `first` and what precedes it grade the ranking of documents;
    `brought`: the expected answer is in a passage that was found; `exact` and `f1` are of the short
    answer, `text_holds` and `quote_holds` of the text and of its first quote, all three 0 for a
    refusal; `quotes_holding` and `quotes_from_source` count those of the `quotes` that hold the
    expected answer and that are of an expected source; `inexact` names the quotes that differ from
    their document at the cited place; `right`: the given answer contains the expected one, or all
    vital facts. `words` counts the words of a given answer; `recall` to `direct` say whether it
    contains what it has to, see `Expected.nuggets`. Times are in milliseconds, `encoding` is for
    the question alone.
    """

    id: str
    question: str
    answerable: bool
    found: bool
    score: float
    milliseconds: float
    encoding: float
    asked: str = ""
    text: str = ""
    short: str | None = None
    reason: str | None = None
    ndcg_10: float | None = None
    recall_5: float | None = None
    recall_10: float | None = None
    reciprocal_rank_10: float | None = None
    first: float | None = None
    brought: float | None = None
    exact: float | None = None
    f1: float | None = None
    text_holds: float | None = None
    quote_holds: float | None = None
    quotes: int = 0
    quotes_holding: int | None = None
    quotes_from_source: int | None = None
    inexact: tuple[str, ...] = ()
    right: float | None = None
    kind: str = ""
    words: int | None = None
    recall: float | None = None
    complete: float | None = None
    concise: float | None = None
    both: float | None = None
    direct: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over many answers.

    `better` is 1 if more is better and -1 if less is. `over` gives a mask of the questions that it
    is based on; without any, the figure is NaN.
    """

    name: str
    group: str
    label: str
    value: Callable[[Columns], float]
    over: Callable[[Columns], Mask]
    better: Literal[1, -1] = 1
    unit: Unit = "share"


def columns(outcomes: Sequence[Outcome]) -> Columns:
    """The outcomes' numbers, a column each."""
    return {name: np.array([_number(name, one) for one in outcomes]) for name in _NUMBERS}


class Chosen(dict[str, Column]):
    """The columns for some of the questions, possibly with repetitions; each is made when read."""

    def __init__(self, table: Columns, rows: NDArray[np.intp]) -> None:
        super().__init__()
        self._table, self._rows = table, rows

    def __missing__(self, name: str) -> Column:
        column = self[name] = self._table[name][self._rows]
        return column


def answers_given(table: Columns) -> Mask:
    """A mask of the given answers that are known to be right or wrong."""
    return _where((table["found"] == 1) & ~np.isnan(table["right"]))


_TEXTS = {"id", "question", "asked", "text", "short", "reason", "kind"}
_NUMBERS = [one.name for one in fields(Outcome) if one.name not in _TEXTS]


def _where(condition: Any) -> Mask:
    return np.asarray(condition, dtype=np.bool_)


def _number(name: str, outcome: Outcome) -> float:
    value: Any = getattr(outcome, name)
    return float("nan") if value is None else float(len(value) if name == "inexact" else value)


def _mean(values: Column) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _average(
    name: str, group: str, label: str, better: Literal[1, -1] = 1, unit: Unit = "share"
) -> Measure:
    def over(table: Columns) -> Mask:
        return ~np.isnan(table[name])

    def value(table: Columns) -> float:
        return _mean(table[name][over(table)])

    return Measure(name, group, label, value, over, better, unit)


def _of_quotes(name: str, label: str, part: str) -> Measure:
    def over(table: Columns) -> Mask:
        return _quoted(table) & ~np.isnan(table[part])

    def value(table: Columns) -> float:
        counted = over(table)
        return _share(table[part][counted].sum(), table["quotes"][counted].sum())

    return Measure(name, "citations", label, value, over)


def _exactness(table: Columns) -> float:
    quotes = table["quotes"].sum()
    return _share(quotes - table["inexact"].sum(), quotes)


def _quoted(table: Columns) -> Mask:
    return _where(table["quotes"] > 0)


def _answered(table: Columns) -> float:
    return _mean(table["found"][_answerable(table)])


def _answerable(table: Columns) -> Mask:
    return _where(table["answerable"] == 1)


def _unanswerable(table: Columns) -> Mask:
    return _where(table["answerable"] == 0)


def _refused(table: Columns) -> Mask:
    return _where(table["found"] == 0)


def _refusal_precision(table: Columns) -> float:
    # If every question can be answered, all refusals are wrong, which `answered` already shows.
    if not _unanswerable(table).any():
        return float("nan")
    return _share((_refused(table) & _unanswerable(table)).sum(), _refused(table).sum())


def _refusal_recall(table: Columns) -> float:
    return _share((_refused(table) & _unanswerable(table)).sum(), _unanswerable(table).sum())


def _auroc(table: Columns) -> float:
    score = table["score"]
    return auroc(list(score[_answerable(table)]), list(score[_unanswerable(table)]))


def _f1_with_refusals(table: Columns) -> float:
    # SQuAD 2's: a question that has no answer counts 1 if it is refused, else 0.
    counted = _with_refusals(table)
    right = np.where(_unanswerable(table), _refused(table), table["f1"])
    return _mean(right[counted]) if _unanswerable(table).any() else float("nan")


def _with_refusals(table: Columns) -> Mask:
    return _where(_unanswerable(table) | ~np.isnan(table["f1"]))


def _calibration_error(table: Columns) -> float:
    given = answers_given(table)
    return expected_calibration_error(list(table["score"][given]), list(table["right"][given]))


def _percentile(column: str, percent: float) -> Callable[[Columns], float]:
    def value(table: Columns) -> float:
        times = table[column]
        return float(np.percentile(times, percent)) if len(times) else float("nan")

    return value


def _ratio(table: Columns) -> float:
    times = table["milliseconds"] / table["encoding"]
    return float(np.median(times)) if len(times) else float("nan")


def _all(table: Columns) -> Mask:
    return np.ones(len(table["found"]), dtype=bool)


MEASURES: tuple[Measure, ...] = (
    _average("ndcg_10", "retrieval", "nDCG@10"),
    _average("recall_5", "retrieval", "recall@5"),
    _average("recall_10", "retrieval", "recall@10"),
    _average("reciprocal_rank_10", "retrieval", "MRR@10"),
    _average("first", "retrieval", "right document first"),
    _average("brought", "retrieval", "answer among the passages"),
    Measure("answered", "answers", "answered", _answered, _answerable),
    _average("exact", "answers", "short answer, exact match"),
    _average("f1", "answers", "short answer, F1"),
    Measure(
        "f1_with_refusals",
        "answers",
        "F1 with right refusals",
        _f1_with_refusals,
        _with_refusals,
    ),
    _average("text_holds", "answers", "text has the answer"),
    _average("quote_holds", "answers", "first quote has it"),
    _average("words", "answers", "words", -1, "words"),
    _average("recall", "nuggets", "facts said"),
    _average("complete", "nuggets", "complete: all vital facts"),
    _average("concise", "nuggets", "concise"),
    _average("both", "nuggets", "complete and concise"),
    _average("direct", "nuggets", "begins with yes or no as expected"),
    _of_quotes("precision", "quotes with the answer", "quotes_holding"),
    _of_quotes("source_precision", "quotes of a right source", "quotes_from_source"),
    Measure(
        "exactness",
        "citations",
        "quotes exact to the letter",
        _exactness,
        _quoted,
    ),
    Measure("precision", "refusals", "precision", _refusal_precision, _refused),
    Measure("recall", "refusals", "recall", _refusal_recall, _unanswerable),
    Measure("auroc", "refusals", "AUROC of the score", _auroc, _all),
    Measure(
        "expected_error",
        "calibration",
        "expected error",
        _calibration_error,
        answers_given,
        better=-1,
    ),
    Measure("p50", "latency", "p50, ms", _percentile("milliseconds", 50), _all, -1, "ms"),
    Measure("p95", "latency", "p95, ms", _percentile("milliseconds", 95), _all, -1, "ms"),
    Measure(
        "encoding_p50",
        "latency",
        "encoding alone, p50, ms",
        _percentile("encoding", 50),
        _all,
        -1,
        "ms",
    ),
    Measure("ratio", "latency", "times encoding alone", _ratio, _all, -1, "times"),
)
