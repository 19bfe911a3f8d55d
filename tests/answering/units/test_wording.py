"""How a unit is worded: in the document's words, as Markdown, with its markers and ranges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.citations import harmless
from qa.answering.quoting import QuotingAnswerer
from qa.answering.units.choosing import Choice, Signals
from qa.answering.units.wording import LONGEST_LIST, SHORT, cell, say
from qa.errors import LoadError
from qa.loading import read
from qa.questions import Form
from qa.records import Hit, Span
from tests.answering.asking import asked, check_saying, whole
from tests.generated import MARKDOWN

SENTENCES = [f"Sentence number {n} says something of its own about the yard." for n in range(20)]
TABLE = (
    "# Hall\n\n| Guest | Day fee | Night fee |\n|---|---|---|\n"
    "| Child | 3 | 5 |\n| Adult | 8 | 13 |\n"
)


def test_a_list_is_said_with_its_introduction_and_the_markers_are_there() -> None:
    found = asked(
        "# Bag\n\nYou need to bring:\n\n- a bottle of water\n- two pens\n\nThat is all.\n"
    )
    assert found.said("list") == "You need to bring:|\n\n- a bottle of water\n- two pens"
    assert found.quoted("list") == ["You need to bring:\n\n- a bottle of water\n- two pens"]


def test_a_list_without_an_introduction_has_its_markers_at_its_end() -> None:
    found = asked("# Bag\n\n- a bottle of water\n- two pens\n")
    assert found.said("list") == "- a bottle of water\n- two pens|"


def test_steps_keep_their_code_their_notes_and_the_lists_in_them() -> None:
    found = asked(
        "# Order\n\nOrder it:\n\n1. Choose one of these:\n   - the small one\n   - the large one\n"
        "2. Run this:\n\n   ```\n   order --now\n     --all\n   ```\n\n   It is quick.\n3. Wait.\n"
    )
    assert found.said("steps") == (
        "Order it:|\n\n1. Choose one of these:\n   - the small one\n   - the large one\n"
        "2. Run this:\n\n```\norder --now\n  --all\n```\n\nIt is quick.\n\n3. Wait."
    )


def test_steps_are_said_with_their_headings() -> None:
    found = asked("# Door\n\n## 1. Open it\n\nTurn the key.\n\n## 2. Walk in\n\nMind the step.\n")
    said = found.said("steps").replace("|", "")
    assert said == "**1. Open it**\n\nTurn the key.\n\n**2. Walk in**\n\nMind the step."


def test_a_long_list_says_how_many_more_items_there_are() -> None:
    items = [f"- item {n} with as many words as a line has in it" for n in range(60)]
    found = asked("# All\n\nThere are these:\n\n" + "\n".join(items))
    said = found.said("list")
    assert len(said.split()) <= LONGEST_LIST + 5
    shown = said.count("item ")
    assert said.endswith(f"\n\n… and {60 - shown} more.")
    assert found.quoted("list") == ["There are these:\n\n" + "\n".join(items[:shown])]


def test_only_whole_steps_are_counted_as_more() -> None:
    words = "and so on with many more words of it " * 4
    steps = [
        f"{n}. Open door {n} {words.strip()}\n\n   ```\n   run {n}\n   ```" for n in range(1, 21)
    ]
    said = asked("# Doors\n\nDo:\n\n" + "\n".join(steps)).said("steps")
    assert said.endswith(f"\n\n… and {20 - said.count('Open door')} more.")


def test_an_outline_is_headings_and_each_is_cited() -> None:
    text = "# Travel\n\n## By train\n\nA word.\n\n### Seats\n\nB.\n\n## By car\n\nC word.\n"
    found = asked(text, "Which ways to travel are there?")
    assert found.said("outline", "train") == "- By train|\n- By car|"
    assert found.quoted("outline", "train") == ["By train", "By car"]


def test_a_row_is_said_below_its_header_and_both_are_cited() -> None:
    found = asked(TABLE)
    assert found.said("row", "Adult") == (
        "| Guest | Day fee | Night fee |\n| --- | --- | --- |\n| Adult | 8 | 13| |"
    )
    assert found.quoted("row", "Adult") == ["Guest | Day fee | Night fee", "Adult | 8 | 13"]


def test_a_table_is_said_with_every_row() -> None:
    assert asked(TABLE).said("table").count("\n") == 3


def test_a_row_is_said_below_the_rows_that_name_it() -> None:
    found = asked(
        "<table><tr><th>Dish<th>Staff<th>Guests<tr><td colspan=3>Week 1<tr><td>Soup<td>3.00<td>4.50"
        "<tr><td>Stew<td>5.20<td>7.00<tr><td colspan=3>Week 2<tr><td>Soup<td>3.40<td>4.90"
        "<tr><td><td>1.70<td></table>",
        "What does a small soup cost for staff in week 2?",
        name="a.html",
    )
    row = found.unit("row", "1.70")
    assert row.stretch.row_names(row.unit) == ("Week 2", "Soup")
    assert found.said("row", "1.70") == (
        "| Dish | Staff | Guests |\n| --- | --- | --- |\n| Week 2 |  |  |\n"
        "| Soup | 3.40 | 4.90 |\n| – | 1.70 | | |"
    )
    assert found.quoted("row", "1.70")[1:3] == ["Week 2", "Soup | 3.40 | 4.90"]
    # Nothing is said of a week alone.
    assert "Week 2" not in [choice.text for choice in found.choices]
    assert found.said("table").count("\n") == 7


def test_no_cell_is_said_by_itself_if_it_is_empty() -> None:
    found = asked(TABLE.replace("| 8 |", "|  |"), "What is the day fee of an adult?")
    assert cell(found.unit("row", "Adult"), "What is the day fee of an adult?") is None


def test_the_names_of_two_header_rows_are_put_together_for_each_column() -> None:
    question = "What does the sea view room cost as a double in high season?"
    found = asked(
        "<table><thead><tr><th rowspan=2>Room<th colspan=2>Low season<th colspan=2>High season"
        "<tr><th>Single<th>Double<th>Single<th>Double<tbody><tr><td>Garden<td>60<td>80<td>75<td>105"
        "<tr><td>Sea view<td>70<td>95<td>90<td>130</table>",
        question,
        name="a.html",
    )
    head = "Room | Low season: Single | Low season: Double | High season: Single | High season: "
    row = found.unit("row", "Sea view")
    place = cell(row, question)

    assert row.stretch.columns(row.unit) == f"{head}Double"
    assert place is not None
    assert found.document.text[slice(*place)] == "130"
    assert found.said("row", "Sea view") == (
        f"| {head}Double |\n| --- | --- | --- | --- | --- |\n| Sea view | 70 | 95 | 90 | 130| |"
    )
    assert found.quoted("row", "Sea view") == [
        "Room | Low season | Low season | High season | High season",
        "Room | Single | Double | Single | Double",
        "Sea view | 70 | 95 | 90 | 130",
    ]
    (whole,) = found.quoted("table")
    assert whole == found.document.text
    assert found.said("table").count("\n") == 3


def test_a_table_is_said_with_its_introduction_if_the_answer_is_there() -> None:
    text = TABLE.replace("# Hall\n\n", "# Hall\n\nThe hall has beds only. The fees are:\n\n")
    for read_as, front in (
        ("The hall has beds only.", "The hall has beds only. The fees are:"),
        ("", ""),
    ):
        found = asked(text, "What does the hall have?", read_as)
        assert found.said("table").startswith(f"{front}\n\n| Guest |" if front else "| Guest |")
        (quote,) = found.quoted("table")
        assert quote.startswith(front or "Guest |")


@pytest.mark.parametrize(
    ("question", "row", "value"),
    [
        ("What is the night fee of an adult?", "Adult", "13"),
        ("What is the day fee of a child?", "Child", "3"),
        ("What is the fee of a child?", "Child", None),
        ("Which guest pays?", "Child", None),
    ],
)
def test_the_cell_below_the_column_that_was_asked_for(
    question: str, row: str, value: str | None
) -> None:
    found = asked(TABLE, question)
    place = cell(found.unit("row", row), question)
    assert (place and found.document.text[place[0] : place[1]]) == value


def test_a_short_paragraph_is_said_whole() -> None:
    text = " ".join(SENTENCES[:5])
    assert asked(f"# Yard\n\n{text}\n").said("paragraph") == f"{text}|"


@pytest.mark.parametrize("at", [0, 7, 19])
def test_a_long_paragraph_is_cut_to_the_sentences_around_the_one_that_answers(at: int) -> None:
    found = asked("# Yard\n\n" + " ".join(SENTENCES), "Who?", SENTENCES[at])
    said = found.said("paragraph", SENTENCES[at]).removesuffix("|")
    assert SENTENCES[at] in said
    assert said in " ".join(SENTENCES)
    assert SHORT - 10 < len(said.split()) <= SHORT
    assert found.quoted("paragraph", SENTENCES[at]) == [said]


FOUNDED = "Mia Torres founded the bakery in 1987."


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("When did Mia Torres found the bakery?", False),
        # The second one has a word of the question that the first one lacks.
        ("When did Mia Torres sell the bakery?", True),
    ],
)
def test_one_sentence_is_enough_if_no_other_one_may_be_meant(question: str, whole: bool) -> None:
    text = f"# Bakery\n\n{FOUNDED} She sold it in 2004. It smells good.\n"
    said = asked(text, question, FOUNDED, "1987").said("paragraph")
    assert said == (f"{FOUNDED} She sold it in 2004. It smells good.|" if whole else f"{FOUNDED}|")


def test_without_a_reader_the_sentence_with_the_words_of_the_question_is_said() -> None:
    text = " ".join([*SENTENCES[:9], "The gardener waters the roses.", *SENTENCES[9:]])
    found = asked(f"# Yard\n\n{text}\n", "Who waters the roses?")
    assert "The gardener waters the roses." in found.said("paragraph")


@pytest.mark.parametrize("word", ["It", "This", "They", "However, he"])
def test_a_sentence_that_refers_to_the_one_before_brings_it_along(word: str) -> None:
    first, second = "The pump has a red valve.", f"{word} must be shut at night."
    found = asked(f"# Yard\n\nAll is well. {first}\n\n{second}\n")
    assert found.said("paragraph", second) == f"{first} {second}|"
    assert found.quoted("paragraph", second) == [f"{first}\n\n{second}"]


def test_nothing_of_another_section_is_brought_along() -> None:
    found = asked("# Yard\n\nThe pump is red.\n\n## Gate\n\nIt must be shut at night.\n")
    assert found.said("paragraph", "shut") == "It must be shut at night.|"


def test_headings_are_said_if_only_they_have_what_was_asked() -> None:
    text = (
        "# Manual\n\n## Pump Birch\n\n### Oil change\n\nEvery 350 hours.\n\n## Pump Elm\n\nNone.\n"
    )
    found = asked(text, "How often does the pump Birch need an oil change?")
    assert found.said("paragraph", "350") == "Pump Birch › Oil change: Every 350 hours.|"
    assert found.quoted("paragraph", "350") == ["Every 350 hours."]
    found = asked(text, "Every how many hours?")
    assert found.said("paragraph", "350") == "Every 350 hours.|"


def test_a_heading_is_said_without_its_number() -> None:
    found = asked("# Pumps\n\n## 2. Oil change\n\nEvery 350 hours.\n", "When is the oil changed?")
    assert found.said("paragraph", "350") == "Oil change: Every 350 hours.|"


def test_the_heading_of_a_list_is_above_it() -> None:
    text = "# Manual\n\n## Welcome kit\n\n- a mug of clay\n- a pen\n\n## Other\n\nNone.\n"
    found = asked(text, "What is in a welcome kit?")
    assert found.said("list") == "**Welcome kit**\n\n- a mug of clay\n- a pen|"


def test_headings_are_said_once_for_units_below_the_same_ones() -> None:
    text = "# Manual\n\n## Oil change\n\nEvery 350 hours.\n\nCold or warm.\n"
    found = asked(text, "When is the oil changed?")
    first, second = found.unit("paragraph", "350"), found.unit("paragraph", "Cold")
    assert say(second, Form.FACT, found.question).text == "Oil change: Cold or warm."
    assert say(second, Form.FACT, found.question, first).text == "Cold or warm."


def test_a_question_is_left_out_and_its_answer_said() -> None:
    found = asked("# FAQ\n\n**May I leave early?**\n\nYes, on Fridays.\n\n**Who pays?**\n\nMe.\n")
    assert found.said("section", "Fridays") == "Yes, on Fridays.|"
    found = asked("# FAQ\n\n**What do I bring?**\n\nBring these:\n\n- pens\n- paper\n")
    assert found.said("section", "pens") == "Bring these:|\n\n- pens\n- paper"
    assert found.quoted("section", "pens") == ["Bring these:\n\n- pens\n- paper"]


def test_the_footnotes_of_a_document_are_made_harmless() -> None:
    found = asked("# Yard\n\nIt was built in 1992.[2] It is old.\n", "When was it built?")
    best = found.unit("paragraph")
    drafting = QuotingAnswerer(0.0).stream(found.question, [], [], [best])
    assert "".join(drafting) == "It was built in 1992.(2) It is old. [1]"


QUESTIONS = ("What is the fee of a permit?", "How do I ask?", "May I park here?", "gate")
_SIGNALS = Signals(*(0.0 for _ in Signals.__slots__))


@settings(max_examples=60, deadline=None)
@given(
    text=MARKDOWN,
    form=st.sampled_from(Form),
    heading=st.sampled_from((0.0, 1.0)),
    at=st.floats(0, 1),
)
def test_everything_said_is_in_the_document(
    text: str, form: Form, heading: float, at: float
) -> None:
    try:
        document = read(text.encode(), "a.md")
    except LoadError:
        return
    stretch = whole(document)
    alone = {h.text for h in document.headings}
    alone |= {document.text[b.start : b.end] for b in document.blocks if b.kind == "question"}
    for unit in stretch.units:
        place = unit.body + int(at * (unit.end - unit.body - 1))
        span = Span(Hit(stretch.passage, 0.5), place, place + 1, 0.9)
        choice = Choice(stretch, unit, replace(_SIGNALS, heading=heading), span)
        for question in QUESTIONS:
            saying = say(choice, form, question)
            check_saying(saying, document)
            assert harmless(saying.text)[: saying.mark].strip()
            if saying.kind == "sentence":
                assert saying.text not in alone


LINKED = """# Travel

You need to bring:

- a [passport](https://a.example/p_(1)?a=1|2) and [2](https://a.example/2)
- the [form](leave.md#form), not ](\\<this>)

| Form | Where |
|---|---|
| Visa | [the desk](mailto:desk@a.example) |
"""


def test_links_become_markdown_and_quotes_do_not_change() -> None:
    told = asked(LINKED, "What do I need to bring?")
    assert told.said("list") == (
        "You need to bring:|\n\n"
        "- a [passport](<https://a.example/p_(1)?a=1%7C2>) and 2\n"
        "- the [form](<leave.md#form>), not ](‹this>)"
    )
    assert told.quoted("list") == [
        "You need to bring:\n\n- a passport and 2\n- the form, not ](<this>)"
    ]
    assert told.said("table").splitlines()[-1] == (
        "| Visa | [the desk](<mailto:desk@a.example>)| |"
    )
