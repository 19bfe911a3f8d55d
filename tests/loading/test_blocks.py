"""The blocks of a document: what its author set apart, in every format."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import LoadError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check_blocks
from tests.timing import growth

LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "", "  ", "   ", "    ", "> "]),
        st.sampled_from(
            [
                *("- ", "* ", "1. ", "2. ", "3) ", "a) ", "# ", "## ", "| a | b |\n|---|---|\n| "),
                *("```\n", "<ul><li>", "</ul>", "<dl><dt>", "<dd>", "<table><tr><td rowspan=2>"),
                *("<div class=note>", "</div>", "**", "Q: ", "CAPITALS", "", "", "", "<p>"),
            ]
        ),
        st.sampled_from(["word", "what? Yes", "Two words.", "", "ask?**", "| c |", "===", "</li>"]),
        st.sampled_from(["\n", "\n\n"]),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, name=st.sampled_from(["a.md", "a.html", "a.txt"]))
def test_blocks_nest_in_the_order_of_the_text(lines: list[tuple[str, ...]], name: str) -> None:
    try:
        document = read("".join("".join(line) for line in lines).encode(), name)
    except LoadError:
        return
    check_blocks(document)


def told(text: str, name: str = "a.md") -> list[str]:
    """The blocks of a text, each as far in as it lies in others."""
    document = read(text.encode(), name)
    check_blocks(document)
    return list(lines_of(document))


def lines_of(document: Document) -> list[str]:
    depths: list[int] = []
    lines = []
    for block in document.blocks:
        depths.append(depths[block.parent] + 1 if block.parent >= 0 else 0)
        words = document.text[block.start : block.end].replace("\n", "/")
        detail = f"{block.level or ''}{block.marker}"
        lines.append(f"{'  ' * depths[-1]}{block.kind}{detail and f' {detail}'}: {words}")
    return lines


def test_an_item_holds_all_that_belongs_to_it() -> None:
    assert told(
        "Do:\n\n1. Open\n\n   ```\n   cmd\n   ```\n\n   More.\n2. Shut\n   - a\n   - b\n"
    ) == [
        "paragraph: Do:",
        "list: 1. Open//cmd//More.//2. Shut/  - a/  - b",
        "  item 1.: 1. Open//cmd//More.",
        "    code: cmd",
        "    paragraph: More.",
        "  item 2.: 2. Shut/  - a/  - b",
        "    list: - a/  - b",
        "      item 1-: - a",
        "      item 1-: - b",
    ]


NUMBERED = [
    "list: 1. Open//cmd//2. Shut",
    "  item 1.: 1. Open//cmd",
    "    code: cmd",
    "  item 2.: 2. Shut",
    "paragraph: After.",
]


def test_a_numbered_list_that_code_interrupts_is_one_list() -> None:
    assert told("1. Open\n\n```\ncmd\n```\n\n2. Shut\n\nAfter.") == NUMBERED
    html = "<ol><li>Open</ol><pre>cmd</pre><ol start=2><li>Shut</ol><p>After."
    assert told(html, "a.html") == NUMBERED


def test_a_heading_ends_a_numbered_list() -> None:
    lists = [line for line in told("1. a\n\n# H\n\n2. b") if line.startswith("list")]
    assert lists == ["list: 1. a", "list: 2. b"]


def test_an_item_may_begin_with_a_list() -> None:
    assert told("4. - a\n   - b\n") == [
        "list: 4. - a/  - b",
        "  item 4.: 4. - a/  - b",
        "    list: - a/  - b",
        "      item 1-: - a",
        "      item 1-: - b",
    ]


def test_the_first_row_of_a_table_is_its_header() -> None:
    table = ["table: A | B/1 | 2", "  row 1: A | B", "  row: 1 | 2"]
    assert told("| A | B |\n|---|---|\n| 1 | 2 |") == table
    assert told("<table><tr><th>A<th>B<tr><td>1<td>2</table>", "a.html") == table


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("**May I?**\n\nYes.", "a.md"),
        ("**May I?**\nYes.", "a.md"),
        ("<p><strong>May I?</strong></p><p>Yes.", "a.html"),
        ("<p><b>May I?</b><br>Yes.", "a.html"),
        ("<dl><dt>May I?<dd>Yes.</dl>", "a.html"),
        ("<details><summary>May I?</summary>Yes.</details>", "a.html"),
    ],
)
def test_the_questions_of_a_faq_are_recognised(text: str, name: str) -> None:
    assert told(text, name) == ["question: May I?", "paragraph: Yes."]


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_a_question_may_say_that_it_is_one(name: str) -> None:
    assert told("Q: May I?\nA: Yes.", name) == ["question: Q: May I?", "paragraph: A: Yes."]


def test_a_bold_word_in_a_sentence_is_no_question() -> None:
    assert told("**Why?** Because.") == ["paragraph: Why? Because."]


def test_remarks_and_quotations_are_notes() -> None:
    note = ["note: Mind the gap.", "  paragraph: Mind the gap."]
    assert told("> Mind the gap.") == note
    assert told("<div class='admonition warning'>Mind the gap.</div>", "a.html") == note


def test_a_term_and_its_definition_are_an_item() -> None:
    page = "<dl><dt>Sonde<dt>Probe<dd>It <b>measures</b>.<dd><p>In water.<dt>Tide<dd><p>Comes.</dl>"
    assert told(page, "a.html") == [
        "list: - Sonde, Probe: It measures.//In water.//- Tide: Comes.",
        "  item -: - Sonde, Probe: It measures.//In water.",
        "    paragraph: In water.",
        "  item -: - Tide: Comes.",
    ]


def test_plain_text_has_lists_and_headings_by_how_it_is_written() -> None:
    text = (
        "Title\n=====\n\nFirst:\n\n1. Ask\n   in writing\n  - a\n2. Go\n\nAfter 10\n3. of it.\n\n"
        "THE END\n\nx"
    )
    assert told(text, "a.txt") == [
        "heading 1: Title",
        "paragraph: First:",
        "list: 1. Ask/   in writing/  - a/2. Go",
        "  item 1.: 1. Ask/   in writing/  - a",
        "    list: - a",
        "      item 1-: - a",
        "  item 2.: 2. Go",
        "paragraph: After 10/3. of it.",
        "heading 1: THE END",
        "paragraph: x",
    ]


def test_a_cell_that_spans_rows_is_said_in_each() -> None:
    page = (
        "<table><tr><th>Group<th>Day<th>Fee<tr><td rowspan=2>Adults<td>week<td rowspan=0>8"
        "<tr><td>weekend</table>"
    )
    assert read(page.encode(), "a.html").text == (
        "Group | Day | Fee\nAdults | week | 8\nAdults | weekend | 8"
    )


def test_a_cell_that_spans_columns_is_said_in_each() -> None:
    page = (
        "<table><tr><th>Zone<th colspan=2>Summer<th>Winter<tr><td>A<td>1<td>2<td>3"
        "<tr><td colspan=3>closed<td>4<tr><td colspan=4>All in crowns</table>"
    )
    assert read(page.encode(), "a.html").text == (
        "Zone | Summer | Summer | Winter\nA | 1 | 2 | 3\nclosed | closed | closed | 4\n"
        "All in crowns"
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.html", lambda number: f"<ul><li>x</li>{'<p>a' * number}</ul>"),
        ("a.html", lambda number: f"{'<ul><li>' * 900}{'<p>a' * number}"),
        ("a.md", lambda number: "1. a\n\nb\n\n" * (number // 10)),
    ],
    ids=["long", "deep", "numbered"],
)
def test_deep_and_long_structures_take_linear_time(name: str, make: Callable[[int], str]) -> None:
    # Four times the input, which would take 16 times as long in a quadratic way.
    assert growth(lambda number: read(make(number).encode(), name), 5_000) < 9
