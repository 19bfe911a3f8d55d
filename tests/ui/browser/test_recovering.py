"""A slow answer: shown as it comes, stopped, or lost with its server; and the server back again."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.relay import Relay
from tests.ui.serving import served

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

QUESTION = "Where might the second summit be held?"
SENTENCE = "Bangkok and Hanoi are being considered for a second summit [1]. "


class SlowModel(ThreadingHTTPServer):
    """A hosted chat model of the OpenAI protocol that says one sentence and then thinks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Speech)
        self.go_on = threading.Event()
        self.fails = ""  # "at once" or "on the way"
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class _Speech(BaseHTTPRequestHandler):
    server: SlowModel

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.fails == "at once":
            self.send_error(500)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client may be gone
            # A sentence is shown once it is complete, which is known when the next one begins.
            self._say(f"{SENTENCE}Hanoi ")
            if self.server.fails:
                self.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')
                return
            self.server.go_on.wait(60)
            self._say("is a city.")
            self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, text: str) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
        piece = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "slow",
                 "choices": [choice]}  # fmt: skip
        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def speaking() -> Iterator[SlowModel]:
    model = SlowModel()
    thread = threading.Thread(target=model.serve_forever, daemon=True)
    thread.start()
    yield model
    model.go_on.set()
    model.shutdown()
    model.server_close()


@pytest.fixture
def model(speaking: SlowModel) -> Iterator[SlowModel]:
    """The model, about to think."""
    speaking.go_on.clear()
    speaking.fails = ""
    yield speaking
    speaking.go_on.set()


@pytest.fixture(scope="module")
def slow_server(served_index: Path, speaking: SlowModel) -> Iterator[str]:
    """The URL of a server with the model."""
    with served(served_index, *options(speaking)) as url:
        yield url


def options(model: SlowModel) -> tuple[str, ...]:
    return ("--chat-model", "openai:slow", "--chat-model-url", model.url)


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    page.wait_for_selector("body.ready")
    return page


def ask(page: Page) -> None:
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")


def ask_slowly(page: Page) -> None:
    ask(page)
    expect(page.locator("#conversation .growing")).to_contain_text("Bangkok and Hanoi")


def test_an_answer_is_shown_as_it_comes_and_can_be_stopped(
    browser: Browser, slow_server: str, model: SlowModel
) -> None:
    page = opened(browser, slow_server)
    ask_slowly(page)
    expect(page.locator("#conversation .growing a")).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    stopped = page.locator("#conversation .done")
    expect(stopped).to_contain_text("Stopped before its sources were checked.")
    expect(stopped).to_contain_text("Bangkok and Hanoi")
    expect(stopped.locator("a.cite")).to_have_count(0)
    model.go_on.set()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#conversation .done a.cite").first).to_have_text("1")
    page.close()


def test_enter_waits_while_an_answer_grows(
    browser: Browser, slow_server: str, model: SlowModel
) -> None:
    page = opened(browser, slow_server)
    ask_slowly(page)
    page.locator("#question textarea").press_sequentially("And then?")
    page.press("#question textarea", "Enter")
    model.go_on.set()
    expect(page.locator("#conversation .done")).to_have_count(1)
    expect(page.locator("#question textarea")).to_have_value("And then?")
    page.reload()
    page.wait_for_selector("body.ready")
    expect(page.locator("#question textarea")).to_have_value("And then?")
    page.close()


def test_an_error_is_a_sentence_in_the_conversation(
    browser: Browser, slow_server: str, model: SlowModel
) -> None:
    model.fails = "on the way"
    page = opened(browser, slow_server)
    ask(page)
    expect(page.locator("#conversation .problem")).to_contain_text("openai:slow", timeout=20_000)
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    page.close()


def test_quotes_stand_in_for_a_model_that_fails_and_the_page_says_so(
    browser: Browser, slow_server: str, model: SlowModel
) -> None:
    model.fails = "at once"
    page = opened(browser, slow_server)
    ask(page)
    told = page.locator("#conversation .done .aside.failed")
    expect(told).to_contain_text("The chat model does not answer", timeout=20_000)
    expect(page.locator("#conversation .done a.cite").first).to_have_text("1")
    page.close()


@pytest.mark.usefixtures("model")
def test_nothing_is_lost_when_the_server_goes_and_comes_back(
    browser: Browser, slow_server: str, server: str
) -> None:
    relay = Relay()
    with relay.to(slow_server) as url:
        page = opened(browser, url)
        ask_slowly(page)
    expect(page.locator("#question textarea")).to_have_value(QUESTION)
    expect(page.locator("#state")).to_have_text("The server is away. Trying again …")
    with relay.to(server):
        expect(page.locator("#state")).to_contain_text("documents", timeout=30_000)
        # It is asked again, now of a server without a model.
        expect(page.locator("#conversation .done a.cite").first).to_have_text("1", timeout=20_000)
        page.close()
