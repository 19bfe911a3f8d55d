"""The page in a real browser, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]

QUESTION = "Where might the second summit be held?"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 780)], ids=["wide", "narrow"])
def page(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, opened; every request that it makes must go to its own server."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(30_000)
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server)
    page.wait_for_selector("#question textarea")
    yield page
    context.close()
    assert errors == []
    assert len(requests) > 10
    asked = [url for url in requests if urlsplit(url).scheme not in ("data", "blob")]
    elsewhere = [url for url in asked if not url.startswith(f"{server}/")]
    assert elsewhere == []


def ask(page: Page, question: str) -> str:
    """Ask as a person would; what the conversation then shows of the answer."""
    answers = page.locator("#conversation .bot.message")
    number = answers.count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    answer = answers.nth(number)
    sync_api.expect(answer.locator(".footnotes, .problem")).to_be_visible()
    return answer.inner_text()


def test_a_question_is_answered_with_its_quote_below(page: Page) -> None:
    shown = ask(page, QUESTION)
    answer, _, notes = shown.partition("[1]")
    assert "Bangkok and Hanoi" in answer
    assert "seeds/second-summit-brief.md" in notes
    assert "Bangkok and Hanoi are being considered" in notes
    sync_api.expect(page.locator("#question textarea")).to_have_value("")
    sync_api.expect(page.locator("#question textarea")).to_be_in_viewport()


def test_a_follow_up_is_understood_and_the_conversation_stays(page: Page) -> None:
    ask(page, "Who is Kim Yong Chol?")
    assert "June" in ask(page, "And when did he last visit?")
    assert page.locator("#conversation .user.message").count() == 2


def test_a_cleared_conversation_is_forgotten(page: Page) -> None:
    ask(page, "Who is Kim Yong Chol?")
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(page.locator("#conversation .message")).to_have_count(0)
    assert "documents do not say" in ask(page, "And where was he born?")


def test_what_the_documents_do_not_say_looks_different(page: Page) -> None:
    shown = ask(page, "What is the capital of France?")
    assert "documents do not say" in shown
    sync_api.expect(page.locator("#conversation .refusal")).to_have_css("font-style", "italic")


def test_an_example_can_be_pressed(page: Page) -> None:
    page.get_by_role("button", name=QUESTION).click()
    sync_api.expect(page.locator("#conversation .footnotes")).to_contain_text("Hanoi")


def test_text_of_a_document_and_of_a_question_stays_text(page: Page) -> None:
    question = "When is <b>soup</b> served in the **cafeteria**?"
    shown = ask(page, question)
    for words in (
        "<img src=x onerror=\"document.title='owned'\">",
        "**on**",
        "[free](http://outside.example/a)",
        "![](http://outside.example/b.png)",
        "`raw`",
        "$$x^2$$",
        "&lt;b&gt;",
        "http://outside.example/c",
        "<b>Cafeteria</b>",
    ):
        assert words in shown
    assert question in page.locator("#conversation .user.message").inner_text()
    inside = page.locator("#conversation .message")
    assert inside.locator("img, a, script, code, em, b, .katex").count() == 0
    assert page.title() == "Footnote"


def test_nothing_of_the_page_leads_elsewhere(page: Page) -> None:
    assert page.locator("footer a, footer button").count() == 0
    links = page.locator("a[href]").evaluate_all("found => found.map(link => link.href)")
    assert links == []


def test_a_narrow_window_needs_no_sideways_scrolling(page: Page) -> None:
    ask(page, QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
