"""A server that is told to stop finishes the answers in progress, within a limit."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.ui.serving import start

QUESTION = "Where might the second summit be held?"


class Writing(ThreadingHTTPServer):
    """Speaks OpenAI's protocol, and ends its answer only when it is let go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Writing)
        self.begun, self.go_on = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Writing(BaseHTTPRequestHandler):
    server: Writing

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self._piece("The second summit might be held in Bangkok")
        self.server.begun.set()
        self.server.go_on.wait(60)
        self._piece(" or Hanoi [1].")
        self.wfile.write(b"data: [DONE]\n\n")

    def _piece(self, text: str) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "any"}
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def writing() -> Iterator[Writing]:
    pytest.importorskip("langchain_openai")
    with Writing() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.go_on.set()
        server.shutdown()


def test_an_answer_in_progress_is_finished(served_index: Path, writing: Writing) -> None:
    child, url = start(
        served_index,
        "--chat-model", "openai:any", "--chat-model-url", writing.url,
        QA_STOP_SECONDS="60",
    )  # fmt: skip
    told: list[httpx.Response] = []

    def ask() -> None:
        told.append(httpx.post(f"{url}/api/ask", json={"question": QUESTION}, timeout=120))

    asking = threading.Thread(target=ask)
    asking.start()
    assert writing.begun.wait(60)

    child.terminate()
    while _accepts(url):  # from here on it is stopping
        pass
    writing.go_on.set()

    asking.join(120)
    assert told[0].status_code == 200
    assert "Hanoi" in told[0].json()["text"]
    _, said = child.communicate(timeout=60)
    assert child.returncode == 143
    assert said.count("Traceback") == 0


def _accepts(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", timeout=60)
    except httpx.TransportError:
        return False
    return True
