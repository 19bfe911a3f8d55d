"""What stands in the section of another subject is no evidence."""

from __future__ import annotations

import pytest

from qa.answering.units.choosing import likely
from qa.loading import read
from qa.records import Hit
from tests.answering.asking import asked, whole

OFFICES = (
    "# Offices\n\nAll offices close on 24 December.\n\n"
    "## Porto\n\nIt opens at 8:00.\n\nThose who come from Ghent get a guest badge.\n\n"
    "## Ghent\n\nThe Ghent office has a canteen.\n\n"
    "## Parking\n\nA place costs 4 euro a day.\n\n"
    "## Lockers\n\nA locker is free. Ask for parking at the desk.\n"
)


@pytest.mark.parametrize(
    ("question", "left_out"),
    [
        ("When does the Ghent office open?", ["It opens at 8:00."]),
        ("when does the ghent office open", ["It opens at 8:00."]),
        ("Who is in Porto?", ["The Ghent office has a canteen."]),
        ("Which office is better, Porto or Ghent?", []),
        ("When does the Rome office open?", []),
        # "parking" is no name: the text has it without a capital.
        ("Is parking free?", []),
    ],
)
def test_a_section_of_another_name_is_left_out(question: str, left_out: list[str]) -> None:
    held = {choice.text for choice in asked(OFFICES, question).choices}
    every = {"It opens at 8:00.", "The Ghent office has a canteen.", "A place costs 4 euro a day.",
             "All offices close on 24 December."}  # fmt: skip
    assert every - held == set(left_out)


def test_what_mentions_the_name_stays() -> None:
    held = {choice.text for choice in asked(OFFICES, "How do people from Ghent get in?").choices}
    assert "Those who come from Ghent get a guest badge." in held


def test_what_is_below_such_a_section_is_left_out_as_well() -> None:
    text = (
        "# Pumps\n\n## Alder\n\n### Oil\n\nEvery 350 hours.\n\n## Birch\n\n### Filter\n\nWeekly.\n"
    )
    held = {
        choice.text for choice in asked(text, "How often is the oil of the Birch changed?").choices
    }
    assert held == {"Weekly."}


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("When does the Madrid office open?", {"The manager is Lucia Paz."}),
        ("When does the Berlin office open?", {"It opens at 9:00."}),
        ("When does the office open?", {"It opens at 9:00.", "The manager is Lucia Paz."}),
    ],
)
def test_a_document_of_another_name_is_left_out(question: str, left: set[str]) -> None:
    documents = [
        read(b"# Berlin office\n\nIt opens at 9:00.\n", "berlin.md"),
        read(b"# Madrid office\n\nThe manager is Lucia Paz.\n", "madrid.md"),
    ]
    stretches = [whole(document) for document in documents]
    hits = [Hit(stretch.passage, 0.5) for stretch in stretches]
    assert {choice.text for choice in likely(question, stretches, hits, [], {})} == left
