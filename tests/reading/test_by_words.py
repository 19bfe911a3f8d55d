from __future__ import annotations

from collections.abc import Mapping

import pytest

from qa.reading.by_words import QuotingReader
from qa.records import Hit, Passage, Span
from qa.text.terms import stems

TABLE = """Specifications

Property | Kestrel 2 | Kestrel 4
Depth | 30 m | 100 m
Memory | 60,000 readings | 500,000 readings
"""
QUESTIONS = """How do I reset my password?

Open the portal and press Forgotten. The link is valid for 20 minutes.

Whom do I call at night?

The engineer on call, on extension 4400."""


def hit(text: str, start: int = 0, score: float = 1.0, title: str = "") -> Hit:
    passage = Passage("d:v:0", "d", "d.txt", title, start, start + len(text), text)
    return Hit(passage, score, similarity=0.6, keyword=3.0)


def rarity(question: str) -> Mapping[str, float]:
    return dict.fromkeys(stems(question), 1.0)


def read(question: str, *hits: Hit) -> list[Span]:
    return QuotingReader().read(question, hits, rarity(question))


def test_the_sentence_that_shares_the_questions_terms_comes_first() -> None:
    text = "The plant opened in 2009. Its roof was mended in 2015. A bridge leads to it."
    best = read("When was the roof mended?", hit(text))[0]
    assert best.text == "Its roof was mended in 2015."
    assert best.short_text == "2015"


def test_offsets_count_in_the_document() -> None:
    text = "First things first. The safety officer is Declan Tierney."
    span = read("Who is the safety officer?", hit(text, start=1000))[0]
    assert span.text == "The safety officer is Declan Tierney."
    assert (span.start, span.end) == (1000 + text.index("The"), 1000 + len(text))
    assert span.short is not None
    assert span.slice(*span.short) == "Declan Tierney"


def test_a_heading_is_not_an_answer_but_says_what_is_below_it() -> None:
    assert read("How can I reset a password?", hit(QUESTIONS))[0].text.startswith("Open the portal")
    assert "extension 4400" in read("Whom should I call at night?", hit(QUESTIONS))[0].text


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("How much memory does the Kestrel 4 have?", "500,000 readings"),
        ("How much memory does the Kestrel 2 have?", "60,000 readings"),
    ],
)
def test_a_table_is_read_by_row_and_column(question: str, cell: str) -> None:
    best = read(question, hit(TABLE))[0]
    assert best.text == "Memory | 60,000 readings | 500,000 readings"
    assert best.short_text == cell


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        (
            "What is the phone number?",
            "Our reception is staffed from 8:00 to 18:00.\nPhone: 01234 567890\nEmail: a@b.example",
            "Phone: 01234 567890",
        ),
        (
            "Who is the author of the report?",
            "The report was written in 2023.\nAuthor: Ada King",
            "Author: Ada King",
        ),
        (
            "What is in part 2?",
            "Part 2: Leave\n\nIt says how much time off there is.",
            "It says how much time off there is.",
        ),
        (
            "Who is the contact for leave?",
            "Topic | Rule | Contact\nTravel | Book early. Use trains. | Ada King\n"
            "Leave | 28 days | Ben Lind\nParking | none | Cleo Marsh",
            "Leave | 28 days | Ben Lind",
        ),
    ],
)
def test_short_lines_and_long_cells_are_read(question: str, text: str, said: str) -> None:
    assert read(question, hit(text))[0].text == said


def test_the_first_row_of_a_continued_table_is_read() -> None:
    rows = "\n".join(f"Room {number} | {number // 10} | 40{number}" for number in range(16, 30))
    question = "What is the phone number of Room 16?"
    assert read(question, hit(rows, start=900))[0].text == "Room 16 | 1 | 4016"


def test_the_lines_of_a_list_without_marks_are_answers() -> None:
    recipe = "Rye bread\n500 g rye flour\n350 ml water\n10 g salt\n80 g sourdough"
    spans = read("How much salt is in the bread?", hit(recipe))
    assert spans[0].text == "10 g salt"
    assert {span.text for span in spans} == set(recipe.split("\n"))


def test_the_phrase_stands_behind_the_label_that_the_question_names() -> None:
    lines = "Rechnungsdatum: 01.05.2025 Zahlbar bis: 15.05.2025 Skonto: 2 % in 7 Tagen"
    assert read("Bis wann ist die Rechnung zahlbar?", hit(lines))[0].short_text == "15.05.2025"
    assert read("Wie viel Skonto gibt es?", hit(lines))[0].short_text == "2 %"


def test_a_sentence_without_an_amount_is_less_sure_where_one_is_asked_for() -> None:
    question = "How much did the trip to Oslo cost?"
    without = read(question, hit("The trip to Oslo was long."))[0]
    with_amount = read(question, hit("The trip to Oslo came to €900."))[0]
    assert with_amount.score > without.score + 0.2


def test_second_place_is_not_first_place() -> None:
    spans = read("Where was the first meeting?", hit("The second meeting was in Oslo."))
    other = read("Where was the second meeting?", hit("The second meeting was in Oslo."))
    assert spans[0].score < other[0].score


def test_a_code_that_the_passage_lacks_makes_an_answer_unlikely() -> None:
    text = "Error E-4107 means that the tunnel was refused."
    there = read("What does error E-4107 mean?", hit(text))[0]
    elsewhere = read("What does error E-9999 mean?", hit(text))[0]
    assert there.score > elsewhere.score + 0.2


def test_scores_are_probabilities() -> None:
    for span in read("What is this?", hit(QUESTIONS), hit(TABLE, score=0.1)):
        assert 0 <= span.score <= 1


def test_no_hits_give_no_spans() -> None:
    assert read("What is this?") == []
    assert read("???", hit("Some text.")) != []
