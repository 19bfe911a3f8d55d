"""What a server logs: a line for each request, with an id, and nothing that anybody asked."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import qa
from qa.api import REQUEST_ID, log, log_sync, log_to_stderr
from tests.ui.serving import start

QUESTION = "Where might the second summit be held?"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    """Standard error, from when a format is set on."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level

    def begun(format: str) -> io.StringIO:
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        log_to_stderr(format)  # type: ignore[arg-type]
        return stream

    yield begun
    root.handlers[:] = before
    root.setLevel(level)


def test_an_event_is_a_line_of_json(said: Callable[[str], io.StringIO]) -> None:
    stream = said("json")
    before = REQUEST_ID.set("abc")
    log("request", path='/a"\n\u2028b', status=200)
    REQUEST_ID.reset(before)
    logging.getLogger("uvicorn.error").info("not said")
    logging.getLogger("uvicorn.error").warning("said")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "footnote",
        "event": "request",
        "request_id": "abc",
        "path": '/a"\n\u2028b',
        "status": 200,
    }
    assert (second["logger"], second["event"]) == ("uvicorn.error", "said")


def test_nobody_writes_a_line_of_their_own(said: Callable[[str], io.StringIO]) -> None:
    stream = said("text")
    log("request", path="/a\r\n2026 ERROR\u2028x", other="a=b", plain="/en/")

    assert len(stream.getvalue().splitlines()) == 1
    assert r'path="/a\r\n2026 ERROR\u2028x" other="a=b" plain=/en/' in stream.getvalue()


def test_an_exception_is_in_its_line(said: Callable[[str], io.StringIO]) -> None:
    stream = said("json")
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "ValueError: broken" in json.loads(stream.getvalue())["exception"]


def test_a_sync_is_told_in_numbers(said: Callable[[str], io.StringIO]) -> None:
    stream = said("json")
    log_sync(qa.SyncReport(added=("salaries.md",), seconds=1.234))
    log_sync(qa.IndexLockedError("Another process is writing."))

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["added"], first["seconds"]) == ("sync", 1, 1.23)
    assert "salaries" not in stream.getvalue()
    assert (second["event"], second["error"]) == ("sync failed", "IndexLockedError")


def test_a_server_logs_each_request_once(served_index: Path) -> None:
    child, url = start(served_index, "--log-format", "json", "--trusted-proxy", "127.0.0.0/8")
    try:
        with httpx.Client(base_url=url, timeout=120) as client:
            asked = client.post("/api/ask", json={"question": QUESTION})
            given = client.get("/api/state?q=secret", headers={"X-Request-Id": "from-nginx.1"})
            client.get("/nowhere", headers={"X-Request-Id": "not an id"})
            refused = client.get("/", headers={"Host": "elsewhere.example"})
    finally:
        child.terminate()
        _, said = child.communicate(timeout=60)
    lines: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    # That it has started is told at the same time as its URL, and may have been read with it.
    requests = [one for one in lines if one["event"] != "started"]
    assert [(one["method"], one["path"], one["status"]) for one in requests] == [
        ("POST", "/api/ask", 200),
        ("GET", "/api/state", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/", 421),
    ]
    assert [one["request_id"] for one in requests][:2] == [
        asked.headers["x-request-id"],
        "from-nginx.1",
    ]
    assert given.headers["x-request-id"] == "from-nginx.1"
    assert len({one["request_id"] for one in requests}) == 4
    assert refused.headers["x-request-id"] == requests[-1]["request_id"]
    assert requests[0]["seconds"] > 0
    assert requests[0]["sent"] > 100
    assert "summit" not in said
    assert "secret" not in said


def test_without_a_trusted_proxy_the_id_is_ours(server: str) -> None:
    reply = httpx.get(f"{server}/healthz", headers={"X-Request-Id": "mine"})
    assert reply.headers["x-request-id"] != "mine"
