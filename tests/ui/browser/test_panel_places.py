"""The source panel where there is little room, where a document has changed, and for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import qa
from tests.ui.chatting import LOOKS, comes_true
from tests.ui.panel_page import (
    PHONE,
    SUMMIT,
    TRAVEL,
    WIDE,
    footnote,
    marked,
    opened,
    press,
    watched,
)
from tests.whole import WHOLE

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, WIDE)


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    yield from watched(browser, address, PHONE)


def test_on_a_phone_the_panel_is_a_sheet_that_keeps_the_focus(
    phone: Page, library: qa.Assistant
) -> None:
    press(phone, footnote(library, SUMMIT, "Kim Yong Chol"))
    sheet = phone.get_by_role("dialog", name="Second Trump-Kim summit")
    expect(sheet).to_have_attribute("aria-modal", "true")
    marked(phone)
    box = sheet.bounding_box()
    assert box
    assert box["width"] == PHONE[0]
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    inside = "document.querySelector('#panel').contains(document.activeElement)"
    for key in ["Tab"] * 6 + ["Shift+Tab"] * 8:
        phone.keyboard.press(key)
        assert phone.evaluate(inside)
    assert phone.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    assert phone.evaluate("document.querySelector('main').inert")
    phone.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(phone.locator("#first")).to_be_focused()
    assert not phone.evaluate("document.querySelector('main').inert")
    assert phone.evaluate("getComputedStyle(document.documentElement).overflow") != "hidden"


def test_a_press_beside_the_sheet_closes_it(phone: Page, library: qa.Assistant) -> None:
    press(phone, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(phone)
    phone.mouse.click(180, 12)
    expect(phone.locator("#panel")).to_be_hidden()


def test_in_a_growing_window_the_sheet_moves_beside_the_conversation(
    phone: Page, library: qa.Assistant
) -> None:
    press(phone, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(phone)
    phone.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    expect(phone.get_by_role("complementary")).to_be_visible()
    assert not phone.evaluate("document.querySelector('main').inert")


def test_a_quote_that_moved_is_found_again(page: Page, library: qa.Assistant) -> None:
    moved = footnote(library, "notes/bell.txt", "The bell rings twice.", start=9, end=30)
    press(page, moved)
    expect(page.locator(".panel-told")).to_contain_text("is now here")
    assert marked(page) == ["The bell rings twice."]


@pytest.mark.parametrize(
    ("quote", "said"),
    [("The door is green.", "several places"), ("The door is blue.", "no longer in it")],
)
def test_a_wrong_place_is_never_marked(
    page: Page, library: qa.Assistant, quote: str, said: str
) -> None:
    changed = footnote(library, "notes/bell.txt", "The bell rings", quote=quote, start=2, end=20)
    press(page, changed)
    expect(page.locator(".panel-told")).to_contain_text(said)
    expect(page.locator(".panel-told blockquote")).to_have_text(quote)
    expect(page.locator("#panel mark")).to_have_count(0)
    expect(page.locator(".panel-text")).to_contain_text("The bell rings twice.")


def test_a_document_that_has_changed_is_loaded_again(page: Page, library: qa.Assistant) -> None:
    source = "notes/changing.txt"
    library.add([qa.Document(text="The fee is 10 euros.", source=source, title="Fees")])
    press(page, footnote(library, source, "10 euros"))
    assert marked(page) == ["10 euros"]
    library.add([qa.Document(text="From May on, the fee is 12 euros.", source=source)])
    press(page, footnote(library, source, "12 euros"))
    expect(page.locator("#footnote-quote")).to_have_text("12 euros")
    expect(page.locator(".panel-told")).to_be_hidden()


def test_a_document_that_is_gone_is_reported(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, SUMMIT, "Kim Yong Chol", source="seeds/burnt.md"))
    expect(page.locator(".panel-told")).to_contain_text("no longer in the index")
    expect(page.locator(".panel-told blockquote")).to_have_text("Kim Yong Chol")


def test_after_a_failure_one_can_try_again(page: Page, library: qa.Assistant) -> None:
    page.context.set_offline(True)
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    expect(page.locator(".panel-told")).to_contain_text("could not be loaded")
    retry = page.get_by_role("button", name="Try again")
    expect(retry).to_be_focused()
    page.context.set_offline(False)
    retry.press("Enter")
    assert marked(page) == ["Kim Yong Chol"]


def test_text_of_a_document_stays_text(page: Page, library: qa.Assistant) -> None:
    source = "notes/<b>soup</b>.txt"
    press(page, footnote(library, source, "**on** Mondays"))
    assert marked(page) == ["**on** Mondays"]
    for words in ("<img src=x onerror=", "<script>document.title='owned'</script> &lt;b&gt;"):
        expect(page.locator(".panel-text")).to_contain_text(words)
    expect(page.locator("#panel h2")).to_have_text("<b>Soup</b>")
    expect(page.locator(".panel-path")).to_have_text(source)
    assert page.locator("#panel").locator("img, script, iframe, b").count() == 0
    assert page.title() == "Source panel"


def test_the_edge_is_moved_with_the_keyboard(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    edge = page.get_by_role("separator", name="Width of the source panel")
    width = "document.querySelector('#panel').offsetWidth"
    before = page.evaluate(width)
    edge.press("ArrowLeft")
    comes_true(page, f"() => {width} === {before + 32}")
    expect(edge).to_have_attribute("aria-valuenow", str(before + 32))
    edge.press("Home")
    comes_true(page, f"() => {width} === 320")
    page.reload()
    page.wait_for_selector("#panel", state="attached")
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    assert page.evaluate(width) == 320


# All of them with FOOTNOTE_TESTS=whole, otherwise paragraphs, and a text without any line.
ENDS = ["\\n\\n", " ", "\\n", " | x\\n", "👋🏽\\n\\n"]


@pytest.mark.parametrize("end", ENDS if WHOLE else ENDS[:2])
def test_two_megabytes_are_shown_without_delay(page: Page, end: str) -> None:
    # Hardly longer than the browser takes for plain text.
    length, ours, plain = page.evaluate(
        """async (end) => {
          const { DocumentView } = await import("../static/source/document_view.js");
          const words = "The broker's certificate passed its end, and no station was heard. ";
          const text = Array.from({ length: 4000 }, (_, n) => `${n}. ${words.repeat(8)}`)
            .join(end);
          const at = text.indexOf("3000. ");
          const once = (fill) => {
            const began = performance.now();
            const body = document.createElement("div");
            body.className = "panel-body";
            body.style.height = "500px";
            document.body.append(body);
            const mark = fill(body);
            body.scrollTop = mark.offsetTop;
            mark.getBoundingClientRect();
            const took = performance.now() - began;
            body.remove();
            return took;
          };
          const view = (body) => {
            const view = new DocumentView({ text, pages: [], headings: [] });
            body.append(view.element);
            view.mark(at, at + 500);
            return view.marks[0];
          };
          const whole = (body) => {
            const mark = document.createElement("mark");
            mark.textContent = text.slice(at, at + 500);
            const shown = document.createElement("div");
            shown.style.whiteSpace = "pre-wrap";
            shown.append(text.slice(0, at), mark, text.slice(at + 500));
            body.append(shown);
            return mark;
          };
          const taken = { ours: [], plain: [] };
          for (let turn = 0; turn < 3; turn += 1) {
            taken.ours.push(once(view));
            taken.plain.push(once(whole));
          }
          return [text.length, Math.min(...taken.ours), Math.min(...taken.plain)];
        }""",
        end,
    )
    assert length > 2_000_000
    assert ours < 3 * plain


@pytest.mark.parametrize(("size", "light"), LOOKS)
def test_axe_finds_nothing(
    browser: Browser, address: str, library: qa.Assistant, size: str, light: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(browser, address, {"wide": WIDE, "narrow": PHONE}[size])
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("(light) => { document.body.className = light }", light)
    press(page, footnote(library, "seeds/it-help.md", "The sign-in was not approved"))
    marked(page)
    page.get_by_role("searchbox").fill("the")
    expect(page.get_by_role("button", name="Back to the quote")).to_be_visible()
    assert axe.run(page, context="#panel").response["violations"] == []
    page.close()


@pytest.mark.parametrize(("language", "place", "close"), [
    ("de", "Seite 2", "Quelle schließen"),
    ("es", "Página 2", "Cerrar la fuente"),
    ("fr", "Page 2", "Fermer la source"),
])  # fmt: skip
def test_the_panel_has_the_words_of_each_language(
    browser: Browser,
    address: str,
    library: qa.Assistant,
    language: str,
    place: str,
    close: str,
) -> None:
    page = opened(browser, address, WIDE, language)
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    expect(page.locator(".panel-place")).to_contain_text(place)
    page.get_by_role("button", name=close).click()
    expect(page.locator("#panel")).to_be_hidden()
    page.close()
