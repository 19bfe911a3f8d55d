"""Folders that are not indexes are refused and left alone; indexes of older versions are used."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.errors import IndexUnavailableError
from qa.index.index import Index
from qa.index.keywords import FILE
from qa.index.stores.folder_store import FolderStore
from qa.index.stores.manifest import FILE as MANIFEST
from qa.index.stores.manifest import Manifest, Stamp, parse
from qa.indexing.preparing.storing import Preparing
from tests.indexing.mirroring import Counting, sync, texts, write


def documents(folder: Path) -> None:
    write(folder / "report.md", "# Report\n\nMine.")
    write(folder / "deep" / "notes.txt", "Mine too.")


def genealogy(folder: Path) -> None:
    """A folder of somebody's may contain any names."""
    write(folder / "generations" / "1850" / "births.txt", "Ada, born 1850.")


def river(folder: Path) -> None:
    write(folder / "CURRENT", "Two knots, south-west.")


@pytest.mark.parametrize("fill", [documents, genealogy, river])
def test_a_folder_with_other_things_in_it_is_left_unchanged(
    tmp_path: Path, docs: Path, counting: Counting, fill: Callable[[Path], None]
) -> None:
    folder = tmp_path / "theirs"
    fill(folder)
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    index = Index(FolderStore(folder), Preparing(counting, 200))

    with pytest.raises(IndexUnavailableError, match="is no index") as caught:
        sync(index, docs)
    with pytest.raises(IndexUnavailableError, match="is no index"):
        sync(index, docs, rebuild=True)

    assert str(folder) in str(caught.value)
    assert "--index" in str(caught.value)
    assert "elete" not in str(caught.value)
    assert {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")} == before


def test_a_file_is_not_an_index(tmp_path: Path, docs: Path, counting: Counting) -> None:
    file = write(tmp_path / "note.txt", "Remember the milk.")
    index = Index(FolderStore(file), Preparing(counting, 200))

    for use in (lambda: texts(index), lambda: sync(index, docs)):
        with pytest.raises(IndexUnavailableError, match=r"is no index: it is a file") as caught:
            use()
        assert "elete" not in str(caught.value)
    assert file.read_text() == "Remember the milk."


@pytest.mark.parametrize("name", [".gitignore", "README.md", "lost+found/x", "lock", None])
def test_an_empty_folder_is_an_index_that_begins(
    tmp_path: Path, docs: Path, counting: Counting, name: str | None
) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    if name is not None:
        write(folder / name, "")
    index = Index(FolderStore(folder), Preparing(counting, 200))

    assert len(sync(index, docs).added) == 3
    assert len(texts(index)) == 3
    index.close()


def test_only_generations_are_deleted(index: Index, docs: Path) -> None:
    sync(index, docs)
    kept = write(index.store.folder / "generations" / "mine" / "a.txt", "Put here by mistake.")
    (index.store.folder / "generations" / "9.draft").mkdir()

    write(docs / "figs.txt", "Figs are new.")
    sync(index)

    names = sorted(path.name for path in kept.parent.parent.iterdir())
    assert names == ["2", "mine"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "There is no room"),
        (errno.EACCES, "Change its permissions"),
        (errno.EROFS, "Change its permissions"),
        (errno.EIO, "Look at the disk"),
    ],
)
def test_errors_of_the_disk_are_reported_with_the_right_next_step(
    index: Index, docs: Path, number: int, said: str
) -> None:
    sync(index, docs)

    message = str(index.store.unavailable(OSError(number, os.strerror(number))))

    assert said in message
    assert str(index.store.folder) in message
    assert "elete" not in message
    assert "rebuild" not in message


def test_an_index_without_digests_is_read_and_given_some_by_the_next_sync(
    index: Index, docs: Path
) -> None:
    sync(index, docs)
    folder = index.store.folder
    (folder / "generations" / "1" / MANIFEST).unlink()
    (folder / "CURRENT").write_text("1")
    index.close()

    before = texts(index)
    report = sync(index)

    assert len(report.unchanged) == 3
    assert texts(index) == before
    assert parse((folder / "CURRENT").read_bytes()).generation == 2
    assert sorted(parse((folder / "CURRENT").read_bytes()).files)[-1] == FILE
    assert sync(index).passages == 0
    assert index.store.generation() == 2


@pytest.mark.parametrize("raw", [b"", b"-", b"1 2", b"\xff\n\xff", b"{}\n", b"9" * 30, b"[1]\nx"])
def test_an_invalid_manifest_is_reported(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(raw)


def test_a_manifest_is_read_back_and_any_change_of_it_is_noticed() -> None:
    manifest = Manifest(7, {"a/b.bin": Stamp(3, 1_000_000_007, "ab" * 32)})
    raw = manifest.to_text().encode()

    assert parse(raw) == manifest
    for at in range(len(raw) - 1):
        with pytest.raises(ValueError, match=r".+"):
            parse(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
