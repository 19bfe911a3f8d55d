"""Nothing leaves: in a whole conversation, browser and server contact nobody else."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.forked import CHECKOUT
from tests.ui.watching import Watch

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from tests.ui.chatting import EXAMPLE, LEAVE, NOWHERE, ask, drop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# Records each use of the network by Python, from the first import on, and refuses it if
# it goes out.
REFUSING = """
import sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        print("network:", event, arguments[1:] if event != "socket.getaddrinfo" else arguments[:2],
              file=sys.stderr, flush=True)
        if event != "socket.bind":
            raise PermissionError(f"refused: {event}")
sys.addaudithook(note)
from qa.cli.app import main
sys.argv[0] = "qa"
main()
"""


def test_a_whole_conversation_leaves_neither_the_page_nor_the_server(
    browser: Browser, served_index: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", REFUSING, "serve", "--port", "0", "--index", str(served_index)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert child.stderr is not None
    said = ""
    try:
        while not (found := re.search(r"http://\S+", said)):
            line = child.stderr.readline()
            assert line, f"the server ended: {said}"
            said += line
        url = found.group()
        assert httpx.post(f"{url}/api/ask", json={"question": LEAVE}, timeout=60).json()["found"]
        context = browser.new_context(accept_downloads=True)
        watch = Watch.over(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(url)
        page.wait_for_selector("body.ready")
        converse(page)
        hints = page.evaluate("[...document.querySelectorAll('link')].map((link) => link.href)")
        context.close()
        assert watch.errors == []
        assert len(watch.requests) > 10
        assert watch.elsewhere(url) == []
        # Names that a browser looks up beforehand are not reported as requests.
        assert [hint for hint in hints if not hint.startswith(f"{url}/")] == []
        port = int(url.rpartition(":")[2])
        assert ports(child.pid) in ({port}, None)
    finally:
        child.terminate()
        _, rest = child.communicate(timeout=60)
    used = [line for line in (said + rest).splitlines() if line.startswith("network:")]
    # A library checks whether this machine has IPv6; it does not listen there.
    probe = "network: socket.bind (('::1', 0),)"
    assert [line for line in used if line != probe] == ["network: socket.bind (('127.0.0.1', 0),)"]


def converse(page: Page) -> None:
    """All that a reader can do: ask, look, search, drop, copy, save, judge, read again."""
    page.locator(EXAMPLE).first.click()
    answers = page.locator("#conversation .done")
    expect(answers).to_have_count(1)
    ask(page, NOWHERE)
    ask(page, LEAVE).locator("a.cite").first.click()
    expect(page.locator("#panel mark").first).to_be_visible()
    page.get_by_role("searchbox").fill("leave")
    expect(page.locator(".panel-count")).to_contain_text("1 of")
    original = page.get_by_role("link", name="Open original").get_attribute("href") or ""
    assert page.request.get(original).ok
    page.get_by_role("button", name="Close source").click()
    drop(page, {"sauna.txt": "The sauna on deck 9 opens at 6:45."})
    expect(page.locator("#attached .file")).to_be_visible()
    ask(page, "When does the sauna open?")
    page.locator("#take-away summary").click()
    with page.expect_download():
        page.get_by_role("button", name="Download as HTML").click()
    page.get_by_role("button", name="This helped").last.click()
    expect(page.locator(".told").last).to_have_text("Thank you.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New", exact=True).click()
    expect(answers).to_have_count(0)
    page.get_by_role("button", name="History").click()
    page.get_by_role("dialog").get_by_role("listitem").first.get_by_role("button").first.click()
    expect(answers).to_have_count(4)


def ports(process: int) -> set[int] | None:
    """The ports of this machine that a process has sockets at; None if the system does not say.

    Libraries that are not written in Python go past its audit hook, but not past the system.
    """
    place = Path(f"/proc/{process}")
    if not place.is_dir():
        return None
    own = set()
    for link in (place / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            own.update(re.findall(r"^socket:\[(\d+)\]$", str(link.readlink())))
    tables = [place / "net" / name for name in ("tcp", "tcp6", "udp", "udp6")]
    rows = [
        line.split()
        for table in tables
        if table.exists()
        for line in table.read_text().splitlines()[1:]
    ]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in own}
