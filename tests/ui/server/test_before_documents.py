"""`qa serve` before there is an index: a real server, which documents come to while it runs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER, cache_folder
from tests.chroma_server import chroma_server, is_installed
from tests.cli import forked
from tests.indexing.mirroring import write
from tests.ui.serving import start

SECONDS = 90
QUESTION = {"question": "Where do visitors park?"}


@pytest.fixture(params=["folder", "server"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where there is no index yet: a folder, or a Chroma server that is empty."""
    if request.param == "folder":
        yield str(tmp_path / "index")
        return
    if not is_installed():
        pytest.skip("Chroma's server is not installed")
    with chroma_server(tmp_path / "chroma") as (url, _):
        yield url


def test_documents_may_come_after_the_server(index: str, tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    environment = {"QA_CACHE": str(tmp_path / "cache"), "XDG_DATA_HOME": str(tmp_path / "data")}
    open_embedder(PACKAGED_EMBEDDER).encode(["made, if it was not yet"])
    shutil.copytree(cache_folder() / "encoders", tmp_path / "cache" / "encoders")
    write(folder / "parking.md", "# Parking\n\nVisitors park behind the brick building.\n")
    child, url = start(index, "--watch", **environment)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:

            def within_seconds(enough: Callable[[], bool]) -> None:
                deadline = time.monotonic() + SECONDS
                while not enough():
                    assert time.monotonic() < deadline
                    time.sleep(0.5)

            def checks() -> dict[str, str]:
                found: dict[str, str] = client.get("/readyz").json()["checks"]
                return found

            def part(name: str) -> str:
                return str(client.get("/admin/state").json()["parts"][name])

            def cited() -> list[str]:
                reply = client.post("/api/ask", json=QUESTION).json()
                return [one["source"] for one in reply["citations"]]

            within_seconds(lambda: "started" not in checks())
            reply = client.get("/readyz")
            assert (reply.status_code, reply.json()["status"]) == (503, "not ready")
            failed = {name for name, said in reply.json()["checks"].items() if said != "ok"}
            assert failed == {"documents"}
            assert client.get("/healthz").json() == {"status": "ok", "documents": 0, "passages": 0}
            told = client.post("/api/ask", json=QUESTION).json()
            assert (told["reason"], told["citations"]) == ("no documents", [])
            assert "There are no documents yet." in part("alerts")
            assert f"There is no index at {index}." in part("alerts"), "it may be elsewhere"
            assert client.get("/admin").status_code == 200

            assert client.post("/admin/sync").status_code == 303
            within_seconds(lambda: "mirrors no folder yet" in part("sync"))

            first = forked.run("sync", folder, "--index", index, env={**os.environ, **environment})
            assert first.returncode == 0, first.stderr
            assert cited() == ["handbook/parking.md"], "without a restart"
            within_seconds(lambda: client.get("/readyz").json()["status"] == "ready")
            assert "Everything is in order." in part("alerts")
            assert "mirrors no folder yet" not in part("sync"), "a later sync did what it could not"

            write(folder / "bicycles.md", "# Bicycles\n\nBicycles stand by the oak.\n")
            within_seconds(lambda: client.get("/healthz").json()["documents"] == 2)
    finally:
        child.terminate()
        _, said = child.communicate(timeout=60)
    assert "Traceback" not in said


def test_a_server_says_where_there_is_no_index(tmp_path: Path) -> None:
    child = forked.Command("serve", "--port", "0", "--index", tmp_path / "indx")
    try:
        assert f"There is no index at {tmp_path / 'indx'}." in child.stderr.readline()
    finally:
        child.terminate()
        child.communicate(timeout=60)
