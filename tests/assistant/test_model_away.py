"""Quotes stand in for a chat model that cannot be reached, fails or stays silent."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qa
from tests.ui.serving import served

TEXT = "Ada King approves annual leave. Annual leave is entered in the staff portal."
QUESTION = "Who approves annual leave?"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("away") / "index"
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document(TEXT, "leave.txt", title="Leave")])
    return index


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def nobody() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def asking(index: Path, url: str, **settings: Any) -> qa.Assistant:
    """An Assistant whose chat model is at an address."""
    return qa.Assistant(
        index, chat_model="openai:m", chat_model_url=url, chat_model_key="none", **settings
    )


def test_quotes_stand_in_for_a_model_that_cannot_be_reached(index: Path) -> None:
    with asking(index, nobody()) as assistant:
        answer = assistant.ask(QUESTION)
        assert (answer.found, answer.answerer) == (True, "quotes")
        assert "Ada King" in answer.text
        assert answer.citations
        assert answer.failure is not None
        assert "openai:m at http://127.0.0.1" in answer.failure
        assert "cannot be reached" in answer.failure
        pieces = assistant.stream(QUESTION)
        assert "".join(pieces) == answer.text
        refused = assistant.ask("Who repairs the lift?")
        assert (refused.found, bool(refused.failure)) == (False, True)


def test_a_silent_model_is_not_waited_for_without_end(index: Path, silent: str) -> None:
    with asking(index, silent, chat_model_timeout=0.8) as assistant:
        assistant.search(QUESTION)  # which opens the models
        started = time.monotonic()
        answer = assistant.ask("Who approves it?", history=[qa.Turn("What is annual leave?", "")])
        assert time.monotonic() - started < 5
    assert "Ada King" in answer.text
    assert "in time" in (answer.failure or "")


def test_nothing_is_said_of_a_model_that_is_not_asked(index: Path) -> None:
    with qa.Assistant(index) as assistant:
        assert assistant.ask(QUESTION).failure is None


def test_what_stood_in_is_not_kept(index: Path) -> None:
    with asking(index, nobody(), answer_cache_megabytes=1) as assistant:
        assistant.ask(QUESTION)
        assert assistant.ask(QUESTION).seconds["answer"] > 0, "the model was asked again"


def test_programs_are_told(index: Path) -> None:
    import httpx

    written = ("--chat-model", "openai:m", "--chat-model-url", nobody())
    with served(index, *written, OPENAI_API_KEY="none") as url:
        reply = httpx.post(f"{url}/api/v1/ask", json={"question": QUESTION}, timeout=60)
        told = json.loads(reply.text)
        ready = httpx.get(f"{url}/readyz", timeout=60)
    assert (reply.status_code, told["answerer"]) == (200, "quotes")
    assert "cannot be reached" in told["failure"]
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
