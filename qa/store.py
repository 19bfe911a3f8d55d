"""Where Chroma keeps an index: a folder of this machine, or a server.

A folder holds generations, each a complete Chroma database that never changes
once it is published::

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

A Chroma server has one owner, itself; there the generation is a number in the
index's own records.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from qa.errors import IndexLockedError, IndexUnavailableError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

PASSAGES = "footnote-passages"
DOCUMENTS = "footnote-documents"
HEAD = "head"


@dataclass(frozen=True, slots=True)
class View:
    """One generation, open: its two collections, and where its keyword index lives."""

    generation: int
    client: ClientAPI
    folder: Path
    passages: Collection
    documents: Collection


class Store(ABC):
    """An index's database, open for many readers and one writer."""

    location: str

    @abstractmethod
    def generation(self) -> int:
        """The number of the newest published generation; 0 when nothing was ever published."""

    @abstractmethod
    def open(self, generation: int) -> View:
        """Open a generation to read from it; the caller closes it.

        Raises:
            IndexUnavailableError: it is gone, or the store cannot be reached.
        """

    @abstractmethod
    def close(self, view: View) -> None:
        """Let go of what `open` opened."""

    @abstractmethod
    def writing(self, timeout: float) -> contextlib.AbstractContextManager[Writer]:
        """The right to write, for one process at a time.

        Raises:
            IndexLockedError: another writer did not finish within `timeout` seconds.
        """

    @abstractmethod
    def drop(self) -> None:
        """Remove everything, so that the index can be made anew; only while writing."""


class Writer(ABC):
    """The right to write: `begin` a draft, write to it, `publish` it; again and again."""

    @abstractmethod
    def begin(self) -> View:
        """The draft to write to; the same one until it is published."""

    @abstractmethod
    def publish(self, *, erase: frozenset[str] = frozenset()) -> None:
        """Let readers see what was written.

        `erase` names passages of which no byte may stay behind on this machine.
        """


def open_store(location: str, cache: Path) -> Store:
    """The store at a folder or a URL; `cache` is where a server's keyword index is kept."""
    if location.startswith(("http://", "https://")):
        return ServerStore(location, cache)
    return FolderStore(Path(location).expanduser())


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
                f"The index {self.location} is damaged ({error}). Delete that folder and run: qa sync"
            ) from error

    def open(self, generation: int) -> View:
        """Open a published generation."""
        folder = self._folder(generation)
        if generation and not (folder / "chroma.sqlite3").is_file():
            raise IndexUnavailableError(
                f"Generation {generation} of the index {self.location} is gone. "
                "Delete the folder and run: qa sync"
            )
        return _open_folder(folder, generation)

    def close(self, view: View) -> None:
        """Close the client, so that its files are let go of."""
        view.client.close()  # type: ignore[attr-defined]

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold `lock`; a draft that is not published by the end is thrown away."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexUnavailableError(
                f"The index {self.location} cannot be written: {error}. Choose another with --index."
            ) from error
        with _locked(self.folder / "lock", timeout, self.location):
            self._sweep(keep=self.generation())
            writer = _FolderWriter(self)
            try:
                yield writer
            finally:
                writer.discard()

    def drop(self) -> None:
        """Delete CURRENT and every generation."""
        (self.folder / "CURRENT").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "generations", ignore_errors=True)

    def _folder(self, generation: int) -> Path:
        return self.folder / "generations" / str(generation)

    def _sweep(self, keep: int) -> None:
        # What a killed writer left, and generations that nobody has been sent to since.
        generations = self.folder / "generations"
        for folder in generations.iterdir() if generations.is_dir() else ():
            if folder.name != str(keep):
                shutil.rmtree(folder, ignore_errors=True)


class _FolderWriter(Writer):
    def __init__(self, store: FolderStore) -> None:
        self._store = store
        self._draft: View | None = None

    def begin(self) -> View:
        if self._draft is None:
            current = self._store.generation()
            draft = self._store._folder(current + 1).with_suffix(".draft")
            if current:
                shutil.copytree(self._store._folder(current), draft)
            else:
                draft.mkdir(parents=True)
            self._draft = _open_folder(draft, current + 1)
        return self._draft

    def publish(self, *, erase: frozenset[str] = frozenset()) -> None:
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        draft.client.close()  # type: ignore[attr-defined]
        if erase:
            _erase(draft.folder / "chroma.sqlite3", erase)
        folder = self._store._folder(draft.generation)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(draft.folder, folder)
        current = self._store.folder / "CURRENT"
        new = current.with_suffix(".new")
        new.write_text(str(draft.generation), encoding="ascii")
        os.replace(new, current)
        if erase:
            self._store._sweep(keep=draft.generation)
        else:  # a reader may be in the middle of a question to the one before
            shutil.rmtree(self._store._folder(draft.generation - 2), ignore_errors=True)

    def discard(self) -> None:
        if self._draft is not None:
            draft, self._draft = self._draft, None
            with contextlib.suppress(Exception):
                draft.client.close()  # type: ignore[attr-defined]
            shutil.rmtree(draft.folder, ignore_errors=True)


class ServerStore(Store):
    """Two collections on a Chroma server; the generation is counted in the head record."""

    def __init__(self, url: str, cache: Path) -> None:
        self.location = url
        self.folder = cache / "keywords" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._lock = threading.Lock()
        self._view: View | None = None

    def generation(self) -> int:
        """The number in the head record."""
        with self._reaching():
            found = self._connect().documents.get(ids=[HEAD], include=["metadatas"])
            metadatas = found["metadatas"] or []
            return int(str(metadatas[0]["generation"])) if metadatas else 0

    def open(self, generation: int) -> View:
        """The collections; they always show the newest records."""
        view = self._connect()
        return View(generation, view.client, self.folder, view.passages, view.documents)

    def close(self, view: View) -> None:
        """Nothing: every view shares one connection."""

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold a lock of this machine; syncs from two machines at once are not kept apart."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / "lock", timeout, self.location):
            yield _ServerWriter(self)

    def drop(self) -> None:
        """Delete both collections."""
        with self._reaching():
            client = self._connect().client
            client.delete_collection(PASSAGES)
            client.delete_collection(DOCUMENTS)
        with self._lock:
            self._view = None
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def _connect(self) -> View:
        with self._lock, self._reaching():
            if self._view is None:
                import chromadb

                parts = urlsplit(self.location)
                ssl = parts.scheme == "https"
                client = chromadb.HttpClient(
                    host=parts.hostname or "localhost",
                    port=parts.port or (443 if ssl else 8000),
                    ssl=ssl,
                    settings=_chroma_settings(),
                )
                self.folder.mkdir(parents=True, exist_ok=True)
                self._view = _view(client, self.folder, 0)
            return self._view

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, ValueError, OSError, httpx.HTTPError) as error:
            raise IndexUnavailableError(
                f"The Chroma server at {self.location} cannot be used: "
                f"{' '.join(str(error).split())[:200]}. Is it running, and is the URL right?"
            ) from error


@dataclass(slots=True)
class _ServerWriter(Writer):
    store: ServerStore
    _draft: View | None = None

    def begin(self) -> View:
        if self._draft is None:
            self._draft = self.store.open(self.store.generation() + 1)
        return self._draft

    def publish(self, *, erase: frozenset[str] = frozenset()) -> None:
        """The head record was written already, and that is what readers look at."""
        self._draft = None


def _open_folder(folder: Path, generation: int) -> View:
    import chromadb

    try:
        client = chromadb.PersistentClient(path=str(folder), settings=_chroma_settings())
        return _view(client, folder, generation)
    except Exception as error:  # Chroma raises its own errors, ValueError and those of its core
        raise IndexUnavailableError(
            f"The index in {folder} cannot be opened: {' '.join(str(error).split())[:200]}. "
            "Delete it and run: qa sync"
        ) from error


def _view(client: ClientAPI, folder: Path, generation: int) -> View:
    # Embeddings are always ours to give: Chroma's default function would fetch a model.
    cosine: Any = {"hnsw": {"space": "cosine"}}
    return View(
        generation,
        client,
        folder,
        client.get_or_create_collection(PASSAGES, embedding_function=None, configuration=cosine),
        client.get_or_create_collection(DOCUMENTS, embedding_function=None, configuration=cosine),
    )


def _chroma_settings() -> Any:
    import chromadb

    return chromadb.Settings(anonymized_telemetry=False)


@contextlib.contextmanager
def _locked(file: Path, timeout: float, location: str) -> Iterator[None]:
    lock = FileLock(file)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise IndexLockedError(
            f"Another process is writing to the index {location}; it did not finish within "
            f"{timeout:g} seconds. Wait for it, or look for a `qa sync` that hangs."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _erase(database: Path, passage_ids: frozenset[str]) -> None:
    # Chroma's write-ahead log still holds the text of records that were deleted since, and
    # SQLite leaves deleted rows in its free pages.
    import sqlite3

    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executemany(
            "UPDATE embeddings_queue SET metadata = NULL WHERE id = ?",
            [(passage_id,) for passage_id in passage_ids],
        )
        connection.commit()
        connection.execute(
            "INSERT INTO embedding_fulltext_search(embedding_fulltext_search) VALUES('optimize')"
        )
        connection.commit()
        connection.execute("VACUUM")
