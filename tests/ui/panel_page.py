"""The source panel on a page of its own: documents that are hard to show, and ways to open it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import qa
import ui.page.texts
from qa.limits import Limits
from qa.loading.markdown import parse as read_markdown
from ui.routes.documents import pages, sources

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HARNESS = Path(__file__).parent / "harness" / "panel.html"
STATIC = Path(ui.page.texts.__file__).parents[1] / "static"
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
WIDE, PHONE = (1280, 850), (390, 780)

SUMMIT = "seeds/second-summit-brief.md"
TRAVEL = "seeds/travel-and-expenses.pdf"
EMOJI = (
    "Greetings 👋🏽 from the 👩‍👩‍👧 team.\n\n"
    "We 🐟 sell 𝔣ish.\n\nThe shop opens at nine. 🎉\n\nCome in!"
)
HOSTILE = (
    "Soup <img src=x onerror=\"document.title='owned'\"> is served.\n\n"
    "<script>document.title='owned'</script> &lt;b&gt; **on** Mondays\n\n"
    "# <iframe src=javascript:alert(1)>"
)
SHAPED = """---
updated: 2024-03-01
---

# Badges

Do it like this:

1. Open *it* 🎉
   - now
   - later

   ```
   sudo  x
   ```

2. Close it

> Mind the gap.

| Badge | Price |
| --- | --- |
| Blue | 12 |
"""
OURS = (
    read_markdown(SHAPED.encode(), "notes/badges.md", Limits()),
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


@contextmanager
def harness(library: qa.Assistant) -> Iterator[str]:
    """The URL of a page with the panel and nothing else of ours."""
    app = FastAPI()
    app.include_router(sources.routes(library, None))
    app.include_router(pages.routes(library, None))
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/{language}/")
    def page(language: str, light: str = "light") -> HTMLResponse:
        strings = json.dumps(ui.page.texts.TEXTS[language].to_dict()).replace("<", "\\u003c")
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


def opened(
    browser: Browser, address: str, size: tuple[int, int], path: str = "en", view: str = "text"
) -> Page:
    """The page, as somebody sees it who looked at documents as `text` or by the `page` before."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.add_init_script(f"localStorage.setItem('footnote:source-view', '{view}')")
    page.set_default_timeout(30_000)
    page.goto(f"{address}/{path}/", wait_until="load")
    page.wait_for_selector("#panel", state="attached")
    return page


def watched(
    browser: Browser, address: str, size: tuple[int, int], view: str = "text"
) -> Iterator[Page]:
    """The page for one test, which fails if one of its scripts did."""
    page = opened(browser, address, size, view=view)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


def footnote(library: qa.Assistant, source: str, quote: str, /, **changes: Any) -> dict[str, Any]:
    """A footnote as the page sends it, to the first occurrence of these words."""
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
    from playwright.sync_api import expect

    expect(page.locator("#footnote-quote")).to_be_in_viewport()
    return page.locator("#panel mark").all_text_contents()


def squeezed(text: str) -> str:
    """Without the characters between blocks and cells, which are drawn instead of written."""
    return "".join(text.replace(" | ", "").split())
