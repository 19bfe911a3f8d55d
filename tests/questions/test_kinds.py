from __future__ import annotations

import pytest

from qa.questions.kinds import Kind, candidates, kind_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Where might the second summit be held?", Kind.PLACE),
        ("In which city was the first summit?", Kind.PLACE),
        ("When did he last visit?", Kind.TIME),
        ("What year was the plant opened?", Kind.TIME),
        ("Who leads the talks?", Kind.PERSON),
        ("Who is Harry Kazianis?", Kind.ROLE),
        ("who is our safety officer?", Kind.PERSON),
        ("How many customers were affected?", Kind.NUMBER),
        ("How much did the trip cost?", Kind.MONEY),
        ("How long is the warranty?", Kind.DURATION),
        ("Which nuclear test field was destroyed?", Kind.NAME),
        ("Why did the service stop?", Kind.REASON),
        ("What did he deliver?", Kind.STATEMENT),
        ("Tell me about sabbaticals", Kind.STATEMENT),
        ("What is the deadline for expenses?", Kind.TIME),
        ("What was the release date?", Kind.TIME),
        ("What is the day rate?", Kind.STATEMENT),
        ("What should I do when I am ill?", Kind.STATEMENT),
        ("What happens to employees who leave?", Kind.STATEMENT),
        ("Is there a room where I can pray?", Kind.STATEMENT),
        ("Do you know who leads the lab?", Kind.PERSON),
        ("Tell me when it opens", Kind.TIME),
        ("How much does the press weigh?", Kind.NUMBER),
        ("How much does the press cost?", Kind.MONEY),
        ("What was the year-end result?", Kind.STATEMENT),
        ("What is the number of seats?", Kind.NUMBER),
        ("From what age may I join?", Kind.NUMBER),
        ("What is the number one cause of injuries?", Kind.STATEMENT),
        ("What are the population groups?", Kind.STATEMENT),
    ],
)
def test_a_question_says_what_kind_of_thing_would_answer_it(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


def found(question: str, sentence: str) -> list[str]:
    return [sentence[slice(*span)] for span in candidates(kind_of(question), sentence, question)]


@pytest.mark.parametrize(
    ("question", "sentence", "first"),
    [
        (
            "Where might it be held?",
            "Trump wrote that he would consider Bangkok and Hanoi as possible locations.",
            "Bangkok and Hanoi",
        ),
        ("When was it opened?", "The plant was opened on 3 May 2019 by the mayor.", "3 May 2019"),
        ("When do salaries get paid?", "On the 25th of each month.", "25th of each month"),
        ("When is it painted?", "It is painted from 12 to 16 May.", "12 to 16 May"),
        ("When is it due?", "It is due by 15.05.2025.", "15.05.2025"),
        ("How much is it?", "It costs 35 crowns in room 4.", "35 crowns"),
        ("How long does it take?", "Every two days, it takes 20 minutes.", "20 minutes"),
        ("How often is it done?", "It is done every two days.", "every two"),
        ("How many people work there?", "At present 48 people work in Cork.", "48"),
        ("How much is a licence?", "One licence costs €1,480 without tax.", "€1,480"),
        ("How long may it take?", "You have up to 30 days for it.", "30 days"),
        ("Who runs the office?", "The office is run by Ada King, who came in May.", "Ada King"),
        (
            "Who is Ada King?",
            "“It works,” said Ada B. King, the head of research at Acme, a firm in Ghent.",
            "the head of research at Acme",
        ),
    ],
)
def test_the_likeliest_phrase_comes_first(question: str, sentence: str, first: str) -> None:
    assert found(question, sentence)[0] == first


def test_words_of_the_question_are_not_an_answer() -> None:
    assert found("Who met Mike Pompeo?", "Mike Pompeo met nobody.") == []
    assert found("How many of the 12 came?", "All 12 came.") == []


def test_a_number_ends_where_its_word_does() -> None:
    sentence = "Each of the ninety-five tenants has fourteen onerous rules and 450kg."
    found = [sentence[a:b] for a, b in candidates(Kind.NUMBER, sentence, "")]
    assert found == ["ninety-five", "fourteen", "450kg"]


def test_a_long_list_of_codes_takes_no_time() -> None:
    codes = ", ".join(f"E-{number}" for number in range(4010, 4100))
    sentence = f"These codes need a restart: {codes}."
    found = candidates(Kind.NAME, sentence, "Which codes need a restart?")
    assert sentence[slice(*found[0])] == "E-4010"


def test_a_sentence_without_anything_of_the_kind_has_no_candidate() -> None:
    assert found("How much did the trip cost?", "It was his second trip this year.") == []
    assert found("When was it?", "It was a success.") == []
