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
import struct
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from qa.errors import IndexUnavailableError
from qa.index.stores.erasing import DATABASE, vector_file
from qa.index.stores.manifest import FILE, Manifest, manifest_of
from qa.places.private_folder import PrivateFolder

# The row only serves to take the writer's lock.
_QUIET = """
    CREATE TRIGGER IF NOT EXISTS footnote_quiet BEFORE INSERT ON acquire_write
    WHEN EXISTS (SELECT 1 FROM acquire_write WHERE id = 1)
    BEGIN SELECT RAISE(IGNORE); END"""
_HEADER_SIZE = 100
_LENGTH = struct.Struct("<I")


def seal(folder: Path, generation: int) -> Manifest:
    """Make a draft that nobody has open ready to be published: from here on it never changes.

    Raises:
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
    manifest = manifest_of(folder, generation)
    (folder / FILE).write_text(manifest.to_text(), encoding="ascii")
    flush([folder / FILE, folder])
    return manifest


def copy(generation: Path, draft: Path, leave_out: Container[str] = ()) -> None:
    """Copy a generation into a draft, without some of its databases.

    Raises:
        OSError: a file cannot be read or written.
        sqlite3.Error: as above, of a database.
    """
    left = shutil.ignore_patterns("*.sqlite3*", FILE)
    try:
        shutil.copytree(generation, draft, ignore=left, dirs_exist_ok=True)
    except shutil.Error as error:  # with a list of what could not be copied, and why
        _, file, reason = error.args[0][0]
        raise OSError(f"{file}: {reason}") from error
    for file in generation.glob("*.sqlite3"):
        if file.name in leave_out:
            continue
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

    The vectors are always digested: damaged ones end the process that loads them.

    Raises:
        PermissionError: a file may not be read.
    """
    if not manifest.files:  # made by a version that had no manifests
        return
    for stray in folder.glob(f"{DATABASE}-*"):  # SQLite would roll back what such a journal says
        yield stray.name, "does not belong there"
    for name in manifest.files:
        if vectors or not is_of_vectors(name):
            problem = manifest.problem(folder, name, closely=closely or is_of_vectors(name))
            if problem is not None:
                yield name, problem


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
    if not file.is_file():
        return -1
    raw, at, lists = file.read_bytes(), 0, 0
    while at < len(raw):
        if at + _LENGTH.size > len(raw):
            return -1
        at += _LENGTH.size + _LENGTH.unpack_from(raw, at)[0]
        lists += 1
    return lists if at == len(raw) else -1


def _is_pickle(file: Path) -> bool:
    try:
        return file.read_bytes()[-1:] == pickle.STOP
    except OSError:
        return False
