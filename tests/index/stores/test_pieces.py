from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from qa.errors import IndexUnavailableError
from qa.index.keywords import FILE as KEYWORDS
from qa.index.stores import pieces
from qa.index.stores.erasing import DATABASE, PLACES, vector_files
from qa.index.stores.folder_store import FolderStore
from qa.index.stores.manifest import FILE, PIECES, Manifest, Stamp
from qa.index.stores.pieces import DamagedPieceError, Original
from qa.places.regular_file import sha256_of

SIZES = [0, 1, pieces.PIECE, pieces.PIECE + 1, 40 * pieces.PIECE - 7]
PEARS = "pears " * 80_000


@pytest.mark.parametrize("before", SIZES)
@pytest.mark.parametrize("after", SIZES)
def test_what_was_made_of_a_file_has_the_digests_that_it_would_have_by_itself(
    tmp_path: Path, before: int, after: int
) -> None:
    dice = random.Random(before + after)
    file = tmp_path / "file"
    raw = bytearray(dice.randbytes(max(before, after)))
    original = original_of(tmp_path, bytes(raw[:before]))
    for at in range(0, after, 9 * pieces.PIECE + 3):
        raw[at] ^= 1
    file.write_bytes(raw[:after])

    assert pieces.of_changed(file, original) == pieces.of(file)


@pytest.mark.parametrize("after", SIZES)
def test_damage_of_what_was_left_out_or_changed_is_found(tmp_path: Path, after: int) -> None:
    file = tmp_path / "file"
    raw = random.Random(after).randbytes(SIZES[-1])
    original = original_of(tmp_path, raw)
    rot(original.file, SIZES[-1] - 1)
    file.write_bytes(raw[:after])

    with pytest.raises(DamagedPieceError, match="original"):
        pieces.of_changed(file, original)


def test_any_change_of_a_file_changes_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "file"
    raw = random.Random(0).randbytes(3 * pieces.PIECE)
    file.write_bytes(raw)
    digest, former = pieces.whole(pieces.of(file)), sha256_of(file)
    assert pieces.matches(file, digest)
    assert pieces.matches(file, former)

    others = [raw[:-1], raw + b"\0", raw[pieces.PIECE :] + raw[: pieces.PIECE]]
    others += [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(0, len(raw), 9999)]
    for other in others:
        file.write_bytes(other)
        assert not pieces.matches(file, digest)
        assert not pieces.matches(file, former)


@pytest.mark.parametrize("erase", [False, True])
def test_damage_never_gets_a_digest_of_its_own(tmp_path: Path, erase: bool) -> None:
    sound = FolderStore(tmp_path / "sound")
    publish(sound, PEARS)
    size = (sound.folder_of(1) / DATABASE).stat().st_size
    published = 0
    places = range(pieces.PIECE // 2, size, size // 8)
    for at in places:
        store = FolderStore(tmp_path / str(at))
        shutil.copytree(sound.folder, store.folder)
        rot(store.folder_of(1) / DATABASE, at)
        try:
            publish(store, "plums", erase=erase)
        except IndexUnavailableError as error:
            assert_tells(error, store)
        else:
            published += 1
        assert DATABASE in store.examine()
        with pytest.raises(IndexUnavailableError, match="is not as it was written"):
            store.open(store.generation())
    assert published < len(places)
    assert published > 0 or erase  # which writes the database anew


def assert_tells(error: IndexUnavailableError, store: FolderStore) -> None:
    assert str(store.folder_of(1) / DATABASE) in str(error)
    assert store.generation() == 1


def test_lost_digests_of_pieces_are_made_again(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, "pears")
    right = (store.folder_of(1) / PIECES).stat().st_size
    for content in (None, b"", bytes(right)):
        lose_pieces(store, content)
        publish(store, "plums")
        assert not store.examine()


def test_a_damaged_file_gets_no_digest_because_those_of_its_pieces_are_lost(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, PEARS)
    lose_pieces(store, None)
    rot(store.folder_of(1) / DATABASE, pieces.PIECE)

    with pytest.raises(IndexUnavailableError) as error:
        publish(store, "plums")

    assert_tells(error.value, store)


def test_an_index_of_a_version_without_pieces_is_taken_over(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, "pears")
    folder, manifest = store.folder_of(1), store.place.current()
    files = {
        name: Stamp(stamp.size, stamp.time, sha256_of(folder / name))
        for name, stamp in manifest.files.items()
    }
    lose_pieces(store, None)
    for place in (store.folder / "CURRENT", folder / FILE):
        place.write_text(Manifest(1, files).to_text())

    assert not store.examine()
    publish(store, "plums")

    assert store.generation() == 2
    assert not store.examine()


def test_a_damaged_file_that_is_made_anew_under_its_name_is_mended(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, "pears", words=b"pears")
    rot(store.folder_of(1) / KEYWORDS, 0)
    assert [*store.examine()] == [KEYWORDS]

    publish(store, "plums", words=b"plums")

    assert not store.examine()


def test_a_rebuilt_index_takes_over_nothing_that_is_damaged(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, PEARS)
    rot(store.folder_of(1) / DATABASE, 5 * pieces.PIECE)

    with store.writing(0) as writer:
        writer.renew()
        with pytest.raises(IndexUnavailableError, match=DATABASE):
            store.open(1, vectors=False)


@pytest.mark.parametrize("at", ["count", "neighbour"])
def test_links_to_nowhere_are_noticed_before_chroma_follows_them(tmp_path: Path, at: str) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, "pears")
    (vectors, _) = vector_files(store.folder_of(1))
    for place in range(vectors.taken):  # as if each had a neighbour, so that one is read
        rot(vectors.file, place * vectors.size + (1 if at == "count" else 7), 0x7F)
        rot(vectors.file, place * vectors.size, 1)
    with pytest.raises(IndexUnavailableError, match=PLACES):
        store.open(1)


def test_a_vector_that_rotted_is_reported_once_it_was_looked_for(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "index")
    publish(store, "pears")
    (vectors, _) = vector_files(store.folder_of(1))
    rot(vectors.file, vectors.vector_at)

    view = store.open(1)
    assert view is not None
    store.close(view)
    assert [*store.examine()] == [vectors.file.relative_to(store.folder_of(1)).as_posix()]
    for reader in (store, FolderStore(store.folder)):
        with pytest.raises(IndexUnavailableError, match=PLACES):
            reader.open(1)
    with store.writing(0) as writer:
        assert writer.lost_vectors()


def publish(store: FolderStore, text: str, words: bytes = b"", *, erase: bool = False) -> None:
    with store.writing(0) as writer:
        draft = writer.begin()
        draft.passages.upsert(ids=[text[:5]], embeddings=[[1.0, 0.0]], documents=[text])
        draft.documents.upsert(ids=[text[:5]], embeddings=[[1.0, 0.0]])
        if words:
            (draft.folder / KEYWORDS).write_bytes(words)
        writer.publish(erase=erase)


def original_of(folder: Path, raw: bytes) -> Original:
    file = folder / "original"
    file.write_bytes(raw)
    return Original(file, pieces.of(file))


def lose_pieces(store: FolderStore, content: bytes | None) -> None:
    file = store.folder_of(store.generation()) / PIECES
    file.unlink()
    if content is not None:
        file.write_bytes(content)


def rot(file: Path, at: int, bits: int = 1) -> None:
    """Change a byte as a failing disk does it: neither size nor time shows it."""
    before = file.stat()
    raw = bytearray(file.read_bytes())
    raw[at] ^= bits
    file.write_bytes(raw)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
