"""The source panel in a real browser, with documents of a real index: what it shows and finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qa
from tests.ui.panel_page import (
    SUMMIT,
    TRAVEL,
    WIDE,
    footnote,
    marked,
    press,
    squeezed,
    watched,
)

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.ui.chatting import comes_true

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

QUESTIONS = (
    "Where might the second summit be held?",
    "How many days of annual leave do I have?",
    "Who approves a trip?",
    "What does error code E-4012 mean?",
    "How long does an opened bottle of Cal-7 keep?",
    "When do I get my salary?",
    "What is the depth rating of the Bittern 4?",
)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, WIDE)


def test_the_mark_of_every_citation_is_its_quote(page: Page, library: qa.Assistant) -> None:
    cited = [citation for question in QUESTIONS for citation in library.ask(question).citations]
    assert len({citation.source for citation in cited}) > len(QUESTIONS) / 2
    for citation in cited:
        press(page, asdict(citation))
        expect(page.locator("#panel h2")).to_have_text(citation.title)
        expect(page.locator("#panel .panel-path")).to_have_text(citation.source)
        expect(page.locator("#panel .panel-told")).to_be_hidden()
        expect(page.locator("#footnote-quote")).to_be_focused()
        assert squeezed("".join(marked(page))) == squeezed(citation.quote)


def test_the_whole_document_is_there(page: Page, library: qa.Assistant) -> None:
    for source in [source.source for source in library.status().sources]:
        text = library.document(source).text
        press(page, footnote(library, source, text.partition("\n")[0]))
        expect(page.locator("#panel .panel-path")).to_have_text(source)
        expect(page.locator("#footnote-quote")).to_be_focused()
        shown = page.locator(".panel-text").evaluate(
            "one => { one = one.cloneNode(true); "
            "one.querySelectorAll('.panel-page').forEach((page) => page.remove());"
            "return one.textContent }"
        )
        assert squeezed(shown) == squeezed(text)


def test_emoji_before_the_quote_do_not_move_the_mark(page: Page, library: qa.Assistant) -> None:
    for quote in ("The shop opens at nine.", "𝔣ish", "👋🏽 from the 👩‍👩‍👧", "Come in!"):
        press(page, footnote(library, "notes/emoji.txt", quote))
        expect(page.locator("#footnote-quote")).to_have_text(quote)
        expect(page.locator(".panel-told")).to_be_hidden()


def test_no_name_or_text_changes_the_direction_of_others(page: Page, library: qa.Assistant) -> None:
    lid = "The lid is \u202eneerg\u202c and \u2066heavy."
    library.add([qa.Document(lid, "notes/\u202egpj.md", title="Lid \u202edil")])
    press(page, footnote(library, "notes/\u202egpj.md", "and \u2066heavy."))
    expect(page.locator("#footnote-quote")).to_be_focused()
    shown = page.locator("#panel").evaluate("one => one.textContent")
    library.forget("notes/\u202egpj.md")
    assert "notes/gpj.md" in shown
    assert "Lid dil" in shown
    assert "neerg" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", shown)
    assert marked(page) == ["and \u200bheavy."]


def test_a_quote_over_several_blocks_is_marked_in_each(page: Page, library: qa.Assistant) -> None:
    text = library.document(SUMMIT).text
    first = text.index("\n\n", 600)
    quote = text[first - 30 : first + 60]
    press(page, footnote(library, SUMMIT, quote))
    parts = marked(page)
    assert len(parts) > 1
    assert squeezed("".join(parts)) == squeezed(quote)


def test_the_quote_stands_in_the_middle(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, TRAVEL, "no receipts are needed for them"))
    marked(page)
    middle = """() => {
      const [box, body] = ["#footnote-quote", ".panel-body"]
        .map((name) => document.querySelector(name).getBoundingClientRect());
      return Math.abs((box.top + box.bottom) / 2 - (body.top + body.bottom) / 2) < 40 }"""
    comes_true(page, middle)


def test_source_headings_and_pages_are_shown(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    expect(page.locator(".panel-place")).to_contain_text("Page 2")
    expect(page.locator(".panel-page")).to_have_text(["Page 1", "Page 2", "Page 3"])
    press(page, footnote(library, "seeds/it-help.md", "Approve the sign-in on your phone"))
    parts = page.locator(".panel-place span")
    expect(parts).to_have_text(["Working from outside the office", "Setting up the VPN"])
    headings = page.locator(".panel-text").get_by_role("heading")
    expect(headings.first).to_have_text("IT help: remote access, passwords and common errors")
    assert page.get_by_role("heading", name="Setting up the VPN", level=5).count() == 1
    expect(page.locator(".panel-text th").first).to_have_text("Code")


def test_the_original_opens_at_the_page(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    link = page.get_by_role("link", name="Open original")
    href = link.get_attribute("href") or ""
    assert href.endswith("#page=2")
    assert page.request.get(href).body() == Path(TRAVEL).read_bytes()
    press(page, footnote(library, "notes/emoji.txt", "Come in!"))
    expect(page.locator("#footnote-quote")).to_have_text("Come in!")
    expect(link).to_be_hidden()


def test_a_document_is_loaded_once(page: Page, library: qa.Assistant) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    press(page, footnote(library, SUMMIT, "Bangkok and Hanoi are being considered"))
    marked(page)
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"), "#second")
    expect(page.locator("#footnote-quote")).to_have_text("Kim Yong Chol")
    expect(page.locator("#panel mark")).to_have_count(1)
    page.keyboard.press("Escape")
    press(page, footnote(library, SUMMIT, "Bangkok and Hanoi are being considered"))
    assert marked(page) == ["Bangkok and Hanoi are being considered"]
    assert len(asked) == 1


def test_escape_closes_and_the_focus_goes_back(page: Page, library: qa.Assistant) -> None:
    page.evaluate(
        "window.told = []; document.addEventListener('footnote:panel', "
        "(event) => told.push(event.detail.open))"
    )
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"), "#second")
    marked(page)
    expect(page.locator("body.panel-open")).to_be_visible()
    expect(page.locator("#second")).to_have_class("cite open")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#second")).to_be_focused()
    expect(page.locator("body.panel-open")).to_have_count(0)
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"), "#second")
    page.get_by_role("button", name="Close source").click()
    expect(page.locator("#second")).to_be_focused()
    assert page.evaluate("told") == [True, False, True, False]


def test_the_rest_of_the_page_can_be_used_beside_the_panel(
    page: Page, library: qa.Assistant
) -> None:
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(page)
    expect(page.get_by_role("complementary", name="Second Trump-Kim summit")).to_be_visible()
    page.fill("textarea", "And when?")
    page.press("textarea", "Escape")
    expect(page.locator("#panel")).to_be_visible()
    beside = """() => {
      const [main, panel] = ["main", "#panel"]
        .map((name) => document.querySelector(name).getBoundingClientRect());
      return main.right <= panel.left + 1 }"""
    comes_true(page, beside)


def test_a_search_counts_and_steps_through_its_matches(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, SUMMIT, "Bangkok and Hanoi are being considered"))
    marked(page)
    total = library.document(SUMMIT).text.lower().count("summit")
    box = page.get_by_role("searchbox", name="Search in this document")
    box.fill("SUMMIT")
    count = page.locator(".panel-count")
    expect(count).to_have_text(f"1 of {total}")
    sizes = "() => ['panel-found', 'panel-current'].map((name) => CSS.highlights.get(name).size)"
    assert page.evaluate(sizes) == [total, 1]
    box.press("Enter")
    expect(count).to_have_text(f"2 of {total}")
    box.press("Shift+Enter")
    box.press("Shift+Enter")
    expect(count).to_have_text(f"{total} of {total}")
    page.get_by_role("button", name="Next match").click()
    expect(count).to_have_text(f"1 of {total}")
    page.get_by_role("button", name="Previous match").click()
    expect(count).to_have_text(f"{total} of {total}")
    page.get_by_role("button", name="Back to the quote").click()
    expect(page.locator("#footnote-quote")).to_be_focused()
    expect(page.get_by_role("button", name="Back to the quote")).to_be_hidden()
    box.fill("no such words")
    expect(count).to_have_text("Not found")
    box.fill("(.*")
    expect(count).to_have_text("Not found")
    box.press("Escape")
    expect(box).to_have_value("")
    expect(page.locator("#panel")).to_be_visible()
    box.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()


def test_words_are_found_across_the_end_of_a_line(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, "notes/bell.txt", "The bell rings twice."))
    marked(page)
    page.get_by_role("searchbox").fill("twice. the")
    expect(page.locator(".panel-count")).to_have_text("1 of 1")


def test_the_bullet_of_an_item_that_is_a_whole_list_is_not_shown(
    page: Page, library: qa.Assistant
) -> None:
    quote = "- Updated: 2024-03-01"
    press(page, footnote(library, "notes/badges.md", quote))
    assert marked(page) == [quote], "it is there, for the offsets"
    expect(page.locator("#panel mark")).to_have_text(quote[2:], use_inner_text=True)
    gone = footnote(library, "notes/badges.md", quote, quote="- Updated: 2023-01-01")
    press(page, gone)
    expect(page.locator(".panel-told blockquote")).to_have_text("Updated: 2023-01-01")


def test_text_that_an_author_set_apart_is_shown_as_such(page: Page, library: qa.Assistant) -> None:
    source = "notes/badges.md"
    quote = "1. Open it 🎉\n  - now\n  - later\n\nsudo  x\n\n2. Close it"
    press(page, footnote(library, source, quote))
    assert squeezed("".join(marked(page))) == squeezed(quote)
    text = page.locator(".panel-text")
    expect(text.locator(".panel-list > ol > li")).to_have_count(2)
    expect(text.locator(".panel-list > ul > li").first).to_have_text(
        "Updated: 2024-03-01", use_inner_text=True
    )
    expect(text.locator("ol > li > ul > li")).to_have_text(["- now", "- later"])
    expect(text.locator("ol > li > pre")).to_have_text("sudo  x")
    expect(text.locator(".panel-note")).to_have_text("Mind the gap.")
    expect(text.locator("th[scope=col]")).to_have_text(["Badge", "Price"])
    expect(text.locator("td")).to_have_text(["Blue", "12"])
    whole = library.document(source).text
    assert squeezed(text.text_content() or "") == squeezed(whole)
