"""Which units make up the answer: of the length asked for, both sides, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest

from qa.answering.units.choosing import Choice
from qa.answering.units.selecting import fitting, selected
from qa.answering.units.wording import LONGER, SHORT
from qa.questions import LONG, Form, form_of
from tests.answering.asking import asked

WORDS = "The yard is swept by the man of the house on every day of the week. " * 4
TEXT = (
    "# Manual\n\n## Parking\n\nTo get a permit, do this:\n\n"
    "1. Ask the desk for a form to fill in.\n2. Bring it to the gate of the yard.\n"
    "3. Stick the permit to the window of the car.\n\n"
    f"## Sweeping\n\n{WORDS}\n\nThe snow is swept by the man of the town.\n\n{WORDS[:200]}\n\n"
    "## Leave\n\n### Sick leave\n\nSick leave is paid for six weeks.\n\n"
    "### Study leave\n\nStudy leave is paid for twelve days.\n\n"
    "## Fees\n\n| Permit | Fee |\n|---|---|\n| Car | 30 euros |\n| Boat | 50 euros |\n"
)
QUESTIONS = (
    "How do I get a permit?", "What does a boat pay?", "What do I need to bring?", "leave",
    "What is the difference between sick leave and study leave?", "Summarise the manual.",
    "Who sweeps the snow?", "May I park here?", "Why?", "fees of a permit",
)  # fmt: skip


def check_selected(chosen: Sequence[Choice], form: Form) -> None:
    assert chosen
    for one, other in combinations(chosen, 2):
        assert one.unit.end <= other.unit.start or other.unit.end <= one.unit.start
    if len(chosen) > 1 and form is not Form.COMPARISON:
        assert sum(choice.words for choice in chosen) <= (LONGER if form in LONG else SHORT)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_said_twice(question: str) -> None:
    found = asked(TEXT, question)
    for choice in found.choices:
        chosen = selected(question, found.first(choice))
        check_selected(chosen, form_of(question))


def test_a_single_step_gives_way_to_all_steps_where_steps_are_asked_for() -> None:
    found = asked(TEXT, "How do I get a permit?")
    step = found.unit("item", "window")
    said = selected(found.question, found.first(step))[0]
    assert said.unit.kind == "steps"
    assert said.text.startswith("To get a permit")
    assert fitting(Form.FACT, step, found.choices) is step
    assert fitting(Form.OPEN, step, found.choices) is step


@pytest.mark.parametrize(
    ("lead", "read_as", "said"),
    [
        ("Tickets are sold on board.", "Tickets are sold on board.", "lead"),
        ("Tickets are sold on board.", "Sunday | 8:00", "table"),
        ("Tickets are sold on board. Departures:", "Tickets are sold on board.", "table"),
        ("Departures and tickets", "Departures and tickets", "table"),
    ],
)
@pytest.mark.parametrize("chosen", ["lead", "table"])
def test_a_sentence_that_answers_does_not_give_way_to_the_table_below_it(
    lead: str, read_as: str, said: str, chosen: str
) -> None:
    found = asked(
        f"# Ferry\n\n{lead}\n\n| Day | First |\n|---|---|\n| Sunday | 8:00 |\n| Monday | 7:00 |\n",
        "Where are tickets sold?",
        read_as=read_as,
    )
    kinds = {choice.unit.kind for choice in found.choices}
    if chosen in kinds:
        choices = found.first(found.unit(chosen))
        assert selected(found.question, choices)[0].unit.kind == said


@pytest.mark.parametrize(
    ("question", "said"),
    [("Where are tickets sold?", "lead"), ("How do I get a ticket?", "steps")],
)
def test_before_a_list_that_holds_where_a_short_answer_is_asked_for(
    question: str, said: str
) -> None:
    lead = "Tickets are sold on board."
    found = asked(
        f"# Ferry\n\n{lead}\n\n1. Go on board.\n2. Pay the steward.\n", question, read_as=lead
    )
    choices = found.first(found.unit("steps"))
    assert selected(found.question, choices)[0].unit.kind == said


def test_a_list_before_its_items_is_said_whole_though_a_fact_seems_to_be_asked_for() -> None:
    steps = "".join(f"{n}. Turn wheel {n} left until it clicks twice.\n" for n in range(1, 10))
    text = f"# Lock\n\n## Closing\n\nAt night, close the lock:\n\n{steps}"
    found = asked(text, "Where is the lock closed at night?")
    assert form_of(found.question) is Form.FACT
    whole, step = found.unit("steps", "wheel 4"), found.unit("item", "wheel 4")
    assert whole.words > SHORT
    assert selected(found.question, found.first(whole)) == [whole]
    assert selected(found.question, found.first(step))[0] is step
    assert fitting(Form.REASON, whole, found.choices) is whole


def test_an_introduction_gives_way_to_its_list_where_a_list_is_asked_for() -> None:
    text = "# Bag\n\nBring what the hut has not.\n\n- a bottle of water\n- two pens and a book\n"
    found = asked(text, "What do I need to bring?")
    assert fitting(Form.LIST, found.unit("lead"), found.choices).unit.kind == "list"
    assert fitting(Form.LIST, found.unit("item"), found.choices).unit.kind == "list"


@pytest.mark.parametrize(
    ("last", "form", "end"),
    [
        ("Ask the warden what else is of use.", Form.LIST, "two pens and a book"),
        ("Ask the warden what else is of use.", Form.FACT, "what else is of use."),
        ("The warden asks for these at the door:", Form.LIST, "two pens and a book"),
        ("The warden asks for these at the door:", Form.FACT, "The boat is up."),
    ],
)
def test_a_long_introduction_is_said_with_its_list_where_that_is_meant(
    last: str, form: Form, end: str
) -> None:
    lead = f"Bring the following things, as the hut has none. {WORDS[:204]}. The boat is up."
    text = f"# Bag\n\n{lead} {last}\n\n- a bottle of water\n- two pens and a book\n"
    found = asked(text, "What do I need to bring?")
    said = fitting(form, found.unit("lead", "following things"), found.choices)
    assert said.text.startswith("Bring the following things")
    assert said.text.endswith(end)


def test_the_part_of_a_long_section_that_the_reader_found_is_said() -> None:
    found = asked(TEXT, "Who sweeps the snow?", "The snow is swept by the man of the town.")
    section = found.unit("section", "snow")
    assert section.words > SHORT
    part = fitting(Form.FACT, section, found.choices)
    assert part.text == "The snow is swept by the man of the town."


def test_both_sides_of_a_comparison_are_said() -> None:
    for question in (
        "What is the difference between sick leave and study leave?",
        "Sick leave vs study leave",
    ):
        texts = [choice.text for choice in selected(question, asked(TEXT, question).choices)]
        assert any("six weeks" in text for text in texts)
        assert any("twelve days" in text for text in texts)


def test_an_overview_is_in_the_order_of_the_document() -> None:
    found = asked(TEXT, "What does the manual say about leave?")
    chosen = selected(found.question, found.choices)
    starts = [choice.unit.start for choice in chosen]
    assert starts == sorted(starts)
    assert len(chosen) > 1
    assert sum(choice.words for choice in chosen) <= LONGER


def test_what_another_document_says_in_the_same_words_is_not_repeated() -> None:
    sentence = "The permit of a car is 30 euros."
    one = asked(f"# One\n\n{sentence}\n", "How much is the permit?", name="one.md")
    other = asked(f"# Two\n\n{sentence}\n", "How much is the permit?", name="two.md")
    chosen = selected(one.question, [one.unit("paragraph"), other.unit("paragraph")])
    assert len(chosen) == 1


PRICES = (
    "# Prices\n\n| Zone | Season | Price |\n|---|---|---|\n| South | summer | 55 euros |\n"
    "| South | winter | 30 euros |\n| North | winter | 25 euros |\n"
)


def test_no_other_row_is_said_if_the_question_names_a_row_of_the_table() -> None:
    question = "What is the winter price in the South zone?"
    found = asked(PRICES, question, read_as="South | summer | 55 euros")
    assert found.unit("row", "summer").best_span
    chosen = selected(question, found.first(found.unit("table")))
    assert [choice.text for choice in chosen] == [found.unit("row", "South | winter").text]


def test_a_row_without_the_number_asked_for_is_not_added() -> None:
    question = "What is the target for 5 reports?"
    text = (
        "# Targets\n\n| Reports | Target |\n|---|---|\n| 5 | sixteen hours |\n| 6 | ten hours |\n"
    )
    found = asked(text, question, read_as="6 | ten hours")
    chosen = selected(question, found.first(found.unit("row", "sixteen")))
    assert [choice.unit for choice in chosen] == [found.unit("row", "sixteen").unit]


def test_a_row_that_the_question_names_comes_before_one_with_more_of_its_words() -> None:
    text = (
        "# Channels\n\n| Prefix | What it is for |\n|---|---|\n"
        "| adm- | Names of a channel that starts a tool |\n| wg- | Working groups |\n"
    )
    found = asked(text, "What is a channel for whose name starts with wg-?")
    chosen = selected(found.question, found.first(found.unit("table")))
    assert [choice.text for choice in chosen] == ["wg- | Working groups"]


@pytest.mark.parametrize(("day", "fee"), [("Monday", 40), ("Saturday", 55)])
def test_a_row_without_a_name_has_that_of_the_row_above(day: str, fee: int) -> None:
    question = f"What does pottery cost on {day}?"
    found = asked(
        "# Fees\n\n| Course | Day | Fee |\n|---|---|---|\n| Pottery | Monday | 40 |\n"
        "| | Saturday | 55 |\n| Weaving | Tuesday | 35 |\n| | Sunday | 50 |\n",
        question,
    )
    (row,) = selected(question, found.choices)
    assert row.text.endswith(f" | {day} | {fee}")


def test_a_row_that_the_question_names_comes_before_one_that_has_the_name_in_another_cell() -> None:
    text = (
        "# Contacts\n\n| Name | Office | Deputy |\n|---|---|---|\n"
        "| Ida Holm | 204 | Per Lund |\n| Per Lund | 211 | |\n"
    )
    found = asked(text, "In which office is Per Lund?")
    chosen = selected(found.question, found.first(found.unit("row", "Ida Holm")))
    assert [choice.text for choice in chosen] == [found.unit("row", "211").text]


def test_a_row_whose_name_is_longer_than_the_one_that_a_question_names_stays() -> None:
    text = (
        "# Sondes\n\n| Feature | Bittern 2 |\n|---|---|\n"
        "| Batteries | four cells |\n| Life of the batteries | 90 days |\n"
    )
    found = asked(text, "How long do the batteries of the Bittern 2 last?")
    chosen = selected(found.question, found.first(found.unit("row", "90 days")))
    assert chosen[0].text == "Life of the batteries | 90 days"


def test_an_overview_is_the_beginning_of_the_section_with_that_name() -> None:
    text = (
        "# Work\n\nWe work in the yard.\n\n## Award leave\n\nIt is given for good work.\n\n"
        "Rules:\n\n- [Award leave rules](https://example.org/a)\n\n### Using it\n\n"
        "Award leave ends after a year.\n\n## Sick leave\n\nSick leave is paid.\n"
    )
    found = asked(text, "Give me an overview of award leave")
    for choice in (found.unit("paragraph", "ends"), found.unit("list")):
        chosen = selected(found.question, found.first(choice))
        assert [one.text for one in chosen] == [
            "It is given for good work.",
            "Award leave ends after a year.",
        ]


def test_an_overview_of_a_part_of_a_document_is_that_part() -> None:
    text = (
        "# Travel policy\n\nThe Snow Company\n\nThis policy is for everyone who travels.\n\n"
        "## Away\n\n### Hotels\n\nA night may cost 120 euros.\n\n"
        "### Meals\n\nMeals have an allowance.\n"
    )
    found = asked(text, "What does the travel policy say about hotels?")
    chosen = selected(found.question, found.first(found.unit("paragraph", "120")))
    assert [one.text for one in chosen] == ["A night may cost 120 euros."]
    found = asked(text, "What does the travel policy say?")
    chosen = selected(found.question, found.first(found.unit("paragraph", "120")))
    assert chosen[0].text == "This policy is for everyone who travels."
    assert len(chosen) == 3


def test_a_list_of_references_does_not_answer_a_topic() -> None:
    text = (
        "# Leave\n\n## Jury duty\n\nYour absence is marked as court leave.\n\nFact sheets:\n\n"
        "- [Jury duty](https://example.org/jury)\n- [Court leave](https://example.org/court)\n"
    )
    for question, kind in (("jury duty", "paragraph"), ("Where are the fact sheets?", "list")):
        found = asked(text, question)
        chosen = selected(question, found.first(found.unit("list")))
        assert chosen[0].unit.kind == kind


def test_each_side_of_a_comparison_has_a_unit_of_its_own() -> None:
    text = (
        "# Staff\n\nA move is for good.\n\nThese are moves, details, and other such things.\n\n"
        "A detail ends after a year.\n"
    )
    question = "Is a move the same as a detail?"
    found = asked(text, question)
    chosen = selected(question, found.first(found.unit("section")))
    texts = " ".join(choice.text for choice in chosen)
    assert "for good" in texts
    assert "ends after a year" in texts
