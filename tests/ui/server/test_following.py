"""`qa serve --watch`: a real server, asked before and after the files of its folder change."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx

import qa
from tests.indexing.mirroring import write
from tests.ui.serving import start

SECONDS = 90


def test_answers_follow_the_folder(tmp_path: Path) -> None:
    folder, index = tmp_path / "handbook", tmp_path / "index"
    write(folder / "parking.md", "# Parking\n\nVisitors park behind the brick building.\n")
    with qa.Assistant(index=index) as assistant:
        assistant.sync([folder])
    child, url = start(index, "--watch")
    try:

        def cited(question: str) -> list[str]:
            reply = httpx.post(f"{url}/api/ask", json={"question": question}, timeout=60)
            return [one["source"] for one in reply.json()["citations"]]

        def within_seconds(enough: Callable[[], bool]) -> None:
            deadline = time.monotonic() + SECONDS
            while not enough():
                assert time.monotonic() < deadline
                time.sleep(0.5)

        assert cited("Where do visitors park?") == ["handbook/parking.md"]
        assert cited("Where do bicycles stand?") == []

        write(folder / "bicycles.md", "# Bicycles\n\nBicycles stand in the yard by the oak.\n")
        within_seconds(lambda: cited("Where do bicycles stand?") == ["handbook/bicycles.md"])

        (folder / "parking.md").unlink()
        within_seconds(lambda: "handbook/parking.md" not in cited("Where do visitors park?"))
        gone = httpx.get(f"{url}/api/source", params={"source": "handbook/parking.md"})
        assert gone.status_code == 404
    finally:
        os.kill(child.pid, signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "1 added, 1 unchanged" in said
    assert "1 removed, 1 unchanged" in said
    assert "Traceback" not in said
    with qa.Assistant(index=index) as assistant:
        assert [one.source for one in assistant.status().sources] == ["handbook/bicycles.md"]
