"""The form of answer that a question asks for."""

from __future__ import annotations

import pytest

from qa.questions.forms import Form, form_of, sides


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("How many days of leave do I get?", Form.FACT),
        ("How long does the training take?", Form.FACT),
        ("When does the gate open?", Form.FACT),
        ("Who signs the form?", Form.FACT),
        ("phone number of the desk", Form.FACT),
        ("Which countries am I not allowed to work from?", Form.LIST),
        ("What kinds of leave are there?", Form.LIST),
        ("What do I need to bring?", Form.LIST),
        ("What are the requirements?", Form.LIST),
        ("Examples of gifts", Form.LIST),
        ("How do I order a new computer?", Form.STEPS),
        ("How to get a badge", Form.STEPS),
        ("What should I do when I am ill?", Form.STEPS),
        ("What is the process for expenses?", Form.STEPS),
        ("I lost my badge, now what?", Form.STEPS),
        ("Am I eligible for parental leave if I just joined?", Form.WHETHER),
        ("Can I bring my dog?", Form.WHETHER),
        ("Is there a gym?", Form.WHETHER),
        ("Why was the hall closed?", Form.REASON),
        ("What is the reason for the delay?", Form.REASON),
        ("What is a welcome kit?", Form.DEFINITION),
        ("What does RACI mean?", Form.DEFINITION),
        ("What does it cost?", Form.FACT),
        ("What is the difference between sick leave and study leave?", Form.COMPARISON),
        ("Train versus car", Form.COMPARISON),
        ("What does the travel policy say?", Form.OVERVIEW),
        ("Summarise the travel policy", Form.OVERVIEW),
        ("Tell me about sabbaticals", Form.OVERVIEW),
        ("expense report", Form.OPEN),
        ("parental leave", Form.OPEN),
        ("", Form.FACT),
        ("?", Form.FACT),
    ],
)
def test_forms(question: str, form: Form) -> None:
    assert form_of(question) is form
    assert form_of(question.upper()) is form
    assert form_of(f"  {question} ") is form


@pytest.mark.parametrize(
    ("question", "both"),
    [
        (
            "What is the difference between sick leave and study leave?",
            ("sick leave", "study leave"),
        ),
        ("Train versus car", ("Train", "car")),
        ("Is a contractor the same as an employee?", ("a contractor", "an employee")),
        ("A mug vs. a cup?", ("A mug", "a cup")),
        ("Who signs the form?", None),
        ("Compare the offices.", None),
        ("", None),
    ],
)
def test_the_two_sides_of_a_comparison(question: str, both: tuple[str, str] | None) -> None:
    assert sides(question) == both
