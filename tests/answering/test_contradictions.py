"""Documents that contradict each other, and better questions after a refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import qa
from qa.answering.contradictions import contradicting
from qa.answering.quoting import QuotingAnswerer
from qa.questions.followups import restated
from qa.records import Hit, Passage, Span
from qa.text.ages import dated

GOLD = Path(__file__).parents[1] / "seeds" / "questions.jsonl"


def two(assistant: qa.Assistant, folder: Path, one: str, other: str) -> qa.Assistant:
    both = assistant.with_index(folder / "index")
    both.add([qa.Document(text=one, source="old"), qa.Document(text=other, source="new")])
    return both


@pytest.mark.parametrize(
    ("one", "other", "question"),
    [
        ("The deposit is 30 euros.", "The deposit is 45 euros.", "How much is the deposit?"),
        (
            "The gate closes at 18:00 every evening.",
            "Every evening the gate closes at 19:30.",
            "When does the gate close?",
        ),
        (
            "Parcels are kept for 14 days at the desk.",
            "Parcels are kept at the desk for 10 days.",
            "How long are parcels kept at the desk?",
        ),
        (
            "The safety officer is Ada King.",
            "The safety officer is Ben Lind.",
            "Who is the safety officer?",
        ),
        (
            "Full-time employees have 25 days of annual leave a year, on top of public holidays.",
            "Everyone who works full time is entitled to 28 days of paid annual leave.",
            "How many days of annual leave do employees have?",
        ),
    ],
)
def test_both_are_said_and_cited(
    assistant: qa.Assistant, tmp_path: Path, one: str, other: str, question: str
) -> None:
    both = two(assistant, tmp_path, one, other)
    stream = both.stream(question)
    assert "".join(stream) == stream.answer.text
    answer = stream.answer
    assert answer.disagreement
    assert answer.text.startswith("The documents disagree.\n\n")
    assert {citation.quote for citation in answer.citations} == {one, other}
    assert {citation.source for citation in answer.citations} == {"old", "new"}
    assert answer.short is None
    assert answer.to_dict()["disagreement"] is True


def test_the_newer_document_comes_first_with_its_date(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    both = assistant.with_index(tmp_path / "index")
    both.add(
        [
            qa.Document("The deposit is 30 euros.", "old", metadata={"date": "12 March 2021"}),
            qa.Document(
                "The deposit is 45 euros.",
                "new",
                metadata={"created": "2020-01-01", "updated": "2024-05-02", "expires": "2030-01"},
            ),
        ]
    )
    answer = both.ask("How much is the deposit?")
    assert answer.text == (
        "The documents disagree.\n\nThe deposit is 45 euros. (2024-05-02) [1]\n\n"
        "The deposit is 30 euros. (2021-03-12) [2]"
    )
    assert [citation.source for citation in answer.citations] == ["new", "old"]


@pytest.mark.parametrize(
    ("title", "source", "date"),
    [
        ("Parking in 2024", "a.md", "2024"),
        ("Parking", "old_2019/parking_2024-05.md", "2024"),
        ("Parking of March 2023", "parking-2024.md", "2023-03"),
        ("Parking", "parking.md", ""),
    ],
)
def test_when_a_document_is_from(title: str, source: str, date: str) -> None:
    assert dated(title, source, {}) == date


def test_a_disagreement_can_be_unsure_like_other_answers(
    assistant: qa.Assistant, tmp_path: Path
) -> None:
    both = two(assistant, tmp_path, "The deposit is 30 euros.", "The deposit is 45 euros.")
    answer = both.ask("How much is the deposit?")
    both.quoting = both.answerer = QuotingAnswerer(0, min(1.0, answer.score + 0.01))
    unsure = both.ask("How much is the deposit?")
    assert (answer.outcome, unsure.outcome) == ("answered", "unsure")
    assert unsure.disagreement


@pytest.mark.parametrize(
    ("one", "other", "question"),
    [
        ("The deposit is 30 euros.", "The deposit is 30 euros a year.", "How much is the deposit?"),
        ("The deposit is 30 euros.", "The locker fee is 45 euros.", "How much is the deposit?"),
        ("Owls hunt at night.", "Owls hunt in the dark.", "What do owls do?"),
        (
            "Everyone has 25 days of annual leave, taken by the end of March.",
            "Part-time staff may take 15 days of annual leave, if their head agrees.",
            "How many days of annual leave are there?",
        ),
        (
            "In Lisbon, employees have 22 days of annual leave.",
            "Our people in Vienna get 25 days of paid annual leave every year.",
            "How many days of annual leave do employees have?",
        ),
        (
            "Everyone has twelve days of study leave.",
            "We give all employees 12 days of paid study leave each year.",
            "How many days of study leave are there?",
        ),
        (
            "The rack has room for 12 bicycles.",
            "The hall of the new house has 20 seats for guests.",
            "How many seats are there?",
        ),
    ],
)
def test_what_is_no_contradiction(
    assistant: qa.Assistant, tmp_path: Path, one: str, other: str, question: str
) -> None:
    assert not two(assistant, tmp_path, one, other).ask(question).disagreement


def span(said: str, document: str, score: float = 0.8) -> Span:
    """A sentence of a document, its phrase in braces."""
    start, end = said.index("{"), said.index("}") - 1
    text = said.replace("{", "").replace("}", "")
    passage = Passage(f"{document}#0", document, document, document, 0, len(text), text)
    return Span(Hit(passage, 1.0), 0, len(text), score, (start, end))


@pytest.mark.parametrize(
    ("one", "other", "question"),
    [
        # One value, written in two ways.
        ("The fee is {thirty euros}.", "The fee is {30 euros}.", "How much is the fee?"),
        ("The fee is {30.00 euros}.", "The fee is {30 euros}.", "How much is the fee?"),
        ("The hall has {twelve} seats.", "The hall has {12} seats.", "How many seats are there?"),
        ("It is valid for {two weeks}.", "It is valid for {14 days}.", "How long is it valid?"),
        ("It opens at {08:00}.", "It opens at {8:00}.", "When does it open?"),
        ("It closes at {6 pm}.", "It closes at {18:00}.", "When does it close?"),
        ("It opened on {12 March 2024}.", "It opened on {2024-03-12}.", "When did it open?"),
        ("It cost {1.5 million euros}.", "It cost {1,500,000 euros}.", "How much did it cost?"),
        (
            "Employees have {25} days of annual leave.",
            "Staff have {twenty-five} days of paid annual leave.",
            "How many days of annual leave are there?",
        ),
        # Two cases.
        (
            "Managers have {30} days of annual leave.",
            "Interns have {15} days of annual leave.",
            "How many days of annual leave are there?",
        ),
        (
            "The small room has {6} grey chairs.",
            "The big hall has {60} grey chairs.",
            "How many grey chairs are there?",
        ),
        (
            "The safety officer in Vienna is {Ada King}.",
            "The safety officer in Lisbon is {Ben Lind}.",
            "Who is the safety officer?",
        ),
        (
            "In 2023, {300} visitors came.",
            "In 2024, {400} visitors came.",
            "How many visitors came?",
        ),
        (
            "Employees give {30 days} of written notice.",
            "Employees give {14 days} of written notice if on probation.",
            "How long is the notice?",
        ),
        (
            "A parking permit lasts {2 years}.",
            "A temporary parking permit lasts {2 weeks}.",
            "How long does a parking permit last?",
        ),
        (
            "After one year, employees have {25 days} of leave.",
            "Employees have {28 days} of leave after two years.",
            "How long is the leave?",
        ),
    ],
)
def test_other_words_and_other_cases_are_no_contradiction(
    one: str, other: str, question: str
) -> None:
    assert contradicting(question, [span(one, "old"), span(other, "new")]) is None
    assert contradicting(question, [span(other, "new"), span(one, "old")]) is None


@pytest.mark.parametrize(
    ("one", "other", "question"),
    [
        ("The fee is {thirty euros}.", "The fee is {40 euros}.", "How much is the fee?"),
        ("It is valid for {two weeks}.", "It is valid for {15 days}.", "How long is it valid?"),
        ("It closes at {6 pm}.", "It closes at {19:00}.", "When does it close?"),
        ("It opened on {12 March 2024}.", "It opened on {2023-03-12}.", "When did it open?"),
        (
            "Employees get {25} days of annual leave.",
            "We grant all staff {28} days’ paid annual leave.",
            "How many days of annual leave are there?",
        ),
        (
            "In 2023, {300} visitors came.",
            "In 2023, {400} visitors came.",
            "How many visitors came?",
        ),
    ],
)
def test_other_values_contradict_however_they_are_written(
    one: str, other: str, question: str
) -> None:
    first, second = span(one, "old"), span(other, "new")
    assert contradicting(question, [first, second]) == second
    assert contradicting(question, [second, first]) == first


def test_one_document_does_not_contradict_itself(assistant: qa.Assistant, tmp_path: Path) -> None:
    alone = assistant.with_index(tmp_path / "index")
    text = "The deposit is 30 euros. The deposit is 45 euros."
    alone.add([qa.Document(text=text, source="prices")])
    assert not alone.ask("How much is the deposit?").disagreement


def test_the_samples_disagree_only_about_the_days_of_leave(
    assistant: qa.Assistant,
) -> None:
    questions = map(json.loads, GOLD.read_text(encoding="utf-8").splitlines())
    found = [one["id"] for one in questions if assistant.ask(one["question"]).disagreement]
    assert found == ["leave-01"]


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave do I get?",
        "How many vacation days do full-time employees have?",
        "How much annual leave do employees get?",
        "What is the number of leave days a year?",
    ],
)
def test_the_disagreement_is_found_however_the_question_is_asked(
    assistant: qa.Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.disagreement
    assert {citation.source for citation in answer.citations} == {
        "seeds/employee-faq.html",
        "seeds/leave-policy.docx",
    }


def test_a_refusal_suggests_what_may_be_meant(tmp_path: Path) -> None:
    other = qa.Assistant(index=tmp_path, threshold=0.9)
    parking = "Parking permits are valid for two years and cost 30 euros."
    other.add(
        [
            qa.Document(text="The Blue Gate of the yard is opened by a badge.", source="gate"),
            qa.Document(text=parking, source="parking", title="Parking permits"),
        ]
    )
    history = [qa.Turn("Where do I get parking permits?"), qa.Turn("What about the Blue Gate?")]
    answer = other.ask("How long are they valid?", history=history)
    assert (answer.found, answer.suggestion) == (False, "How long are parking permits valid?")
    assert answer.to_dict()["suggestion"] == answer.suggestion
    assert other.ask(answer.suggestion or "").citations[0].source == "parking"
    assert other.ask("How long are they valid?").suggestion is None


def test_only_questions_with_an_answer_are_suggested(assistant: qa.Assistant) -> None:
    history = [qa.Turn("How many days of annual leave do we have?")]
    answer = assistant.ask("What is the capital of France?", history=history)
    assert (answer.found, answer.suggestion) == (False, None)
    assert assistant.ask("What is the capital of France?").suggestion is None


@pytest.mark.parametrize(
    ("question", "restatements"),
    [
        ("How long are they valid?", ["How long are parking permits valid?"]),
        ("And in 2019?", ["Where do I get parking permits in 2019?"]),
        ("Who signs?", ["Regarding parking permits: who signs?"]),
        ("Who signs parking permits?", []),
    ],
)
def test_restatements(question: str, restatements: list[str]) -> None:
    assert restated(question, [qa.Turn("Where do I get parking permits?")]) == restatements
    assert restated(question, []) == []
