"""Three servers behind nginx, on one Chroma server: one is killed while people ask."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import qa
from tests.chroma_server import chroma_server, is_installed
from tests.cli.forked import Command
from tests.indexing.mirroring import write
from tests.project.nginx import NAME, NGINX, nginx
from tests.ui.serving import start
from tests.whole import WHOLE

pytestmark = [
    pytest.mark.skipif(not WHOLE, reason="three servers take a minute to start"),
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
    pytest.mark.skipif(not is_installed(), reason="the command `chroma` is not installed"),
]

LEAVE = {"question": "How many days of annual leave are there?"}
READERS = 3
# Answers before a server is killed, and in all.
BEFORE, ALL = 30, 150


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma") / "data") as (url, _):
        yield url


def test_a_server_that_is_killed_costs_no_answer(chroma: str, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    write(folder / "leave.md", "# Leave\n\nThere are 27 days of annual leave.")
    with qa.Assistant(chroma) as owner, ExitStack() as stack:
        owner.sync([folder])
        servers: list[tuple[Command, str]] = []
        for _ in range(3):
            servers.append(
                start(
                    chroma,
                    "--sign-in", "none", "--trusted-proxy", "127.0.0.1", "--allow-host", NAME,
                    "--log-format", "json",
                )
            )  # fmt: skip
            stack.enter_context(servers[-1][0])
        client = stack.enter_context(nginx(tmp_path, *(url for _, url in servers)))
        client.headers["Origin"] = f"https://{NAME}"

        replies: list[tuple[str, httpx.Response]] = []

        def read() -> None:
            while len(replies) < ALL:
                for path in ("/api/ask", "/api/v1/ask"):
                    replies.append((path, client.post(path, json=LEAVE)))
                replies.append(("/en/", client.get("/en/")))

        readers = [threading.Thread(target=read) for _ in range(READERS)]
        for one in readers:
            one.start()
        while len(replies) < BEFORE:
            time.sleep(0.01)
        killed, _ = servers[0]
        killed.kill()
        killed.wait(10)
        # Meanwhile a sync, which the others follow.
        write(folder / "leave.md", "# Leave\n\nThere are 31 days of annual leave.")
        owner.sync()
        for one in readers:
            one.join()

        assert {reply.status_code for _, reply in replies} == {200}
        answers = [reply.json()["text"] for path, reply in replies if path != "/en/"]
        assert [one for one in answers if "27 days" not in one and "31 days" not in one] == []
        assert "31 days" in client.post("/api/ask", json=LEAVE).json()["text"]

        logs = []
        for child, _ in servers[1:]:
            child.terminate()
            logs.append(child.communicate(timeout=60)[1])
        assert all('"/api/ask"' in log for log in logs), "questions go to all of them"
        asked = sum(len(re.findall(r'"/en/"', log)) for log in logs)
        assert asked > BEFORE / 3
        assert len([log for log in logs if '"/en/"' in log]) == 1, "pages stay with one"
