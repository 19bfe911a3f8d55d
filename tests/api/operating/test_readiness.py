"""A server is ready once it can answer, and says which check it fails."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import NamedTuple, NoReturn

import httpx
import pytest

import qa
from qa.api import Readiness
from qa.api.operating import readiness as readiness_checks
from tests.cli import forked
from tests.indexing.mirroring import write
from tests.indexing.web.serving import Served, serving

PASSED = dict.fromkeys(("index", "documents", "models", "disk", "sync"), True)


def told(assistant: qa.Assistant) -> Mapping[str, bool]:
    async def waited() -> Mapping[str, bool]:
        readiness = Readiness(assistant)
        while "started" in (found := await readiness.told()):
            pass
        return found

    return asyncio.run(waited())


def test_a_server_is_ready(server: str) -> None:
    with httpx.Client(base_url=server, timeout=60) as client:
        while "started" in (reply := client.get("/readyz")).json()["checks"]:
            assert reply.status_code == 503
        checks = dict.fromkeys(("index", "documents", "models", "disk", "sync"), "ok")
        assert (reply.status_code, reply.json()) == (200, {"status": "ready", "checks": checks})
        assert client.get("/healthz").json() == client.get("/health").json()


def test_an_index_that_is_gone(sample_index: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    with qa.Assistant(index) as assistant:
        assert told(assistant)["documents"]
        (index / "CURRENT").unlink()
        assert told(assistant) == {**PASSED, "index": False, "documents": False}


def test_an_empty_index(tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index") as assistant:
        assert told(assistant) == {**PASSED, "documents": False}
        assistant.add([qa.Document("The safe is green.", "safe.md")])
        assert told(assistant) == PASSED
        assistant.forget("safe.md")
        assert told(assistant) == {**PASSED, "documents": False}


def test_an_index_of_which_nothing_is_for_everybody(tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.add([qa.Document("The safe is green.", "safe.md")], groups=["board"])
        assert told(assistant) == PASSED


def test_a_full_disk(assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
    assert told(assistant) == {**PASSED, "disk": False}


@pytest.mark.parametrize(
    ("failed", "answers"),
    [
        (["disk", "sync"], True),
        (["index"], False),
        (["documents"], False),
        (["sync", "chat_model"], True),
    ],
)
def test_questions_are_answered_without_some(
    assistant: qa.Assistant, failed: list[str], answers: bool
) -> None:
    assert Readiness(assistant).answers({"models": True, **dict.fromkeys(failed, False)}) == answers


def test_the_server_of_a_chat_model(sample_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_ollama")
    monkeypatch.setattr(readiness_checks, "CHAT_MODEL_SECONDS", 0.5)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    with serving() as web, qa.Assistant(sample_index, "ollama:any") as assistant:
        assert "chat_model" in told(assistant), "it is where Ollama always is"
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{web.port}")
        assert told(assistant)["chat_model"], "even if there is nothing at this address"
        web.pages["/"] = Served(status=502)
        assert not told(assistant)["chat_model"], "a proxy answers for a server that does not"
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{hanging.getsockname()[1]}")
        with qa.Assistant(sample_index, "ollama:any") as assistant:
            assert not told(assistant)["chat_model"], "it takes connections, and answers nobody"


async def test_a_sync_of_another_process_that_fails(tmp_path: Path) -> None:
    docs, index = tmp_path / "docs", tmp_path / "index"
    write(docs / "pears.md", "Pears are green.")
    with qa.Assistant(index) as assistant:
        assistant.sync([docs])
        readiness = Readiness(assistant, seconds=0.1)
        while "started" in await readiness.told():
            pass
        docs.rename(tmp_path / "away")
        forked.run("sync", "--index", index)
        while (await readiness.told())["sync"]:
            pass
        (tmp_path / "away").rename(docs)
        forked.run("sync", "--index", index)
        while not (await readiness.told())["sync"]:
            pass


async def test_a_check_that_hangs_has_failed_until_it_ends(
    assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = Event()

    def hanging(_: Path) -> NoReturn:
        going_on.wait()
        raise RuntimeError("an error that nobody expects")

    readiness = Readiness(assistant, seconds=0.05, hanging_seconds=0.2)
    while "started" in await readiness.told():
        pass
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", hanging)
        expected = {**PASSED, "disk": False}
        while await readiness.told() != expected:
            pass
        assert await readiness.told() == expected, "not only once"
    going_on.set()  # the check ends with its error; the next one passes
    while not all((await readiness.told()).values()):
        pass


async def test_results_are_kept_for_a_while(
    assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness = Readiness(assistant, seconds=3600)
    while "started" in await readiness.told():
        pass
    monkeypatch.setattr(assistant, "status", lambda **_: pytest.fail("looked again"))
    assert all((await readiness.told()).values())
