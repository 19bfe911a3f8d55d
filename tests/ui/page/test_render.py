"""Exchanges as HTML: our own tags, and plain text in between."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.api import Cited
from ui.page import render, said
from ui.page.conversations import Exchange
from ui.page.texts import ENGLISH, TEXTS

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


def marked(page: str, opening: str = "«", closing: str = "»") -> str:
    """The words that a browser shows, with the bold ones between marks."""
    return shown(page.replace("<strong>", opening).replace("</strong>", closing))


def message(exchange: Exchange) -> str:
    return render.message(exchange, 4, ENGLISH)


def test_an_answer_has_its_phrase_in_bold_and_its_footnotes_below() -> None:
    page = message(EXCHANGE)
    assert "<strong>long journeys</strong>" in page
    assert page.index("footnotes") > page.index("long journeys")
    assert shown(page).endswith("1 Travel policy › Trains · p. 2")
    assert f'title="{said.plain("seeds/a.pdf")}"' in page


def test_a_quote_that_is_the_answer_is_not_repeated_below_it() -> None:
    assert "<blockquote>" not in message(EXCHANGE)
    page = message(EXCHANGE.model_copy(update={"text": "First class, then. [1]"}))
    assert f"<blockquote><p>{said.plain(CITED.quote)}</p></blockquote>" in page


def test_footnotes_to_the_same_place_are_one() -> None:
    cited = [CITED.model_copy(update={"number": number}) for number in (1, 2)]
    cited.append(CITED.model_copy(update={"number": 3, "page": 3}))
    page = message(EXCHANGE.model_copy(update={"citations": tuple(cited)}))
    assert shown(page).endswith("1–2 Travel policy › Trains · p. 23 Travel policy › Trains · p. 3")


SHAPED = EXCHANGE.model_copy(
    update={
        "text": """Do <this>: [1]

2. *Open* it
   - now
   - or later

```
sudo <b>

  --all
```

3. Close it

(a) own

| A [x](y) | B |
| --- | --- |
| x\\|y | <i> | [1]

**Then**

… and 3 more. [1]""",
        "short": "later",
    }
)


def test_lists_tables_and_code_use_our_own_tags() -> None:
    page = message(SHAPED)
    outline = re.sub(r"&#\d+;", ".", page.partition('<div class="footnotes">')[0])
    link = '<a href="#cite-4-1" class="cite" target="_self">1</a>'
    assert outline == (
        '<div class="answer done exchange-4">'
        f"<p>Do .this..{link}</p>"
        '<ol><li value="2">.Open. it<ul><li>now</li><li>or <strong>later</strong>'
        "<pre><code>sudo .b...  ..all</code></pre></li></ul></li>"
        '<li value="3">Close it</li></ol>'
        '<ul class="own"><li><span class="mark">.a.</span> own</li></ul>'
        '<div class="table"><table><thead><tr><th scope="col">A .x..y.</th>'
        '<th scope="col">B</th></tr></thead><tbody><tr><td>x.y</td><td>.i.</td></tr></tbody>'
        f'</table></div><p class="after">{link}</p>'
        '<p class="heading">Then</p>'
        '<p class="rest"><a href="#cite-4-1" class="more" target="_self">… and 3 more</a>'
        f"{link}</p>"
    )


def test_lists_and_tables_are_shown_while_an_answer_is_written_and_have_no_links() -> None:
    page = render.partial(SHAPED.text, ENGLISH)
    assert "href" not in page
    for tag in ("<ol>", "<ul>", "<th", "<pre>"):
        assert tag in page


@given(st.text(), st.sampled_from(["- {}", "```\n{}\n```", "**{}**", "| {} |\n| --- |\n| {} |"]))
def test_any_answer_is_one_block_of_html(text: str, shape: str) -> None:
    page = message(EXCHANGE.model_copy(update={"text": shape.replace("{}", text)}))
    assert [token.type for token in MarkdownIt("commonmark").parse(page)] == ["html_block"]
    tags = set(re.findall(r"<(\w+)", page))
    assert tags <= {
        *("div", "p", "br", "a", "span", "strong", "blockquote", "ol", "ul", "li", "pre", "code"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


@pytest.mark.parametrize("outcome", ["", "answered", "unsure"])
def test_an_unsure_answer_is_marked(outcome: str) -> None:
    page = message(EXCHANGE.model_copy(update={"outcome": outcome}))
    assert shown(page).startswith(ENGLISH.unsure) == (outcome == "unsure")


def test_a_refusal_with_close_passages_does_not_say_that_nothing_is_close() -> None:
    refused = Exchange(question="?", reason="nothing close", passages=[CLOSE])
    assert shown(message(refused)).startswith(ENGLISH.refused_not_said)
    alone = refused.model_copy(update={"passages": []})
    assert shown(message(alone)) == ENGLISH.refused_nothing_close


def test_a_close_passage_is_cut_around_the_question() -> None:
    passage = CITED.model_copy(update={"quote": "Nothing here. " * 40 + "A zebra eats grass."})
    refused = Exchange(question="Does the zebra eat?", reason="not said", passages=[passage])
    assert "… A zebra eats grass." in shown(message(refused))


@pytest.mark.parametrize(
    ("text", "short", "bold"),
    [
        ("As of March, staff have 44 days. [1]", "March", "March"),
        ("As of March, staff have 44 days. [1]", "44", "44"),
        ("It is 5; the other is 15. [1]", "15", "15"),
        ("It is 15; the other is 5. [1]", "5", "5"),
        ("There is 1 of them. [1]", "1", "1"),
        ("See [1] for the 1. [1]", "1", "1"),
        ("A & B, the <firm> & co. [1]", "B, the <firm> & co", "B, the <firm> & co"),
        ("The meeting is in May\u00a02024. [1]", "May 2024", "May 2024"),
        ("会議は5月に開かれます。[1]", "5月", "5月"),
        ("One.\n\nTwo lines,\nand more. [1]", "and more", "and more"),
        ("Nothing of it. [1]", "other", ""),
    ],
)
def test_the_phrase_is_marked_in_the_words_and_never_in_their_encoding(
    text: str, short: str, bold: str
) -> None:
    page = message(EXCHANGE.model_copy(update={"text": text, "short": short}))
    said = marked(page.partition('<div class="footnotes">')[0])
    assert re.findall("«(.*?)»", said) == ([bold] if bold else [])
    assert said.replace("«", "").replace("»", "") == marked(
        message(EXCHANGE.model_copy(update={"text": text, "short": None})).partition(
            '<div class="footnotes">'
        )[0]
    )


@given(st.text(max_size=60), st.text(max_size=8))
def test_marking_a_phrase_changes_no_word(text: str, short: str) -> None:
    plain = EXCHANGE.model_copy(update={"text": text, "short": None})
    page = message(plain.model_copy(update={"short": short}))
    assert re.sub("\x02|\x03", "", marked(page, "\x02", "\x03")) == marked(message(plain))


def test_a_marker_is_a_link_to_its_footnote() -> None:
    assert '.<a href="#cite-4-1" class="cite" target="_self">1</a>'.removeprefix(".") in (
        message(EXCHANGE)
    ).replace("&#46;", ".")


def test_a_marker_that_points_nowhere_is_left_out() -> None:
    page = message(EXCHANGE.model_copy(update={"text": "One [1] and two [7]."}))
    assert page.count('class="cite"') == 1
    assert "7" not in shown(page).partition("Travel")[0]


@pytest.mark.parametrize("text", ["Half a sentence [1", "Half a sentence [1] [2]"])
def test_an_incomplete_answer_shows_no_marker(text: str) -> None:
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


def test_a_refusal_is_in_the_language_of_the_page() -> None:
    refused = Exchange(question="?", text="The documents do not say.", reason="not said")
    for texts in TEXTS.values():
        assert texts.refused_not_said in shown(render.message(refused, 0, texts))


def test_a_better_question_can_be_pressed() -> None:
    refused = Exchange(question="?", reason="not said", suggestion="When <was> it?")
    assert 'class="suggestion"' in message(refused)
    assert "You could ask: When <was> it?" in shown(message(refused))


def test_sources_that_disagree_are_marked() -> None:
    text = "Les documents se contredisent.\n\nTen. [1]\n\nTwelve. [2]"
    page = message(EXCHANGE.model_copy(update={"disagreement": True, "text": text}))
    assert '<p class="aside differ">Les documents se contredisent&#46;</p>' in page
    assert shown(page).count("contredisent") == 1
    # What an earlier version stored is shown unchanged.
    before = EXCHANGE.model_copy(update={"disagreement": True, "text": "They disagree. Ten. [1]"})
    assert shown(message(before)).startswith("They disagree. Ten.")


def test_other_sections_can_be_opened() -> None:
    page = message(
        EXCHANGE.model_copy(update={"sections": (CLOSE.model_copy(update={"number": 2}),)})
    )
    assert "Other sections on this:" in shown(page)
    assert '<a href="#part-4-2" class="section"' in page
    assert "Other sections" not in shown(message(EXCHANGE))


def test_a_problem_is_a_sentence() -> None:
    page = message(Exchange(question="?", problem="The model is <away>."))
    assert shown(page) == "The model is <away>."
    assert 'class="problem done exchange-4"' in page


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"))))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    assert html.unescape(said.plain(text)) == " ".join(text.split())


@given(st.text())
def test_no_text_has_a_meaning_in_markdown_or_html(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"x {said.plain(text)} x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}


@pytest.mark.parametrize("field", ["title", "heading", "source", "quote"])
def test_no_part_of_a_citation_becomes_a_tag(field: str) -> None:
    words = "<img src=x onerror=alert(1)> **b** [a](http://b)"
    cited = CITED.model_copy(update={field: words})
    page = message(EXCHANGE.model_copy(update={"citations": [cited]}))
    assert "<img" not in page
    assert "**" not in page
    assert "](" not in page
    assert words in html.unescape(page)


def test_a_quote_keeps_its_lines() -> None:
    assert said.paragraphs("Name | Price\nA | 1\n\nEnd") == (
        "<p>Name &#124; Price<br>A &#124; 1</p><p>End</p>"
    )


def test_characters_that_reverse_or_hide_text_are_left_out() -> None:
    assert said.plain("safe\u202egnp.exe\x1b[31m\x07") == "safegnp&#46;exe&#91;31m"


LINKS = "See [the <form>](<https://a.example/f?a=1&b=(2)>), [home](<#source:a%20b.md:1-2>) [1]"


def test_only_links_of_a_document_are_links() -> None:
    page = message(EXCHANGE.model_copy(update={"text": LINKS, "short": None, "answerer": "quotes"}))
    hrefs = [html.unescape(found) for found in re.findall(r'href="([^"]*)"', page)]
    assert hrefs[:2] == ["https://a.example/f?a=1&b=(2)", "#source:a%20b.md:1-2"]
    assert 'target="_blank" rel="noopener">the &#60;form&#62;</a>' in page
    for text in (
        "[x](<javascript:alert(1)>) [1]", "[x](<data:text/html,y>) [1]", "[x](<a.md>) [1]",
        "[x](https://a.example) [1]",
    ):  # fmt: skip
        page = message(EXCHANGE.model_copy(update={"text": text, "answerer": "quotes"}))
        assert 'class="out"' not in page
        assert 'class="within"' not in page
    written = message(EXCHANGE.model_copy(update={"text": LINKS, "answerer": "a:model"}))
    assert 'class="out"' not in written
    assert "See the &#60;form&#62;&#44; home" in written


def test_the_page_says_what_was_attached_and_what_can_be_asked_next() -> None:
    told = EXCHANGE.model_copy(update={"attached": "answered", "related": ("Who <pays>?",)})
    page = message(told)
    assert shown(page).startswith("From your files.")
    assert 'class="suggestion" target="_self">Who &#60;pays&#62;&#63;</a>' in page
    assert "Your files do not say" in message(told.model_copy(update={"attached": "not said"}))
    refused = Exchange(question="?", reason="not said", attached="not said", related=("Why?",))
    assert "Your files were searched, too." in shown(message(refused))
    assert "The documents also answer:" in shown(message(refused))
    assert "files" not in message(EXCHANGE)
