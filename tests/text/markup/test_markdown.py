"""Answers as Markdown and HTML, in which a document's own markup has no effect."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

import qa
from qa.text.markup.markdown import answer_markdown, as_html, plain_markdown

HOSTILE = (
    "<img src=x onerror=alert(1)> **b** _i_ [a](http://b) ![p](http://b/p.png) `c` &lt;i&gt; "
    "~~s~~ | # x"
)


def seen(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page)).strip()


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "# a", "> a", "- a", "+ a", "* a", "1. a", "12) a", "=", "---", "===", "a\n===",
     "    code", "\ta", "```", "~~~", "[1]: http://b", "<http://b>", "a  \nb", "&amp;", "\\", "!"],
)  # fmt: skip
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(plain_markdown(text))
    assert " ".join(seen(page).split()) == " ".join(text.split())
    assert set(re.findall(r"<(\w+)", page)) <= {"p", "br", "pre", "code"}
    if text.strip() == text:
        assert "<code" not in page


def test_a_link_after_an_exclamation_mark_is_not_a_picture() -> None:
    page = as_html(answer_markdown("Look![here](<https://outside.example/a>) [1]"))
    assert "<img" not in page
    assert '<a href="https://outside.example/a">here</a>' in page


def test_a_notebook_shows_an_answer_with_its_footnotes(assistant: qa.Assistant) -> None:
    answer = assistant.ask("Where might the second summit be held?")
    page, text = answer._repr_html_(), answer._repr_markdown_()
    citation = answer.citations[0]
    assert " ".join(seen(page).split()).startswith(" ".join(answer.text.split()))
    assert f"<p>[1] {citation.source}" in page
    assert "<blockquote>" in page
    assert as_html(text) == page


def test_nothing_of_a_document_runs_in_a_notebook() -> None:
    quote = f"{HOSTILE}\n\n<script>alert(1)</script>\x1b[31m\u202e"
    citation = qa.Citation(1, "<b>a</b>.md", "t", 0, len(quote), quote, "d:v:0", heading=HOSTILE)
    answer = qa.Answer("q", f"{HOSTILE} [1]\n\n- {HOSTILE} [1]", True, citations=(citation,))
    page = answer._repr_html_()
    assert set(re.findall(r"<(\w+)", page)) <= {"p", "ul", "li", "blockquote"}
    assert seen(page).count("<img src=x onerror=alert(1)>") == 4
    assert not re.search("[\x1b\u202e]", page)
