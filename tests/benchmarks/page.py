"""The page in a real browser: what it adds to an answer, and what its first load takes.

python -m tests.benchmarks.page
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qa
from tests.ui.serving import CHROMIUM, FLAGS, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROJECT = Path(__file__).resolve().parents[2]
BOX = "#question textarea"
# From the key to the frame after the one in which the last answer is there and done.
_WATCH = """
() => {
  const conversation = document.getElementById("conversation");
  const done = () => conversation.querySelector(
    ".answer.done, .refusal.done, .problem.done") !== null;
  let started = 0;
  document.addEventListener("keydown", () => { started = performance.now(); },
    {capture: true, once: true});
  window.painted = new Promise((resolve) => {
    const look = () => {
      if (!started || !done()) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() =>
        resolve(performance.now() - started)));
    };
    const observer = new MutationObserver(look);
    observer.observe(conversation,
      {subtree: true, childList: true, attributes: true, attributeFilter: ["class"]});
  });
}
"""
# Milliseconds from the start of the navigation until something can be used.
_USABLE = """
() => new Promise((resolve) => {
  const look = () => (%s) ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})
"""
_BOX_READY = "(() => { const box = document.querySelector('%s'); return box && !box.disabled; })()"


def asking(browser: Browser, url: str, assistant: qa.Assistant, questions: list[str]) -> None:
    """From Enter to the painted answer, beside `Assistant.ask` alone, in turns."""
    page = browser.new_page()
    pairs = []
    for question in [*questions[:3], *questions]:  # the first ones warm up both
        on_page = _painted(page, url, question)
        started = time.perf_counter()
        assistant.ask(question)
        pairs.append((on_page, 1000 * (time.perf_counter() - started)))
    page.close()
    pairs = pairs[3:]
    shown, alone = ([row[at] for row in pairs] for at in (0, 1))
    for label, column in (("Enter to painted", shown), ("Assistant.ask alone", alone)):
        print(f"{label}: p50 {_share(column, 50):.0f} ms, p95 {_share(column, 95):.0f} ms")
    for share in (50, 95):
        page_ms, ask_ms = _share(shown, share), _share(alone, share)
        print(f"overhead p{share}: {page_ms - ask_ms:.0f} ms, {page_ms / ask_ms:.1f} times")


def loading(browser: Browser, pages: dict[str, tuple[str, str]], rounds: int = 3) -> None:
    """The first load of each page over loopback, with nothing in the browser's cache."""
    for label, (url, ready) in pages.items():
        loads = [_load(browser, url, ready) for _ in range(rounds)]
        requests, size, usable = (statistics.median(column) for column in zip(*loads, strict=True))
        print(f"{label}: {requests:.0f} requests, {size / 1000:.1f} kB, usable in {usable:.0f} ms")


def _painted(page: Page, url: str, question: str) -> float:
    page.goto(url)
    page.evaluate("localStorage.clear()")
    page.goto(url)
    page.wait_for_selector("body.ready")
    page.fill(BOX, question)
    page.evaluate(_WATCH)
    page.press(BOX, "Enter")
    return float(page.evaluate("window.painted"))


def _load(browser: Browser, url: str, ready: str) -> tuple[int, int, float]:
    context = browser.new_context()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    asked: list[str] = []
    network.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url, wait_until="commit")
    usable = float(page.evaluate(_USABLE % ready))
    page.wait_for_timeout(1500)  # what a page fetches later counts; a stream never ends
    context.close()
    return sum(one.startswith("http") for one in asked), int(sum(sizes)), usable


def _share(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@contextmanager
def _plain_chat() -> Iterator[str]:
    """Gradio's own chat page, unchanged."""
    import gradio as gr

    def echo(message: str, history: Any) -> str:
        return message

    chat = gr.ChatInterface(echo, analytics_enabled=False)
    _, url, _ = chat.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    try:
        yield url
    finally:
        chat.close(verbose=False)


@contextmanager
def _intranet(script: str) -> Iterator[str]:
    """A page of another origin with the embed's one line."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with tempfile.TemporaryDirectory() as folder:
        line = f'<link rel="icon" href="data:,"><script src="{script}" defer></script>'
        Path(folder, "index.html").write_text(f"<!doctype html>{line}<p>Welcome.", "utf-8")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()


def main() -> None:
    """Measure answers, then first loads."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=50)
    count = parser.parse_args().questions
    lines = (PROJECT / "tests/seeds/questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [str(json.loads(line)["question"]) for line in lines][:count]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        assistant = qa.Assistant(index=index)
        documents = Path(folder) / "documents"
        others = shutil.ignore_patterns("*.jsonl", "*.py")
        shutil.copytree(PROJECT / "tests" / "seeds", documents, ignore=others)
        assistant.sync([PROJECT / "seeds", documents])
        with served(index) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            asking(browser, url, assistant, questions)
            with _plain_chat() as plain, _intranet(f"{url.rstrip('/')}/embed.js") as intranet:
                pages = {
                    "our page": (url, _BOX_READY % BOX + " && document.body.matches('.ready')"),
                    "a page with the embed": (intranet, "customElements.get('footnote-chat')"),
                    "gr.ChatInterface": (plain, _BOX_READY % "textarea"),
                }
                loading(browser, pages)
            browser.close()
        assistant.close()


if __name__ == "__main__":
    main()
