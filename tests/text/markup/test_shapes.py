"""The Markdown of an answer as its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.markup.shapes import AnswerPart, answer_parts, repeated


def kinds(parts: tuple[AnswerPart, ...]) -> list[object]:
    """The kinds, those within a list or an item in a list of their own."""
    return [[one.kind, kinds(one.parts)] if one.parts else one.kind for one in parts]


def test_steps_keep_their_numbers_and_what_belongs_to_them() -> None:
    text = (
        "Do this: [1]\n\n1. Open it\n   - a\n   - b\n\n2. Run\n\n"
        "```\nx\n  y\n```\n\nWait.\n\n3. Close"
    )
    lead, steps = answer_parts(text)
    assert lead == AnswerPart("paragraph", "Do this: [1]")
    assert [item.number for item in steps.parts] == [1, 2, 3]
    assert kinds(steps.parts) == [
        ["item", [["list", ["item", "item"]]]],
        ["item", ["code", "paragraph"]],
        "item",
    ]
    assert steps.parts[1].parts[0].text == "x\n  y"


def test_text_between_two_lists_belongs_to_neither() -> None:
    assert kinds(answer_parts("- a\n- b\n\nBut not:\n\n- c")) == [
        ["list", ["item", "item"]],
        "paragraph",
        ["list", ["item"]],
    ]
    assert [len(one.parts) for one in answer_parts("- a\n1. b\n2. c")] == [1, 2]


def test_a_table_has_rows_of_cells_and_its_markers_after_it() -> None:
    (table,) = answer_parts("| a | b |\n| --- | --- |\n| x\\|y | *z* |\n|  | 2 | [1][2]")
    assert table.rows == (("a", "b"), ("x|y", "*z*"), ("", "2"))
    assert table.after == "[1][2]"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("**Costs** [1]", "heading"),
        ("**Costs** are **high**", "paragraph"),
        ("| a | b |", "paragraph"),
        ("```\ncode", "code"),
        ("```\ncode\n``` [3]", "code"),
        ("- a", "list"),
        ("-a", "paragraph"),
        ("# a", "paragraph"),
        ("> a", "paragraph"),
    ],
)
def test_markup_counts_only_where_an_answer_uses_it(text: str, kind: str) -> None:
    assert [part.kind for part in answer_parts(text)] == [kind]


def words(parts: tuple[AnswerPart, ...]) -> str:
    """All that is shown of them."""
    return "".join(
        part.marker + part.text + "".join(map("".join, part.rows)) + part.after + words(part.parts)
        for part in parts
    )


SHAPES = st.lists(
    st.sampled_from(
        [
            "- ",
            "1. ",
            "2. ",
            "   - ",
            "   1. ",
            "**",
            "```",
            "| ",
            " |",
            "| --- |",
            "[1]",
            "\n",
            "\n\n",
            "a",
        ]
    ),
    max_size=40,
).map("".join)


@given(st.one_of(st.text(max_size=80), SHAPES))
def test_no_word_is_lost_or_added(text: str) -> None:
    def letters(one: str) -> str:
        return "".join(letter for letter in one if letter.isalnum())

    assert letters(words(answer_parts(text))) == letters(text)


def test_a_list_with_a_thousand_levels_is_read() -> None:
    text = "\n".join(f"{' ' * level}- {level}" for level in range(1000))
    assert "999" in words(answer_parts(text))


def test_a_quote_is_recognised_in_another_shape() -> None:
    answer = "Prices: [1]\n\n- **Oak**: 12 [2]\n- Elm | 7"
    assert repeated("Prices:\n\n• oak:  12", answer)
    assert repeated("Elm | 7", answer)
    assert not repeated("Oak: 13", answer)


def test_a_line_that_is_not_a_row_makes_no_table() -> None:
    parts = answer_parts("| loose\n|---|\n\nWords.")
    assert [part.kind for part in parts] == ["paragraph", "paragraph"]
    assert parts[0].text == "| loose\n|---|"
