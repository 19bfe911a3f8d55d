"""Scans and images in the source panel: pages, marks, and how sure the recognition is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import qa
from qa.loading.pdf.recognition import program
from tests.loading.pdf.scanned import page as drawn
from tests.loading.pdf.scanned import saved
from tests.ui.panel_page import WIDE, footnote, harness, press, watched

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(program() is None, reason="Tesseract is not installed"),
]

QUOTE = "when they travel on business"
PATIENCE = 60_000  # milliseconds until a page is recognised


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    folder = tmp_path_factory.mktemp("scans") / "docs"
    folder.mkdir()
    (folder / "claims.pdf").write_bytes(saved([drawn(turned=2)]))
    (folder / "claims.png").write_bytes(saved([drawn()], "PNG"))
    with qa.Assistant(folder.parent / "index") as assistant:
        assert not assistant.sync([folder]).skipped
        yield assistant


@pytest.fixture(scope="module")
def address(scans: qa.Assistant) -> Iterator[str]:
    with harness(scans) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, WIDE, view="page")


@pytest.mark.parametrize(
    ("source", "sure", "told"),
    [
        ("docs/claims.pdf", 0.94, "Page 1, read from a scan, 94 % sure"),
        ("docs/claims.png", 0.61, "Page 1, hard to read in the scan, 61 % sure"),
    ],
)
def test_a_scan_is_shown_with_its_quote_marked(
    page: Page, scans: qa.Assistant, source: str, sure: float, told: str
) -> None:
    note = footnote(scans, source, QUOTE, recognised=sure)
    press(page, note)
    expect(page.locator("#panel .panel-place span").first).to_have_text(told)
    # The page is there before the recognition has found the quote on it.
    expect(page.get_by_role("img", name="Page 1 of")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".panel-box").first).to_be_in_viewport(timeout=PATIENCE)
    [there] = scans.marks(source, note["start"], note["end"])
    expect(page.locator(".panel-box")).to_have_count(len(there.boxes))
    expect(page.locator("#panel .panel-body")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".panel-leaf blockquote")).to_have_text(QUOTE)
