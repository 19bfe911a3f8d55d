"""Replicas of a server follow the index on a Chroma server, each with words on its own disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from qa.access import OWNER
from qa.index.index import Index
from qa.index.keywords import FILE
from qa.index.snapshot import snapshot_of
from qa.index.stores.paging import Records
from qa.index.stores.server.server_store import ServerStore
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from tests.chroma_server import chroma_server, is_installed
from tests.cli.forked import Command
from tests.indexing.mirroring import holders, sync, write

pytestmark = pytest.mark.skipif(not is_installed(), reason="the command `chroma` is not installed")

REPLICA = """
import sys, qa
from pathlib import Path
from qa.index.stores.server.server_store import ServerStore
assistant = qa.Assistant(index=sys.argv[1])
assistant.index.store = ServerStore(sys.argv[1], Path(sys.argv[2]))
for question in sys.stdin:
    print([one.source for one in assistant.ask(question.strip()).citations], flush=True)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("server") / "data") as (url, _):
        yield url


@pytest.fixture
def index(url: str, tmp_path: Path, embedder: Embedder, docs: Path) -> Iterator[Index]:
    index = Index(ServerStore(url, tmp_path / "cache", grace=0), Preparing(embedder, 200))
    sync(index, docs)
    yield index
    with index.reading(OWNER) as snapshot:
        for collection in snapshot.view.client.list_collections():
            snapshot.view.client.delete_collection(collection.name)
    index.close()


@pytest.fixture
def elsewhere(url: str, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """The same index on another machine."""
    index = Index(ServerStore(url, tmp_path / "elsewhere"), Preparing(embedder, 200))
    yield index
    index.close()


@pytest.fixture
def beside(url: str, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """The same index in another process of the machine."""
    index = Index(ServerStore(url, tmp_path / "cache"), Preparing(embedder, 200))
    yield index
    index.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the passages whose text is read."""
    read: list[str] = []
    real = Records.get

    def get(records: Records, ids: Sequence[str] | None = None, **how: Any) -> Any:
        found = real(records, ids, **how)
        if "documents" in how.get("include", ()):
            read.extend(found["ids"])
        return found

    monkeypatch.setattr(Records, "get", get)
    return read


def test_a_change_of_one_document_reads_its_passages_alone(
    index: Index, elsewhere: Index, docs: Path, read: list[str]
) -> None:
    assert holders(elsewhere, "green") == ["docs/pears.md"]
    write(docs / "pears.md", "# Pears\n\nPears are yellow.")
    sync(index)
    read.clear()

    with elsewhere.reading(OWNER) as snapshot:
        (id,) = snapshot.entry("docs/pears.md").passage_ids
    assert read == [id]
    assert holders(elsewhere, "yellow") == ["docs/pears.md"]
    assert holders(elsewhere, "green") == []

    (docs / "plums.txt").unlink()
    sync(index)
    read.clear()
    with elsewhere.reading(OWNER):
        pass
    assert read == []
    assert holders(elsewhere, "sour") == []


def test_a_replica_that_catches_up_has_nothing_left_to_do_for_a_question(
    index: Index, elsewhere: Index, docs: Path, read: list[str]
) -> None:
    assert holders(elsewhere, "green") == ["docs/pears.md"]
    write(docs / "figs.txt", "Figs are brown.")
    sync(index)
    read.clear()
    elsewhere.catch_up()
    assert read

    read.clear()
    with elsewhere.reading(OWNER) as snapshot:
        assert "docs/figs.txt" in snapshot.ids
    assert read == []
    assert holders(elsewhere, "brown") == ["docs/figs.txt"]


def test_replicas_that_share_a_folder_do_not_change_each_others_words(
    index: Index, beside: Index, docs: Path
) -> None:
    with beside.reading(OWNER) as old:
        write(docs / "pears.md", "# Pears\n\nPears are yellow.")
        sync(index)
        assert holders(index, "yellow") == ["docs/pears.md"]
        assert old.keywords.search(["green"], 9), "a question that has begun ends as it began"
        # A process that has read the records before the sync, and is only now done with them.
        snapshot_of(old.view, old.head, old.entries).keywords.close()

    assert holders(index, "yellow") == holders(beside, "yellow") == ["docs/pears.md"]
    assert holders(index, "green") == holders(beside, "green") == []


def test_what_a_sync_replaces_can_be_read_until_questions_have_ended(
    index: Index, elsewhere: Index, docs: Path
) -> None:
    write(docs / "pears.md", "# Pears\n\nPears are yellow.")
    assert isinstance(index.store, ServerStore)
    index.store.grace = 3
    with elsewhere.reading(OWNER) as old:
        ids = old.entry("docs/pears.md").passage_ids
        begun = elsewhere.store.generation()
        syncing = threading.Thread(target=sync, args=[index])
        syncing.start()
        while elsewhere.store.generation() == begun:
            assert syncing.is_alive()
        assert [one.text for one in old.passages(ids)] == ["Pears\n\nPears are green and sweet."]
        syncing.join()
        assert old.passages(ids) == []


def test_a_damaged_file_of_words_and_what_a_killed_process_left_are_made_again(
    index: Index, beside: Index, tmp_path: Path
) -> None:
    folder = index.store.folder
    index.close()
    (file,) = folder.rglob(FILE)
    file.write_bytes(b"no database")
    write(folder / "words.draft" / FILE, "half of one")
    write(folder / FILE, "of an earlier version")

    assert holders(beside, "green") == ["docs/pears.md"]
    assert list(folder.rglob(FILE)) == [file]
    assert file.read_bytes().startswith(b"SQLite")


def test_where_no_words_can_be_kept_they_are_in_memory(index: Index, elsewhere: Index) -> None:
    (elsewhere.store.folder / "words.lock").mkdir(parents=True)

    assert holders(elsewhere, "green") == ["docs/pears.md"]
    assert list(elsewhere.store.folder.rglob(FILE)) == []


def test_another_process_answers_from_a_sync_at_once(
    url: str, index: Index, docs: Path, tmp_path: Path
) -> None:
    with Command(url, tmp_path / "replica", code=REPLICA, typed=True) as replica:

        def asked(question: str) -> str:
            assert replica.stdin is not None
            print(question, file=replica.stdin, flush=True)
            return replica.stdout.readline()

        assert "docs/figs.txt" not in asked("What colour are the figs of Zanthorpia?")
        write(docs / "figs.txt", "The figs of Zanthorpia are brown. They are eaten in March.")
        sync(index)
        assert "docs/figs.txt" in asked("What colour are the figs of Zanthorpia?")
        (docs / "figs.txt").unlink()
        sync(index)
        assert "docs/figs.txt" not in asked("What colour are the figs of Zanthorpia?")
