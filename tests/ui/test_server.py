"""What the server answers, and whom."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

QUESTION = "Where might the second summit be held?"


def test_health_tells_what_is_held(server: str) -> None:
    reply = httpx.get(f"{server}/health")
    assert reply.status_code == 200
    assert reply.json()["status"] == "ok"
    assert reply.json()["documents"] > 5
    assert reply.json()["passages"] > reply.json()["documents"]


def test_a_question_is_answered_with_the_same_object_as_everywhere(server: str) -> None:
    answer = httpx.post(f"{server}/api/ask", json={"question": QUESTION}, timeout=60).json()
    assert answer["found"] is True
    assert "Hanoi" in answer["citations"][0]["quote"]
    assert answer["citations"][0]["source"] == "seeds/second-summit-brief.md"


def test_a_follow_up_is_understood_from_the_history(server: str) -> None:
    history = [{"question": "Who is Kim Yong Chol?", "answer": "Pyongyang's lead negotiator."}]
    asked = {"question": "And when did he last visit?", "history": history}
    answer = httpx.post(f"{server}/api/ask", json=asked, timeout=60).json()
    assert "June" in answer["text"]


def test_a_refusal_is_an_answer_too(server: str) -> None:
    asked = {"question": "What is the capital of France?"}
    reply = httpx.post(f"{server}/api/ask", json=asked, timeout=60)
    assert reply.status_code == 200
    assert reply.json()["found"] is False


@pytest.mark.parametrize(
    "asked",
    [{}, {"question": 7}, {"question": "x", "history": [{}]}, {"question": "x", "history": 1}],
)
def test_a_malformed_question_is_told_what_is_wrong_with_it(
    server: str, asked: dict[str, object]
) -> None:
    reply = httpx.post(f"{server}/api/ask", json=asked)
    assert reply.status_code == 422
    assert reply.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/ask", "/gradio_api/queue/join"])
def test_a_page_of_another_site_cannot_ask(server: str, path: str, headers: dict[str, str]) -> None:
    reply = httpx.post(f"{server}{path}", json={"question": QUESTION}, headers=headers)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", ["/", "/health", "/config", "/gradio_api/info"])
def test_nothing_is_readable_from_another_origin(server: str, path: str) -> None:
    reply = httpx.get(f"{server}{path}", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in reply.headers
    asked = httpx.options(
        f"{server}{path}",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "POST",
        },
    )
    assert "access-control-allow-origin" not in asked.headers


def test_the_page_may_ask_nobody_but_its_own_server(server: str) -> None:
    policy = httpx.get(f"{server}/").headers["content-security-policy"]
    for directive in ("connect-src 'self'", "frame-ancestors 'self'", "object-src 'none'"):
        assert directive in policy


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc"])
def test_no_description_of_the_interface_is_published(server: str, path: str) -> None:
    assert httpx.get(f"{server}{path}").status_code == 404


def test_nobody_can_fill_the_disk_with_uploads(server: str) -> None:
    files = {"files": ("big.bin", b"x" * 100_000)}
    assert httpx.post(f"{server}/gradio_api/upload", files=files).status_code == 413


def test_a_port_that_is_taken_is_an_error_of_one_line(served_index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "qa", "serve", "--port", port, "--index", str(served_index)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1
