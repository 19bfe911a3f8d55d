"""After an answer: the rest of its section, and other sections that the question fits."""

from __future__ import annotations

import pytest

import qa
from qa.loading import read
from qa.writing import ChatAnswerer
from tests.assistant.test_assistant import assert_checked
from tests.writing.test_answerer import ScriptedChatModel

LEAVE = """# Leave policy

## Parental leave

Parental leave lasts sixteen weeks for each parent, and is paid in full by the company.

Tell your manager about parental leave at least ten weeks before the birth, in writing.

It can be taken in two parts, the second of them within the first year of the child.

## Sick leave

Call the front desk before nine in the morning when you are ill, on each of the first three days.

## Unpaid leave

Unpaid leave of up to a month is granted by the head of the department, once in two years.
"""
PAY = """# Pay handbook

## Pay during parental leave

During parental leave the salary is paid on the usual day of the month, without the bonus.

## Bonus

The bonus is paid in March, and depends on the results of the year before.
"""


@pytest.fixture(scope="module")
def leave(assistant: qa.Assistant, tmp_path_factory: pytest.TempPathFactory) -> qa.Assistant:
    other = assistant.with_index(tmp_path_factory.mktemp("leave") / "index")
    other.add([read(LEAVE.encode(), "leave.md"), read(PAY.encode(), "pay.md")])
    return other


def talk(assistant: qa.Assistant, *turns: str) -> list[qa.Answer]:
    """The answers of a conversation."""
    history: list[qa.Turn] = []
    answers = []
    for turn in turns:
        answers.append(assistant.ask(turn, history=history))
        history.append(qa.Turn(turn, answers[-1].text))
    return answers


def test_more_is_the_rest_of_the_section_and_then_of_the_document(leave: qa.Assistant) -> None:
    first, *more = talk(
        leave,
        "How long does parental leave last?",
        "tell me more",
        "more",
        "go on",
        "weiter",
        "más",
    )
    assert "sixteen weeks" in first.text
    said = [answer for answer in more if answer.found]
    assert said[0].asked == "How long does parental leave last?"
    assert "two parts" in said[0].text
    assert {one.source for answer in said for one in answer.citations} == {"leave.md"}
    quotes = [one.quote for answer in (first, *said) for one in answer.citations]
    assert len(quotes) == len(set(quotes))
    for answer in more:
        assert_checked(leave, answer)
    assert more[-1].reason == "nothing more"
    assert more[-1].text == "El documento no dice más sobre esto."
    assert not more[-1].sections


def test_a_further_part_can_be_asked_about(leave: qa.Assistant) -> None:
    *_, last = talk(leave, "How long does parental leave last?", "more", "And how is it paid?")
    assert last.found
    assert "paid" in last.text


def test_asking_for_more_without_an_answer_before_asks_for_a_question(leave: qa.Assistant) -> None:
    assert leave.ask("tell me more").reason == "empty"
    refused, more = talk(leave, "What does the canteen serve on Fridays?", "tell me more")
    assert not refused.found
    assert not more.found
    assert more.reason == refused.reason


def test_a_chat_model_words_the_rest(leave: qa.Assistant) -> None:
    first, _ = talk(leave, "How long does parental leave last?", "more")
    history = [qa.Turn(first.question, first.text)]
    part = "It can be taken in two parts, the second within the first year of the child [1]."
    model = ScriptedChatModel(chunks=[part])
    other = leave.with_index(leave.settings.index)
    other.answerer = ChatAnswerer(model, "scripted:writer")
    answer = other.ask("tell me more", history=history)
    assert answer.found
    assert_checked(other, answer)
    asked = str(model.asked[-1].content)
    assert "two parts" in asked
    assert "sixteen weeks" not in asked
    # Where it has nothing to say, the document is quoted.
    other.answerer = ChatAnswerer(ScriptedChatModel(chunks=["NOT_SAID"]), "scripted:writer")
    answer = other.ask("tell me more", history=history)
    assert answer.found
    assert answer.answerer == "quotes"


def test_other_sections_that_the_words_fit_are_offered(leave: qa.Assistant) -> None:
    answer = leave.ask("parental leave")
    assert answer.found
    offered = {(one.source, one.quote) for one in answer.sections}
    cited = {one.heading for one in answer.citations}
    fitting = {("leave.md", "Parental leave"), ("pay.md", "Pay during parental leave")}
    assert offered
    assert offered <= fitting
    assert not cited & {one.heading for one in answer.sections}
    assert [one.number for one in answer.sections] == list(range(1, len(answer.sections) + 1))
    for one in answer.sections:
        assert leave.document(one.source).text[one.start : one.end] == one.quote
    assert answer.to_dict()["sections"][0]["quote"] == answer.sections[0].quote


@pytest.mark.parametrize(
    "question", ["How long does parental leave last?", "front desk", "trombone concert", "Hello!"]
)
def test_a_question_or_a_single_fitting_section_offers_none(
    leave: qa.Assistant, question: str
) -> None:
    assert leave.ask(question).sections == ()
