"""Example questions, made of the documents themselves."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import qa
from qa.answering.precedence import Precedence
from qa.answering.suggesting.suggestions import questions
from qa.loading import read

WHERE = "Where are bicycles kept?"
PROSE = "It is one of the things that we do for the people of the town and of the valley. "


def test_the_samples_give_questions_that_they_answer(assistant: qa.Assistant) -> None:
    made = assistant.examples(5)
    assert len(made) == len(set(made)) == 5
    sources = []
    for question in made:
        answer = assistant.ask(question)
        assert answer.outcome == "answered", question
        sources.append(answer.citations[0].source)
        assert question.endswith("?")
        assert question[0].isupper()
    assert len(set(sources)) >= 4
    assert assistant.examples(5) == made
    assert len(assistant.examples()) == 3


def test_examples_are_made_once_for_each_state_of_the_index(
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
    text = PROSE + sentence
    places = dict(questions("", [], text))
    assert text[slice(*places[question])] == sentence


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


def headings_of(*texts: str) -> list[qa.Heading]:
    """Headings of one level, ten characters apart."""
    return [qa.Heading(10 * number, 1, text) for number, text in enumerate(texts)]


def test_headings() -> None:
    headings = headings_of(
        "Leave policy", "Annual leave", "3. Who approves it?", "Who approves leave?", "Why?"
    )
    assert list(questions("Leave policy", headings, PROSE)) == [
        ("Who approves leave?", (30, 40)),
        ("What does the leave policy say about annual leave?", (10, 20)),
    ]
    assert list(questions("Notes", headings_of("Annual leave"), PROSE)) == []


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Travel rules", "do the travel rules"),
        ("Our travel rules", "do our travel rules"),
        ("The staff handbook", "does the staff handbook"),
        ("Veldmere Ferries handbook", "does the Veldmere Ferries handbook"),
        ("HR policy", "does the HR policy"),
    ],
)
def test_names_keep_their_capitals(title: str, named: str) -> None:
    (asked, _) = next(iter(questions(title, headings_of(title, "Trains"), PROSE)))
    assert asked == f"What {named} say about trains?"


@pytest.mark.parametrize("heading", ["Who approves it?", "Which one do I need?", "Are they paid?"])
def test_a_reference_to_something_before_is_not_a_question_by_itself(heading: str) -> None:
    assert list(questions("Notes", headings_of(heading), PROSE)) == []


def test_german_examples_are_only_headings_that_are_questions() -> None:
    text = (
        "Die Messe war in Gent. Sie wird jedes Jahr im Juni gehalten, und wir gehen alle hin. " * 9
    )
    headings = headings_of("Urlaub", "Wann bekomme ich mein Gehalt?")
    asked = [question for question, _ in questions("Leave policy", headings, text)]
    assert asked == ["Wann bekomme ich mein Gehalt?"]


def test_a_promise_that_is_not_kept_is_not_an_example(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    other = assistant.with_index(tmp_path / "index")
    elsewhere = "# Bicycles\n\nBicycles are kept in the yard behind the hall, under the roof.\n"
    other.add(
        [
            read(f"# House rules\n\n## {WHERE}\n\nSee the rules.\n".encode(), "rules.md"),
            read(elsewhere.encode(), "yard.md"),
        ]
    )
    assert other.ask(WHERE).citations[0].source == "yard.md"
    assert WHERE not in other.examples(9)


def test_questions_that_come_in_meanwhile_go_first() -> None:
    precedence = Precedence()
    order: list[str] = []
    begun = threading.Event()

    def ahead_of_time() -> None:
        assert begun.wait(20)
        precedence.give_way(20)
        order.append("example")

    worker = threading.Thread(target=ahead_of_time)
    worker.start()
    with precedence.answering():
        begun.set()
        with precedence.answering():
            pass
        time.sleep(0.2)
        order.append("answer")
    worker.join(20)
    assert order == ["answer", "example"]
    started = time.perf_counter()
    with precedence.answering():
        precedence.give_way(0.05)  # not for ever
    assert time.perf_counter() - started < 5
