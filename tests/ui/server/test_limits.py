"""Requests that are too large, too many at once, not text, or to another host name."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

import qa
from qa.api import Service, tell_errors
from tests.cli.forked import Command
from tests.ui.serving import start
from ui.bodies import Bodies
from ui.page.app import Page
from ui.page.conversations import Conversation
from ui.page.examples import Examples
from ui.page.texts import ENGLISH
from ui.routes.questions import Holdings, routes
from ui.uploads import Attachments

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

QUESTION = {"question": "Where might the second summit be held?"}
CONVERSATION = "0" * 32
LARGE = 300_000_000


@dataclass
class Strict:
    """A server with small limits, for a whole network, behind a proxy on this machine."""

    process: Command
    url: str

    @property
    def memory(self) -> int:
        """Its peak memory, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1000


@pytest.fixture(scope="module")
def strict(served_index: Path) -> Iterator[Strict]:
    process, url = start(
        served_index,
        *("--host", "0.0.0.0", "--sign-in", "none"),
        *("--allow-host", "QA.corp.example", "--trusted-proxy", "127.0.0.1"),
        QA_MAX_WAITING_QUESTIONS="1",
        QA_MAX_CONNECTIONS="60",
    )
    yield Strict(process, url.replace("0.0.0.0", "127.0.0.1"))
    process.terminate()
    process.communicate(timeout=60)


def connected(url: str, sent: bytes) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), 20)
    connection.sendall(sent)
    return connection


def reply(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """The status and the error."""
    said = http.client.HTTPResponse(connection)
    said.begin()
    return said.status, json.loads(said.read())


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


@pytest.mark.parametrize("path", ["/api/ask", "/api/export", "/en/gradio_api/queue/join", "/none"])
def test_a_body_that_is_too_large_is_refused_before_it_is_sent(strict: Strict, path: str) -> None:
    with connected(strict.url, head(path, f"Content-Length: {LARGE}")) as connection:
        status, told = reply(connection)
    assert status == 413
    assert "2,000,000 bytes" in told["error"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_body_without_a_stated_size_takes_no_memory(strict: Strict) -> None:
    # The example questions are made and a question is answered: the models are in memory.
    assert httpx.get(f"{strict.url}/api/examples", timeout=90).json()["examples"]
    assert httpx.post(f"{strict.url}/api/ask", json=QUESTION, timeout=90).status_code == 200
    before = strict.memory
    with connected(strict.url, head("/api/ask", "Transfer-Encoding: chunked")) as connection:
        sent = 0
        piece = b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"
        try:
            while sent < LARGE:
                connection.sendall(piece)
                sent += 1_000_000
        except OSError:
            pass
        assert reply(connection)[0] == 413
    assert strict.memory - before < 50_000_000


async def test_all_bodies_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.bodies.MOST_HELD", 10)
    replies: list[int] = []

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(bodies)) as other:
            replies.append((await other.post("http://a/", content=b"12345")).status_code)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    bodies = Bodies(echo, 100)
    monkeypatch.setattr("ui.bodies.LINGER_SECONDS", 0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bodies)) as client:
        assert (await client.post("http://a/", content=b"123456")).status_code == 200
    assert replies == [503]
    assert bodies._held == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"question": "x" * 60_000},
        {"question": "x", "folder": "x" * 5_000},
        {"question": "x", "history": [{"question": "x"}] * 51},
        {"question": "x", "history": [{"question": "x", "answer": "x" * 60_000}]},
    ],
)
def test_a_field_that_is_too_long_is_named(server: str, fields: dict[str, object]) -> None:
    answer = httpx.post(f"{server}/api/ask", json=fields)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"body.{list(fields)[-1]}")
    assert len(answer.content) < 1000  # the value is not repeated


HALF_PAIRS = [
    rb'"\ud800"', rb'"a\uDFFF"', rb'"\ud83d\ud83d"', rb'"\\\ud83d\\ude00"', b'"\xed\xa0\x80"',
    b'"\xff"',
]  # fmt: skip


@pytest.mark.parametrize("text", HALF_PAIRS)
@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/api/ask", b'{"question": %s}'),
        ("/api/ask", b'{"question": "x", "folder": %s}'),
        ("/api/ask", b'{"question": "x", "history": [{"question": "x", "answer": %s}]}'),
        ("/api/export", b'{"record": {"id": "' + b"0" * 32 + b'", "folder": %s}}'),
        ("/api/feedback", b'{"conversation": "x", "question": %s, "answer": "", "verdict": "up"}'),
        ("/en/gradio_api/queue/join", b'{"fn_index": 1, "session_hash": "a", "data": [%s]}'),
        ("/de/gradio_api/cancel", b'{"fn_index": 1, "session_hash": "a", "event_id": %s}'),
        ("/de/gradio_api/reset", b'{"event_id": %s}'),
    ],
)
def test_half_a_surrogate_pair_is_not_text(
    server: str, path: str, sent: bytes, text: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{server}{path}", content=sent.replace(b"%s", text), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-be"])
def test_json_is_utf_8(server: str, encoding: str) -> None:
    sent = r'{"question": "\ud800"}'.encode(encoding)
    answer = httpx.post(
        f"{server}/api/ask", content=sent, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_complete_characters_are_text_however_they_are_written(server: str) -> None:
    sent = rb'{"question": "\\ud800 \ud83d\ude00 \u00e9 \\\\\ud83D\uDE00 ' + "😀é".encode() + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{server}/api/ask", content=sent, headers=headers, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["question"] == "\\ud800 😀 é \\\\😀 😀é"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nowhere", b"", 404),
        ("GET", "/api/ask", b"", 405),
        ("GET", "/api/source", b"", 422),
        ("GET", "/api/source?source=no.md", b"", 404),
        ("POST", "/api/ask", b"{", 400),
        ("POST", "/api/ask", b"[" * 100_000, 400),
        ("POST", "/api/ask", b'{"question": ' + b"1" * 5_000 + b"}", 400),
        ("POST", "/api/ask", b'{"question": null}', 422),
        ("POST", "/api/export", b"[]", 422),
    ],
)
def test_every_error_is_json(
    server: str, method: str, path: str, content: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.request(method, f"{server}{path}", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_host_that_is_named_twice_is_refused(server: str) -> None:
    sent = b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\n\r\n"
    with connected(server, sent) as connection:
        assert reply(connection)[0] == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("rebound.example", 421), ("127.0.0.1.rebound.example:80", 421), ("[", 421), ("", 421),
        ("10.1.2.3", 200), ("[::1]:7860", 200), ("qa.corp.example", 200), ("localhost", 200),
        (f"{socket.gethostname()}:7860", 200),
    ],
)  # fmt: skip
def test_in_a_network_the_server_answers_to_addresses_and_its_own_names(
    strict: Strict, host: str, status: int
) -> None:
    assert httpx.get(f"{strict.url}/health", headers={"Host": host}).status_code == status


def test_forwarded_headers_are_trusted_from_named_proxies_only(server: str, strict: Strict) -> None:
    said = {"X-Forwarded-Host": "portal.example", "X-Forwarded-Proto": "https"}

    def root(url: str) -> str:
        found = re.search(r'"root":"([^"]*)"', httpx.get(f"{url}/en/", headers=said).text)
        assert found is not None
        return found[1]

    assert root(server) == f"{server}/en"
    assert root(strict.url) == "https://portal.example/en"


def test_too_many_waiting_questions_are_told_to_come_back(strict: Strict) -> None:
    def ask(path: str, sent: Mapping[str, object]) -> httpx.Response:
        return httpx.post(f"{strict.url}{path}", json=sent, timeout=120)

    joined = {"fn_index": 1, "data": ["Who?", "", ""], "session_hash": "a"}
    with ThreadPoolExecutor(30) as asking:
        asked = [asking.submit(ask, "/api/ask", QUESTION) for _ in range(20)]
        assert httpx.get(f"{strict.url}/health", timeout=60).status_code == 200
        replies = [one.result() for one in asked]
        joining = [asking.submit(ask, "/en/gradio_api/queue/join", joined) for _ in range(30)]
        refused = [one for one in (one.result() for one in joining) if one.status_code != 200]
    assert {one.status_code for one in replies} == {200, 503}
    assert {one.status_code for one in refused} == {503}
    for one in (*replies, *refused):
        assert one.status_code == 200 or int(one.headers["retry-after"]) > 0


@pytest.mark.parametrize("question", [None, "", "x" * 1_000_000, "Why? " * 10_000])
@pytest.mark.parametrize("sent", [None, "", "{", '{"id": 1}'])
def test_any_text_can_be_sent_to_the_page(
    assistant: qa.Assistant, question: str | None, sent: str | None
) -> None:
    attachments = Attachments(assistant)
    page = Page(assistant, attachments, ENGLISH, Examples(assistant))
    *_, (_, kept, _, _) = page.answer(question, None, sent)
    if question:
        assert isinstance(kept, str)
        assert [one.reason for one in Conversation.read(kept).exchanges] == ["too long"]
    for event in (page.restored, page.stopped):
        assert event(sent)[0] == []
    attachments.close()


async def test_the_state_of_the_index_is_given_while_the_index_is_busy(
    assistant: qa.Assistant,
) -> None:
    class Busy:
        let_go = threading.Event()
        viewer = assistant.viewer

        def status(self) -> qa.Status:
            assert self.let_go.wait(20)
            return assistant.status()

    busy = Busy()
    busy.let_go.set()
    holdings = Holdings()
    first = await holdings.told(busy)  # type: ignore[arg-type]
    busy.let_go.clear()
    holdings._looks[busy.viewer].at = float("-inf")
    for _ in range(2):
        assert await holdings.told(busy) == first  # type: ignore[arg-type]
    busy.let_go.set()


def test_a_question_that_takes_too_long_gets_an_error(sample_index: Path) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    assistant = qa.Assistant(sample_index, question_timeout=0.0001)
    attachments = Attachments(assistant)
    server = FastAPI()
    line = Service.of(assistant).line
    server.include_router(routes(assistant, attachments, line, Holdings()))
    tell_errors(server)
    answer = TestClient(server).post("/api/ask", json=QUESTION)
    assert answer.status_code == 503
    assert "0.0001 seconds" in answer.json()["error"]
    assert answer.headers["retry-after"]
    attachments.close()
    assistant.close()


def test_an_unforeseen_error_is_reported_without_its_traceback() -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    server = FastAPI()
    tell_errors(server)

    @server.get("/")
    def broken() -> None:
        raise ZeroDivisionError(str(Path.cwd()))

    answer = TestClient(server, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    assert str(Path.cwd()) not in answer.text
