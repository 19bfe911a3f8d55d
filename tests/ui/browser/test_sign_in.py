"""Signing in and out in a browser: the page, its frames on other sites, and without a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from qa.api import Users
from tests.ui.chatting import LEAVE, LOOKS, SIZES, ask
from tests.ui.conftest import Intranet
from tests.ui.serving import served
from tests.ui.sign_in.signing import NAME, OTHER, OTHERS_PASSWORD, PASSWORD, with_users
from tests.ui.watching import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

# The header of a proxy with TLS; the server trusts this machine, and browsers treat loopback
# as secure.
TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def index(served_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_users(served_index, tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def portal(index: Path) -> Iterator[Intranet]:
    """Another site, and the server whose chat it may show to users who have signed in."""
    with Intranet() as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        way = ("--sign-in", "password", "--trusted-proxy", "127.0.0.1")
        with served(index, *way, "--embed-origin", site.url) as site.chat:
            yield site
        site.shutdown()


@pytest.fixture
def context(browser: Browser, portal: Intranet) -> Iterator[BrowserContext]:
    yield from opened(browser, portal)


def opened(browser: Browser, portal: Intranet, **options: Any) -> Iterator[BrowserContext]:
    """Only the two sites may be contacted."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(20_000)
    watch = Watch.over(context)
    yield context
    context.close()
    assert watch.elsewhere(portal.url, portal.chat) == []
    # An expired session and a wrong password are logged with their status.
    assert [error for error in watch.errors if "status of 40" not in error] == []


def fill(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def ready(page: Page) -> None:
    page.wait_for_selector("body.ready", timeout=60_000)


def test_a_user_signs_in_asks_and_signs_out(context: BrowserContext, portal: Intranet) -> None:
    page = context.new_page()
    page.goto(f"{portal.chat}/?q=Why&theme=dark")
    expect(page).to_have_title("Sign in · Footnote")
    expect(page.get_by_label("Name")).to_be_focused()
    fill(page, password="wrong horse battery")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Name")).to_have_value(NAME)
    expect(page.get_by_label("Password")).to_be_focused()
    fill(page)
    ready(page)
    assert page.url.startswith(f"{portal.chat}/en/?q=Why&theme=dark")
    expect(page.locator("#question textarea")).to_have_value("Why")
    assert "days" in (ask(page, LEAVE).text_content() or "")
    page.locator("#conversation .done a.cite").first.click()
    expect(page.locator("#panel mark").first).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Close source").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · Footnote")
    page.go_back()
    expect(page).to_have_title("Sign in · Footnote")


def test_the_next_reader_finds_nothing_of_the_previous_one(
    context: BrowserContext, portal: Intranet
) -> None:
    page = context.new_page()
    page.goto(portal.chat)
    fill(page)
    ready(page)
    ask(page, LEAVE)
    page.reload()
    ready(page)
    expect(page.locator("#conversation .done")).to_have_count(1)
    for name, password, found in [(NAME, PASSWORD, 1), (OTHER, OTHERS_PASSWORD, 0)]:
        page.get_by_role("button", name="Sign out").click()
        fill(page, name, password)
        ready(page)
        expect(page.locator("#conversation .done")).to_have_count(found)
        page.get_by_role("button", name="History").click()
        expect(page.locator("#history time")).to_have_count(found)
        page.keyboard.press("Escape")


def test_an_expired_session_leads_to_the_form_and_back(
    index: Path, context: BrowserContext, portal: Intranet
) -> None:
    users = Users.of(str(index))
    users.add("guest", PASSWORD)
    page = context.new_page()
    page.goto(portal.chat)
    fill(page, "guest")
    ready(page)
    page.fill("#question textarea", LEAVE)
    users.set_password("guest", OTHERS_PASSWORD)
    page.press("#question textarea", "Enter")
    expect(page).to_have_title("Sign in · Footnote")
    fill(page, "guest", OTHERS_PASSWORD)
    # The question from after the end of the session is asked again.
    expect(page.locator("#conversation .asked")).to_have_text(LEAVE)
    expect(page.locator("#conversation .done")).to_contain_text("days", timeout=60_000)


def test_signing_in_needs_no_script(browser: Browser, portal: Intranet) -> None:
    for context in opened(browser, portal, java_script_enabled=False):
        page = context.new_page()
        page.goto(f"{portal.chat}/fr/")
        page.get_by_label("Identifiant").fill(NAME)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{portal.chat}/fr/")


def test_the_form_says_when_cookies_are_refused(browser: Browser, portal: Intranet) -> None:
    for context in opened(browser, portal):
        page = context.new_page()
        page.goto(portal.chat)
        page.route(
            "**/sign-in",
            lambda route: route.fulfill(
                status=303, headers={"location": "sign-in?next=en%2F&again=1"}
            ) if route.request.method == "POST" else route.continue_(),
        )  # fmt: skip
        fill(page)
        expect(page.get_by_role("alert")).to_contain_text("did not keep the cookie")


@pytest.mark.parametrize("name", ["launcher.html", "inline.html", "frame.html"])
def test_a_frame_of_another_site_signs_in_through_a_window_and_comes_back(
    browser: Browser, portal: Intranet, name: str
) -> None:
    for context in opened(browser, portal, extra_http_headers=TLS):
        page = context.new_page()
        page.goto(f"{portal.url}/{name}")
        if name == "launcher.html":
            page.locator("footnote-chat .launch").click()
        chat = page.frame_locator("iframe")
        with context.expect_page() as opening:
            chat.get_by_role("link", name="Sign in").click()
        window = opening.value
        with window.expect_event("close"):
            fill(window)
        expect(chat.locator("body.ready")).to_be_attached(timeout=60_000)
        chat.locator("#question textarea").fill(LEAVE)
        chat.locator("#question textarea").press("Enter")
        expect(chat.locator("#conversation .done")).to_contain_text("days")
        page.reload()
        if name == "launcher.html":
            page.locator("footnote-chat .launch").click()
        expect(chat.locator("body.ready")).to_be_attached(timeout=60_000)
        chat.get_by_role("button", name="Sign out").click()
        expect(chat.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_frame_that_may_keep_no_cookie_offers_a_window(
    context: BrowserContext, portal: Intranet
) -> None:
    # Without TLS no cookie of a frame on another site is sent.
    page = context.new_page()
    page.goto(f"{portal.url}/inline.html")
    chat = page.frame_locator("iframe")
    with context.expect_page() as opening:
        chat.get_by_role("link", name="Sign in").click()
    with opening.value.expect_event("close"):
        fill(opening.value)
    expect(chat.get_by_text("keeps no cookies")).to_be_visible()
    with context.expect_page() as opening:
        chat.get_by_role("link", name="Open in a new window").click()
    ready(opening.value)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing(browser: Browser, portal: Intranet, size: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    width, height = SIZES[size]
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    for context in opened(browser, portal, **options):
        page = context.new_page()
        for path in ("/", "/?embedded=1", "/sign-in?again=1"):
            page.goto(f"{portal.chat}{path}")
            expect(page).to_have_title("Sign in · Footnote")
            found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
            assert [one["id"] for one in found] == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
