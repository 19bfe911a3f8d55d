"""Answers that a chat model words reach a program while they are worded.

The model is a server on this machine that writes two sentences, the second one when it is let go.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

import qa
from tests.ui.serving import served

TEXT = "Ada King approves annual leave. Annual leave is entered in the staff portal."
FIRST, SECOND = "Ada King approves annual leave [1].", " It is entered in the staff portal [1]."
QUESTION = "Who approves annual leave?"


class Model(ThreadingHTTPServer):
    """A chat model that speaks OpenAI's protocol."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Writing)
        self.go = threading.Event()
        self.ended = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class _Writing(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._write(FIRST)
            self._write(SECOND[:4])  # which shows that the first one has ended
            assert self.server.go.wait(60)
            self._write(SECOND[4:])
            self._write("", "stop")
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:  # nobody listens any more
            pass
        finally:
            self.server.ended.set()

    def _write(self, content: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model() as model:
        threading.Thread(target=model.serve_forever, daemon=True).start()
        yield model
        model.shutdown()


@pytest.fixture(scope="module")
def url(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    index = tmp_path_factory.mktemp("streaming") / "index"
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document(TEXT, "leave.txt", title="Leave")])
    written = ("--chat-model", "openai:m", "--chat-model-url", model.url)
    with served(Path(index), *written, OPENAI_API_KEY="none") as url:
        yield url


REQUESTS = {
    "/api/v1/ask": {"question": QUESTION, "stream": True},
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
    },
    "/v1/responses": {"input": QUESTION, "stream": True},
}


@pytest.mark.parametrize("path", REQUESTS)
def test_the_first_sentence_comes_before_the_second_is_written(
    url: str, model: Model, path: str
) -> None:
    model.go.clear()
    with httpx.stream("POST", url + path, json=REQUESTS[path], timeout=40) as reply:
        assert reply.status_code == 200
        lines = reply.iter_lines()
        early = next(line for line in lines if "Ada King" in line)
        assert "staff portal" not in early
        model.go.set()
        rest = "\n".join(lines)
    assert "staff portal" in rest
    assert '"answerer": "openai:m"' in rest


def test_a_model_that_fails_on_the_way_ends_the_events_with_a_problem(
    url: str, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.go.clear()

    def write(self: _Writing, content: str, finish: str | None = None) -> None:
        if content not in (FIRST, SECOND[:4]):
            self.wfile.write(b'data: {"error": {"message": "out of memory"}}\n\n')
            raise OSError("that was its end")
        real(self, content)

    real = _Writing._write
    monkeypatch.setattr(_Writing, "_write", write)
    asked = {"question": QUESTION, "stream": True}
    with httpx.stream("POST", f"{url}/api/v1/ask", json=asked, timeout=40) as reply:
        lines = reply.iter_lines()
        assert any("Ada King" in line for line in lines)
        model.go.set()
        rest = list(lines)
    assert "event: error" in rest
    problem = json.loads(rest[rest.index("event: error") + 1].removeprefix("data: "))
    assert (problem["status"], problem["kind"]) == (502, "GenerationError")
