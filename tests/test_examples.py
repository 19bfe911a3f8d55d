"""Example questions, made of the documents themselves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import qa
from qa.examples import questions

PROSE = "It is one of the things that we do for the people of the town and of the valley. "


def test_the_samples_give_questions_that_they_answer(assistant: qa.Assistant) -> None:
    made = assistant.examples(5)
    assert len(made) == len(set(made)) == 5
    sources = []
    for question in made:
        answer = assistant.ask(question)
        assert answer.found, question
        assert answer.score >= 0.5
        sources.append(answer.citations[0].source)
        assert question.endswith("?")
        assert question[0].isupper()
    assert len(set(sources)) >= 4
    assert assistant.examples(5) == made
    assert len(assistant.examples()) == 3


def test_they_are_made_once_for_each_state_of_the_index(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    other = assistant.with_index(tmp_path / "index")
    assert other.examples() == []
    text = PROSE + "The harbour fair is held in June. Every stall has a number."
    other.add([qa.Document(text=text, source="fair")])
    assert other.examples() == ["When is the harbour fair held?"]
    started = time.perf_counter()
    assert other.examples() == ["When is the harbour fair held?"]
    assert time.perf_counter() - started < 0.1
    other.forget("fair")
    assert other.examples() == []


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The harbour fair is held in June.", "When is the harbour fair held?"),
        ("Salaries are paid on the 25th of each month.", "When are salaries paid?"),
        ("The archive is kept in Bruges.", "Where is the archive kept?"),
        ("The new hall will be opened on 3 May 2027.", "When will the new hall be opened?"),
        ("Ada King last visited Ghent in March.", "When did Ada King last visit Ghent?"),
        ("Ben Lind, the head of research, was there.", "Who is Ben Lind?"),
        ("Cal-7 is a buffer solution for calibration.", "What is Cal-7?"),
    ],
)
def test_sentences_that_give_a_question(sentence: str, question: str) -> None:
    assert question in list(questions("", [], PROSE + sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "It is held in June.",
        "This is a test of the alarm in the hall.",
        "The reason is a lack of rooms in the building.",
        "They are paid on Monday.",
        "He visited Ghent in March.",
        "The archive is kept in good order.",
    ],
)
def test_sentences_that_give_none(sentence: str) -> None:
    assert list(questions("", [], PROSE + sentence)) == []


def test_headings() -> None:
    headings = ["Leave policy", "Annual leave", "3. Who approves it?", "Why?", "Section 4.1"]
    assert list(questions("Leave policy", headings, PROSE)) == [
        "Who approves it?",
        "What does the leave policy say about annual leave?",
    ]
    assert list(questions("Notes", ["Annual leave"], PROSE)) == []


def test_of_german_only_headings_that_are_questions() -> None:
    text = (
        "Die Messe war in Gent. Sie wird jedes Jahr im Juni gehalten, und wir gehen alle hin. " * 9
    )
    headings = ["Urlaub", "Wann bekomme ich mein Gehalt?"]
    assert list(questions("Leave policy", headings, text)) == ["Wann bekomme ich mein Gehalt?"]
