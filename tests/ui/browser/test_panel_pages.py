"""The page of a PDF as it looks, in the source panel: where the marks are, turning, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import qa
from tests.ui.chatting import comes_true
from tests.ui.panel_page import PHONE, SUMMIT, TRAVEL, WIDE, footnote, marked, press, watched

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LEAF = "#panel .panel-leaf"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, WIDE, view="page")


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, PHONE, view="page")


def cited(library: qa.Assistant, start: int = 2500, length: int = 60) -> dict[str, Any]:
    text = library.document(TRAVEL).text
    return footnote(library, TRAVEL, text[start : start + length])


def boxes(page: Page) -> list[list[float]]:
    """Left, top, right and bottom of the marks, in parts of the picture."""
    expect(page.locator(".panel-box").first).to_be_in_viewport()
    found: list[list[float]] = page.evaluate("""() => {
      const sheet = document.querySelector(".panel-sheet img").getBoundingClientRect();
      return [...document.querySelectorAll(".panel-box")].map((box) => {
        const { left, top, right, bottom } = box.getBoundingClientRect();
        return [(left - sheet.left) / sheet.width, (top - sheet.top) / sheet.height,
                (right - sheet.left) / sheet.width, (bottom - sheet.top) / sheet.height];
      });
    }""")
    return found


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_pdf_is_shown_as_it_looks_with_the_quote_marked(
    request: pytest.FixtureRequest, library: qa.Assistant, size: str
) -> None:
    page: Page = request.getfixturevalue("page" if size == "wide" else "phone")
    note = cited(library)
    press(page, note)
    picture = page.get_by_role("img", name="Page 2 of “Travel and expenses policy”")
    expect(picture).to_be_visible()
    [there] = library.marks(TRAVEL, note["start"], note["end"])
    for shown, wanted in zip(boxes(page), there.boxes, strict=True):
        assert shown == pytest.approx(wanted, abs=0.01)
    assert picture.evaluate("one => one.naturalWidth >= one.clientWidth * devicePixelRatio")
    # The quote is in the panel as text, too.
    expect(page.locator(f"{LEAF} blockquote")).to_have_text(note["quote"])
    expect(page.locator(".panel-sheet")).to_be_focused()
    expect(page.locator(".panel-text")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_pages_are_turned_and_the_quote_is_found_again(page: Page, library: qa.Assistant) -> None:
    press(page, cited(library))
    boxes(page)
    count = page.locator(".panel-number")
    expect(count).to_have_text("2 of 3")
    original = page.get_by_role("link", name="Open original")
    page.get_by_role("button", name="Next page").press("Enter")
    expect(count).to_have_text("3 of 3")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    expect(page.locator(".panel-box")).to_have_count(0)
    assert (original.get_attribute("href") or "").endswith("#page=3")
    page.get_by_role("button", name="Back to the quote").click()
    expect(count).to_have_text("2 of 3")
    boxes(page)
    expect(page.get_by_role("button", name="Back to the quote")).to_be_hidden()
    page.get_by_role("button", name="Previous page").click()
    expect(count).to_have_text("1 of 3")
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()


def test_a_page_grows_around_its_quote(page: Page, library: qa.Assistant) -> None:
    press(page, cited(library))
    boxes(page)
    picture = page.locator(".panel-sheet img")
    before = picture.evaluate("one => one.clientWidth")
    for _ in range(3):
        page.get_by_role("button", name="Larger").click()
    expect(page.get_by_role("button", name="Larger")).to_be_disabled()
    comes_true(
        page, f"() => document.querySelector('.panel-sheet img').clientWidth > {before * 2.9}"
    )
    # Soon it is drawn again, for the new size.
    comes_true(
        page, f"() => document.querySelector('.panel-sheet img').naturalWidth > {before * 2.9}"
    )
    expect(page.locator(".panel-box").first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == WIDE[0]
    page.get_by_role("button", name="Smaller").click()
    expect(page.get_by_role("button", name="Larger")).to_be_enabled()


def test_the_text_is_one_press_away_and_stays_selected(page: Page, library: qa.Assistant) -> None:
    note = cited(library)
    press(page, note)
    boxes(page)
    as_text = page.get_by_role("button", name="Text", exact=True)
    as_page = page.get_by_role("button", name="Page", exact=True)
    expect(as_page).to_have_attribute("aria-pressed", "true")
    as_text.press("Enter")
    marked(page)
    expect(page.locator(LEAF)).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(as_text).to_have_attribute("aria-pressed", "true")
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(page)
    expect(as_page).to_be_hidden()
    press(page, note)
    marked(page)
    assert page.evaluate("localStorage.getItem('footnote:source-view')") == "text"
    as_page.click()
    boxes(page)
    expect(page.locator("#panel mark")).to_have_count(0)


def test_a_page_that_cannot_be_drawn_is_shown_as_text(page: Page, library: qa.Assistant) -> None:
    for part in ("**/api/page?**", "**/api/marks?**"):
        page.route(part, lambda route: route.fulfill(status=422, json={"error": "It has changed."}))
        press(page, cited(library))
        marked(page)
        expect(page.locator(LEAF)).to_be_hidden()
        expect(page.locator(".panel-told")).to_be_hidden()
        page.keyboard.press("Escape")
        page.unroute(part)
    press(page, cited(library))
    boxes(page)


def test_the_footnote_pressed_last_is_shown(page: Page, library: qa.Assistant) -> None:
    texts = library.document(TRAVEL).text
    late = footnote(library, TRAVEL, texts[655:942])
    press(page, cited(library))
    press(page, late, "#second")
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    press(page, late, "#second")
    expect(page.locator(f"{LEAF} blockquote")).to_contain_text("A trip is approved")
    expect(page.locator(".panel-number")).to_have_text("1 of 3")
    boxes(page)


def test_documents_without_pages_are_not_drawn(page: Page, library: qa.Assistant) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(page)
    assert [url for url in asked if "/api/page" in url or "/api/marks" in url] == []


@pytest.mark.parametrize("light", ["light", "dark"])
def test_axe_finds_nothing_in_the_view_of_pages(
    page: Page, library: qa.Assistant, light: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.evaluate(f"document.body.className = '{light}'")
    press(page, cited(library))
    boxes(page)
    page.get_by_role("button", name="Larger").click()
    page.wait_for_timeout(500)
    found = axe.Axe().run(page, context="#panel")
    assert [one["id"] for one in found.response["violations"]] == []
