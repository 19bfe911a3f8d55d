"""The units of a document: the parts of it that can each be an answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from qa.errors import LoadError
from qa.indexing.preparing.units import units
from qa.loading import read
from qa.records import Document
from tests.generated import MARKDOWN


def told(text: str, kind: str = "", name: str = "a.md") -> list[str]:
    """The units of a text, of one kind if it is given; a bar stands before the body."""
    document = read(text.encode(), name)
    return [
        ("" if kind else f"{unit.kind}: ")
        + document.text[unit.start : unit.body]
        + ("|" if unit.body > unit.start else "")
        + document.text[unit.body : unit.end]
        for unit in units(document)
        if kind in ("", unit.kind)
    ]


def test_a_list_has_the_line_that_leads_in_to_it() -> None:
    assert told("# Bag\n\nYou need to bring:\n\n- a bottle of water and a towel\n- two pens\n") == [
        "list: You need to bring:\n\n|- a bottle of water and a towel\n- two pens",
        "section: You need to bring:\n\n- a bottle of water and a towel\n- two pens",
        "item: - a bottle of water and a towel",
    ]


def test_of_a_long_paragraph_the_last_sentence_leads_in_to_a_list() -> None:
    long = "The house was built by the first owner of the firm, long ago. " * 4
    text = f"{long}These rooms are open:\n\n- the hall\n- the yard\n"
    assert told(text, "list") == ["These rooms are open:\n\n|- the hall\n- the yard"]
    # The rest of it must not be lost.
    assert told(text, "lead") == [f"{long}These rooms are open:"]


def test_a_remark_leads_in_to_nothing_unless_it_says_so() -> None:
    text = "> Keep wet clay away.\n\n- the coarse stone of the mill\n- the fine stone of the mill\n"
    items = "- the coarse stone of the mill\n- the fine stone of the mill"
    assert told(text, "list") == [items]
    assert told(text, "paragraph") == ["Keep wet clay away."]
    assert told(text.replace("away.", "from:"), "list") == [f"Keep wet clay from:\n\n|{items}"]


@pytest.mark.parametrize("markers", [("1.", "2."), ("1)", "2)"), ("a)", "b)")])
def test_what_is_numbered_is_steps(markers: tuple[str, str]) -> None:
    one, two = markers
    text = f"Do this:\n\n{one} Open the big door.\n{two} Walk in.\n\nThen rest."
    steps = [f"Do this:\n\n|{one} Open the big door.\n{two} Walk in."]
    assert told(text, "steps", "a.txt") == steps


def test_steps_hold_their_code_and_the_lists_in_them() -> None:
    text = (
        "Order it:\n\n1. Choose one of these:\n   - the small one with a good screen\n"
        "   - the large one\n2. Run this:\n\n   ```\n   order --now\n   ```\n\n   It is quick.\n"
    )
    assert told(text, "steps") == [
        "Order it:\n\n|1. Choose one of these:\n  - the small one with a good screen\n"
        "  - the large one\n2. Run this:\n\norder --now\n\nIt is quick."
    ]
    assert told(text, "item") == [
        "1. Choose one of these:\n  - the small one with a good screen\n  - the large one",
        "2. Run this:\n\norder --now\n\nIt is quick.",
    ]


def test_a_line_that_only_leads_in_is_no_unit() -> None:
    assert told("Bring these:\n\n- pens\n- paper\n", "paragraph") == []
    assert told("Bring these:\n\n- pens\n- paper\n", "lead") == []
    assert told("Bring what you like.\n\n- pens\n- paper\n", "lead") == ["Bring what you like."]


def test_a_question_has_what_follows_it_up_to_the_next_one() -> None:
    text = (
        "# FAQ\n\n**Who pays?**\n\nThe firm.\n\nAlways.\n\n"
        "**May I leave?**\n\n- Yes, after three o’clock.\n"
    )
    assert told(text, "section") == [
        "Who pays?\n\n|The firm.\n\nAlways.",
        "May I leave?\n\n|- Yes, after three o’clock.",
    ]


def test_a_question_that_nothing_follows_is_no_unit() -> None:
    assert told("# FAQ\n\n**Who pays?**\n\n# Other\n\nWords.\n") == ["paragraph: Words."]


@pytest.mark.parametrize("asked", ["Who pays?", "**Who pays?**", "> Who pays?"])
def test_what_only_asks_is_no_unit_however_it_is_written(asked: str) -> None:
    made = told(f"# FAQ\n\n{asked}\n\nThe firm pays.\n\n- Who pays for the big lunch?\n")
    assert "paragraph: Who pays?" not in made
    assert "item: - Who pays for the big lunch?" not in made
    assert "paragraph: The firm pays." in made or "lead: The firm pays." in made


def test_a_table_and_each_of_its_rows_but_the_header() -> None:
    table = "| Name | Fee |\n|---|---|\n| Child | 3 |\n| Adult | 8 |\n"
    text = f"The fees of the hall are these.\n\n{table}"
    assert told(text, "table") == [
        "The fees of the hall are these.\n\n|Name | Fee\nChild | 3\nAdult | 8"
    ]
    assert told(text, "row") == ["Child | 3", "Adult | 8"]


@pytest.mark.parametrize("number", ["{}. ", "Step {}: ", "{}) ", "Schritt {} – "])
def test_numbered_headings_in_a_row_are_one_procedure(number: str) -> None:
    names = [number.format(n) for n in (1, 2, 3)]
    text = "".join(f"## {name}Name\n\nWords of it.\n\n" for name in names)
    whole = "\n\n".join(f"{name}Name\n\nWords of it." for name in names)
    assert told(f"# How\n\n{text}## After\n\nMore.", "steps") == [whole]


def test_a_number_that_is_missing_ends_a_procedure() -> None:
    text = "## 1. One\n\nA.\n\n## 2. Two\n\nB.\n\n## 5. Five\n\nC.\n\n### 6. Six\n\nD.\n"
    assert told(text, "steps") == ["1. One\n\nA.\n\n2. Two\n\nB."]


def test_a_heading_that_several_stand_below_has_an_outline() -> None:
    text = "# Travel\n\n## By train\n\n### Seats\n\n### Beds\n\n## By car\n\nB.\n\n# Food\n"
    document = read(text.encode(), "a.md")
    outlines = [unit for unit in units(document) if unit.kind == "outline"]
    starts = [document.text[unit.start :].split("\n")[0] for unit in outlines]
    ends = [document.text[: unit.end].split("\n")[-1] for unit in outlines]
    assert list(zip(starts, ends, strict=True)) == [("By train", "By car"), ("Seats", "Beds")]


def test_a_table_of_contents_is_no_outline() -> None:
    many = "".join(f"## Name{chr(65 + n)}\n\nWords.\n\n" for n in range(13))
    assert told(f"# All\n\n{many}", "outline") == []


def test_a_section_is_a_unit_if_it_is_short() -> None:
    words = "word " * 20
    short, long = f"{words}\n\n{words}\n\n", f"{words}\n\n" * 8
    assert len(told(f"# A\n\n{short}# B\n\n{long}", "section")) == 1


def test_longer_units_come_before_those_that_begin_with_them() -> None:
    document = read(b"# A\n\nDo:\n\n1. Open the big old door.\n2. Shut it.\n\nRest.", "a.md")
    order = [(unit.start, -unit.end) for unit in units(document)]
    assert order == sorted(order)


def check_units(document: Document) -> None:
    """Check the invariants of the units of any document."""
    headings = {(h.start, h.start + len(h.text)) for h in document.headings}
    asked = {(b.start, b.end) for b in document.blocks if b.kind == "question"}
    found = units(document)
    assert len(found) == len(set(found))
    for unit in found:
        text = document.text[unit.start : unit.end]
        assert 0 <= unit.start <= unit.body < unit.end <= len(document.text)
        assert text == text.strip()
        assert document.text[unit.body] not in " \n"
        assert (unit.start, unit.end) not in headings | asked
        if unit.kind in ("paragraph", "lead", "item"):
            assert not re.fullmatch(r"(?:- |\d+\. )?[^.!?:]*\?", text), "a question alone"
        if unit.kind not in ("steps", "outline"):
            within = [start for start, _ in headings if unit.start <= start < unit.end]
            assert not within, "only a procedure and an outline go on over a heading"


@settings(max_examples=100, deadline=None)
@given(text=MARKDOWN)
def test_units_lie_in_the_text(text: str) -> None:
    try:
        document = read(text.encode(), "a.md")
    except LoadError:
        return
    check_units(document)


def test_what_a_colon_announces_belongs_to_it() -> None:
    rate = "# Rate\n\nIt is common. The rate is:\n\n> hours billed / hours there\n\nSo be it.\n"
    assert told(rate, "paragraph") == [
        "It is common. The rate is:\n\n|hours billed / hours there",
        "So be it.",
    ]
    long = "The rate was made up by the first owner of the firm, long ago. " * 4
    text = f"# Rate\n\n{long}The rate is:\n\nhours billed / hours there\n"
    assert told(text, "paragraph") == ["The rate is:\n\n|hours billed / hours there"]
    assert told(text, "lead") == [f"{long}The rate is:"]


def test_what_the_last_step_announces_belongs_to_the_steps() -> None:
    text = "# Sign\n\n1. Open it.\n\n2. Then type:\n\n```\nsign all\n```\n\nRest now.\n"
    assert told(text, "steps") == ["1. Open it.\n2. Then type:\n\nsign all"]
    assert told(text.replace(":", "."), "steps") == ["1. Open it.\n2. Then type."]


def test_headings_that_ask_are_no_outline() -> None:
    text = "# Help\n\n## {0}\n\nAt nine.\n\n## {1}\n\nIn the yard.\n"
    assert told(text.format("When we open", "Where we are"), "outline") != []
    assert told(text.format("When do you open?", "Where are you?"), "outline") == []
