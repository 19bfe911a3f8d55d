"""An index in a folder of this machine.

It holds generations, each a complete Chroma database that never changes once
it is published::

    index/
      CURRENT              the number of the generation that is answered from
      generations/7/       chroma.sqlite3, the vectors, keywords.sqlite3
      generations/8.draft/ what a sync is writing
      lock                 held by whoever writes

The reason is Chroma's local store, which must not be written while another
process has it open: tried with 1.5.9, readers were handed deleted passages or
crashed, and a writer killed while it saved its vectors left files that crash
whoever opens them next. Here a writer works on a copy and publishes it by
replacing one small file. Readers look at that file before each question, so
they see all of a sync or nothing of it, and a draft left by a killed writer
is thrown away.

A reader holds a shared lock on a generation's folder for the length of a
question, and whoever deletes one takes that lock for itself first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import IndexUnavailableError
from qa.store import (
    PASSAGES,
    Store,
    View,
    Writer,
    chroma_settings,
    locked,
    one_line,
    open_collections,
)

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

try:
    import fcntl
except ImportError:  # Windows, which refuses to delete a file that somebody has open
    fcntl = None  # type: ignore[assignment]

# How long a forgotten text waits for a question that is being answered from it.
_PATIENCE = 10.0
# How many vectors Chroma keeps in its log before it saves them: its own default.
_UNSAVED = 1000
# About ten seconds in all.
_PATIENT_TRIES = 32
# How the header of Chroma's vector files begins.
_HEADER = struct.Struct("<iQQQQ")
# Chroma counts, without a lock, who in this process has a folder open.
_REGISTRY = threading.Lock()


@dataclass(frozen=True, slots=True)
class _FolderView(View):
    descriptor: int | None = None  # of the folder, for the shared lock


class FolderStore(Store):
    """Generations in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.location = str(folder)

    def generation(self) -> int:
        """The number in CURRENT."""
        try:
            return int((self.folder / "CURRENT").read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise IndexUnavailableError(
                f"The index {self.location} is damaged: {self.folder / 'CURRENT'} should hold a "
                f"number ({one_line(error)}). Delete that folder and run: qa sync FOLDER"
            ) from error

    def open(self, generation: int) -> View | None:
        """Open a published generation, and hold it."""
        if not generation:
            return None
        folder = self.folder_of(generation)
        gone = IndexUnavailableError(
            f"Generation {generation} of the index {self.location} is gone. "
            "Delete that folder and run: qa sync FOLDER"
        )
        try:
            descriptor = _open(folder)
        except OSError as error:
            raise gone from error
        # Locked before Chroma is let in: it would make a new database where one was deleted.
        if not _share(descriptor, folder) or not (folder / "chroma.sqlite3").is_file():
            _close(descriptor)
            raise gone
        return self._open_client(folder, generation, descriptor)

    def open_draft(self, folder: Path, generation: int) -> View:
        """Open a database that nobody else knows of."""
        return self._open_client(folder, generation, None)

    def _open_client(self, folder: Path, generation: int, descriptor: int | None) -> View:
        import chromadb

        try:
            with _REGISTRY:
                client = chromadb.PersistentClient(path=str(folder), settings=chroma_settings())
            collections = open_collections(client)
        except Exception as error:  # Chroma raises its own, ValueError and those of its core
            _close(descriptor)
            raise self.unavailable(error) from error
        return _FolderView(generation, client, folder, *collections, descriptor)

    def close(self, view: View) -> None:
        """Close the client, so that its files are let go of."""
        assert isinstance(view, _FolderView)
        with _REGISTRY:
            view.client.close()  # type: ignore[attr-defined]
        _close(view.descriptor)

    def hold(self, view: View) -> None:
        """Take the shared lock on a generation's folder."""
        assert isinstance(view, _FolderView)
        if not _share(view.descriptor, view.folder):
            raise IndexUnavailableError(
                f"Generation {view.generation} of the index {self.location} was deleted. "
                "Run: qa sync FOLDER"
            )

    def release(self, view: View) -> None:
        """Give the shared lock back."""
        assert isinstance(view, _FolderView)
        if view.descriptor is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(view.descriptor, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold `lock`; a draft that is not published by the end is thrown away."""
        with locked(self.folder / "lock", timeout, self.location):
            self.sweep()
            writer = _FolderWriter(self)
            try:
                yield writer
            finally:
                writer.discard()

    def unavailable(self, error: Exception) -> IndexUnavailableError:
        """A damaged database."""
        return IndexUnavailableError(
            f"The index {self.location} cannot be used: {one_line(error)}. "
            "If it is damaged, delete that folder and run: qa sync FOLDER"
        )

    def settle(self, draft: View) -> None:
        """Let Chroma save the vectors that are only in its log yet.

        Every reader would otherwise put them in place again, and write files
        into a generation that nobody may change. It looks at what it has to
        save when a vector is first asked for.
        """
        view = self.open_draft(draft.folder, draft.generation)
        try:
            for collection in (view.passages, view.documents):
                _save_after(collection, 1)
                collection.get(limit=1, include=["embeddings"])
                _save_after(collection, _UNSAVED)
        finally:
            self.close(view)

    def folder_of(self, generation: int) -> Path:
        """Where a generation is kept."""
        return self.folder / "generations" / str(generation)

    def numbers(self) -> list[int]:
        """The generations that are there, published or not."""
        folders = self.folder / "generations"
        names = [folder.name for folder in folders.iterdir()] if folders.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def sweep(self, *, patience: float = 0) -> None:
        """Delete drafts of killed writers, and generations that nobody reads any more."""
        with contextlib.suppress(IndexUnavailableError):  # a damaged CURRENT: --rebuild mends it
            keep = str(self.generation())
            folders = self.folder / "generations"
            for folder in folders.iterdir() if folders.is_dir() else ():
                if folder.name != keep:
                    _delete(folder, patience)


class _FolderWriter(Writer):
    def __init__(self, store: FolderStore) -> None:
        self._store = store
        self._draft: View | None = None
        self._anew = False

    def renew(self) -> None:
        self.discard()
        self._anew = True

    def begin(self) -> View:
        if self._draft is None:
            current = 0 if self._anew else self._store.generation()
            # Never a number that was used before: a reader may still have that one open.
            number = 1 + max([current, *self._store.numbers()])
            draft = self._store.folder_of(number).with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            if current:
                with self._store.reaching():
                    _copy(self._store.folder_of(current), draft)
            self._draft = self._store.open_draft(draft, number)
        return self._draft

    def publish(self, *, erase: bool = False) -> None:
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        if not draft.passages.count():
            # Made anew: where vectors were saved and none is left, Chroma writes the empty file
            # again for every reader, with whatever is in the memory of that process.
            draft.client.delete_collection(PASSAGES)
        self._store.close(draft)
        self._store.settle(draft)
        _drop_strays(draft.folder)
        _blank(draft.folder)
        if erase:
            _erase(draft.folder / "chroma.sqlite3")
        folder = self._store.folder_of(draft.generation)
        draft.folder.replace(folder)
        current = self._store.folder / "CURRENT"
        new = current.with_suffix(".new")
        new.write_text(str(draft.generation), encoding="ascii")
        _flush([*folder.rglob("*"), folder, folder.parent, new])
        new.replace(current)
        _flush([current.parent])
        self._anew = False
        self._store.sweep(patience=_PATIENCE if erase else 0)

    def discard(self) -> None:
        if self._draft is not None:
            draft, self._draft = self._draft, None
            with contextlib.suppress(Exception):
                self._store.close(draft)
            shutil.rmtree(draft.folder, ignore_errors=True)


def _open(folder: Path) -> int | None:
    return None if fcntl is None else os.open(folder, os.O_RDONLY)


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _share(descriptor: int | None, folder: Path) -> bool:
    """Take the shared lock of an open folder; whether it is still the one of that name."""
    if descriptor is None:
        return True
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except OSError:
        return False


def _delete(folder: Path, patience: float) -> None:
    """Delete a generation, unless somebody is reading it and still is after `patience` seconds."""
    try:
        descriptor = _open(folder)
    except OSError:  # deleted already
        return
    try:
        until = time.monotonic() + patience
        # What was to be forgotten is not kept for a reader that goes on and on.
        while not _alone(descriptor) and time.monotonic() < until:
            time.sleep(0.01)
        if patience or _alone(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        _close(descriptor)


def _alone(descriptor: int | None) -> bool:
    if descriptor is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _flush(paths: Iterable[Path]) -> None:
    """Have files and folders on the disk before anybody is sent to them."""
    if fcntl is None:  # Windows does not open folders
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _save_after(collection: Collection, vectors: int) -> None:
    for attempt in range(_PATIENT_TRIES):
        try:
            collection.modify(configuration={"hnsw": {"sync_threshold": vectors}})
            return
        except Exception as error:
            # Chroma may still be noting what it has just saved, and does not wait for itself.
            if "locked" not in str(error) or attempt == _PATIENT_TRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))


def _copy(generation: Path, draft: Path) -> None:
    shutil.copytree(
        generation, draft, ignore=shutil.ignore_patterns("*.sqlite3*"), dirs_exist_ok=True
    )
    for file in generation.glob("*.sqlite3"):
        # Not copied as a file: Chroma makes a note in its database when somebody opens it.
        with (
            contextlib.closing(sqlite3.connect(file, timeout=60)) as old,
            contextlib.closing(sqlite3.connect(draft / file.name)) as new,
        ):
            old.backup(new)


def _drop_strays(folder: Path) -> None:
    """Delete the vectors of collections that are gone: Chroma forgets them, and leaves the files.

    They still hold what can be told from the numbers about the texts that were removed.
    """
    with contextlib.closing(sqlite3.connect(folder / "chroma.sqlite3")) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM segments")}
    for header in folder.glob("*/header.bin"):
        if header.parent.name not in kept:
            shutil.rmtree(header.parent)


def _blank(folder: Path) -> None:
    """Write zeros where Chroma's vector files show whatever was in the memory of the process.

    They are saved with the places for vectors to come, which it never sets: with 1.5.9, the text
    of other documents was found there.
    """
    for header in folder.glob("*/header.bin"):
        # A version, an offset, how many places, how many taken, how many bytes each.
        raw = header.read_bytes()[: _HEADER.size].ljust(_HEADER.size, b"\0")
        _, _, places, taken, size = _HEADER.unpack(raw)
        for name, each in (("data_level0.bin", size), ("length.bin", 4)):
            file = header.with_name(name)
            if file.is_file() and file.stat().st_size == places * each:
                os.truncate(file, taken * each)
                os.truncate(file, places * each)


def _erase(database: Path) -> None:
    # Chroma's write-ahead log still holds the text of records that were deleted since, and
    # SQLite leaves deleted rows in its free pages.
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "UPDATE embeddings_queue SET metadata = NULL"
            " WHERE id NOT IN (SELECT embedding_id FROM embeddings)"
        )
        connection.execute(
            "INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')"
        )
        connection.commit()
        connection.execute("VACUUM")
