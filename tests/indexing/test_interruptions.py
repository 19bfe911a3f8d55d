from __future__ import annotations

from pathlib import Path

import pytest

from qa.access import OWNER
from qa.errors import (
    IndexLockedError,
    IndexMismatchError,
    IndexUnavailableError,
    ModelUnavailableError,
)
from qa.index.index import Index
from qa.index.stores.folder_store import FolderStore
from qa.indexing import adding, ingesting
from qa.indexing.forgetting import forget
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder, open_embedder
from qa.records import Document, Progress
from tests.indexing.mirroring import SETTINGS, Counting, add, holders, sync, texts, write


def test_an_interrupted_sync_keeps_what_is_done_and_the_next_one_completes(
    index: Index, docs: Path, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "CHARACTERS_AT_ONCE", 100)
    for number in range(30):
        write(docs / f"{number:02}.txt", f"Note {number}. " + "Pears are green and sweet. " * 2)
    counting.fail_after = 15

    with pytest.raises(KeyboardInterrupt):
        sync(index, docs)

    kept = texts(index)
    assert 0 < len(kept) < 33
    assert all(text.strip() == (docs.parent / s).read_text().strip() for s, text in kept.items())
    counting.fail_after = None
    report = sync(index)
    assert set(report.unchanged) == set(kept)
    assert len(report.added) == 33 - len(kept)
    assert len(texts(index)) == 33


@pytest.mark.parametrize("method", ["upsert", "delete"])
@pytest.mark.parametrize("collection", ["passages", "documents"])
@pytest.mark.parametrize("late", [False, True])
def test_an_interruption_before_or_after_any_call_to_the_store_leaves_old_or_new(
    index: Index,
    docs: Path,
    monkeypatch: pytest.MonkeyPatch,
    collection: str,
    method: str,
    late: bool,
) -> None:
    """As a Ctrl-C comes: Python raises it where Chroma's code returns."""
    from chromadb.api.models.Collection import Collection

    old = {"docs/plums.txt": "Plums are blue and sour.", "docs/pears.md": "Pears are green"}
    sync(index, docs)
    write(docs / "plums.txt", "Plums are red now.")
    (docs / "pears.md").unlink()
    original = getattr(Collection, method)
    calls: list[str] = []

    def interrupted(self: Collection, *arguments: object, **named: object) -> None:
        if self.name.endswith(collection) and not calls:
            calls.append(self.name)
            if late:
                original(self, *arguments, **named)
            raise KeyboardInterrupt
        original(self, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Collection, method, interrupted)
        with pytest.raises(KeyboardInterrupt):
            sync(index)

    assert calls
    found = texts(index)  # and counts the passages
    assert found["docs/plums.txt"].strip() in (old["docs/plums.txt"], "Plums are red now.")
    assert old["docs/pears.md"] in found.get("docs/pears.md", old["docs/pears.md"])
    sync(index)
    assert sorted(texts(index)) == ["docs/deep/er/leeks.html", "docs/plums.txt"]
    assert holders(index, "red") == ["docs/plums.txt"]
    assert holders(index, "sour") == holders(index, "sweet") == []


def test_an_embedder_that_fails_keeps_what_is_done(
    index: Index, docs: Path, counting: Counting
) -> None:
    sync(index, docs)
    (docs / "pears.md").unlink()
    write(docs / "plums.txt", "Plums are red now.")
    counting.fail_after, counting.failure = 3, ModelUnavailableError("the server is down")

    with pytest.raises(ModelUnavailableError, match="the server is down"):
        sync(index)

    assert sorted(texts(index)) == ["docs/deep/er/leeks.html", "docs/plums.txt"]
    assert holders(index, "sour") == ["docs/plums.txt"]


def test_an_operation_that_failed_in_the_store_is_not_tried_again(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chroma would wait without end for a lock that its failed transaction holds."""
    from chromadb.api.models.Collection import Collection
    from chromadb.errors import InternalError

    sync(index, docs)
    before = texts(index)
    write(docs / "plums.txt", "Plums are red now.")
    (docs / "pears.md").unlink()
    original = Collection.upsert
    failed: list[str] = []

    def fail(self: Collection, *arguments: object, **named: object) -> None:
        if not failed:
            failed.append(self.name)
            raise InternalError("Failed to apply logs to the metadata segment")
        original(self, *arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Collection, "upsert", fail)
        with pytest.raises(IndexUnavailableError, match="Failed to apply logs"):
            sync(index)

    assert failed
    assert index.store.generation() == 1
    assert texts(index) == before
    assert sync(index).changed == ("docs/plums.txt",)


def test_a_long_sync_shows_what_is_done(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder
) -> None:
    monkeypatch.setattr(ingesting, "_SECONDS_BETWEEN_PUBLISHING", 0.0)
    monkeypatch.setattr(ingesting, "_PUBLISHING_SHARE", 1000.0)
    monkeypatch.setattr(adding, "CHARACTERS_AT_ONCE", 10)
    reader = Index(FolderStore(index.store.folder), Preparing(embedder, 200))
    seen: list[int] = []

    def look(progress: Progress) -> None:
        with reader.reading(OWNER) as snapshot:
            seen.append(len(snapshot.entries))

    sync(index, docs, progress=look)

    assert sorted(set(seen)) == [0, 1, 2]
    assert seen == sorted(seen)
    reader.close()


def test_a_sync_that_waits_says_so_and_gives_up_in_time(
    index: Index, docs: Path, embedder: Embedder
) -> None:
    other = Index(FolderStore(index.store.folder), Preparing(embedder, 200))
    told: list[Progress] = []

    with index.writing(0), pytest.raises(IndexLockedError):
        sync(other, docs, progress=told.append)

    assert [progress.stage for progress in told] == ["waiting"]


def test_a_rebuild_reads_every_file_again_and_keeps_what_is_in_no_file(
    index: Index, docs: Path, tmp_path: Path, counting: Counting
) -> None:
    note = Document("A note on wombats.", "note", metadata={"by": "Ada"})
    write(tmp_path / "gone" / "a.txt", "From a disk that is away.")
    sync(index, docs, tmp_path / "gone")
    add(index, [note])
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    (docs / "pears.md").unlink()
    before = texts(index)
    counting.texts.clear()

    report = sync(index, rebuild=True)

    assert report.added == ("docs/deep/er/leeks.html", "docs/plums.txt")
    assert [skipped.source for skipped in report.skipped] == ["gone"]
    del before["docs/pears.md"]
    assert texts(index) == before
    assert len(counting.texts) == 4
    with index.reading(OWNER) as snapshot:
        assert snapshot.document("note").metadata == {"by": "Ada"}
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    assert "gone/a.txt" in sync(index).unchanged


def test_a_rebuild_after_a_removal_keeps_what_is_in_no_file(index: Index, docs: Path) -> None:
    note = Document("A note on wombats.", "note")
    sync(index, docs)
    add(index, [note])
    forget(index, "docs/pears.md", SETTINGS)
    (docs / "pears.md").unlink()
    before = texts(index)

    sync(index, docs, rebuild=True)

    assert texts(index) == before
    assert before["note"] == note.text


def test_a_rebuild_changes_the_embedder(
    index: Index, docs: Path, embedder: Embedder, tiny_model: Path
) -> None:
    sync(index, docs)
    add(index, [Document("A note on wombats.", "note")])
    tiny = Index(index.store, Preparing(open_embedder(str(tiny_model)), 100))
    with pytest.raises(IndexMismatchError):
        sync(tiny)

    sync(tiny, rebuild=True)

    assert len(texts(tiny)) == 4
    with tiny.reading(OWNER) as snapshot:
        assert snapshot.view.passages.first(include=["embeddings"])["embeddings"].shape == (1, 32)  # type: ignore[union-attr]
    with pytest.raises(IndexMismatchError):
        texts(index)
    tiny.close()


def test_a_rebuild_that_fails_leaves_the_old_index(
    index: Index, docs: Path, counting: Counting
) -> None:
    sync(index, docs)
    before = texts(index)
    counting.fail_after = len(counting.texts)

    with pytest.raises(KeyboardInterrupt):
        sync(index, rebuild=True)

    assert texts(index) == before
    assert index.store.generation() == 1


def test_a_rebuild_without_an_index_is_a_first_sync(index: Index, docs: Path) -> None:
    assert len(sync(index, docs, rebuild=True).added) == 3
    assert len(sync(index, rebuild=True).added) == 3
