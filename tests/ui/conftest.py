"""A browser, and what it looks at beside the server that all tests share."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import qa
from tests.ui.owned import used
from tests.ui.panel_page import OURS, harness
from tests.ui.serving import CHROMIUM, FLAGS, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INTRANET = Path(__file__).parent / "intranet"


@pytest.fixture(scope="session")
def used_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index that has been in use for a month; do not write to it."""
    return used(tmp_path_factory.mktemp("used"))


# While Playwright is open its event loop counts as running in the thread of the tests, and no test
# there may run another: it is closed before the next file's tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file; each test opens a context of its own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        # What is waited for comes when a busy machine gets to it; five seconds are too few there.
        playwright.expect.set_options(timeout=30_000)
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def keeping(served_index: Path) -> Iterator[str]:
    """The URL of a server that keeps the texts of votes, and those of questions for a day."""
    kept = {"QA_AUDIT": "true", "QA_AUDIT_QUESTIONS": "true", "QA_AUDIT_DAYS": "1"}
    with served(served_index, QA_FEEDBACK_TEXTS="true", **kept) as url:
        yield url


class Intranet(ThreadingHTTPServer):
    """Another site: pages of an invented firm, which show the chat of `chat`.

    Its policy lets in what the README names and nothing else.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Intranet)
        self.chat = ""

    @property
    def url(self) -> str:
        """Another host name than the chat's, so browsers take it for another site."""
        return f"http://localhost:{self.server_address[1]}"

    @property
    def policy(self) -> str:
        """What its pages may load."""
        return (
            f"default-src 'none'; script-src {self.chat}; frame-src {self.chat}; "
            "style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
        )


class _Intranet(BaseHTTPRequestHandler):
    server: Intranet

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].lstrip("/")
        file = INTRANET / name
        if not name or not file.is_file():
            self.send_error(404)
            return
        body = file.read_text(encoding="utf-8").replace("{{chat}}", self.server.chat).encode()
        kind = "text/css" if file.suffix == ".css" else "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def intranet(served_index: Path) -> Iterator[Intranet]:
    """A site that may show the chat, and the chat's server, which accepts only small files."""
    with Intranet() as site, pytest.MonkeyPatch.context() as environment:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        environment.setenv("QA_MAX_FILE_MEGABYTES", "0.05")
        environment.setenv("QA_EMBED_ORIGINS", f"https://portal.example, {site.url}")
        with served(served_index) as site.chat:
            environment.undo()
            yield site
        site.shutdown()


@pytest.fixture(scope="session")
def library(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    """The samples, and documents that are hard to show."""
    index = Path(shutil.copytree(sample_index, tmp_path_factory.mktemp("panel") / "index"))
    assistant = qa.Assistant(index)
    assistant.add(OURS)
    yield assistant
    assistant.close()


@pytest.fixture(scope="session")
def address(library: qa.Assistant) -> Iterator[str]:
    """The URL of a page with the source panel and nothing else of ours."""
    with harness(library) as url:
        yield url
