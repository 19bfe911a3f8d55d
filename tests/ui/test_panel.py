"""The source panel in a real browser, on a page of its own, with documents of a real index."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import qa
import ui.texts
from ui.sources import routes

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness" / "panel.html"
STATIC = Path(ui.texts.__file__).parent / "static"
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
WIDE, PHONE = (1280, 850), (390, 780)

SUMMIT = "seeds/second-summit-brief.md"
TRAVEL = "seeds/travel-and-expenses.pdf"
QUESTIONS = (
    "Where might the second summit be held?",
    "How many days of annual leave do I have?",
    "Who approves a trip?",
    "What does error code E-4012 mean?",
    "How long does an opened bottle of Cal-7 keep?",
    "When do I get my salary?",
    "What is the depth rating of the Bittern 4?",
)
EMOJI = (
    "Greetings 👋🏽 from the 👩‍👩‍👧 team.\n\n"
    "We 🐟 sell 𝔣ish.\n\nThe shop opens at nine. 🎉\n\nCome in!"
)
HOSTILE = (
    "Soup <img src=x onerror=\"document.title='owned'\"> is served.\n\n"
    "<script>document.title='owned'</script> &lt;b&gt; **on** Mondays\n\n"
    "# <iframe src=javascript:alert(1)>"
)
OURS = (
    qa.Document(text=EMOJI, source="notes/emoji.txt", title="Emoji"),
    qa.Document(
        text=HOSTILE,
        source="notes/<b>soup</b>.txt",
        title="<b>Soup</b>",
        headings=(qa.Heading(HOSTILE.index("# <i"), 1, "# <iframe src=javascript:alert(1)>"),),
    ),
    qa.Document(
        text="The bell rings twice.\n\nThe door is green.\n\nThe door is green.",
        source="notes/bell.txt",
        title="Bell",
    ),
)


@pytest.fixture(scope="module")
def library(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    """The samples, and documents that are hard to show."""
    index = Path(shutil.copytree(sample_index, tmp_path_factory.mktemp("panel") / "index"))
    assistant = qa.Assistant(index)
    assistant.add(OURS)
    yield assistant
    assistant.close()


@pytest.fixture(scope="module")
def address(library: qa.Assistant) -> Iterator[str]:
    """The URL of the harness page."""
    app = FastAPI()
    app.include_router(routes(library, None))
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/{language}/")
    def page(language: str, light: str = "light") -> HTMLResponse:
        strings = json.dumps(ui.texts.TEXTS[language].to_dict()).replace("<", "\\u003c")
        html = HARNESS.read_text(encoding="utf-8").replace("STRINGS", strings)
        html = html.replace("LANGUAGE", language).replace("LIGHT", light)
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def opened(browser: Browser, address: str, size: tuple[int, int], path: str = "en") -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(10_000)
    page.goto(f"{address}/{path}/", wait_until="load")
    page.wait_for_selector("#panel", state="attached")
    return page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = opened(browser, address, WIDE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    page = opened(browser, address, PHONE)
    yield page
    page.close()


def footnote(library: qa.Assistant, source: str, quote: str, /, **changes: Any) -> dict[str, Any]:
    """A footnote as the page sends it, to the first place of these words."""
    document = library.document(source)
    start = document.text.index(quote)
    return {
        "source": source,
        "title": document.title,
        "page": document.page_at(start),
        "heading": " > ".join(document.heading_path(start)),
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "conversation": "",
        **changes,
    }


def press(page: Page, footnote: dict[str, Any], opener: str = "#first") -> None:
    """Open a footnote as the page does when its marker is pressed."""
    page.focus(opener)
    page.evaluate(
        """([detail, opener]) => document.dispatchEvent(new CustomEvent("footnote:open",
             {detail: {...detail, opener: document.querySelector(opener)}}))""",
        [footnote, opener],
    )


def marked(page: Page) -> list[str]:
    expect(page.locator("#footnote-quote")).to_be_in_viewport()
    return page.locator("#panel mark").all_text_contents()


def squeezed(text: str) -> str:
    """Without what stands between blocks and cells, which is drawn instead of written."""
    return "".join(text.replace(" | ", "").split())


def test_the_mark_of_every_citation_is_its_quote(page: Page, library: qa.Assistant) -> None:
    cited = [citation for question in QUESTIONS for citation in library.ask(question).citations]
    assert len(cited) >= len(QUESTIONS)
    for citation in cited:
        press(page, asdict(citation))
        expect(page.locator("#panel h2")).to_have_text(citation.title)
        expect(page.locator("#panel .panel-path")).to_have_text(citation.source)
        expect(page.locator("#panel .panel-told")).to_be_hidden()
        expect(page.locator("#footnote-quote")).to_be_focused()
        assert squeezed("".join(marked(page))) == squeezed(citation.quote)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_marker_of_an_answer_opens_its_source(
    browser: Browser, server: str, size: tuple[int, int]
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(server)
    page.wait_for_selector("body.ready")
    page.fill("#question textarea", QUESTIONS[0])
    page.press("#question textarea", "Enter")
    marker = page.locator("#conversation a.cite").first
    marker.focus()
    marker.press("Enter")
    assert "Bangkok and Hanoi" in marked(page)[0]
    expect(page.locator("#panel h2")).to_have_text("Second Trump-Kim summit: what is known so far")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(marker).to_be_focused()
    page.close()


def test_the_whole_document_is_there(page: Page, library: qa.Assistant) -> None:
    for source in [source.source for source in library.status().sources]:
        text = library.document(source).text
        press(page, footnote(library, source, text[: text.index("\n")]))
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


def test_a_quote_over_several_blocks_is_marked_in_each(page: Page, library: qa.Assistant) -> None:
    text = library.document(SUMMIT).text
    first = text.index("\n\n", 600)
    quote = text[first - 30 : first + 60]
    press(page, footnote(library, SUMMIT, quote))
    parts = marked(page)
    assert len(parts) > 1
    assert squeezed("".join(parts)) == squeezed(quote)


def test_the_quote_stands_in_the_middle(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    marked(page)
    middle = """() => {
      const [box, body] = ["#footnote-quote", ".panel-body"]
        .map((name) => document.querySelector(name).getBoundingClientRect());
      return Math.abs((box.top + box.bottom) / 2 - (body.top + body.bottom) / 2) < 40 }"""
    page.wait_for_function(middle)


def test_place_headings_and_pages_are_told(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    expect(page.locator(".panel-place")).to_contain_text("Page 2")
    expect(page.locator(".panel-page")).to_have_text(["Page 1", "Page 2", "Page 3"])
    press(page, footnote(library, "seeds/it-help.md", "Approve the sign-in on your phone"))
    parts = page.locator(".panel-place span")
    expect(parts).to_have_text(["Working from outside the office", "Setting up the VPN"])
    headings = page.locator(".panel-text").get_by_role("heading")
    expect(headings.first).to_have_text("IT help: remote access, passwords and common errors")
    assert page.get_by_role("heading", name="Setting up the VPN", level=5).count() == 1
    expect(page.locator(".panel-text td").first).to_have_text("Code")


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


def test_beside_the_conversation_the_rest_of_the_page_stays_in_use(
    page: Page, library: qa.Assistant
) -> None:
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    marked(page)
    expect(page.get_by_role("complementary", name="Second Trump-Kim summit")).to_be_visible()
    page.fill("textarea", "And when?")
    page.press("textarea", "Escape")
    expect(page.locator("#panel")).to_be_visible()
    main = page.locator("main").bounding_box()
    panel = page.locator("#panel").bounding_box()
    assert main
    assert panel
    assert main["x"] + main["width"] <= panel["x"] + 1


def test_searching_counts_and_steps(page: Page, library: qa.Assistant) -> None:
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


def test_words_are_found_over_the_end_of_a_line(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, "notes/bell.txt", "The bell rings twice."))
    marked(page)
    page.get_by_role("searchbox").fill("twice. the")
    expect(page.locator(".panel-count")).to_have_text("1 of 1")


def test_on_a_phone_it_is_a_sheet_that_holds_the_focus(phone: Page, library: qa.Assistant) -> None:
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


def test_a_window_that_grows_makes_the_sheet_a_neighbour(
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
    expect(page.locator(".panel-told")).to_contain_text("now stands here")
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


def test_a_document_that_is_newer_than_the_kept_one_is_loaded_again(
    page: Page, library: qa.Assistant
) -> None:
    source = "notes/changing.txt"
    library.add([qa.Document(text="The fee is 10 euros.", source=source, title="Fees")])
    press(page, footnote(library, source, "10 euros"))
    assert marked(page) == ["10 euros"]
    library.add([qa.Document(text="From May on, the fee is 12 euros.", source=source)])
    press(page, footnote(library, source, "12 euros"))
    expect(page.locator("#footnote-quote")).to_have_text("12 euros")
    expect(page.locator(".panel-told")).to_be_hidden()


def test_a_document_that_is_gone_is_said_to_be(page: Page, library: qa.Assistant) -> None:
    press(page, footnote(library, SUMMIT, "Kim Yong Chol", source="seeds/burnt.md"))
    expect(page.locator(".panel-told")).to_contain_text("no longer in the index")
    expect(page.locator(".panel-told blockquote")).to_have_text("Kim Yong Chol")


def test_a_failure_can_be_tried_again(page: Page, library: qa.Assistant) -> None:
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
    assert page.evaluate(width) == before + 32
    expect(edge).to_have_attribute("aria-valuenow", str(before + 32))
    edge.press("Home")
    assert page.evaluate(width) == 320
    page.reload()
    page.wait_for_selector("#panel", state="attached")
    press(page, footnote(library, SUMMIT, "Kim Yong Chol"))
    assert page.evaluate(width) == 320


@pytest.mark.parametrize("end", ["\\n\\n", "\\n", " | x\\n", "👋🏽\\n\\n", " "])
def test_two_megabytes_are_there_at_once(page: Page, end: str) -> None:
    length, milliseconds = page.evaluate(
        """async (end) => {
          const { DocumentView } = await import("../static/document_view.js");
          const words = "The broker's certificate passed its end, and no station was heard. ";
          const text = Array.from({ length: 4000 }, (_, n) => `${n}. ${words.repeat(8)}`)
            .join(end);
          const began = performance.now();
          const view = new DocumentView({ text, pages: [], headings: [] });
          const body = document.createElement("div");
          body.className = "panel-body";
          body.style.height = "500px";
          body.append(view.element);
          document.body.append(body);
          const at = text.indexOf("3000. ");
          view.mark(at, at + 500);
          body.scrollTop = view.marks[0].offsetTop;
          view.marks[0].getBoundingClientRect();
          return [text.length, performance.now() - began];
        }""",
        end,
    )
    assert length > 2_000_000
    assert milliseconds < 1500  # 100 to 200 on an idle machine


@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nobody_is_shut_out(
    browser: Browser, address: str, library: qa.Assistant, size: tuple[int, int], light: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(browser, address, size)
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("(light) => { document.body.className = light }", light)
    press(page, footnote(library, "seeds/it-help.md", "The sign-in was not approved"))
    marked(page)
    page.get_by_role("searchbox").fill("the")
    expect(page.get_by_role("button", name="Back to the quote")).to_be_visible()
    assert axe.run(page, context="#panel").response["violations"] == []
    page.close()


def test_german_has_its_own_words(browser: Browser, address: str, library: qa.Assistant) -> None:
    page = opened(browser, address, WIDE, "de")
    press(page, footnote(library, TRAVEL, library.document(TRAVEL).text[2500:2560]))
    expect(page.locator(".panel-place")).to_contain_text("Seite 2")
    page.get_by_role("button", name="Quelle schließen").click()
    expect(page.locator("#panel")).to_be_hidden()
    page.close()
