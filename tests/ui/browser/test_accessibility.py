"""The chat page for everybody: keyboard, touch, screen reader, contrast, motion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.ui.chatting import (
    LEAVE,
    LOOKS,
    NOWHERE,
    QUOTED,
    SIZES,
    SUMMIT,
    ask,
    drop,
    opened,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# Whether the element with the focus is uncovered.
UNCOVERED = """() => {
    const at = document.activeElement;
    const { left, top, width, height } = at.getClientRects()[0];
    return at.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""
BEGINS_A_LINE = """(marker) => marker.getBoundingClientRect().left
    < marker.closest("p").getBoundingClientRect().left + 12"""


@pytest.fixture
def wide(browser: Browser, server: str) -> Iterator[Page]:
    yield from opened(browser, server, SIZES["wide"])


def test_answers_are_announced(wide: Page) -> None:
    ask(wide, SUMMIT)
    voice = wide.locator(".unseen[role=status]")
    expect(voice).to_have_text(re.compile(r"^Answer: .*Hanoi.* Footnotes: \d+\.$"))
    ask(wide, NOWHERE)
    expect(voice).to_have_text(re.compile("^No answer: The documents do not say"))


def test_every_part_can_be_reached_with_the_keyboard(wide: Page) -> None:
    ask(wide, SUMMIT)
    wide.locator("#new").focus()
    names = []
    for _ in range(15):
        names.append(
            wide.evaluate("""() => {
            const at = document.activeElement;
            return at.getAttribute("aria-label") || at.id || at.textContent.trim() || at.tagName;
        }""")
        )
        wide.keyboard.press("Tab")
    order = ["new", "earlier", "Save", "For the owner", "Edit the question", "Footnote 1",
             "1 Second", "Copy", "Copy as Markdown", "Ask again", "This helped",
             "This did not help"]  # fmt: skip
    assert [name.startswith(one) for name, one in zip(names, order, strict=False)] == [True] * len(
        order
    ), names


def test_nothing_moves_if_motion_is_not_wanted(browser: Browser, server: str) -> None:
    for page in opened(browser, server, SIZES["wide"], reduced_motion="reduce"):
        ask(page, SUMMIT).locator("a.cite").first.click()
        expect(page.locator("#panel")).to_be_visible()
        moving = page.evaluate("""() => document.getAnimations().filter(
            (one) => one.playState === "running").length""")
        assert moving == 0


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing(browser: Browser, keeping: str, size: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(state: str) -> None:
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
        assert told == [], state

    # In the middle of a fade, Axe would measure the colours of that moment.
    for page in opened(browser, keeping, SIZES[size], color_scheme=scheme, reduced_motion="reduce"):
        check("empty")
        ask(page, NOWHERE)
        answer = ask(page, SUMMIT)
        check("answered")
        page.get_by_role("button", name="Edit the question").first.click()
        check("editing")
        page.keyboard.press("Escape")
        answer.locator("a.cite").first.click()
        expect(page.locator(QUOTED).first).to_be_visible(timeout=30_000)
        check("source")
        page.keyboard.press("Escape")
        if (scheme == "dark") != (size == "narrow"):
            continue  # the rest looks the same in the two other views
        page.locator("#conversation .refusal a.footnote").first.click()
        expect(page.locator(QUOTED).first).to_be_visible(timeout=30_000)
        check("source of a refusal")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="This did not help").last.click()
        expect(page.locator(".comment")).to_be_visible()
        check("comment")
        page.keyboard.press("Escape")
        page.locator("#take-away summary").click()
        check("menu")
        page.keyboard.press("Escape")
        ask(page, "How much is the monthly parking fee?")
        drop(page, {"sauna.txt": "The sauna opens at 6:45.", "torn.pdf": "%PDF-1.4 not really"})
        expect(page.locator("#attached")).to_contain_text("could not be read")
        check("files")
        page.get_by_role("button", name="History").click()
        check("history")


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_axe_finds_nothing_in_other_languages(browser: Browser, server: str, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for page in opened(browser, server, SIZES["wide"], locale=language, reduced_motion="reduce"):
        ask(page, SUMMIT).locator("a.cite").first.click()
        expect(page.get_by_role("complementary")).to_be_visible()
        assert axe.run(page, options={"resultTypes": ["violations"]}).response["violations"] == []


def test_a_finger_opens_and_closes_a_source(browser: Browser, server: str) -> None:
    for page in opened(browser, server, SIZES["narrow"], has_touch=True, is_mobile=True):
        answer = ask(page, LEAVE)
        answer.locator("a.cite").first.tap()
        expect(page.locator(QUOTED).first).to_be_in_viewport(timeout=30_000)
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_role("button", name="Close source").tap()
        expect(page.locator("#panel")).to_be_hidden()
        answer.locator("a.footnote").first.tap()
        expect(page.locator(QUOTED).first).to_be_in_viewport(timeout=30_000)


@pytest.mark.parametrize("size", SIZES)
def test_an_element_with_the_focus_is_not_covered(
    browser: Browser, keeping: str, size: str
) -> None:
    for page in opened(browser, keeping, SIZES[size]):
        for question in (SUMMIT, NOWHERE, LEAVE):
            ask(page, question)
        page.get_by_role("button", name="This did not help").last.click()
        expect(page.get_by_label("What should be better? (optional)")).to_be_focused()
        assert page.evaluate(UNCOVERED)
        page.keyboard.press("Escape")
        page.locator("#new").focus()
        while page.evaluate("document.activeElement.closest('#composer') === null"):
            assert page.evaluate(UNCOVERED), page.evaluate("document.activeElement.outerHTML")
            page.keyboard.press("Tab")


def test_a_marker_never_begins_a_line(browser: Browser, server: str) -> None:
    for page in opened(browser, server, SIZES["narrow"]):
        marker = ask(page, SUMMIT).locator("a.cite").first
        for width in range(300, 500, 10):
            page.set_viewport_size({"width": width, "height": 780})
            assert not marker.evaluate(BEGINS_A_LINE), width
