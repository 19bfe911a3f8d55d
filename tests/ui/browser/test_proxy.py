"""The page behind a proxy that puts it under a folder of another site."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.ui.watching import Watch

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

FOLDER = "/tools/chat"


class Proxy(ThreadingHTTPServer):
    """Passes on requests below `FOLDER`, as a portal's web server would."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target = urlsplit(target).netloc


class _Passing(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        if not self.path.startswith(f"{FOLDER}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        passed = {name: value for name, value in self.headers.items() if name != "Host"}
        asked = http.client.HTTPConnection(self.server.target)
        asked.request(self.command, self.path.removeprefix(FOLDER), body, passed)
        reply = asked.getresponse()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        try:
            while piece := reply.read1(65_536):
                self.wfile.write(piece)
        except OSError:
            pass  # the browser is gone
        finally:
            asked.close()

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def proxied(server: str) -> Iterator[str]:
    with Proxy(server) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://localhost:{proxy.server_address[1]}"
        proxy.shutdown()


def test_the_page_works_below_a_folder_of_another_site(browser: Browser, proxied: str) -> None:
    context = browser.new_context()
    watch = Watch.over(context)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{proxied}{FOLDER}/")
    assert page.url.startswith(f"{proxied}{FOLDER}/en/")
    page.wait_for_selector("body.ready")
    page.locator("#question textarea").fill("How many days of annual leave do I have?")
    page.locator("#question textarea").press("Enter")
    # Shown once the answer and its record are both there.
    sync_api.expect(page.get_by_text(re.compile("^Answer: "))).to_be_attached()
    page.locator("#conversation .done a.cite").first.click()
    sync_api.expect(page.locator("#panel mark").first).to_contain_text("days")
    context.close()
    assert watch.errors == []
    assert watch.elsewhere(f"{proxied}{FOLDER}") == []
