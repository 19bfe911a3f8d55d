from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.errors import IndexLockedError, IndexUnavailableError
from qa.index.index import open_store
from qa.index.stores.folder_store import FolderStore
from qa.index.stores.server.server_store import ServerStore
from qa.index.stores.store import Store, View


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "index")


def publish(
    store: Store, text: str = "pears", *, renew: bool = False, at_once: bool = False
) -> int:
    """Add a record and publish; the number of the new generation."""
    with store.writing(0) as writer:
        if renew:
            writer.renew()
        draft = writer.begin()
        draft.passages.upsert(ids=[text], embeddings=[[1.0, 0.0]], documents=[text])
        draft.documents.upsert(ids=[text], embeddings=[[1.0, 0.0]])
        writer.publish(erase=at_once, at_once=at_once)
    return store.generation()


def opened(store: Store, generation: int) -> View:
    view = store.open(generation)
    assert view is not None
    return view


def ids(store: Store) -> list[str]:
    view = opened(store, store.generation())
    try:
        return sorted(view.passages.get(include=[])["ids"])
    finally:
        store.close(view)


def folders(store: FolderStore) -> list[str]:
    return sorted(path.name for path in (store.folder / "generations").iterdir())


def test_a_place_is_a_folder_or_the_url_of_a_server(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path), tmp_path), FolderStore)
    assert isinstance(open_store("http://127.0.0.1:8000", tmp_path), ServerStore)
    assert isinstance(open_store("https://chroma.example", tmp_path), ServerStore)


def test_looking_at_an_index_that_is_not_there_makes_nothing(store: FolderStore) -> None:
    assert store.generation() == 0
    assert store.open(0) is None
    assert not store.folder.exists()


def test_each_publication_is_a_generation_that_holds_what_was_there_before(
    store: FolderStore,
) -> None:
    assert [publish(store, text) for text in ("pears", "plums", "figs")] == [1, 2, 3]
    assert ids(store) == ["figs", "pears", "plums"]
    assert folders(store) == ["3"]


def test_what_is_not_published_is_lost(store: FolderStore) -> None:
    publish(store)

    with store.writing(0) as writer:
        writer.begin().passages.upsert(ids=["plums"], embeddings=[[1.0, 0.0]], documents=["plums"])

    assert ids(store) == ["pears"]
    assert folders(store) == ["1"]


def test_what_a_killed_writer_left_is_thrown_away(store: FolderStore) -> None:
    publish(store)
    (store.folder / "generations" / "2.draft").mkdir()
    (store.folder / "generations" / "2").mkdir()  # killed just before it was made the current one
    (store.folder / "CURRENT.new").write_text("2")

    assert publish(store, "plums") == 2
    assert ids(store) == ["pears", "plums"]
    assert folders(store) == ["2"]


def test_a_renewed_index_starts_with_nothing_and_never_uses_a_number_again(
    store: FolderStore,
) -> None:
    publish(store)
    publish(store, "plums")

    assert publish(store, "figs", renew=True) == 3
    assert ids(store) == ["figs"]


def test_a_generation_that_is_being_read_is_not_deleted(store: FolderStore) -> None:
    publish(store)
    view = opened(store, 1)

    publish(store, "plums")
    publish(store, "figs")

    assert view.passages.get(include=[])["ids"] == ["pears"]
    assert folders(store) == ["1", "3"]
    store.release(view)
    publish(store, "nuts")
    assert folders(store) == ["4"]
    with pytest.raises(IndexUnavailableError, match="was deleted"):
        store.hold(view)
    store.close(view)


def test_erasing_waits_for_readers(store: FolderStore) -> None:
    publish(store)
    view = opened(store, 1)
    timer = threading.Timer(0.5, store.release, [view])
    timer.start()

    started = time.monotonic()
    publish(store, "plums", at_once=True)

    assert time.monotonic() - started > 0.4
    assert folders(store) == ["2"]
    timer.join()
    store.close(view)


def test_there_is_one_writer_at_a_time_and_another_gets_an_error(
    store: FolderStore,
) -> None:
    with (
        store.writing(0),
        pytest.raises(IndexLockedError, match="has not finished yet") as caught,
        store.writing(0.2),
    ):
        pass

    assert str(store.folder) in str(caught.value)
    assert "qa sync" in str(caught.value)
    with store.writing(0):  # the first one has let go
        pass


def test_a_writer_that_fails_lets_go(store: FolderStore) -> None:
    def fail() -> None:
        with store.writing(0) as writer:
            writer.begin()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert publish(store) == 1
    assert folders(store) == ["1"]


@pytest.mark.parametrize("content", [b"", b"pears", b"\xff\xfe", b"1 2", b"-"])
def test_a_damaged_current_is_reported(store: FolderStore, content: bytes) -> None:
    publish(store)
    (store.folder / "CURRENT").write_bytes(content)

    with pytest.raises(IndexUnavailableError, match=r"is damaged.*CURRENT") as caught:
        store.generation()

    assert "qa sync" in str(caught.value)


def test_a_damaged_current_is_repaired_by_starting_anew(store: FolderStore) -> None:
    publish(store)
    (store.folder / "CURRENT").write_bytes(b"pears")

    assert publish(store, "plums", renew=True) == 2
    assert ids(store) == ["plums"]


def lose_folder(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


LOSS: dict[str, Callable[[Path], object]] = {
    "its folder": lose_folder,
    "its database": lambda folder: (folder / "chroma.sqlite3").unlink(),
    "the sense of its database": lambda folder: (folder / "chroma.sqlite3").write_bytes(
        b"x" * 9999
    ),
    "half of its database": lambda folder: os.truncate(folder / "chroma.sqlite3", 50_000),
}


@pytest.mark.parametrize("loss", LOSS)
def test_a_generation_that_lost_something_is_reported(store: FolderStore, loss: str) -> None:
    publish(store)
    LOSS[loss](store.folder_of(1))

    with pytest.raises(IndexUnavailableError) as caught, store.reaching():
        ids(store)

    assert str(store.folder) in str(caught.value)
    assert "qa sync" in str(caught.value)


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FolderStore(tmp_path / "file" / "index")

    with pytest.raises(IndexUnavailableError, match=r"cannot be (written|used)"), store.writing(0):
        pass


@pytest.fixture
def haunted() -> None:
    """Memory that was used before, and shows through where somebody does not set it."""
    ghosts = [b"ghostly words " * 20_000 for _ in range(64)]
    del ghosts


@pytest.mark.usefixtures("haunted")
def test_no_file_shows_the_memory_of_the_process(store: FolderStore) -> None:
    publish(store)

    for file in store.folder.rglob("data_level0.bin"):
        _, _, places, taken, size = struct.unpack_from(
            "<iQQQQ", file.with_name("header.bin").read_bytes()
        )
        assert (places, file.stat().st_size) == (100, places * size)
        assert not any(file.read_bytes()[taken * size :])
        assert not any(file.with_name("length.bin").read_bytes()[taken * 4 :])
    assert len(list(store.folder.rglob("data_level0.bin"))) == 2


@pytest.mark.usefixtures("haunted")
def test_reading_changes_nothing_that_is_read(store: FolderStore) -> None:
    publish(store)
    before = {file: file.read_bytes() for file in store.folder.rglob("*.bin")}

    view = opened(store, 1)
    for collection in (view.passages.collection, view.documents.collection):
        collection.query(query_embeddings=[0.0, 1.0], n_results=1)
        collection.get(include=["embeddings"])
    store.close(view)

    assert len(before) == 8
    assert {file: file.read_bytes() for file in store.folder.rglob("*.bin")} == before


def test_errors_of_the_store_are_told_as_such_and_others_are_not(store: FolderStore) -> None:
    from chromadb.errors import InternalError

    with pytest.raises(IndexUnavailableError, match="disk is full"), store.reaching():
        raise InternalError("the disk is full")
    with pytest.raises(ZeroDivisionError), store.reaching():
        raise ZeroDivisionError
