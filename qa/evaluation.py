"""How well an Assistant answers: a set of questions asked, and what came of them measured."""

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

from qa.answering import MARKER
from qa.errors import EvaluationError, ModelUnavailableError, UnknownSourceError
from qa.evaluation_measures import MEASURES, Columns, Outcome, answers_given, columns
from qa.evaluation_sets import Expected, named
from qa.scoring import Bin, exact, f1, holds, reliability

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import Answer

DEPTH = 10
# So many passages are searched where those of an answer come from fewer than `DEPTH` documents.
_PASSAGES = 5 * DEPTH
_OUTCOMES = TypeAdapter(tuple[Outcome, ...])


@dataclass(frozen=True)
class Evaluation:
    """What came of the questions of a set, and the figures made of it.

    `settings` are those that the Assistant had, as far as they can change an answer.
    """

    name: str
    outcomes: tuple[Outcome, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def columns(self) -> Columns:
        """The outcomes' numbers, a column each."""
        return columns(self.outcomes)

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Group -> measure -> value, of those that the set can tell; shares are in 0..1."""
        figures: dict[str, dict[str, float]] = {}
        for measure in MEASURES:
            value = measure.value(self.columns)
            if not math.isnan(value):
                figures.setdefault(measure.group, {})[measure.name] = value
        return figures

    @property
    def bins(self) -> list[Bin]:
        """The answers given by score, with the share of them that is right."""
        given = answers_given(self.columns)
        return reliability(list(self.columns["score"][given]), list(self.columns["right"][given]))

    @property
    def inexact(self) -> list[str]:
        """Quotes that are not what their document says at that place; there must be none."""
        return [place for outcome in self.outcomes for place in outcome.inexact]

    def of(self, ids: Sequence[str]) -> Evaluation:
        """The same, of some of the questions, in that order."""
        by_id = {outcome.id: outcome for outcome in self.outcomes}
        return Evaluation(self.name, tuple(by_id[id] for id in ids), self.settings)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as JSON, as `qa eval --json` gives it."""
        return {
            "set": self.name,
            "questions": len(self.outcomes),
            "answerable": sum(outcome.answerable for outcome in self.outcomes),
            "settings": dict(self.settings),
            "measures": {
                group: {name: round(value, 6) for name, value in figures.items()}
                for group, figures in self.figures.items()
            },
            "reliability": [asdict(one) for one in self.bins],
            "inexact": self.inexact,
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
        }

    @classmethod
    def load(cls, path: Path) -> Evaluation:
        """Read what `qa eval --json` gave.

        Raises:
            EvaluationError: the file is not there, or is something else.
        """
        try:
            # In UTF-8 or in what a shell of Windows makes of it.
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
    """Ask every question and measure what comes of it.

    `progress` is called with how many questions of how many are done.

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
    """What comes of each question with each of the assistants, question after question.

    They take turns, so that whatever else the machine does slows all of them alike.
    """
    need_ranking_measures()
    questions = named(questions)
    for assistant in assistants:
        # What is opened for the first question is not part of what an answer takes.
        assistant.ask(questions[0].question)
        assistant.embedder.encode([questions[0].question])
    for number, question in enumerate(questions):
        first = number % len(assistants)
        order = [*range(first, len(assistants)), *range(first)]
        outcomes = {place: _outcome(assistants[place], question) for place in order}
        yield tuple(outcomes[place] for place in range(len(assistants)))


def settings_of(assistant: Assistant) -> Mapping[str, Any]:
    """The settings that can change an answer."""
    away = {"chat_model_url", "lock_timeout", "max_file_megabytes"}
    return assistant.settings.model_dump(exclude=away)


def need_ranking_measures() -> None:
    """Make sure that rankings can be graded.

    Raises:
        ModelUnavailableError: the package for it is missing.
    """
    try:
        import ir_measures  # noqa: F401
    except ImportError as error:
        raise ModelUnavailableError(
            'Evaluating needs the package ir-measures. Run: pip install "footnote-qa[eval]"'
        ) from error


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

    As trec_eval counts them: the gain of a document is its grade, and any grade above 0 is right.
    """
    # ir-measures goes through trec_eval itself, in a wheel of 0.3 MB; ranx counts the same but
    # brings numba, pandas, seaborn and ten others, and compiles for seconds before it counts.
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
        # Whatever was said is wrong; what was refused is counted among the refusals.
        return {"right": 0.0} if answer.found else {}
    if not expected.answers:
        return {}
    wanted = expected.answers
    quotes = [holds(citation.quote, wanted) for citation in answer.citations]
    # "[1]" is not the answer "1".
    said = answer.found and holds(MARKER.sub("", answer.text), wanted)
    grades: dict[str, Any] = {
        "brought": float(any(holds(hit.passage.text, wanted) for hit in answer.hits)),
        "exact": exact(answer.short, wanted) if answer.short else 0.0,
        "f1": f1(answer.short, wanted) if answer.short else 0.0,
        "text_holds": float(said),
        "quote_holds": float(bool(quotes) and quotes[0]),
        "quotes_holding": sum(quotes),
    }
    return {**grades, "right": float(said)} if answer.found else grades


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
