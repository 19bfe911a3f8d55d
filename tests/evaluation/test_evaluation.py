from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.evaluation.evaluation import asked, ranking_grades
from qa.evaluation.measures import MEASURES, Outcome, columns
from qa.evaluation.sets import every, read_set
from tests.evaluation.changing import Forgetting, Rewriting

SEEDS = Path(__file__).parents[1] / "seeds" / "questions.jsonl"


def outcome(id: str = "q", **fields: Any) -> Outcome:
    """The outcome of a question that was answered, unless `fields` say otherwise."""
    usual = {
        "question": id, "answerable": True, "found": True, "score": 0.5,
        "milliseconds": 20.0, "encoding": 10.0,
    }  # fmt: skip
    return Outcome(id=id, **{**usual, **fields})


def figures(*outcomes: Outcome) -> dict[str, float]:
    """Every figure, by group and name."""
    table = columns(outcomes)
    return {f"{one.group}.{one.name}": one.value(table) for one in MEASURES}


# Rankings


def test_rankings_have_the_figures_calculated_by_hand() -> None:
    grades = ranking_grades(["x", "a", "y", "b"], {"a": 2, "b": 1, "gone": 1})
    # Gains 2 and 1 at ranks 2 and 4, against 2, 1 and 1 at ranks 1 to 3.
    reached = 2 / math.log2(3) + 1 / math.log2(5)
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    assert grades["ndcg_10"] == pytest.approx(reached / ideal)
    assert grades["recall_5"] == grades["recall_10"] == pytest.approx(2 / 3)
    assert grades["reciprocal_rank_10"] == 0.5
    assert grades["first"] == 0


def test_the_best_ranking_gets_one_and_an_empty_one_gets_zero() -> None:
    assert set(ranking_grades(["a", "b"], {"a": 2, "b": 1}).values()) == {1.0}
    assert set(ranking_grades([], {"a": 1}).values()) == {0.0}
    assert set(ranking_grades(["x"], {"a": 1}).values()) == {0.0}


def test_a_ranking_keeps_its_order_whatever_the_names() -> None:
    assert ranking_grades(["z", "a"], {"z": 1})["first"] == 1
    assert ranking_grades(["a", "z"], {"z": 1})["first"] == 0
    ranked = [f"d{number}" for number in range(10)]
    assert ranking_grades(ranked, {"d9": 1})["reciprocal_rank_10"] == pytest.approx(0.1)
    assert ranking_grades(ranked, {"d6": 1})["recall_5"] == 0


# Figures


def test_outcomes_have_the_figures_calculated_by_hand() -> None:
    found = figures(
        outcome("right", score=0.9, exact=1.0, f1=1.0, text_holds=1.0, quotes=1,
                quotes_holding=1, quotes_from_source=1, right=1.0),
        outcome("wrong", score=0.6, exact=0.0, f1=0.5, text_holds=0.0, quotes=2,
                quotes_holding=0, quotes_from_source=1, right=0.0),
        outcome("missed", score=0.1, found=False, exact=0.0, f1=0.0, text_holds=0.0,
                quotes_holding=0),
        outcome("refused", score=0.2, answerable=False, found=False),
        outcome("made up", score=0.7, answerable=False, quotes=1, right=0.0),
    )  # fmt: skip
    assert found["answers.answered"] == pytest.approx(2 / 3)
    assert found["answers.exact"] == pytest.approx(1 / 3)
    assert found["answers.f1"] == pytest.approx(0.5)
    assert found["answers.f1_with_refusals"] == pytest.approx((1 + 0.5 + 0 + 1 + 0) / 5)
    assert found["answers.text_holds"] == pytest.approx(1 / 3)
    assert found["citations.precision"] == pytest.approx(1 / 3)
    assert found["citations.source_precision"] == pytest.approx(2 / 3)
    assert found["citations.exactness"] == 1
    assert found["refusals.precision"] == 0.5
    assert found["refusals.recall"] == 0.5
    # 0.9 is above both, 0.6 above one, 0.1 above none.
    assert found["refusals.auroc"] == 0.5
    error = (abs(1 - 0.9) + abs(0 - 0.6) + abs(0 - 0.7)) / 3
    assert found["calibration.expected_error"] == pytest.approx(error)
    assert (found["latency.p50"], found["latency.ratio"]) == (20, 2)


def test_figures_that_a_set_does_not_allow_are_left_out() -> None:
    evaluation = qa.Evaluation("bare", (outcome(),))
    assert evaluation.figures.keys() == {"answers", "latency"}
    assert evaluation.figures["answers"] == {"answered": 1}
    assert evaluation.bins == []
    refusals = qa.Evaluation("refusals", (outcome(answerable=False, found=False, score=0.0),))
    assert refusals.figures["refusals"] == {"precision": 1, "recall": 1}
    assert refusals.figures["answers"] == {"f1_with_refusals": 1}


def test_a_percentile_is_of_the_times() -> None:
    times = [outcome(str(number), milliseconds=float(number)) for number in range(101)]
    assert figures(*times)["latency.p95"] == 95


def test_a_quote_that_is_not_exact_is_counted_and_named() -> None:
    bad = outcome("bad", quotes=2, inexact=("bad: [1] a.md, 3 to 5",))
    evaluation = qa.Evaluation("set", (outcome("good", quotes=2), bad))
    assert evaluation.figures["citations"]["exactness"] == 0.75
    assert evaluation.inexact == ["bad: [1] a.md, 3 to 5"]


# A run over the samples


@pytest.fixture(scope="module")
def evaluation(assistant: qa.Assistant) -> qa.Evaluation:
    questions = every(read_set(SEEDS).questions, 22)
    return qa.evaluate(assistant, questions, name="samples")


def test_the_samples_are_measured(evaluation: qa.Evaluation, assistant: qa.Assistant) -> None:
    found = evaluation.figures
    assert evaluation.inexact == []
    assert found["citations"]["exactness"] == 1
    assert found["retrieval"]["recall_10"] > 0.8
    assert found["retrieval"]["recall_5"] <= found["retrieval"]["recall_10"]
    assert found["retrieval"]["first"] <= found["retrieval"]["reciprocal_rank_10"]
    assert 0.3 < found["answers"]["text_holds"] <= found["answers"]["answered"]
    assert found["answers"]["quote_holds"] <= found["retrieval"]["brought"]
    assert found["answers"]["exact"] <= found["answers"]["f1"]
    assert found["refusals"]["auroc"] > 0.5
    assert 0 < found["latency"]["p50"] <= found["latency"]["p95"]
    assert evaluation.settings["threshold"] == assistant.settings.threshold


def test_an_outcome_is_what_the_assistant_says(
    evaluation: qa.Evaluation, assistant: qa.Assistant
) -> None:
    first = evaluation.outcomes[0]
    answer = assistant.ask(first.question)
    assert (first.text, first.short, first.score) == (answer.text, answer.short, answer.score)
    assert (first.found, first.quotes) == (answer.found, len(answer.citations))


def test_an_evaluation_is_the_same_after_saving_and_reading(
    evaluation: qa.Evaluation, tmp_path: Path
) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(evaluation.to_dict(), allow_nan=False), encoding="utf-8")
    loaded = qa.Evaluation.load(path)
    assert loaded.outcomes == evaluation.outcomes
    assert loaded.figures == evaluation.figures
    assert loaded.settings == evaluation.settings


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"set": "a", "settings": {}, "outcomes": [{"id": "x"}]}']
)
def test_a_file_without_a_saved_evaluation_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "saved.json"
    path.write_text(text)
    with pytest.raises(qa.EvaluationError, match=r"saved\.json is not a saved evaluation.*--json"):
        qa.Evaluation.load(path)
    with pytest.raises(qa.EvaluationError, match=r"nowhere\.json cannot be read"):
        qa.Evaluation.load(tmp_path / "nowhere.json")


def test_progress_is_reported_and_an_empty_set_is_an_error(assistant: qa.Assistant) -> None:
    told: list[tuple[int, int]] = []
    questions = [qa.Expected("Who?", answerable=False), qa.Expected("Hello", answerable=False)]
    qa.evaluate(assistant, questions, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    with pytest.raises(qa.EvaluationError, match="no question"):
        qa.evaluate(assistant, [])


def test_without_the_package_for_rankings_the_extra_is_named(
    assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(qa.ModelUnavailableError, match=r'pip install "footnote-qa\[eval\]"'):
        qa.evaluate(assistant, [qa.Expected("Who?")])


# Documents of its own


PEARS = [
    qa.Document(source=f"{number}.md", text=f"# Note {number}\n\nPears of kind {number} ripen.")
    for number in range(12)
]


@pytest.fixture
def pears(tmp_path: Path) -> Iterator[qa.Assistant]:
    assistant = qa.Assistant(index=tmp_path / "index", limit=3, threshold=0)
    assistant.add(PEARS)
    yield assistant
    assistant.close()


def test_a_ranking_goes_on_below_the_passages_of_the_answer(pears: qa.Assistant) -> None:
    question = qa.Expected("Which pears ripen?", sources={one.source: 1 for one in PEARS})
    (only,) = qa.evaluate(pears, [question]).outcomes
    assert only.recall_10 == pytest.approx(10 / 12)
    assert only.ndcg_10 == pytest.approx(1)


def test_a_follow_up_is_asked_with_its_history(assistant: qa.Assistant) -> None:
    expected = qa.Expected(
        "And when did he last visit?",
        answers=["June"],
        sources={"seeds/second-summit-brief.md": 1},
        history=[qa.Turn("Who is Kim Yong Chol?", "Pyongyang's lead negotiator.")],
    )
    (only,) = qa.evaluate(assistant, [expected]).outcomes
    assert "Kim Yong Chol" in only.asked
    assert (only.first, only.right) == (1, 1)


def test_assistants_take_turns_and_keep_their_places(pears: qa.Assistant) -> None:
    refusing = qa.Assistant(index=pears.settings.index, threshold=1)
    try:
        questions = [qa.Expected(f"Which pears of kind {number} ripen?") for number in range(3)]
        for answered, refused in asked([pears, refusing], questions):
            assert answered.found
            assert not refused.found
            assert answered.question == refused.question
    finally:
        refusing.close()


@pytest.mark.parametrize("answerer", [Rewriting, Forgetting])
def test_a_quote_that_is_no_longer_in_the_document_is_found(
    pears: qa.Assistant, answerer: type[Rewriting]
) -> None:
    pears.answerer = answerer(pears)
    evaluation = qa.evaluate(pears, [qa.Expected("Which pears of kind 5 ripen?", id="five")])
    assert evaluation.figures["citations"]["exactness"] < 1
    assert evaluation.inexact[0].startswith("five: [1] ")
