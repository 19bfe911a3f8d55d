"""Next questions, made from the headings around an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.answering.suggesting.suggestions import asked_by
from qa.loading import read

FAQ = """# Working from home

## Who may work from home?

Everyone whose manager agrees may work from home, up to three days a week.

## How to request a desk

Write to the facilities team and name the days; a desk is ready within a week.

## Types of equipment

We lend three types of equipment: a laptop, a monitor and a headset.

## What is reimbursed

The company reimburses half of the internet bill, up to 20 euros a month.

## Types of pudding

To be written.
"""


@pytest.fixture(scope="module")
def faq(assistant: qa.Assistant, tmp_path_factory: pytest.TempPathFactory) -> qa.Assistant:
    other = assistant.with_index(tmp_path_factory.mktemp("related") / "index")
    other.add([read(FAQ.encode(), "home.md")])
    return other


def test_headings_near_an_answer_become_the_next_questions(faq: qa.Assistant) -> None:
    answer = faq.ask("Who may work from home?")
    assert answer.found
    more = faq.related(answer, 5, seconds=60)
    assert more[0] == "How do I request a desk?"
    # The text below the heading about pudding does not say which there are.
    assert set(more) <= {
        "How do I request a desk?", "What types of equipment are there?", "What is reimbursed?",
    }  # fmt: skip
    assert len(more) >= 2
    for question in more:
        said = faq.ask(question)
        assert said.outcome == "answered", question
        assert said.citations[0].source == "home.md"
    assert faq.related(answer, 1, seconds=60) == more[:1]
    assert faq.related(answer, seconds=0) == []
    with pytest.raises(qa.QAError, match="seconds is a number from 0"):
        faq.related(answer, seconds=-1)


def test_no_question_is_suggested_twice(faq: qa.Assistant) -> None:
    answer = faq.ask("How can I request a desk?")
    more = faq.related(answer, seconds=60, asked=["what is reimbursed", "Who may work from home?"])
    assert "What is reimbursed?" not in more
    assert "Who may work from home?" not in more
    assert "How do I request a desk?" not in more


def test_a_refusal_has_next_questions_and_small_talk_has_none(
    faq: qa.Assistant, assistant: qa.Assistant, tmp_path: Path
) -> None:
    refused = faq.ask("What does the canteen serve on Fridays?")
    if not refused.found:
        assert faq.related(refused, seconds=60)
    assert faq.related(faq.ask("Hello!")) == []
    empty = assistant.with_index(tmp_path / "index")
    assert empty.related(empty.ask("Who?")) == []
    # What is no longer in the index is passed over.
    assert empty.related(faq.ask("Who may work from home?")) == []


def test_beside_attached_documents(faq: qa.Assistant, assistant: qa.Assistant) -> None:
    answer = assistant.ask("Who may work from home?", also=[faq])
    assert "How do I request a desk?" in assistant.related(answer, also=[faq], seconds=60)


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("2.1 Who may apply?", "Who may apply?"),
        ("How to Book a trip", "How do I book a trip?"),
        ("How to use Tock", "How do I use Tock?"),
        ("Types of leave", "What types of leave are there?"),
        ("Types of leave: an overview", None),
        ("What is covered", "What is covered?"),
        ("Why?", None),
        ("What we do", None),
        ("What is covered:", None),
        ("Approval of trips", None),
        ("", None),
    ],
)
def test_the_questions_that_a_heading_promises_to_answer(
    heading: str, question: str | None
) -> None:
    assert asked_by(heading) == question
