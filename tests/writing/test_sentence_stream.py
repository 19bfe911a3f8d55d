from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.writing.sentence_stream import Piece, pieces


def cut(*chunks: str) -> list[Piece]:
    return list(pieces(chunks))


def texts(*chunks: str) -> list[str]:
    return [piece.text for piece in cut(*chunks)]


@pytest.mark.parametrize(
    ("written", "cited"),
    [
        ("The fee is 20 euros [1].", (1,)),
        ("The fee is 20 euros. [1]", (1,)),
        ("The fee is 20 euros.[1][3]", (1, 3)),
        ("The fee is 20 euros [1, 2].", (1, 2)),
        ("The fee is 20 euros [2-4].", (2, 3, 4)),
        ("The fee is 20 euros 【1】.", (1,)),
        ("The fee is 20 euros 【2†source】.", (2,)),
        ("The fee is 20 euros [^1].", (1,)),
        ("The fee is 20 euros (2).", (2,)),
        ("The fee is 20 euros [Passage 2].", (2,)),
        ("The fee is 20 euros (passage 2).", (2,)),
        ("The fee [1] is 20 euros [3].", (1, 3)),
        ("[2] The fee is 20 euros.", (2,)),
        ("According to passage 1, the fee is 20 euros.", (1,)),
        ("As stated in [3], the fee is 20 euros.", (3,)),
        ("Passage 2 states that the fee is 20 euros.", (2,)),
        ("The fee is 20 euros [1](https://example.com).", (1,)),
        ("The fee is 20 euros [citation needed].", ()),
        ("The fee is 20 euros [a].", ()),
        ("The fee is 20 euros [[1]].", (1,)),
        ("The fee is 20 euros [9999999].", ()),
    ],
)
def test_markers_are_taken_out_and_kept_as_numbers(written: str, cited: Sequence[int]) -> None:
    (piece,) = cut(written)

    assert piece.cited == tuple(cited)
    assert piece.text.replace("(9999999)", "").replace(" .", ".").replace("()", "") == (
        "The fee is 20 euros."
    )


def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before_it() -> None:
    first, second = cut("The fee is 20 euros. [1] It is due in May. [2]")

    assert (first.text, first.cited) == ("The fee is 20 euros.", (1,))
    assert (second.text, second.cited) == ("It is due in May.", (2,))


def test_numbers_in_brackets_that_are_not_markers_stay() -> None:
    assert texts("The summit (2018) was long [sic and so on].") == [
        "The summit (2018) was long (sic and so on)."
    ]


def test_list_items_and_headings_are_sentences_and_keep_their_marks() -> None:
    written = "The places:\n\n- Bangkok [1]\n- Hanoi [2]\n\n## Dates\n1. In May. Or June.\n2. Never"

    assert [(piece.before, piece.text) for piece in cut(written)] == [
        ("", "The places:"),
        ("\n\n- ", "Bangkok"),
        ("\n- ", "Hanoi"),
        ("\n\n## ", "Dates"),
        ("\n1. ", "In May."),
        (" ", "Or June."),
        ("\n2. ", "Never"),
    ]


def test_introductions_are_recognised() -> None:
    written = "The places are:\nBangkok.\n## Dates\n**Costs**\nIt is **bold** here."

    assert [piece.introduces for piece in cut(written)] == [True, False, True, True, False]


@pytest.mark.parametrize(
    "written",
    [
        "<think>Hm. [1] It is 30?</think>It is 20 [1].",
        "<think>\nHm.\n</think>\n\nIt is 20 [1].",
        "<THINKING>Hm.</THINKING> It is 20 [1].",
        "It is 20 [1].<think>Hm. Or 30",
        "</think>It is 20 [1].",
    ],
)
def test_reasoning_is_left_out(written: str) -> None:
    assert texts(written) == ["It is 20."]


def test_links_and_images_cannot_send_anything_out() -> None:
    assert texts("See [the page](https://evil.example/?q=1) ![x](https://evil.example/p).") == [
        "See the page."
    ]


def test_a_sentence_comes_as_soon_as_the_next_one_begins() -> None:
    given_out: list[int] = []

    def chunks() -> object:
        for number, chunk in enumerate(["The fee is 20 euros [1]. ", "It ", "is due. ", "Soon."]):
            given_out.append(number)
            yield chunk

    stream = pieces(chunks())  # type: ignore[arg-type]
    assert next(stream).text == "The fee is 20 euros."
    assert given_out == [0, 1]


def test_sentences_of_a_script_without_spaces_come_one_by_one() -> None:
    assert texts("会议将在河内举行【1】。日期未定。[2]") == ["会议将在河内举行。", "日期未定。"]


FRAGMENTS = (
    "The fee is 20 euros.|[1]|[2, 3]|【1】| (1).|\n|\n\n- |1. |## |<think>|</think>|Dr. Smith|"
    "**x**|According to passage 1, |[a](b)|会议。|... |e.g. |3.14|[|]| |\r\n"
).split("|")


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=30).map("".join),
    st.integers(min_value=1, max_value=7),
)
@example("The fee is 20.[1", 3)
@example("</think><think>", 1)
@settings(deadline=None)
def test_the_sentences_are_the_same_however_the_stream_is_cut(text: str, size: int) -> None:
    chopped = [text[at : at + size] for at in range(0, len(text), size)]

    assert cut(*chopped) == cut(text)


@given(st.text(alphabet="[]()【】^,-0123456789 .ax\n", max_size=60))
@settings(deadline=None)
def test_no_square_bracket_is_left_that_could_pass_for_a_marker(text: str) -> None:
    assert not any(letter in piece.text for piece in cut(text) for letter in "[]")
