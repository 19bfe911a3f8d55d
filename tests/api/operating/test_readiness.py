"""A server is ready once it can answer, and says which check it fails."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

import qa
from qa.api import Readiness


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
        checks = dict.fromkeys(("index", "models", "disk", "sync"), "ok")
        assert (reply.status_code, reply.json()) == (200, {"status": "ready", "checks": checks})
        assert client.get("/healthz").json() == client.get("/health").json()


def test_an_index_that_is_gone(sample_index: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(sample_index, tmp_path / "index"))
    with qa.Assistant(index) as assistant:
        assert told(assistant)["index"]
        (index / "CURRENT").unlink()
        assert told(assistant) == {"index": False, "models": True, "disk": True, "sync": True}


def test_an_empty_index(tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index") as assistant:
        assert not told(assistant)["index"]


def test_an_index_of_which_nothing_is_for_everybody(tmp_path: Path) -> None:
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.add([qa.Document("The safe is green.", "safe.md")], groups=["board"])
        assert told(assistant)["index"]


def test_a_full_disk(assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
    assert told(assistant) == {"index": True, "models": True, "disk": False, "sync": True}


def test_a_chat_model_without_a_server(sample_index: Path) -> None:
    pytest.importorskip("langchain_openai")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with qa.Assistant(sample_index, "openai:any", chat_model_url=url) as assistant:
            assert told(assistant)["chat_model"]
            listening.close()
            assert not told(assistant)["chat_model"]


async def test_a_failed_sync_and_the_next_one(assistant: qa.Assistant) -> None:
    readiness = Readiness(assistant)
    while "started" in await readiness.told():
        pass
    readiness.synced(qa.IndexLockedError("Another process is writing."))
    while (await readiness.told())["sync"]:
        pass
    readiness.synced(qa.SyncReport())
    while not (await readiness.told())["sync"]:
        pass


async def test_results_are_kept_for_a_while(
    assistant: qa.Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness = Readiness(assistant, seconds=3600)
    while "started" in await readiness.told():
        pass
    monkeypatch.setattr(assistant, "status", lambda **_: pytest.fail("looked again"))
    assert all((await readiness.told()).values())
