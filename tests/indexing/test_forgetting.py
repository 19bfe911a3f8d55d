from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from qa.access import OWNER
from qa.errors import UnknownSourceError
from qa.index.index import Index
from qa.index.parts import parts_values
from qa.index.stores.folder_store import FolderStore
from qa.indexing import forgetting
from qa.indexing.forgetting import forget
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder, open_embedder
from qa.records import Document
from qa.text.terms import stems
from tests.indexing.mirroring import SETTINGS, add, holders, sync, texts, write

# Words that occur nowhere else, and their stems, which the keyword index stores.
SECRET = "The quagmire of Zanthorpian foundlings swallowed nineteen wheelbarrows in Thrumwick."
RARE = ("quagmire", "zanthorp", "foundl", "wheelbarrow", "thrumwick", "Thrumwick")


def traces(folder: Path) -> list[tuple[str, str]]:
    """The files below a folder that contain any of the rare words, and which."""
    return [
        (str(file.relative_to(folder)), word)
        for file in folder.rglob("*")
        if file.is_file()
        for word in RARE
        if word.encode() in file.read_bytes()
    ]


def passage_vectors(folder: Path) -> list[str]:
    """The files of the passages' vectors; those of the documents have two numbers and are small."""
    files = folder.rglob("data_level0.bin")
    return [str(file) for file in files if file.stat().st_size > 100_000]


@pytest.fixture
def haunted() -> Iterator[None]:
    """The memory of this process is full of the secret, as after reading and showing it."""
    ghosts = [(SECRET * 600).encode() for _ in range(40)]
    del ghosts[::2]
    yield
    del ghosts


def test_the_words_are_there_before_they_are_forgotten(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)

    assert {word for _, word in traces(index.store.folder)} == set(RARE)


@pytest.mark.usefixtures("haunted")
def test_nothing_of_a_forgotten_document_is_left_in_any_file(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)

    forgotten = forget(index, "docs/secret.txt", SETTINGS)

    assert (forgotten.sources, forgotten.passages, forgotten.left) == (("docs/secret.txt",), 1, 0)
    assert traces(index.store.folder) == []
    assert len(texts(index)) == 3
    assert holders(index, "sour") == ["docs/plums.txt"]


@pytest.mark.usefixtures("haunted")
def test_nor_of_its_earlier_versions(index: Index, docs: Path) -> None:
    write(docs / "secret.md", f"# Thrumwick\n\n{SECRET}")
    sync(index, docs)
    write(docs / "secret.md", f"# Wheelbarrows\n\n{SECRET} Or was it twenty?")
    sync(index, docs)
    write(docs / "secret.md", "# Nothing\n\nNothing was ever swallowed anywhere.")
    sync(index, docs)
    assert holders(index, "swallowed") == ["docs/secret.md"]

    assert forget(index, "docs/secret.md", SETTINGS).left == 0

    assert traces(index.store.folder) == []


@pytest.mark.usefixtures("haunted")
def test_nor_of_what_was_removed_or_changed_by_a_sync_before(index: Index, docs: Path) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    (docs / "secret.txt").unlink()
    sync(index, docs)

    forget(index, "docs/plums.txt", SETTINGS)

    assert traces(index.store.folder) == []


@pytest.mark.usefixtures("haunted")
def test_what_was_forgotten_does_not_come_back_with_later_syncs(
    index: Index, docs: Path, embedder: Embedder
) -> None:
    write(docs / "secret.txt", SECRET)
    sync(index, docs)
    forget(index, "docs/secret.txt", SETTINGS)
    (docs / "secret.txt").unlink()

    reader = Index(FolderStore(index.store.folder), Preparing(embedder, 200))
    for number in range(3):
        write(docs / f"{number}.txt", f"Note {number}.")
        sync(index, docs)
        with reader.reading(OWNER) as snapshot:  # Chroma lays out its vectors where somebody asks
            assert len(snapshot.nearest([1.0] * 384, 9)) == 4 + number
        assert traces(index.store.folder) == []
    reader.close()


def test_nothing_is_left_among_thousands_of_passages_either(
    tmp_path: Path, tiny_model: Path
) -> None:
    """Chroma saves its vectors and clears its log at every thousand."""
    index = Index(FolderStore(tmp_path / "index"), Preparing(open_embedder(str(tiny_model)), 40))
    filler = [Document(f"Filler {n}. " + "More of the same. " * 30, f"f{n}") for n in range(400)]
    secret = Document("\n\n".join(f"{SECRET} Line {n}." for n in range(300)), "secret")
    add(index, filler[:200])
    add(index, [secret])
    add(index, [Document(secret.text.replace("nineteen", "ninety"), "secret")])
    add(index, filler[200:])

    forgotten = forget(index, "secret", SETTINGS)

    assert forgotten.left == 0
    assert forgotten.passages >= 200
    assert traces(index.store.folder) == []
    with index.reading(OWNER) as snapshot:
        assert snapshot.view.passages.count() > 1000
        assert snapshot.keywords.search(stems("wheelbarrows"), 5) == []
    index.close()


def test_a_whole_folder_is_forgotten_and_no_longer_mirrored(index: Index, docs: Path) -> None:
    write(docs.parent / "more" / "secret.txt", SECRET)
    write(docs.parent / "docs2" / "figs.txt", "Figs are brown.")
    sync(index, docs, docs.parent / "more", docs.parent / "docs2")

    forgotten = forget(index, "docs/", SETTINGS)

    assert len(forgotten.sources) == 3
    assert list(texts(index)) == ["docs2/figs.txt", "more/secret.txt"]
    assert sync(index).unchanged == ("docs2/figs.txt", "more/secret.txt")


def test_a_part_of_a_folder_is_forgotten(index: Index, docs: Path) -> None:
    sync(index, docs)

    assert forget(index, "docs/deep", SETTINGS).sources == ("docs/deep/er/leeks.html",)
    assert list(texts(index)) == ["docs/pears.md", "docs/plums.txt"]


def test_what_another_document_says_too_is_not_counted_as_left(index: Index) -> None:
    add(index, [Document(SECRET, "one"), Document(SECRET, "two")])

    assert forget(index, "one", SETTINGS).left == 0
    assert texts(index) == {"two": SECRET}


def test_a_copy_that_is_left_is_counted(index: Index) -> None:
    """Somebody put it there; it is in the index's folder all the same."""
    add(index, [Document(SECRET, "one"), Document("Pears.", "two")])
    write(index.store.folder / "notes.txt", f"I read: {SECRET}")

    assert forget(index, "one", SETTINGS).left == 1


def test_a_copy_of_its_parts_is_counted_unless_another_document_has_the_same(index: Index) -> None:
    add(index, [Document(SECRET, "one"), Document("Pears.", "two")])
    with index.reading(OWNER) as snapshot:
        ids = snapshot.entry("one").passage_ids
        (record,) = snapshot.view.passages.get(ids, include=["metadatas"])["metadatas"] or []
    (value, *_) = parts_values(record)
    write(index.store.folder / "notes.txt", value)

    assert forget(index, "one", SETTINGS).left == 1

    add(index, [Document(SECRET, "one"), Document(SECRET, "three")])
    assert forget(index, "one", SETTINGS).left == 0


@pytest.mark.usefixtures("haunted")
def test_nothing_is_left_of_the_last_document_either(index: Index, embedder: Embedder) -> None:
    """The next user asks, adds, forgets that, too, and asks again."""
    add(index, [Document(SECRET, "one")])
    assert traces(index.store.folder)

    assert forget(index, "one", SETTINGS).left == 0

    for number in range(3):
        assert ask_all(index.store.folder, embedder) == 0
        assert traces(index.store.folder) == []
        assert passage_vectors(index.store.folder) == []
        later = Index(FolderStore(index.store.folder), Preparing(embedder, 200))
        add(later, [Document(f"Pears {number}.", "two")])
        assert ask_all(index.store.folder, embedder) == 1
        assert texts(later) == {"two": f"Pears {number}."}
        assert traces(index.store.folder) == []
        forget(later, "two", SETTINGS)
        later.close()
    assert texts(index) == {}


@pytest.mark.usefixtures("haunted")
def test_nor_where_a_sync_removed_the_last_document(
    index: Index, tmp_path: Path, embedder: Embedder
) -> None:
    file = write(tmp_path / "docs" / "secret.txt", SECRET)
    sync(index, file.parent)
    file.unlink()
    sync(index, file.parent)

    assert ask_all(index.store.folder, embedder) == 0
    assert passage_vectors(index.store.folder) == []


def ask_all(folder: Path, embedder: Embedder) -> int:
    """Open an index as another process would, let Chroma look at its vectors, and close it."""
    reader = Index(FolderStore(folder), Preparing(embedder, 200))
    with reader.reading(OWNER) as snapshot:
        found = len(snapshot.nearest([1.0] * 384, 9))
        for collection in (snapshot.view.passages, snapshot.view.documents):
            collection.get(include=["embeddings"])
    reader.close()
    return found


def test_what_is_not_there_cannot_be_forgotten(index: Index, docs: Path) -> None:
    sync(index, docs)

    for name in ("docs/nothing.txt", "doc", "docs/pear", ""):
        with pytest.raises(UnknownSourceError, match="qa status"):
            forget(index, name, SETTINGS)
    assert index.store.generation() == 1


def test_bytes_of_any_kind_are_found_wherever_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across the ends of what is read at once, within each other, and patterns themselves."""
    monkeypatch.setattr(forgetting, "_CHUNK", 50)
    chance = Random(0)
    for alphabet in (b"ab", b".*[\\|\x00\n\xff\x80", bytes(range(256))) * 30:
        data = bytes(chance.choices(alphabet, k=300))
        file = tmp_path / "file"
        file.write_bytes(data)
        there = {data[at : at + chance.randint(1, 9)] for at in chance.sample(range(290), 6)}
        others = {bytes(chance.choices(alphabet, k=chance.randint(1, 9))) for _ in range(6)}
        wanted = there | others
        assert forgetting._found(wanted, [file]) == {raw for raw in wanted if raw in data}
