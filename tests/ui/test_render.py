"""Exchanges as HTML: our own tags, and plain text in between."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ui import render
from ui.exchanges import Cited, Exchange
from ui.texts import ENGLISH, GERMAN

CITED = Cited(
    number=1,
    source="seeds/a.pdf",
    title="Travel policy",
    start=0,
    end=5,
    quote="First class is for long journeys.",
    page=2,
    heading="Travel policy > Trains",
)
EXCHANGE = Exchange(
    question="?",
    text="First class is for long journeys. [1]",
    found=True,
    short="long journeys",
    citations=[CITED],
)
CLOSE = CITED.model_copy(update={"quote": "Word " * 90})


def shown(page: str) -> str:
    """The words that a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def message(exchange: Exchange) -> str:
    return render.message(exchange, 4, ENGLISH)


def test_an_answer_has_its_phrase_in_bold_and_its_footnotes_below() -> None:
    page = message(EXCHANGE)
    assert "<strong>long journeys</strong>" in page
    assert page.index("footnotes") > page.index("long journeys")
    assert "1 Travel policy · Trains · p. 2 · seeds/a.pdf" in shown(page)
    assert f"<blockquote><p>{render.plain(CITED.quote)}</p></blockquote>" in page


def test_a_marker_is_a_link_to_its_footnote() -> None:
    assert '.<a href="#cite-4-1" class="cite" target="_self">1</a>'.removeprefix(".") in (
        message(EXCHANGE)
    ).replace("&#46;", ".")


def test_a_marker_that_points_nowhere_is_left_out() -> None:
    page = message(EXCHANGE.model_copy(update={"text": "One [1] and two [7]."}))
    assert page.count('class="cite"') == 1
    assert "7" not in shown(page).partition("Travel")[0]


@pytest.mark.parametrize("text", ["Half a sentence [1", "Half a sentence [1] [2]"])
def test_an_answer_that_is_not_whole_shows_no_marker(text: str) -> None:
    stopped = EXCHANGE.model_copy(update={"text": text, "stopped": True})
    for page in (render.partial(text, ENGLISH), message(stopped)):
        assert "href" not in page
        assert "[1]" not in shown(page)
    assert ENGLISH.stopped in shown(message(stopped))


def test_a_refusal_is_marked_and_shows_the_close_passages_in_short() -> None:
    refused = Exchange(question="?", reason="not said", passages=[CLOSE] * 3)
    page = message(refused)
    assert 'class="refusal done exchange-4"' in page
    assert page.count("<blockquote>") == 3
    assert '<a href="#close-4-1"' in page
    assert "…" in page
    assert len(shown(page)) < 3 * 260


def test_a_refusal_speaks_the_language_of_the_page() -> None:
    refused = Exchange(question="?", text="The documents do not say.", reason="not said")
    assert GERMAN.refused_not_said in shown(render.message(refused, 0, GERMAN))


def test_a_better_question_can_be_pressed() -> None:
    refused = Exchange(question="?", reason="not said", suggestion="When <was> it?")
    assert 'class="suggestion"' in message(refused)
    assert "You could ask: When <was> it?" in shown(message(refused))


def test_sources_that_disagree_are_said_to() -> None:
    page = message(EXCHANGE.model_copy(update={"disagreement": True}))
    assert shown(page).startswith("Sources disagree")


def test_a_problem_is_a_sentence() -> None:
    page = message(Exchange(question="?", problem="The model is <away>."))
    assert shown(page) == "The model is <away>."
    assert 'class="problem done exchange-4"' in page


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
    cited = CITED.model_copy(update={field: words})
    page = message(EXCHANGE.model_copy(update={"citations": [cited]}))
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
