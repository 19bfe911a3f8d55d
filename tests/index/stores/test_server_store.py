"""An index on a real Chroma server, as `chroma run` starts it."""

from __future__ import annotations

import contextlib
import http.server
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from qa.access import OWNER
from qa.errors import IndexUnavailableError
from qa.index.index import Index
from qa.index.layout import document_id
from qa.index.stores.server.server_store import ServerStore
from qa.index.stores.store import DOCUMENTS, PASSAGES
from qa.indexing.forgetting import forget
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.records import Document
from tests.chroma_server import chroma_server, free_port, is_installed
from tests.indexing.mirroring import SETTINGS, changes, holders, prepared, sync, texts, write

SECRET = "The quagmire of Zanthorpian foundlings swallowed nineteen wheelbarrows."

pytestmark = pytest.mark.skipif(not is_installed(), reason="the command `chroma` is not installed")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("server") / "data") as (url, _):
        yield url


def sockets() -> set[str]:
    """The open sockets of this process."""
    found: set[str] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed since
            found.add(str(descriptor.readlink()))
    return {target for target in found if target.startswith("socket:")}


@contextlib.contextmanager
def silent_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes what it is sent and never answers; what it read until it was hung up."""
    read: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def listen() -> None:
            connection, _ = listening.accept()
            with connection:
                while piece := connection.recv(4096):
                    read.append(piece)
            read.append(b"hung up")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", read
        thread.join(10)


@pytest.fixture
def index(url: str, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """An index with nothing in it."""
    index = Index(ServerStore(url, tmp_path / "cache", grace=0), Preparing(embedder, 200))
    yield index
    with index.reading(OWNER) as snapshot:
        client = snapshot.view.client
        for collection in client.list_collections():
            client.delete_collection(collection.name)
    index.close()


@pytest.fixture
def other(url: str, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """The same index, as it is seen from another machine: its keyword index is kept elsewhere."""
    index = Index(ServerStore(url, tmp_path / "other-cache", grace=0), Preparing(embedder, 200))
    yield index
    index.close()


def test_what_changes_in_a_folder_changes_on_the_server(index: Index, docs: Path) -> None:
    first = sync(index, docs)
    assert first.added == ("docs/deep/er/leeks.html", "docs/pears.md", "docs/plums.txt")
    assert "Pears are green" in texts(index)["docs/pears.md"]

    write(docs / "pears.md", "# Pears\n\nPears are yellow.")
    (docs / "plums.txt").unlink()
    write(docs / "figs.txt", "Figs are brown.")

    assert changes(sync(index)) == {
        "added": ["docs/figs.txt"],
        "changed": ["docs/pears.md"],
        "removed": ["docs/plums.txt"],
        "unchanged": ["docs/deep/er/leeks.html"],
        "passages": 2,
    }
    assert "yellow" in texts(index)["docs/pears.md"]
    assert holders(index, "yellow") == ["docs/pears.md"]
    assert holders(index, "green") == holders(index, "sour") == []


def test_a_question_is_answered_with_a_citation(url: str, index: Index, docs: Path) -> None:
    sync(index, docs)
    assistant = qa.Assistant(index=url)

    answer = assistant.ask("What do leeks grow in?")

    assert answer.found
    assert answer.citations[0].source == "docs/deep/er/leeks.html"
    assert answer.citations[0].quote in texts(index)["docs/deep/er/leeks.html"]
    assistant.close()


def test_readers_on_other_machines_see_each_sync(index: Index, other: Index, docs: Path) -> None:
    sync(index, docs)
    assert texts(other) == texts(index)

    write(docs / "figs.txt", "Figs are brown.")
    with other.reading(OWNER) as snapshot:
        sync(index)
        assert "docs/figs.txt" not in snapshot.ids  # not in the middle of a question

    assert holders(other, "brown") == holders(index, "brown") == ["docs/figs.txt"]


def test_what_is_forgotten_is_gone_for_every_reader(
    index: Index, other: Index, docs: Path, tmp_path: Path
) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    assert holders(other, "wheelbarrows") == ["docs/secret.txt"]

    forgotten = forget(index, "docs/secret.txt", SETTINGS)

    assert (forgotten.sources, forgotten.left) == (("docs/secret.txt",), 0)
    for reader in (index, other):
        assert "docs/secret.txt" not in texts(reader)
        assert holders(reader, "wheelbarrows") == []
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert kept
    assert not any(b"wheelbarrow" in file.read_bytes() for file in kept)


def test_what_a_sync_removes_is_in_nothing_that_the_server_returns(
    index: Index, other: Index, docs: Path, tmp_path: Path
) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    assert holders(other, "wheelbarrows") == ["docs/secret.txt"]
    with index.reading(OWNER) as snapshot:
        (id,) = snapshot.entry("docs/secret.txt").passage_ids
        vector = (snapshot.view.passages.get([id], include=["embeddings"])["embeddings"] or [])[0]
    (docs / "secret.txt").unlink()
    sync(index)

    assert holders(other, "wheelbarrows") == []
    with other.reading(OWNER) as snapshot:
        view = snapshot.view
        for records in (view.passages, view.documents):
            assert SECRET[4:30] not in str(records.get(include=["documents", "metadatas"]))
            assert "secret.txt" not in str(records.get(include=["metadatas"]))
        assert view.passages.first(include=[], containing="wheelbarrows")["ids"] == []
        found, distances = view.passages.nearest(list(vector), 9)
        assert id not in found
        assert min(distances) > 0.01
    kept = [file for file in tmp_path.rglob("keywords.sqlite3*") if file.is_file()]
    assert len(kept) == 2
    assert not any(b"wheelbarrow" in file.read_bytes() for file in kept)


def test_an_index_made_anew_replaces_the_old_one_at_once(
    index: Index, other: Index, docs: Path
) -> None:
    sync(index, docs)
    before = texts(other)

    sync(index, rebuild=True)

    assert texts(other) == texts(index) == before
    with other.reading(OWNER) as snapshot:
        names = {collection.name for collection in snapshot.view.client.list_collections()}
    assert names == {f"{PASSAGES}-1", f"{DOCUMENTS}-1"}


def test_what_a_killed_writer_left_is_taken_up_by_the_next(index: Index, docs: Path) -> None:
    sync(index, docs)
    write(docs / "figs.txt", "Figs are brown.")
    with contextlib.suppress(KeyboardInterrupt), index.writing(1) as session:
        figs = Document("Figs are purple.", "docs/figs.txt", id=document_id("docs/figs.txt"))
        session.put(prepared(index, figs, folder="docs"))
        raise KeyboardInterrupt
    assert holders(index, "purple") == []

    sync(index)

    assert texts(index)["docs/figs.txt"] == "Figs are brown."


def test_a_missing_server_is_reported_with_its_url(tmp_path: Path, embedder: Embedder) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    index = Index(ServerStore(url, tmp_path), Preparing(embedder, 200))

    with pytest.raises(IndexUnavailableError, match="Is it running") as caught:
        texts(index)
    assert url in str(caught.value)
    with pytest.raises(IndexUnavailableError, match=url), index.writing(1):
        pass


def test_a_server_that_goes_away_is_reported_with_its_url(tmp_path: Path, docs: Path) -> None:
    with chroma_server(tmp_path / "data") as (url, process):
        assistant = qa.Assistant(index=url)
        assistant.sync([docs])
        assert assistant.ask("What do leeks grow in?").found
        process.terminate()
        process.wait(20)

        with pytest.raises(IndexUnavailableError, match="Is it running") as caught:
            assistant.ask("What do leeks grow in?")
        assert url in str(caught.value)
        with pytest.raises(IndexUnavailableError, match=url):
            assistant.sync([docs])
        assistant.close()


def test_a_server_of_another_kind_is_reported_with_its_url(
    tmp_path: Path, embedder: Embedder
) -> None:
    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(IndexUnavailableError, match="is the URL right") as caught:
            texts(Index(ServerStore(url, tmp_path), Preparing(embedder, 200)))
        assert url in str(caught.value)
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_that_never_answers_is_given_up(tmp_path: Path, embedder: Embedder) -> None:
    with silent_server() as (url, read):
        index = Index(ServerStore(url, tmp_path, timeout=0.2), Preparing(embedder, 200))
        with pytest.raises(IndexUnavailableError, match="Is it running") as caught:
            texts(index)
        assert url in str(caught.value)
    assert read[0].startswith(b"GET ")
    assert read[-1] == b"hung up"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be halted here")
def test_a_server_that_falls_silent_is_given_up(tmp_path: Path, docs: Path) -> None:
    with chroma_server(tmp_path / "data") as (url, process):
        assistant = qa.Assistant(index=url)
        assistant.index.store = ServerStore(url, tmp_path / "cache", timeout=4)
        assistant.sync([docs])
        assert assistant.ask("What do leeks grow in?").found
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(IndexUnavailableError, match=url):
                assistant.ask("What do leeks grow in?")
        finally:
            process.send_signal(signal.SIGCONT)

        assert assistant.ask("What do leeks grow in?").found
        assistant.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="sockets are counted in /proc")
def test_a_closed_index_has_hung_up_and_may_be_used_again(index: Index, docs: Path) -> None:
    before = sockets()
    sync(index, docs)
    held = texts(index)
    assert sockets() - before

    index.close()
    assert not sockets() - before

    assert texts(index) == held
    with index.reading(OWNER) as snapshot:
        index.close()
        assert sockets() - before  # whoever is reading does so to the end
        assert set(snapshot.ids) == set(held)
        assert snapshot.view.documents.count()
    assert not sockets() - before
