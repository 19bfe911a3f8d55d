"""Removed documents are gone from every file: text, vectors and ids."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path

import numpy as np
import pytest

from qa.access import OWNER
from qa.index.index import Index
from qa.index.parts import parts_values
from qa.index.stores.erasing import DATABASE, vector_files
from qa.index.stores.folder_store import FolderStore
from qa.index.verdicts import Verdict, Verdicts
from qa.indexing import forgetting
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.models.fast_encoder import Vectors
from qa.records import Document
from tests.indexing.mirroring import SETTINGS, add, sync, texts, write

SECRET = "The quagmire of Zanthorpian foundlings swallowed nineteen wheelbarrows in Thrumwick."
RARE = ("quagmire", "zanthorp", "foundl", "wheelbarrow", "thrumwick", "Thrumwick")
SOURCE = "docs/secret.txt"


@dataclass(frozen=True)
class Marks:
    """Traces of a document that is, or was, in an index."""

    texts: tuple[bytes, ...]
    ids: tuple[bytes, ...]
    vectors: Vectors
    parts: tuple[bytes, ...]

    def hits(self, folder: Path) -> list[str]:
        """The files below a folder that have one of them, and what kind."""
        found = [
            f"{kind} in {file.relative_to(folder)}"
            for file in sorted(folder.rglob("*"))
            if file.is_file()
            for kind, marks in (
                ("text", self.texts),
                ("id", self.ids),
                ("vector", self._raw()),
                ("parts", self.parts),
            )
            if any(mark in file.read_bytes() for mark in marks)
        ]
        # Saved vectors were brought to length 1 and may differ from those that were given.
        for saved in vector_files(folder):
            vectors = saved.vectors()
            if (
                vectors.shape[1] == self.vectors.shape[1]
                and (vectors @ self.vectors.T > 0.999).any()
            ):
                found.append(f"place in {saved.file.relative_to(folder)}")
        return found

    def _raw(self) -> list[bytes]:
        return [vector.tobytes()[64:96] for vector in self.vectors]


def marks(index: Index, source: str = SOURCE) -> Marks:
    """Those of a document that is in the index."""
    with index.reading(OWNER) as snapshot:
        entry = snapshot.entry(source)
        found = snapshot.view.passages.get(entry.passage_ids, include=["embeddings", "metadatas"])
        vectors = np.asarray(found["embeddings"], "<f4")
        parts = [value for one in found["metadatas"] or [] for value in parts_values(one)]
        ids = [f"{entry.id}:{entry.version}", f"{entry.id}{entry.version}", source]
    texts, ids_, parts_ = (tuple(mark.encode() for mark in marks) for marks in (RARE, ids, parts))
    return Marks(texts, ids_, vectors, parts_)


def remove(index: Index, docs: Path) -> None:
    (docs / "secret.txt").unlink()
    assert sync(index).removed == (SOURCE,)


def change(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", "Nothing was ever said here.")
    assert sync(index).changed == (SOURCE,)


def forget(index: Index, docs: Path) -> None:
    assert forgetting.forget(index, SOURCE, SETTINGS).left == 0


def replace(index: Index, docs: Path) -> None:
    report = add(index, [Document("Nothing was ever said here.", SOURCE)])
    assert report.changed == (SOURCE,)


WAYS: dict[str, Callable[[Index, Path], None]] = {
    way.__name__: way for way in (remove, change, forget, replace)
}


def kept_name(way: str, found: Marks) -> Marks:
    """Where the document stays, under its name, only the version is gone."""
    return found if way in ("remove", "forget") else replaced(found, ids=found.ids[:2])


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_what_was_removed_is_left(index: Index, docs: Path, way: str) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    secret = kept_name(way, marks(index))
    assert {hit.split()[0] for hit in secret.hits(index.store.folder)} >= {
        "text", "id", "place", "parts",
    }  # fmt: skip

    WAYS[way](index, docs)

    assert secret.hits(index.store.folder) == []
    assert texts(index)["docs/plums.txt"] == "Plums are blue and sour."


@pytest.mark.parametrize("way", ["remove", "change"])
def test_not_even_where_somebody_was_reading(
    index: Index, docs: Path, embedder: Embedder, way: str
) -> None:
    """A reader finishes reading, and then deletes the old generation."""
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    secret = kept_name(way, marks(index))
    reader = Index(FolderStore(index.store.folder), Preparing(embedder, 200))

    with reader.reading(OWNER) as snapshot:
        WAYS[way](index, docs)
        assert snapshot.document(SOURCE).text == SECRET
        assert secret.hits(index.store.folder)

    assert secret.hits(index.store.folder) == []
    reader.close()


def test_a_reader_that_was_killed_leaves_it_to_the_next_sync(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    secret = marks(index)
    store = FolderStore(index.store.folder)
    view = store.open(store.generation())
    assert view is not None
    remove(index, docs)
    assert secret.hits(index.store.folder)
    os.close(view.descriptor)  # type: ignore[attr-defined]  # as if its process had ended

    assert sync(index).removed == ()
    assert secret.hits(index.store.folder) == []


def test_a_name_that_a_file_no_longer_has_is_left_nowhere(index: Index, docs: Path) -> None:
    write(docs / "dismissal-of-jane-doe.txt", SECRET)
    sync(index, docs)

    (docs / "dismissal-of-jane-doe.txt").rename(docs / "letter.txt")
    assert sync(index).renamed == (("docs/dismissal-of-jane-doe.txt", "docs/letter.txt"),)

    files = [file for file in index.store.folder.rglob("*") if file.is_file()]
    assert not [file for file in files if b"jane-doe" in file.read_bytes()]
    assert texts(index)["docs/letter.txt"] == SECRET


def test_the_search_finds_its_way_past_what_was_erased(tmp_path: Path) -> None:
    """Most of the graph is of removed passages, and each step through it must still lead on.

    The graph is built by several threads, so that now and then it misses one; where the
    search could not pass what was removed it would miss many.
    """
    random = np.random.default_rng(0)
    about = random.standard_normal((100, 16))[random.integers(0, 100, 3000)]
    vectors = (about + 0.3 * random.standard_normal((3000, 16))).astype("<f4")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [str(number) for number in range(3000)]
    store = FolderStore(tmp_path / "index")
    with store.writing(1) as writer:
        writer.begin().passages.upsert(ids, vectors)
        writer.publish()
        writer.begin().passages.delete([id for id in ids if int(id) % 10])
        writer.publish(erase=True)

    view = store.open(store.generation())
    assert view is not None
    kept = range(0, 3000, 10)
    found = [view.passages.nearest(vectors[number].tolist(), 1)[0] for number in kept]
    missed = [number for number, ids in zip(kept, found, strict=True) if ids != [str(number)]]
    assert len(missed) <= 3, missed
    store.close(view)
    (saved,) = (file for file in vector_files(store.folder) if file.taken > 1)
    assert saved.taken == 3000
    assert (saved.vectors() @ vectors[::10].T).max(axis=1).min() > 1 - 1e-5


@pytest.mark.parametrize("left", ["text", "vector", "log", "id", "verdict"])
def test_the_proof_sees_what_is_left(
    index: Index, docs: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting reports a failure if any of its steps is prevented."""
    from qa.index.stores import erasing, folder_store

    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    secret = marks(index)
    whole = erasing.erase

    def hindered(folder: Path) -> None:
        whole(folder)
        with sqlite3.connect(folder / DATABASE) as database:
            if left == "log":
                vector = secret.vectors.tobytes()
                database.execute("UPDATE embeddings_queue SET vector = ?", [vector])
            elif left in ("text", "id"):
                database.execute("CREATE TABLE stray (what)")
                stray = SECRET if left == "text" else f"{secret.ids[0].decode()}:0"
                database.execute("INSERT INTO stray VALUES (?)", [stray])
        database.close()

    if left == "vector":
        monkeypatch.setattr(erasing, "_overwrite", lambda _: None)
    elif left == "verdict":
        monkeypatch.setattr(Verdicts, "erase", lambda *_: 0)
        judged(index)
    else:
        monkeypatch.setattr(folder_store, "erase_deleted", hindered)

    assert forgetting.forget(index, SOURCE, SETTINGS).left > 0


def judged(index: Index, **changes: object) -> Verdicts:
    """A verdict on an answer that quotes the secret."""
    verdicts = Verdicts.of(str(index.store.folder))
    given = {"conversation": "a" * 32, "question": "What of it?", "answer": f"“{SECRET}” [1]"}
    verdicts.keep(Verdict(**{**given, "verdict": "down", "sources": (SOURCE,), **changes}))  # type: ignore[arg-type]
    return verdicts


def lines(verdicts: Verdicts) -> list[dict[str, object]]:
    return [json.loads(line) for line in verdicts.file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("way", WAYS)
def test_no_verdict_keeps_what_was_removed(index: Index, docs: Path, way: str) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    judged(index)
    judged(index, answer="It was swallowed, they say. [1]")  # worded by a chat model
    judged(index, sources=(), question=f"Is it so? {SECRET[4:60]}")  # of an earlier release
    verdicts = judged(index, answer="Plums are blue. [1]", sources=("docs/plums.txt",))

    WAYS[way](index, docs)

    kept = lines(verdicts)
    assert [line["answer"] for line in kept] == ["", "", "", "Plums are blue. [1]"]
    assert [line["question"] for line in kept] == ["What of it?"] * 2 + ["", "What of it?"]
    assert {line["verdict"] for line in kept} == {"down"}
    assert not any(word in verdicts.file.read_text(encoding="utf-8") for word in RARE)


def test_a_verdict_goes_with_a_source_that_is_renamed(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    verdicts = judged(index, answer="It was swallowed, they say. [1]")

    (docs / "secret.txt").rename(docs / "open.txt")
    sync(index)
    assert lines(verdicts)[0]["sources"] == ["docs/open.txt"]
    assert lines(verdicts)[0]["answer"]

    forgetting.forget(index, "docs/open.txt", SETTINGS)
    assert not lines(verdicts)[0]["answer"]
