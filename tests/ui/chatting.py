"""A reader at the chat page: how tests open it, ask, and drop files on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.whole import WHOLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SUMMIT = "Where might the second summit be held?"
LEAVE = "How many days of annual leave do I have?"
NOWHERE = "What is the capital of France?"
# The page has them when it is drawn, or a little later if they were still being made.
EXAMPLE = "#conversation :is(.example, .late button)"
# The quote in the source panel: in its text, or on a page as it looks.
QUOTED = "#panel :is(mark, .panel-box):visible"
SIZES = {"wide": (1280, 850), "narrow": (390, 780)}
# Size and colours of a page. All of them with FOOTNOTE_TESTS=whole, otherwise each once: colours do
# not depend on sizes.
LOOKS = [("wide", "light"), ("narrow", "dark")]
if WHOLE:
    LOOKS += [("wide", "dark"), ("narrow", "light")]


def opened(browser: Browser, server: str, size: tuple[int, int], **options: Any) -> Iterator[Page]:
    """The page, ready; it may contact only its server, and none of its scripts may fail."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **options
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    page = context.new_page()
    page.set_default_timeout(20_000)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server)
    page.wait_for_selector("body.ready", timeout=60_000)
    yield page
    context.close()
    assert errors == []
    assert len(asked) > 10
    own = (f"{server}/", "data:", f"blob:{server}/")
    assert [url for url in asked if not url.startswith(own)] == []


def ask(page: Page, question: str) -> Locator:
    """Ask as a person would; the answer, when it is complete."""
    answers = page.locator("#conversation .done")
    number = answers.count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    expect(answers).to_have_count(number + 1)
    return answers.nth(number)


def record(page: Page) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(page.locator("#record textarea").input_value())
    return held


def drop(page: Page, files: dict[str, str]) -> None:
    """Drop files of these names and contents anywhere on the page."""
    page.evaluate(
        """(files) => {
            const held = new DataTransfer();
            for (const [name, text] of Object.entries(files)) {
                held.items.add(new File([text], name));
            }
            for (const kind of ["dragover", "drop"]) {
                document.body.dispatchEvent(
                    new DragEvent(kind, {dataTransfer: held, bubbles: true, cancelable: true}));
            }
        }""",
        files,
    )


def comes_true(page: Page, condition: str) -> None:
    """Wait for a function of the page; Playwright's own way is forbidden by the page's policy."""
    page.evaluate(f"""async () => {{
        const end = performance.now() + 20_000;
        while (!(await ({condition})())) {{
            if (performance.now() > end) throw new Error("it never came true");
            await new Promise(requestAnimationFrame);
        }}
    }}""")
