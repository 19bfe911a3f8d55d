"""How well an Assistant answers: a set of questions is asked, and the answers are measured."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from qa.errors import EvaluationError, UnknownSourceError, extra, need
from qa.evaluation.measures import MEASURES, Columns, Outcome, answers_given, columns
from qa.evaluation.nuggets import recalled, words
from qa.evaluation.scoring import Bin, exact, f1, holds, reliability
from qa.evaluation.sets import Expected, named
from qa.records import MARKER
from qa.text.markup.links import without_links

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import Answer

DEPTH = 10
# The number of passages to search for if those of an answer are from fewer than `DEPTH` documents.
_PASSAGES = 5 * DEPTH
_THAT_COUNT = {
    *("index", "embedder", "passage_tokens", "fast_encoder"),
    *("limit", "candidates", "dense_weight", "reader", "threshold"),
    *("chat_model", "chat_model_timeout", "unsupported", "max_question_characters"),
}
_OUTCOMES = TypeAdapter(tuple[Outcome, ...])


@dataclass(frozen=True)
class Evaluation:
    """The outcomes of the questions of a set, with their figures.

    `settings` are those of the Assistant's settings that can change an answer.
    """

    name: str
    outcomes: tuple[Outcome, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def columns(self) -> Columns:
        """The outcomes' numbers, one column for each."""
        return columns(self.outcomes)

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Group -> measure -> value, for the measures that the set allows; shares are in 0..1."""
        figures: dict[str, dict[str, float]] = {}
        for measure in MEASURES:
            value = measure.value(self.columns)
            if not math.isnan(value):
                figures.setdefault(measure.group, {})[measure.name] = value
        return figures

    @property
    def bins(self) -> list[Bin]:
        """The given answers by score, with the share of right ones."""
        given = answers_given(self.columns)
        return reliability(list(self.columns["score"][given]), list(self.columns["right"][given]))

    @property
    def inexact(self) -> list[str]:
        """Quotes that differ from their document at the cited place; there must be none."""
        return [place for outcome in self.outcomes for place in outcome.inexact]

    @property
    def kinds(self) -> Mapping[str, Evaluation]:
        """An evaluation for each kind of question, if they have kinds, in their order.

        See `Expected.kind`.
        """
        by_kind: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            if outcome.kind:
                by_kind.setdefault(outcome.kind, []).append(outcome)
        return {
            kind: Evaluation(f"{self.name}: {kind}", tuple(outcomes), self.settings)
            for kind, outcomes in by_kind.items()
        }

    def of(self, ids: Sequence[str]) -> Evaluation:
        """The evaluation of some of the questions, in this order."""
        by_id = {outcome.id: outcome for outcome in self.outcomes}
        return Evaluation(self.name, tuple(by_id[id] for id in ids), self.settings)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as JSON, as `qa eval --json` gives it."""
        return {
            "set": self.name,
            "questions": len(self.outcomes),
            "answerable": sum(outcome.answerable for outcome in self.outcomes),
            "settings": dict(self.settings),
            "measures": self._rounded(),
            "kinds": {
                kind: {"questions": len(one.outcomes), "measures": one._rounded()}
                for kind, one in self.kinds.items()
            },
            "reliability": [asdict(one) for one in self.bins],
            "inexact": self.inexact,
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }

    def _rounded(self) -> dict[str, dict[str, float]]:
        return {
            group: {name: round(value, 6) for name, value in figures.items()}
            for group, figures in self.figures.items()
        }

    @classmethod
    def load(cls, path: Path) -> Evaluation:
        """Read the output of `qa eval --json`.

        Raises:
            EvaluationError: the file does not exist, or is something else.
        """
        try:
            # In UTF-8, or in the encoding of a Windows shell.
            saved = TypeAdapter(dict[str, Any]).validate_python(json.loads(path.read_bytes()))
            outcomes = _OUTCOMES.validate_python(saved["outcomes"])
            return cls(str(saved["set"]), outcomes, dict(saved["settings"]))
        except OSError as error:
            raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise EvaluationError(
                f"{path} is not a saved evaluation. Make one with: qa eval SET --json > {path.name}"
            ) from error


def evaluate(
    assistant: Assistant,
    questions: Sequence[Expected],
    *,
    name: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Ask every question and measure the answers.

    `progress` is called with the number of questions done and their total.

    Raises:
        EvaluationError: there is no question.
        ModelUnavailableError: the package that grades rankings is missing.
        QAError: the index or a model cannot be used.
    """
    if not questions:
        raise EvaluationError("There is no question to ask.")
    done: list[Outcome] = []
    for (outcome,) in asked([assistant], questions):
        done.append(outcome)
        if progress is not None:
            progress(len(done), len(questions))
    return Evaluation(name, tuple(done), settings_of(assistant))


def asked(
    assistants: Sequence[Assistant], questions: Sequence[Expected]
) -> Iterator[tuple[Outcome, ...]]:
    """The outcomes of each question with each of the assistants, question by question.

    The assistants take turns, so that other load on the machine slows all of them alike.
    """
    need_ranking_measures()
    questions = named(questions)
    for assistant in assistants:
        # What is opened for the first question does not belong to an answer's time.
        assistant.ask(questions[0].question)
        assistant.embedder.encode([questions[0].question])
    for number, question in enumerate(questions):
        first = number % len(assistants)
        order = [*range(first, len(assistants)), *range(first)]
        outcomes = {place: _outcome(assistants[place], question) for place in order}
        yield tuple(outcomes[place] for place in range(len(assistants)))


def settings_of(assistant: Assistant) -> Mapping[str, Any]:
    """The settings that can change an answer."""
    return assistant.settings.model_dump(include=_THAT_COUNT)


def need_ranking_measures() -> None:
    """Make sure that rankings can be graded.

    Raises:
        ModelUnavailableError: the package for it is missing.
    """
    need("Evaluating", "ir_measures", "ir-measures", extra("eval"))


def _outcome(assistant: Assistant, expected: Expected) -> Outcome:
    started = time.perf_counter()
    assistant.embedder.encode([expected.question])
    encoded = time.perf_counter()
    answer = assistant.ask(expected.question, history=expected.history)
    done = time.perf_counter()
    return Outcome(
        id=expected.id,
        question=expected.question,
        answerable=expected.answerable,
        found=answer.found,
        score=answer.score,
        milliseconds=1000 * (done - encoded),
        encoding=1000 * (encoded - started),
        asked=answer.asked,
        text=answer.text,
        short=answer.short,
        reason=answer.reason,
        quotes=len(answer.citations),
        inexact=tuple(_inexact(assistant, expected, answer)),
        kind=expected.kind,
        words=words(MARKER.sub("", answer.text)) if answer.found else None,
        **_graded_ranking(assistant, expected, answer),
        **_graded_words(expected, answer),
    )


def _graded_ranking(assistant: Assistant, expected: Expected, answer: Answer) -> dict[str, Any]:
    if not expected.sources:
        return {}
    sources = [hit.passage.source for hit in answer.hits]
    if len(set(sources)) < DEPTH:
        deeper = assistant.search(answer.asked or answer.question, limit=_PASSAGES)
        sources += [hit.passage.source for hit in deeper]
    quoted = sum(citation.source in expected.sources for citation in answer.citations)
    ranked = list(dict.fromkeys(sources))[:DEPTH]
    return {**ranking_grades(ranked, expected.sources), "quotes_from_source": quoted}


def ranking_grades(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """nDCG, recall, reciprocal rank and success of a ranking, best first, of distinct documents.

    They are counted as in trec_eval: a document's gain is its grade, and any grade above 0 is
    right.
    """
    # ir-measures uses trec_eval itself, in a wheel of 0.3 MB; ranx gives the same figures, but
    # requires numba, pandas, seaborn and ten other packages, and compiles for seconds first.
    import ir_measures

    names = {
        ir_measures.nDCG @ DEPTH: f"ndcg_{DEPTH}",
        ir_measures.R @ 5: "recall_5",
        ir_measures.R @ DEPTH: f"recall_{DEPTH}",
        ir_measures.RR @ DEPTH: f"reciprocal_rank_{DEPTH}",
        ir_measures.Success @ 1: "first",
    }
    run = {"": {source: float(-rank) for rank, source in enumerate(ranked)}}
    found = ir_measures.iter_calc(list(names), {"": dict(grades)}, run)
    return {names[one.measure]: float(one.value) for one in found}


def _graded_words(expected: Expected, answer: Answer) -> dict[str, Any]:
    if not expected.answerable:
        # Any answer is wrong; refusals are counted separately.
        return {"right": 0.0} if answer.found else {}
    # "[1]" is not the answer "1".
    text = without_links(MARKER.sub("", answer.text)) if answer.found else ""
    grades: dict[str, Any] = dict(recalled(expected, text))
    if answer.found and "complete" in grades:
        grades["right"] = grades["complete"]
    if not expected.answers:
        return grades
    wanted = expected.answers
    quotes = [holds(citation.quote, wanted) for citation in answer.citations]
    said = holds(text, wanted)
    grades |= {
        "brought": float(any(holds(hit.passage.text, wanted) for hit in answer.hits)),
        "exact": exact(answer.short, wanted) if answer.short else 0.0,
        "f1": f1(answer.short, wanted) if answer.short else 0.0,
        "text_holds": float(said),
        "quote_holds": float(bool(quotes) and quotes[0]),
        "quotes_holding": sum(quotes),
    }
    return {"right": float(said), **grades} if answer.found else grades


def _inexact(assistant: Assistant, expected: Expected, answer: Answer) -> Iterator[str]:
    for citation in answer.citations:
        try:
            text = assistant.document(citation.source).text
        except UnknownSourceError:
            text = ""
        if text[citation.start : citation.end] != citation.quote:
            yield (
                f"{expected.id}: {citation.marker} {citation.source}, "
                f"{citation.start} to {citation.end}"
            )
