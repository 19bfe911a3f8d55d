"""A published generation in its folder: how it is sealed, checked, and read without writing.

Chroma adds a row to its database whenever somebody opens it. A trigger in every published database
drops that row before it is written, so that a reader changes no byte and needs no room on the disk.
Chroma does not open a file that cannot be written at all; a reader then uses a copy of the database
in the system's temporary folder, with links to the vectors.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import sqlite3
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import IndexUnavailableError
from qa.index.stores.erasing import DATABASE, PLACES, vector_file, vector_files
from qa.index.stores.manifest import FILE, PIECES, Manifest, manifest_of, originals_of
from qa.index.stores.pieces import Original
from qa.places.private_folder import PrivateFolder

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

# The row only serves to take the writer's lock.
_QUIET = """
    CREATE TRIGGER IF NOT EXISTS footnote_quiet BEFORE INSERT ON acquire_write
    WHEN EXISTS (SELECT 1 FROM acquire_write WHERE id = 1)
    BEGIN SELECT RAISE(IGNORE); END"""
_HEADER_SIZE = 100
# Chroma's default for the number of vectors in its log before it saves them.
_UNSAVED = 1000
# About ten seconds in all.
_PATIENT_TRIES = 32
_WORD = 4


def seal(folder: Path, generation: int, originals: Mapping[str, Original]) -> Manifest:
    """Make a draft that nobody has open ready to be published: from here on it never changes.

    `originals` has the files that those in it began as copies of.

    Raises:
        DamagedPieceError: what has been changed was damaged before.
        IndexUnavailableError: Chroma did not save all vectors.
        OSError: the disk failed.
    """
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(_QUIET)
        connection.commit()
    for header in folder.glob("*/header.bin"):
        _check_saved(header)
    (folder / FILE).unlink(missing_ok=True)
    flush(folder.rglob("*"))
    manifest, digests = manifest_of(folder, generation, originals)
    (folder / PIECES).write_bytes(digests)
    (folder / FILE).write_text(manifest.to_text(), encoding="ascii")
    flush([folder / PIECES, folder / FILE, folder])
    return manifest


def save_vectors(collection: Collection) -> None:
    """Let Chroma save what is only in its log, if no vector was requested since it was opened."""
    _save_after(collection, 1)
    collection.get(limit=1, include=["embeddings"])
    _save_after(collection, _UNSAVED)


def _save_after(collection: Collection, vectors: int) -> None:
    for attempt in range(_PATIENT_TRIES):
        try:
            collection.modify(configuration={"hnsw": {"sync_threshold": vectors}})
            return
        except Exception as error:
            # Chroma may still be recording what it has just saved, and does not wait for its own
            # lock.
            if "locked" not in str(error) or attempt == _PATIENT_TRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))


def copy(
    generation: Path, manifest: Manifest, draft: Path, leave_out: Container[str] = ()
) -> dict[str, Original]:
    """Copy a generation into a draft, without some of its files, and return those it copied.

    Raises:
        DamagedPieceError: a file is damaged (which is mostly found out by `seal`).
        OSError: a file cannot be read or written.
        sqlite3.Error: as above, of a database of a version that had no manifests.
    """
    if not manifest.files:
        _copy_in_use(generation, draft)
    names = {name for name in manifest.files if name not in leave_out}
    for name in names:
        (draft / name).parent.mkdir(exist_ok=True)
        _clone(generation / name, draft / name)
    return originals_of(generation, manifest, names)


def _clone(file: Path, copy: Path) -> None:
    """Copy a file; a file system that can lets both share what is in them until it changes."""
    # Only Linux has it, and not on every file system.
    with contextlib.suppress(AttributeError, OSError):
        with file.open("rb") as source, copy.open("wb") as target:
            left = os.fstat(source.fileno()).st_size
            while left and (done := os.copy_file_range(source.fileno(), target.fileno(), left)):
                left -= done
        if not left:
            return
    shutil.copyfile(file, copy)


def _copy_in_use(generation: Path, draft: Path) -> None:
    left = shutil.ignore_patterns("*.sqlite3*", FILE)
    try:
        shutil.copytree(generation, draft, ignore=left, dirs_exist_ok=True)
    except shutil.Error as error:  # with a list of what could not be copied, and why
        _, file, reason = error.args[0][0]
        raise OSError(f"{file}: {reason}") from error
    for file in generation.glob("*.sqlite3"):
        # Not copied as a file: an older version of Footnote may be writing to it.
        with (
            contextlib.closing(sqlite3.connect(file, timeout=60)) as old,
            contextlib.closing(sqlite3.connect(draft / file.name)) as new,
        ):
            old.backup(new)


def problems(
    folder: Path, manifest: Manifest, *, closely: bool, vectors: bool = True
) -> Iterator[tuple[str, str]]:
    """The files that are damaged, and what is wrong with each, in words that follow its name.

    Whatever of the vectors' files would end the process that loads them is always looked at.

    Raises:
        PermissionError: a file may not be read.
    """
    if not manifest.files:  # made by a version that had no manifests
        return
    for stray in folder.glob(f"{DATABASE}-*"):  # SQLite would roll back what such a journal says
        yield stray.name, "does not belong there"
    damaged = set()
    for name in manifest.files:
        if vectors or not is_of_vectors(name):
            small = is_of_vectors(name) and not name.endswith(PLACES)
            problem = manifest.problem(folder, name, closely=closely or small)
            if problem is not None:
                damaged.add(name)
                yield name, problem
    if vectors and not closely and not any(map(is_of_vectors, damaged)):
        for found in vector_files(folder):
            if not found.is_walkable():
                yield found.file.relative_to(folder).as_posix(), "is not as it was written"


def is_of_vectors(name: str) -> bool:
    """Whether a file holds vectors, which can be made again from the texts."""
    return "/" in name


def lent(folder: Path, *, vectors: bool) -> PrivateFolder:
    """A folder that Chroma can open in place of a generation that cannot be written to.

    Without `vectors` it has only the records: Chroma opens all vectors that it finds, even if none
    is requested, but does not need them.

    Raises:
        OSError: the temporary folder has no room for the database.
        sqlite3.Error: the database is damaged.
    """
    place = PrivateFolder()
    try:
        shutil.copyfile(folder / DATABASE, place.path / DATABASE)
        for part in folder.iterdir() if vectors else ():
            if part.is_dir():
                _link(part, place.path / part.name)
        if not vectors:
            _empty_log(place.path / DATABASE)
    except BaseException:
        place.close()
        raise
    return place


def flush(paths: Iterable[Path]) -> None:
    """Write files and folders to the disk before anybody is sent to them."""
    if os.name == "nt":  # Windows does not open folders
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _empty_log(database: Path) -> None:
    """Empty Chroma's log, whose erased records it would make vectors from."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM embeddings_queue")
        connection.commit()


def _link(part: Path, name: Path) -> None:
    try:
        name.symlink_to(part, target_is_directory=True)
    except OSError:  # Windows lets few users make links
        shutil.copytree(part, name)


def _check_saved(header: Path) -> None:
    """Check that the vectors were saved, which Chroma does not do."""
    folder, found = header.parent, vector_file(header)
    # It saves the taken places, and some or all of the empty ones as well.
    vectors, lengths = _size(found.file), _size(found.lengths)
    count = vectors // max(1, found.size)
    saved = (
        header.stat().st_size == _HEADER_SIZE
        and found.taken <= count <= found.places
        and (vectors, lengths) == (count * found.size, count * 4)
        and _links(folder / "link_lists.bin") == found.taken
        and _is_pickle(folder / "index_metadata.pickle")
    )
    if not saved:
        raise IndexUnavailableError(
            f"The vectors in {folder} were not saved completely: is the disk full or failing? "
            "Nothing was published. Make room, and run the same again."
        )


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else -1


def _links(file: Path) -> int:
    """The number of lists of links in the file; -1 if the last one is cut off."""
    import numpy as np

    size = _size(file)
    if size < 0 or size % _WORD:
        return -1
    words = np.fromfile(file, "<u4")
    at = lists = 0
    for place in np.flatnonzero(words).tolist():  # most lists are empty: a length of zero
        if place >= at:
            lists += place - at + 1
            at = place + 1 + -(-int(words[place]) // _WORD)
    rest = len(words) - at
    return lists + rest if rest >= 0 else -1


def _is_pickle(file: Path) -> bool:
    try:
        return file.read_bytes()[-1:] == pickle.STOP
    except OSError:
        return False
