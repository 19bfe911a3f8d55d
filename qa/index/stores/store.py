"""The store of an index: what a folder on this machine and a Chroma server have in common.

An index is a sequence of generations. Readers check the number of the newest one before each
question and open it if it is new to them; one writer at a time prepares the next one as a draft and
publishes it. How a generation is stored is up to `qa.index.stores.folder_store` and
`qa.index.stores.server`.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from qa.errors import IndexLockedError, IndexUnavailableError
from qa.index.stores.manifest import Manifest
from qa.index.stores.paging import Records

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

PASSAGES = "footnote-passages"
DOCUMENTS = "footnote-documents"


@dataclass(frozen=True, slots=True)
class View:
    """An open generation: its two collections, and the folder with the rest of it."""

    generation: int
    client: ClientAPI
    folder: Path
    passages: Records
    documents: Records

    @property
    def keywords(self) -> Path | None:
        """The folder of its keyword index; None if that is damaged, to make it in memory."""
        return self.folder

    @property
    def shared(self) -> bool:
        """Whether that folder is for the keyword indexes of all generations."""
        return False

    @property
    def frozen(self) -> bool:
        """Whether nothing in its folder may be changed."""
        return False


class Store(ABC):
    """An index's database, open for many readers and one writer."""

    location: str
    folder: Path
    """The folder with its files on this machine."""

    @abstractmethod
    def generation(self) -> int:
        """The number of the newest published generation; 0 when nothing was ever published."""

    @abstractmethod
    def open(self, generation: int, *, vectors: bool = True) -> View | None:
        """Open a generation for reading; the caller closes it. None if there is none yet.

        Without `vectors`, only its records can be read, and damaged vectors do not matter.

        Raises:
            IndexUnavailableError: it is gone or damaged, or the store cannot be reached.
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
        """Release what all views share; the store may be used again."""

    @abstractmethod
    def writing(self, timeout: float) -> contextlib.AbstractContextManager[Writer]:
        """The right to write, for one process at a time.

        Raises:
            IndexLockedError: another writer did not finish within `timeout` seconds.
        """

    @contextlib.contextmanager
    def published(self) -> Iterator[tuple[Path, Manifest] | None]:
        """The folder and the manifest of the newest generation; None if a server keeps it.

        It is not deleted in the block, unless it has something that must be forgotten.

        Raises:
            IndexUnavailableError: there is none, or it cannot be read.
        """
        yield None

    @contextlib.contextmanager
    def replacing(self, timeout: float) -> Iterator[Path]:  # noqa: ARG002
        """An empty folder for all files of a generation, which is published after the block.

        Raises:
            IndexLockedError: another writer did not finish within `timeout` seconds.
            IndexUnavailableError: a server keeps the index, or the disk failed.
        """
        raise IndexUnavailableError(
            f"{self.location} is a Chroma server, which keeps its index itself."
        )
        yield

    def examine(self) -> Mapping[str, str]:
        """Check every byte of the newest generation: the damaged files, each with the problem.

        Otherwise damage is only reported where it changed a file's size or time.
        """
        return {}

    @abstractmethod
    def unavailable(self, error: BaseException) -> IndexUnavailableError:
        """The error to report for one that the store raised."""

    @contextlib.contextmanager
    def reaching(self) -> Iterator[None]:
        """Turn any error of the store's in the block into an `IndexUnavailableError`."""
        try:
            yield
        except BaseException as error:
            if self.is_its_own(error):
                raise self.unavailable(error) from error
            raise

    def is_its_own(self, error: BaseException) -> bool:
        """Whether an error was raised by the store itself."""
        from chromadb.errors import ChromaError

        # Chroma's core panics on some damaged files; that is no `Exception`, and has no module.
        panicked = type(error).__name__ == "PanicException"
        return panicked or isinstance(error, ChromaError | sqlite3.Error)


class Writer(ABC):
    """The right to write: `begin` a draft, write to it, `publish` it; again and again."""

    @abstractmethod
    def renew(self) -> None:
        """Let the next draft start with nothing, not with a copy of the newest generation."""

    @abstractmethod
    def begin(self) -> View:
        """The draft to write to; it stays the same until it is published."""

    def confirm(self) -> None:  # noqa: B027
        """Make sure, right before the head is written, that nobody else may write.

        Raises:
            IndexLockedError: another writer has taken over.
        """

    def settle(self) -> None:  # noqa: B027
        """Let questions that have begun end, before what they may read is deleted."""

    @abstractmethod
    def publish(self, *, erase: bool = False, at_once: bool = False) -> None:
        """Let readers see what was written.

        With `erase`, nothing of a deleted record stays in the published files on this machine; with
        `at_once`, nor in an older generation that somebody keeps reading.
        """

    def unfinished(self) -> bool:
        """Whether a writer that was killed left something to publish."""
        return False

    def lost_vectors(self) -> bool:
        """Whether the newest generation's vectors are damaged, but not its records."""
        return False


def open_collections(
    client: ClientAPI, suffix: str = "", may_write: Callable[[], None] | None = None
) -> tuple[Records, Records]:
    """The passages and the documents of a database; missing collections are created.

    `may_write` is called before each request that writes, and may raise.
    """
    # We always give the embeddings ourselves: Chroma's default function would fetch a model.
    cosine: Any = {"hnsw": {"space": "cosine"}}
    passages, documents = (
        Records(
            client.get_or_create_collection(
                name + suffix, embedding_function=None, configuration=cosine
            ),
            client.get_max_batch_size,
            may_write,
        )
        for name in (PASSAGES, DOCUMENTS)
    )
    return passages, documents


def chroma_settings() -> Any:
    """Chroma's settings, with its telemetry off."""
    return _settings().model_copy()


@functools.cache
def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)  # which takes it some 20 ms


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
            f"Another process is writing to the index {location}, and has not finished yet. "
            "Wait for it, or look for a `qa sync` that hangs."
        ) from error
    except OSError as error:
        raise IndexUnavailableError(
            f"The index {location} cannot be written: {error}. Make room on its disk or change its "
            "permissions, or choose another place with --index (or QA_INDEX)."
        ) from error
    try:
        yield
    finally:
        lock.release()
