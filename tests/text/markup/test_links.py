from __future__ import annotations

import pytest

from qa.text.markup.links import address, answer_links, linked, unlinked, without_links


@pytest.mark.parametrize(
    "target",
    [
        "https://a.example/b_(c)?d=1#e", "HTTP://a.example", "mailto:x@a.example",
        "../leave.md#parental-leave", "#top", "/travel/", "Ü.md",
    ],
)  # fmt: skip
def test_where_a_link_may_lead(target: str) -> None:
    assert address(f" {target}\n") == target


@pytest.mark.parametrize(
    "target",
    [
        "", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "vbscript:x",
        "\x01javascript:x", "data:text/html,x", "file:///etc/passwd", "blob:x", "//evil.example",
        "\\\\evil.example", "/\\evil.example", "a b.md", "a\u202eb", 'https://a.example/">x', "<b>",
        "https://a.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_where_no_link_may_lead(target: str) -> None:
    assert address(target) == ""


def test_the_links_of_an_answer_are_found_and_similar_text_is_not() -> None:
    text = (
        f"Ask {linked('the  desk', 'https://a.example/b')} or {linked('me', '#source:a.md:1-2')}."
    )
    assert text == "Ask [the desk](<https://a.example/b>) or [me](<#source:a.md:1-2>)."
    assert list(answer_links(text)) == [
        ("Ask ", ""), ("the desk", "https://a.example/b"), (" or ", ""),
        ("me", "#source:a.md:1-2"), (".", ""),
    ]  # fmt: skip
    assert without_links(text) == "Ask the desk or me."
    own = "Write [x](http://b.example), or [y](<http://b.example>)."
    assert [target for _, target in answer_links(unlinked(own))] == [""]
    assert list(answer_links("[z](<javascript:alert(1)>) [q](<q.md>)")) == [
        ("z", ""), (" ", ""), ("q", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["1", " 12 ", "a [1] b", "x | y", "]"])
def test_a_possible_marker_or_cell_is_not_a_link(label: str) -> None:
    assert linked(label, "https://a.example") == label
