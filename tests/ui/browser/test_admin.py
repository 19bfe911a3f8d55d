"""The owner's page in a browser: for everybody, without a script of others, and up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from filelock import FileLock
from playwright.sync_api import expect

from tests.ui.chatting import LOOKS, SIZES
from tests.ui.owned import copied, voted
from tests.ui.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
VIEWS = ("documents", "documents&find=hr&state=in_order", "questions", "findings")
SECONDS_UNTIL_AN_ALERT = 60


class Owned(NamedTuple):
    url: str
    place: Path
    handbook: Path


@pytest.fixture(scope="module")
def owned(used_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    index = copied(used_index, tmp_path_factory.mktemp("owned"))
    way = {"QA_AUDIT": "true", "QA_AUDIT_QUESTIONS": "true", "QA_LOCK_TIMEOUT": "0"}
    with served(index, **way) as url:
        yield Owned(url, index, used_index.parent / "handbook")


@pytest.fixture
def page(browser: Browser, owned: Owned) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 850}, locale="en-GB")
    page = context.new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{owned.url}/admin")
    yield page
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(f"{owned.url}/")] == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing(browser: Browser, owned: Owned, size: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    for view in VIEWS:
        page.goto(f"{owned.url}/admin?view={view}")
        expect(page.get_by_role("status")).not_to_be_empty(timeout=60_000)
        for summary in page.locator("summary").all():
            summary.click()
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
        assert told == [], view
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) == 0, view
        assert page.title().endswith("For the owner · Footnote"), "no text of others has run"
    context.close()


def test_a_sync_is_followed_to_its_end(page: Page, owned: Owned) -> None:
    (owned.handbook / "lift.md").write_text("# Lift\n\nIt is grey.\n")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("table", name="Sync")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("handbook/lift.md")).to_be_visible(timeout=30_000)


def test_a_failing_sync_is_an_alert_within_a_minute(page: Page, owned: Owned) -> None:
    alerts = page.get_by_role("status")
    expect(alerts).to_have_text("Everything is in order.", timeout=30_000)
    with FileLock(owned.place / "lock"):
        # From another window, so that this one has to find out by itself.
        page.request.post(f"{owned.url}/admin/sync", headers={"Sec-Fetch-Site": "same-origin"})
        expect(alerts).to_contain_text(
            "The last sync failed.", timeout=1000 * SECONDS_UNTIL_AN_ALERT
        )
    page.get_by_role("button", name="Sync now").click()
    expect(alerts).to_have_text("Everything is in order.", timeout=30_000)


def test_one_press_puts_an_answer_into_the_set(page: Page, owned: Owned) -> None:
    page.get_by_role("link", name="Questions").click()
    sauna = page.locator("article.voted", has_text="Is there a sauna?")
    sauna.get_by_label("The right answer, if it is known").fill("No.")
    sauna.get_by_role("button", name="Add to the set for qa eval").click()
    expect(sauna.get_by_text("In the set for qa eval")).to_be_visible()
    assert voted(owned.place) == ["Is there a sauna?"]


def test_documents_are_looked_for_with_the_keyboard(page: Page) -> None:
    page.get_by_role("searchbox", name="Name or folder").fill("hr")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(r"Documents 1 of \d"))).to_be_in_viewport()
    expect(page.get_by_text("handbook/hr/pay.md")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox", name="Name or folder")).to_be_focused()
    page.get_by_label("State").select_option("unread")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_text("No document is like that.")).to_be_visible()
    page.get_by_role("link", name="All documents").click()
    expect(page.get_by_text("handbook/torn.pdf", exact=True)).to_be_visible()


def test_a_finding_is_set_aside_and_brought_back_with_the_keyboard(page: Page) -> None:
    page.get_by_role("link", name="Review").click()
    finding = page.locator("article.finding", has_text="25 days of annual leave")
    finding.get_by_role("button", name="Set aside").press("Enter")
    page.get_by_text("Set aside: 2").press("Enter")
    finding.get_by_role("button", name="Bring back").press("Enter")
    expect(page.get_by_text("Set aside: 1")).to_be_visible()
    expect(finding.get_by_role("button", name="Set aside")).to_be_in_viewport()


def test_the_whole_of_it_can_be_reached_with_the_keyboard(page: Page) -> None:
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert names[:5] == ["Documents", "Questions", "Review", "To the chat", "Sync now"]


def test_the_chat_is_where_its_link_leads(page: Page) -> None:
    page.get_by_role("link", name="To the chat").click()
    page.wait_for_selector("body.ready", timeout=60_000)
    page.get_by_role("link", name="For the owner").click()
    expect(page.get_by_role("link", name="To the chat")).to_be_visible(timeout=30_000)
