"""An index in a folder on this machine.

It holds generations, each a complete Chroma database that never changes once
it is published::

    index/
      CURRENT              the manifest of the generation that is answered from
      generations/7/       chroma.sqlite3, the vectors, keywords.sqlite3, MANIFEST, PIECES
      generations/8.draft/ what a sync is writing
      lock                 held by the writer

The reason is that Chroma's local store must not be written to while another process has it open:
with 1.5.9, readers got deleted passages or crashed, and a writer that was killed while it saved its
vectors left files that crash the next process to open them. Here a writer works on a copy and
publishes it by replacing one small file. Readers check that file before each question, so they see
all of a sync or nothing of it, and the draft of a killed writer is thrown away.

A manifest has the sizes and digests of a generation's files. Sizes are checked whenever it is
opened, digests by `qa doctor`, after a writer was killed, before an index is rebuilt, and of what a
writer changes. Damage is reported before Chroma opens the files, and `qa sync` repairs what can be
made again from the rest of the index or the mirrored folders. A draft begins as a copy, with which
the file system may share what does not change; only what differs in the end is digested.

A reader holds a shared lock on a generation's folder for the length of a question. A process that
deletes a generation, which is a writer or the last reader of a replaced one, takes an exclusive
lock first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import IndexUnavailableError, message_of
from qa.index.keywords import FILE as KEYWORDS
from qa.index.stores.erasing import DATABASE, blank, drop_strays
from qa.index.stores.erasing import erase as erase_deleted
from qa.index.stores.generation import copy, flush, is_of_vectors, lent, save_vectors, seal
from qa.index.stores.holding import close_folder, delete, lock_shared, open_folder, unlock
from qa.index.stores.index_folder import IndexFolder
from qa.index.stores.manifest import Manifest
from qa.index.stores.paging import Records
from qa.index.stores.pieces import Original
from qa.index.stores.store import (
    PASSAGES,
    Store,
    View,
    Writer,
    chroma_settings,
    locked,
    open_collections,
)
from qa.index.stores.troubles import is_denied, is_full, is_generation
from qa.places.private_folder import PrivateFolder

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

# Seconds that forgetting waits for a question that is being answered from the text.
_PATIENCE = 10.0
# After an upgrade of Chroma the database has to be changed before it can be read.
_OUTDATED = "Unapplied migrations"
# Chroma counts the users of each folder in this process, and does so without a lock.
_REGISTRY = threading.Lock()


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _FolderView(View):
    descriptor: int | None = None  # of the folder, for the shared lock
    published: bool = False
    has_keywords: bool = True
    lent: PrivateFolder | None = None

    @property
    def keywords(self) -> Path | None:
        return self.folder if self.has_keywords else None

    @property
    def frozen(self) -> bool:
        return self.published


class FolderStore(Store):
    """Generations in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.location = str(folder)
        self.place = IndexFolder(self.folder, self.location)

    def generation(self) -> int:
        """The number in CURRENT."""
        return self.place.current().generation

    def examine(self) -> Mapping[str, str]:
        """Digest all files of the newest generation."""
        return self.place.examine()

    def unavailable(self, error: BaseException) -> IndexUnavailableError:
        """What is wrong with the disk, the permissions or a file."""
        return self.place.unavailable(error)

    def open(self, generation: int, *, vectors: bool = True) -> View | None:
        """Open a published generation, and hold it."""
        if not generation:
            return None
        folder = self.folder_of(generation)
        try:
            descriptor = open_folder(folder)
        except FileNotFoundError as error:
            raise self.place.gone(generation) from error
        except OSError as error:
            raise self.unavailable(error) from error
        try:
            # Locked before Chroma is let in: it would make a new database where one was deleted.
            if not lock_shared(descriptor, folder):
                raise self.place.gone(generation)
            has_keywords = self.place.is_sound(generation, vectors=vectors)
            return self._open_published(generation, vectors, (descriptor, True, has_keywords))
        except BaseException:
            close_folder(descriptor)
            raise

    def open_draft(self, folder: Path, generation: int) -> View:
        """Open a database that nobody else knows about."""
        with self._opening():
            return _FolderView(generation, *_opened(folder, folder, "apply"))

    def _open_published(
        self, generation: int, vectors: bool, rest: tuple[int | None, bool, bool]
    ) -> View:
        folder = self.folder_of(generation)
        if vectors and os.access(folder / DATABASE, os.W_OK):
            try:
                return _FolderView(generation, *_opened(folder, folder, "validate"), *rest)
            except Exception as error:
                if not (is_denied(error) or is_full(error) or _OUTDATED in str(error)):
                    raise self.unavailable(error) from error
                logger.info("%s is opened as a copy: %s", folder, message_of(error))
        with self._opening():
            copy = lent(folder, vectors=vectors)
            try:
                return _FolderView(generation, *_opened(copy.path, folder), *rest, copy)
            except BaseException:
                copy.close()
                raise

    @contextlib.contextmanager
    def _opening(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Chroma raises its own, ValueError and those of its core
            raise self.unavailable(error) from error

    def close(self, view: View) -> None:
        """Close the client, which releases its files."""
        assert isinstance(view, _FolderView)
        with _REGISTRY:
            view.client.close()  # type: ignore[attr-defined]
        if view.lent is not None:
            view.lent.close()
        close_folder(view.descriptor)
        self._drop_replaced(view)

    def hold(self, view: View) -> None:
        """Take the shared lock on a generation's folder."""
        assert isinstance(view, _FolderView)
        if not lock_shared(view.descriptor, view.folder):
            raise IndexUnavailableError(
                f"Generation {view.generation} of the index {self.location} was deleted. "
                "Run: qa sync FOLDER"
            )

    def release(self, view: View) -> None:
        """Give the shared lock back."""
        assert isinstance(view, _FolderView)
        if view.descriptor is not None:
            unlock(view.descriptor)
            self._drop_replaced(view)

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold `lock`; a draft that is not published by the end is thrown away."""
        self.place.refuse_strangers()
        with locked(self.folder / "lock", timeout, self.location):
            with self.place.disk():
                self.place.mend_current()
                killed = self.place.is_unfinished()
                self.sweep()
            writer = _FolderWriter(self, self.place.examine(closely=killed))
            try:
                with self.reaching():  # while the draft is there, and the disk as full as it was
                    yield writer
            finally:
                writer.discard()

    @contextlib.contextmanager
    def published(self) -> Iterator[tuple[Path, Manifest]]:
        """The folder and the manifest of the newest generation."""
        manifest = self.place.current()
        folder = self.folder_of(manifest.generation)
        if not manifest.files:  # also made by a version that had no manifests
            raise IndexUnavailableError(
                f"There is nothing in the index {self.location} yet. "
                "To fill it, run: qa sync FOLDER"
            )
        try:
            descriptor = open_folder(folder)
        except FileNotFoundError as error:
            raise self.place.gone(manifest.generation) from error
        except OSError as error:
            raise self.unavailable(error) from error
        try:
            if not lock_shared(descriptor, folder):
                raise self.place.gone(manifest.generation)
            yield folder, manifest
        finally:
            close_folder(descriptor)
            with contextlib.suppress(IndexUnavailableError):
                if manifest.generation < self.generation():
                    delete(folder, 0)

    @contextlib.contextmanager
    def replacing(self, timeout: float) -> Iterator[Path]:
        """A draft that becomes the newest generation, whatever was there before."""
        self.place.refuse_strangers()
        with locked(self.folder / "lock", timeout, self.location):
            with self.place.disk():
                self.place.mend_current()
                self.sweep()
                number = 1 + max([0, *self.place.numbers()])
                draft = self.folder_of(number).with_suffix(".draft")
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
            try:
                yield draft
                with self.place.disk(), self.reaching():
                    self.publish(draft, number, {})
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def publish(
        self, draft: Path, number: int, originals: Mapping[str, Original], *, patience: float = 0
    ) -> None:
        """Let readers see a draft that nobody has open; older generations are deleted.

        `originals` has the files that those in it began as copies of.

        Raises:
            DamagedPieceError: what was changed was damaged before.
            IndexUnavailableError: Chroma did not save all vectors.
            OSError: the disk failed.
        """
        manifest = seal(draft, number, originals)
        folder = self.folder_of(number)
        draft.replace(folder)
        flush([folder.parent])
        self.place.point_to(manifest)
        self.sweep(patience=patience)

    def settle(self, draft: View) -> None:
        """Let Chroma save the vectors that are still only in its log.

        Otherwise every reader would do so again, and write files into a generation that must not
        change. It is opened anew, because Chroma looks for them when a vector is first requested.
        """
        view = self.open_draft(draft.folder, draft.generation)
        try:
            for collection in (view.passages.collection, view.documents.collection):
                save_vectors(collection)
        finally:
            self.close(view)

    def folder_of(self, generation: int) -> Path:
        """The folder of a generation."""
        return self.place.generation(generation)

    def sweep(self, *, patience: float = 0) -> None:
        """Delete drafts of killed writers, and generations that nobody reads any more."""
        with contextlib.suppress(IndexUnavailableError):  # a damaged CURRENT: --rebuild mends it
            keep = str(self.generation())
            folders = self.folder / "generations"
            for folder in folders.iterdir() if folders.is_dir() else ():
                if folder.name != keep and is_generation(folder):
                    delete(folder, patience)

    def _drop_replaced(self, view: _FolderView) -> None:
        """Delete a generation that was replaced while it was read, unless others still read it."""
        if view.descriptor is not None:
            with contextlib.suppress(IndexUnavailableError):
                if view.generation < self.generation():
                    delete(view.folder, 0)


class _FolderWriter(Writer):
    def __init__(self, store: FolderStore, damage: dict[str, str]) -> None:
        self._store = store
        self._damage = damage
        self._originals: Mapping[str, Original] = {}
        self._draft: View | None = None
        self._folder: Path | None = None
        self._anew = False

    def renew(self) -> None:
        self.discard()
        self._anew = True
        # What is taken over is read and written anew, so that damage would get digests of its own.
        self._damage = self._store.place.examine()

    def begin(self) -> View:
        if self._draft is None:
            former = Manifest(0) if self._anew else self._store.place.current()
            # Never a number that was used before: a reader may still have that one open.
            number = 1 + max([former.generation, *self._store.place.numbers()])
            draft = self._store.folder_of(number).with_suffix(".draft")
            self._folder = draft
            self._originals = {}
            with self._store.place.disk(), self._store.reaching():
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
                if former.generation:
                    folder = self._store.folder_of(former.generation)
                    self._originals = copy(folder, former, draft, self._damage)
                self._draft = self._store.open_draft(draft, number)
        return self._draft

    def unfinished(self) -> bool:
        # A damaged keyword index, or files without digests: the next generation has both.
        current = self._store.place.current()
        return bool(current.generation) and (not current.files or KEYWORDS in self._damage)

    def lost_vectors(self) -> bool:
        vectors = {name for name in self._damage if is_of_vectors(name)}
        return bool(vectors) and set(self._damage) <= {*vectors, KEYWORDS}

    def publish(self, *, erase: bool = False, at_once: bool = False) -> None:
        with self._store.place.disk():
            self._publish(erase, at_once)

    def _publish(self, erase: bool, at_once: bool) -> None:
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        if not draft.passages.count():
            # It is made again when needed. Where no saved vector is left, Chroma would write the
            # empty file again for every reader, filled with uninitialized memory.
            draft.client.delete_collection(PASSAGES)
        self._store.close(draft)
        self._store.settle(draft)
        drop_strays(draft.folder)
        blank(draft.folder)
        if erase:
            erase_deleted(draft.folder)
        patience = _PATIENCE if at_once else 0
        self._store.publish(draft.folder, draft.generation, self._originals, patience=patience)
        self._damage = {}
        self._anew = False

    def discard(self) -> None:
        if self._draft is not None:
            draft, self._draft = self._draft, None
            with contextlib.suppress(Exception):
                self._store.close(draft)
        if self._folder is not None:  # one that could not be published is left, too
            shutil.rmtree(self._folder, ignore_errors=True)


def _opened(
    place: Path, folder: Path, migrations: str = "apply"
) -> tuple[ClientAPI, Path, Records, Records]:
    """A client of the database in `place`, with the other fields of a view of `folder`."""
    import chromadb

    settings = chroma_settings()
    settings.migrations = migrations
    with _REGISTRY:
        client = chromadb.PersistentClient(path=str(place), settings=settings)
    try:
        return client, folder, *open_collections(client)
    except BaseException:
        client.close()  # type: ignore[attr-defined]
        raise
