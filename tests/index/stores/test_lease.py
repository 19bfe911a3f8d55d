"""Writers on several machines take turns: real processes on a real Chroma server."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.errors import IndexLockedError, IndexUnavailableError
from qa.index.index import Index
from qa.index.stores.server.connection import Connection
from qa.index.stores.server.lease import NAME, Lease
from qa.index.stores.server.server_store import ServerStore
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.records import Document
from tests.chroma_server import chroma_server, is_installed
from tests.cli.forked import Command
from tests.indexing.mirroring import add, texts

pytestmark = pytest.mark.skipif(not is_installed(), reason="the command `chroma` is not installed")

SECONDS = 2.0
# Writes a document and waits for a line before it publishes.
WRITER = f"""
import sys, qa
from pathlib import Path
from qa.index.stores.server.server_store import ServerStore
from tests.indexing.mirroring import prepared
assistant = qa.Assistant(index=sys.argv[1])
store = ServerStore(sys.argv[1], Path(sys.argv[2]), timeout=1, lease={SECONDS})
assistant.index.store = store
with assistant.index.writing(0) as session:
    session.put(prepared(assistant.index, qa.Document("Figs are purple.", "figs.txt", id="figs")))
    print("wrote", flush=True)
    input()
    session.publish()
print("published", flush=True)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("server") / "data") as (url, _):
        yield url


@pytest.fixture
def index(url: str, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """An index with nothing in it, whose leases are short."""
    store = ServerStore(url, tmp_path / "cache", lease=SECONDS, grace=0)
    index = Index(store, Preparing(embedder, 200))
    yield index
    with Connected(url) as connection:
        for collection in connection.client.list_collections():
            connection.client.delete_collection(collection.name)
    index.close()


class Connected(Connection):
    def __init__(self, url: str) -> None:
        super().__init__(url, 30)

    def __enter__(self) -> Connected:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def names(self) -> list[str]:
        return sorted(one.name for one in self.client.list_collections())


def writer(url: str, folder: Path) -> Command:
    """A process that has written and not published."""
    process = Command(url, folder, code=WRITER, typed=True)
    assert process.stdout.readline() == "wrote\n", process.stderr.read()
    return process


def leeks(index: Index) -> None:
    add(index, [Document("Leeks are white.", "leeks.txt", title="Leeks")])


def test_a_writer_that_is_killed_is_succeeded_when_its_lease_has_run_out(
    url: str, index: Index, tmp_path: Path
) -> None:
    with writer(url, tmp_path / "other") as other:
        with pytest.raises(IndexLockedError) as caught, index.writing(0):
            pass
        said = str(caught.value)
        assert url in said
        assert f"by {socket.gethostname()} (process {other.pid})" in said
        assert re.search(r"until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", said)
        other.kill()
        other.wait(10)
        killed = time.monotonic()

        with index.writing(10 * SECONDS):
            assert time.monotonic() - killed > SECONDS / 4

    assert index.store.generation() == 0
    leeks(index)
    assert texts(index)["figs.txt"] == "Figs are purple.", "whole, as what a killed sync leaves"


def test_a_writer_that_was_halted_too_long_publishes_nothing(
    url: str, index: Index, tmp_path: Path
) -> None:
    with writer(url, tmp_path / "other") as other:
        other.send_signal(signal.SIGSTOP)
        with index.writing(10 * SECONDS):
            other.send_signal(signal.SIGCONT)
            _, said = other.communicate("\n", 60)
            assert other.returncode
            assert "may no longer write" in said
            assert index.store.generation() == 0, "it has published nothing"
        leeks(index)
        assert index.store.generation() == 1


def test_a_writer_that_takes_long_keeps_its_lease_and_leaves_nothing(
    url: str, index: Index, tmp_path: Path
) -> None:
    with writer(url, tmp_path / "other") as other, Connected(url) as server:
        with pytest.raises(IndexLockedError), index.writing(2 * SECONDS):
            pass
        assert NAME in server.names()
        said, _ = other.communicate("\n", 60)
        assert said == "published\n"
        assert not [name for name in server.names() if name.startswith(NAME)]
    assert list(texts(index)) == ["figs.txt"]


def test_of_those_that_begin_at_the_same_moment_one_writes(url: str) -> None:
    begin = threading.Barrier(6)
    inside, most, turns = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, turns
        with Connected(url) as server:
            begin.wait()
            for _ in range(3):
                with Lease(server.client, url, 60).held(60):
                    inside += 1
                    most = max(most, inside)
                    time.sleep(0.02)
                    turns += 1
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(begin.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, turns) == (1, 18)


def test_of_those_that_find_a_lease_run_out_one_takes_it(url: str) -> None:
    begin = threading.Barrier(6)
    finished, refused = threading.Event(), threading.Semaphore(0)
    held = []

    def work() -> None:
        with Connected(url) as own:
            begin.wait()
            try:
                with Lease(own.client, url, 60).held(0):
                    held.append(own)
                    finished.wait(10)
            except IndexLockedError:
                refused.release()

    with Connected(url) as server:
        dead = Lease(server.client, url, 60)
        dead._take(0)  # with nobody to renew it, as in a process that is halted
        server.client.get_collection(NAME).modify(metadata={"holder": "nobody", "until": 1.0})
        threads = [threading.Thread(target=work) for _ in range(begin.parties)]
        for thread in threads:
            thread.start()
        for _ in range(begin.parties - 1):
            assert refused.acquire(timeout=10)
        with pytest.raises(IndexLockedError, match="may no longer write"):
            dead.renew()
        finished.set()
        for thread in threads:
            thread.join()
        assert len(held) == 1
        assert not [name for name in server.names() if name.startswith(NAME)]


def test_a_renewal_that_comes_too_late_does_not_count(url: str) -> None:
    with Connected(url) as server, Connected(url) as other:
        late = Lease(server.client, url, 0.2)
        late._take(0)
        time.sleep(0.3)
        with pytest.raises(IndexLockedError, match="may no longer write"):
            late.renew()
        # For everybody else it goes on: it was renewed on the server.
        with (
            Lease(other.client, url, 60).held(5),
            pytest.raises(IndexLockedError, match="may no longer write"),
        ):
            late.renew()


def test_a_lease_on_a_server_that_goes_away_runs_out(tmp_path: Path, embedder: Embedder) -> None:
    with chroma_server(tmp_path / "data") as (url, process):
        store = ServerStore(url, tmp_path / "cache", lease=1)
        index = Index(store, Preparing(embedder, 200))
        leeks(index)
        with index.writing(0) as session:
            process.terminate()
            process.wait(20)
            with pytest.raises(IndexUnavailableError, match=url), index.store.reaching():
                session.remove(list(session.entries))
        index.close()
    with chroma_server(tmp_path / "data") as (url, _), Connected(url) as server:
        assert NAME in server.names()
        with Lease(server.client, url, 60).held(10):
            pass
        assert NAME not in server.names()
