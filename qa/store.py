"""Where Chroma keeps an index: what a folder of this machine and a server have in common.

An index is a sequence of generations. Readers look at the number of the newest
one before each question and open it if it is new to them; one writer at a time
prepares the next one as a draft and publishes it. How a generation is kept is
the business of `qa.folder_store` and `qa.server_store`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from qa.errors import IndexLockedError, IndexUnavailableError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

PASSAGES = "footnote-passages"
DOCUMENTS = "footnote-documents"


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
    folder: Path
    """What of it is kept on this machine."""

    @abstractmethod
    def generation(self) -> int:
        """The number of the newest published generation; 0 when nothing was ever published."""

    @abstractmethod
    def open(self, generation: int) -> View | None:
        """Open a generation to read from it; the caller closes it. None: there is nothing yet.

        Raises:
            IndexUnavailableError: it is gone, or the store cannot be reached.
        """

    @abstractmethod
    def close(self, view: View) -> None:
        """Let go of what `open` opened."""

    def hold(self, view: View) -> None:  # noqa: B027
        """Keep a view from being deleted until it is released, for the length of a question.

        Raises:
            IndexUnavailableError: it was deleted already.
        """

    def release(self, view: View) -> None:  # noqa: B027
        """End what `hold` began."""

    def leave(self) -> None:  # noqa: B027
        """Let go of what all views share; the store may be used again."""

    @abstractmethod
    def writing(self, timeout: float) -> contextlib.AbstractContextManager[Writer]:
        """The right to write, for one process at a time.

        Raises:
            IndexLockedError: another writer did not finish within `timeout` seconds.
        """

    @abstractmethod
    def unavailable(self, error: Exception) -> IndexUnavailableError:
        """What to tell of an error that came out of the store."""

    @contextlib.contextmanager
    def reaching(self) -> Iterator[None]:
        """Turn whatever the store raises in the block into an `IndexUnavailableError`."""
        try:
            yield
        except Exception as error:
            if self.is_its_own(error):
                raise self.unavailable(error) from error
            raise

    def is_its_own(self, error: Exception) -> bool:
        """Whether an error came out of the store, and not out of what was done with it."""
        from chromadb.errors import ChromaError

        return isinstance(error, ChromaError | sqlite3.Error)


class Writer(ABC):
    """The right to write: `begin` a draft, write to it, `publish` it; again and again."""

    @abstractmethod
    def renew(self) -> None:
        """Let the next draft start with nothing, not with a copy of the newest generation."""

    @abstractmethod
    def begin(self) -> View:
        """The draft to write to; the same one until it is published."""

    @abstractmethod
    def publish(self, *, erase: bool = False) -> None:
        """Let readers see what was written.

        With `erase`, no text of a record that was deleted stays behind on this machine.
        """

    def unfinished(self) -> bool:
        """Whether a writer was killed between writing and publishing, and left what it wrote."""
        return False


def open_store(location: str, cache: Path) -> Store:
    """The store at a folder or a URL; `cache` is where a server's keyword index is kept."""
    if location.startswith(("http://", "https://")):
        from qa.server_store import ServerStore

        return ServerStore(location, cache)
    from qa.folder_store import FolderStore

    return FolderStore(Path(location).expanduser())


def open_collections(client: ClientAPI, suffix: str = "") -> tuple[Collection, Collection]:
    """The passages and the documents of a database, made if they are not there."""
    # Embeddings are always ours to give: Chroma's default function would fetch a model.
    cosine: Any = {"hnsw": {"space": "cosine"}}
    passages, documents = (
        client.get_or_create_collection(
            name + suffix, embedding_function=None, configuration=cosine
        )
        for name in (PASSAGES, DOCUMENTS)
    )
    return passages, documents


def chroma_settings() -> Any:
    """Chroma's own settings: nothing is sent anywhere."""
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


@contextlib.contextmanager
def locked(file: Path, timeout: float, location: str) -> Iterator[None]:
    """Hold a lock file.

    Raises:
        IndexLockedError: another process holds it for longer than `timeout` seconds.
        IndexUnavailableError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file)
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise IndexLockedError(
            f"Another process is writing to the index {location}; it did not finish within "
            f"{timeout:g} seconds. Wait for it, or look for a `qa sync` that hangs."
        ) from error
    except OSError as error:
        raise IndexUnavailableError(
            f"The index {location} cannot be written: {error}. Choose another with --index."
        ) from error
    try:
        yield
    finally:
        lock.release()


def one_line(error: BaseException) -> str:
    """What an error says, short enough for a message."""
    return " ".join(str(error).split())[:200] or type(error).__name__
