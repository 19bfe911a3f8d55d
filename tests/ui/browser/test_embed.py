"""The chat on another site's page, under a strict policy: wide and phone-narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.ui.conftest import Intranet
from tests.ui.watching import Watch

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

pytestmark = pytest.mark.browser

LEAVE = "How many days of annual leave do I have?"
SIZES = {"wide": (1280, 800), "narrow": (390, 780)}
# The page's own script receives the events, as a host's script would.
LISTEN = """
addEventListener("DOMContentLoaded", () => {
  const heard = document.createElement("output");
  heard.id = "heard";
  heard.hidden = true;
  document.documentElement.append(heard);
});
for (const name of ["ready", "open", "close", "answer", "error"]) {
  document.addEventListener(`footnote:${name}`, ({ detail }) => {
    document.querySelector("#heard").append(JSON.stringify([name, detail ?? null]) + "\\n");
  });
}
"""


class Host:
    """A page of the intranet, in a browser."""

    def __init__(self, page: Page, intranet: Intranet) -> None:
        self.page = page
        self.intranet = intranet
        self.chat: FrameLocator = page.frame_locator("footnote-chat iframe")
        self.button = page.locator("footnote-chat .launch")
        self.box = page.get_by_role("dialog", name="Ask the handbook")

    def visit(self, name: str, query: str = "") -> None:
        self.page.goto(f"{self.intranet.url}/{name}{query}")

    def ready(self) -> None:
        """Wait until questions can be asked in the frame."""
        self.heard("ready")

    def heard(self, name: str) -> Any:
        """The detail of the newest event of this name, once there is one."""
        told = self.page.locator("#heard")
        expect(told).to_contain_text(f'["{name}",', timeout=20_000)
        events = [json.loads(line) for line in (told.text_content() or "").splitlines()]
        return [detail for event, detail in events if event == name][-1]

    def forget(self) -> None:
        self.page.locator("#heard").evaluate("output => output.replaceChildren()")


@pytest.fixture(params=SIZES)
def host(browser: Browser, intranet: Intranet, request: pytest.FixtureRequest) -> Iterator[Host]:
    yield from opened(browser, intranet, SIZES[request.param])


@pytest.fixture
def wide(browser: Browser, intranet: Intranet) -> Iterator[Host]:
    yield from opened(browser, intranet, SIZES["wide"])


def opened(browser: Browser, intranet: Intranet, size: tuple[int, int]) -> Iterator[Host]:
    """Nothing may fail in the page or its frame, and only the two sites may be contacted."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    watch = Watch.over(context)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.add_init_script(LISTEN)
    yield Host(page, intranet)
    context.close()
    assert watch.errors == []
    assert watch.elsewhere(intranet.url, intranet.chat) == []


def test_the_tag_adds_a_button_that_opens_the_chat_for_a_whole_conversation(host: Host) -> None:
    host.visit("launcher.html")
    before = looks(host.page)
    expect(host.button).to_have_attribute("aria-expanded", "false")
    assert host.page.locator("iframe").count() == 0, "the chat is not fetched before it is opened"
    host.button.click()
    expect(host.button).to_have_attribute("aria-expanded", "true")
    expect(host.box).to_be_visible()
    host.ready()
    expect(host.chat.locator("#question textarea")).to_be_focused()

    host.chat.locator("#question textarea").press_sequentially(LEAVE)
    host.page.keyboard.press("Enter")
    answer = host.heard("answer")
    assert answer["question"] == LEAVE
    assert answer["found"] is True
    assert "days" in answer["text"]
    first = answer["citations"][0]
    assert first["source"].startswith("seeds/")
    assert first["quote"] in answer["text"]

    host.chat.locator("#conversation .done a.cite").first.click()
    expect(host.chat.locator("#panel mark").first).to_be_in_viewport()
    host.page.keyboard.press("Escape")
    expect(host.chat.locator("#panel")).to_be_hidden()
    expect(host.box).to_be_visible()
    host.page.keyboard.press("Escape")
    expect(host.box).to_be_hidden()
    expect(host.button).to_be_focused()
    expect(host.button).to_have_attribute("aria-expanded", "false")
    host.heard("close")
    assert looks(host.page) == before

    host.page.keyboard.press("Enter")
    expect(host.chat.locator("#conversation .done")).to_have_count(1)


def test_the_chat_fits_its_window(host: Host) -> None:
    host.visit("launcher.html")
    host.button.click()
    host.ready()
    box, window = host.box.bounding_box(), host.page.viewport_size
    assert box is not None
    assert window is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= window["width"]
    assert box["y"] + box["height"] <= window["height"]
    assert (box["width"] == window["width"]) == (window["width"] < 520)
    inside = host.chat.locator("html")
    assert inside.evaluate("root => root.scrollWidth <= root.clientWidth")


def test_scripts_of_the_page_can_open_ask_and_close(host: Host) -> None:
    host.visit("launcher.html")
    host.page.evaluate("question => footnote.ask(question)", LEAVE)
    assert host.heard("answer")["citations"]
    expect(host.box).to_be_visible()
    host.forget()
    host.page.evaluate("footnote.ask('How much is the monthly parking fee?')")
    answer = host.heard("answer")  # the tag limits questions to a folder that has no word of it
    assert [one for one in answer["citations"] if not one["source"].startswith("seeds/")] == []
    host.page.evaluate("footnote.close()")
    expect(host.box).to_be_hidden()
    host.page.evaluate("footnote.toggle()")
    expect(host.box).to_be_visible()
    host.page.get_by_role("button", name="Close", exact=True).click()
    expect(host.box).to_be_hidden()
    expect(host.button).to_be_focused()


def test_an_inline_chat_is_in_the_text_and_grows_with_its_content(host: Host) -> None:
    host.page.set_viewport_size({"width": 1000, "height": 2400})  # room for two answers
    host.visit("inline.html")
    host.ready()
    assert host.page.locator("footnote-chat").count() == 1
    assert host.page.evaluate("document.activeElement.localName") == "body", "no cursor is taken"
    host.page.locator("footnote-chat").evaluate("(chat, question) => chat.ask(question)", LEAVE)
    assert "days" in host.heard("answer")["text"]
    frame = host.page.locator("footnote-chat .box")
    before = frame.evaluate("box => box.clientHeight")
    host.forget()
    host.page.locator("footnote-chat").evaluate(
        "chat => chat.ask('May I travel first class on the train?')"
    )
    host.heard("answer")
    expect(host.chat.locator("#conversation .done")).to_have_count(2)
    expect(frame).not_to_have_css("height", f"{before + 2}px")
    assert frame.evaluate("box => box.offsetHeight <= innerHeight * 0.86 + 1")


def test_a_plain_frame_works_without_our_script_on_the_page(wide: Host) -> None:
    wide.visit("frame.html")
    frame = wide.page.frame_locator("iframe.plain")
    frame.locator("#question textarea").fill(LEAVE)
    frame.locator("#question textarea").press("Enter")
    expect(frame.locator("#conversation .done")).to_contain_text("days", timeout=20_000)


def test_the_chat_follows_the_theme_of_the_page_around_it(wide: Host) -> None:
    wide.page.emulate_media(color_scheme="light")
    wide.visit("launcher.html")
    wide.button.click()
    wide.ready()
    inside = wide.chat.locator("body")
    expect(inside).not_to_contain_class("dark")
    wide.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(inside).to_contain_class("dark")
    expect(wide.page.locator("footnote-chat .all")).to_contain_class("dark")
    wide.page.evaluate("delete document.documentElement.dataset.theme")
    expect(inside).not_to_contain_class("dark")
    wide.page.emulate_media(color_scheme="dark")
    expect(inside).to_contain_class("dark")
    wide.page.locator("footnote-chat").evaluate("chat => chat.dataset.theme = 'light'")
    expect(inside).not_to_contain_class("dark")


@pytest.mark.parametrize(("language", "title"), [
    ("de", "Die Dokumente fragen"),
    ("es", "Preguntar a los documentos"),
    ("fr", "Poser une question aux documents"),
    ("it", "Ask the documents"),
])  # fmt: skip
def test_the_chat_is_in_the_language_of_the_site(wide: Host, language: str, title: str) -> None:
    wide.visit("launcher.html")
    wide.page.locator("footnote-chat").evaluate(
        "(chat, language) => { delete chat.dataset.title; chat.dataset.lang = language }", language
    )
    expect(wide.page.get_by_role("button", name=title)).to_be_visible()


def test_a_frame_takes_language_question_and_folder_from_its_address(wide: Host) -> None:
    wide.visit("inline.html")
    wide.ready()
    wide.forget()
    wide.page.locator("footnote-chat").evaluate(
        """chat => {
          chat.dataset.lang = "de";
          chat.dataset.question = "Wo steht das?";
          chat.dataset.filter = "folder:seeds";
        }"""
    )
    wide.ready()
    expect(wide.chat.locator("html")).to_have_attribute("lang", "de")
    expect(wide.chat.locator("#question textarea")).to_have_value("Wo steht das?")
    told = wide.chat.locator("html").evaluate("() => window.footnoteContext.folder")
    assert told == "seeds"


def test_a_site_that_is_not_allowed_gets_an_error(
    browser: Browser, intranet: Intranet, server: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(LISTEN)
    host = Host(page, intranet)
    allowed, intranet.chat = intranet.chat, server  # a server that allows no other site
    try:
        host.visit("launcher.html")
    finally:
        intranet.chat = allowed
    host.button.click()
    assert "may not be shown" in host.heard("error")["message"]
    note = page.get_by_role("alert")
    expect(note).to_contain_text("may not be shown")
    link = note.get_by_role("link", name="Open in a new window")
    assert (link.get_attribute("href") or "").startswith(server)
    expect(note.get_by_role("button", name="Try again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(host.button).to_be_focused()
    context.close()


def test_messages_from_other_frames_change_nothing(wide: Host) -> None:
    wide.visit("launcher.html")
    wide.button.click()
    wide.ready()
    wide.page.evaluate(
        """() => {
          postMessage({ footnote: "close" }, "*");
          const stranger = document.querySelector("footnote-chat").shadowRoot
            .querySelector("iframe").contentWindow;
          stranger.postMessage({ footnote: "ask", question: 7 }, "*");
          stranger.postMessage("close", "*");
          stranger.postMessage(null, "*");
        }"""
    )
    wide.page.evaluate("question => footnote.ask(question)", LEAVE)
    wide.heard("answer")
    expect(wide.box).to_be_visible()
    expect(wide.chat.locator("#conversation .done")).to_have_count(1)


def test_the_chat_works_in_a_frame_without_storage(wide: Host) -> None:
    wide.page.add_init_script(
        """if (window !== top) for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { configurable: true, get() {
            throw new DOMException("denied", "SecurityError");
          } });
        }"""
    )
    wide.visit("launcher.html")
    wide.page.evaluate("question => footnote.ask(question)", LEAVE)
    assert wide.heard("answer")["found"]


def test_the_script_is_small(intranet: Intranet) -> None:
    reply = httpx.get(f"{intranet.chat}/embed.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["etag"]
    assert int(reply.headers["content-length"]) <= 8192
    assert (Path(__file__).parents[3] / "ui/static/embed/embed.js").read_text("utf-8") == reply.text


def looks(page: Page) -> list[str]:
    """How each element of the host page is drawn, except our own."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("html, body, body *:not(footnote-chat)")]
          .filter((node) => node.id !== "heard")
          .map((node) => node.localName + [...getComputedStyle(node)]
            .map((name) => getComputedStyle(node).getPropertyValue(name)).join(";"))"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_around_the_frame_or_in_it(host: Host, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    host.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    host.visit("launcher.html")
    closed = axe.run(host.page, options={"resultTypes": ["violations"]})
    assert closed.response["violations"] == []
    host.page.evaluate("question => footnote.ask(question)", LEAVE)
    host.heard("answer")
    options = {"resultTypes": ["violations"], "iframes": False}
    for place in (host.page, host.page.frames[-1]):
        assert axe.run(place, options=options).response["violations"] == []
