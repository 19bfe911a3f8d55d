"""Answers as HTML: our own tags, and plain text in between."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa import Answer, Citation, Hit, Passage
from ui import render

CITATION = Citation(
    number=1,
    source="seeds/a.pdf",
    title="Travel policy",
    start=0,
    end=5,
    quote="First class is for long journeys.",
    passage_id="p",
    page=2,
    heading="Travel policy > Trains",
)
ANSWER = Answer(
    question="?", text="First class is for long journeys. [1]", found=True, short="long journeys",
    citations=(CITATION,),
)  # fmt: skip
HIT = Hit(
    Passage(
        id="p", document_id="d", source="seeds/b.md", title="B", start=0, end=3, text="Word " * 90
    ),
    0.3,
)


def shown(page: str) -> str:
    """The words that a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def test_an_answer_has_its_phrase_in_bold_and_its_footnotes_below() -> None:
    page = render.message(ANSWER)
    assert "<strong>long journeys</strong>" in page
    assert page.index("footnotes") > page.index("long journeys")
    assert "[1] Travel policy · Trains · p. 2 · seeds/a.pdf" in shown(page)
    assert f"<blockquote><p>{render.plain(CITATION.quote)}</p></blockquote>" in page


def test_a_refusal_is_marked_and_shows_three_close_passages_in_short() -> None:
    page = render.message(replace(ANSWER, found=False, citations=(), hits=(HIT,) * 5))
    assert 'class="refusal"' in page
    assert page.count("<blockquote>") == 3
    assert "…" in page
    assert len(shown(page)) < 3 * 250


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"))))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    assert html.unescape(render.plain(text)) == " ".join(text.split())


@given(st.text())
def test_no_text_means_anything_in_markdown_or_html(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"x {render.plain(text)} x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}


@pytest.mark.parametrize("field", ["title", "heading", "source", "quote"])
def test_nothing_of_a_citation_becomes_a_tag(field: str) -> None:
    words = "<img src=x onerror=alert(1)> **b** [a](http://b)"
    changes: dict[str, Any] = {field: words}
    page = render.message(replace(ANSWER, citations=(replace(CITATION, **changes),)))
    assert "<img" not in page
    assert "**" not in page
    assert "](" not in page
    assert words in shown(page)


def test_lines_of_a_quote_stay_lines() -> None:
    assert render.paragraphs("Name | Price\nA | 1\n\nEnd") == (
        "<p>Name &#124; Price<br>A &#124; 1</p><p>End</p>"
    )


def test_characters_that_reverse_or_hide_text_are_left_out() -> None:
    assert render.plain("safe\u202egnp.exe\x1b[31m\x07") == "safegnp&#46;exe&#91;31m"
