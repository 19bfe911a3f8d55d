"""An index on a Chroma server: two collections, changed in place.

The head record counts the generations, and writing it publishes one. Until then readers use the
records that they have read, and the passages of an old version are deleted some seconds afterwards,
except where they are to be forgotten at once. A rebuilt index gets new, numbered collections, so
that questions are answered from the old ones until the new ones have a head.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import IndexUnavailableError, message_of
from qa.index.layout import HEAD
from qa.index.stores.server.connection import TIMEOUT, Connection
from qa.index.stores.server.lease import SECONDS, Lease
from qa.index.stores.store import DOCUMENTS, PASSAGES, Store, View, Writer, open_collections

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

# A record beside those of the documents that says that a writer is at work, or was killed.
UNFINISHED = "unfinished"
# Seconds that passages are kept after they were replaced, for questions that were begun before.
GRACE = 3.0
_DOCUMENTS = re.compile(rf"{DOCUMENTS}(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class _ServerView(View):
    connection: Connection
    series: int  # how many times the index was rebuilt

    @property
    def shared(self) -> bool:
        return True


class ServerStore(Store):
    """Two collections on a Chroma server."""

    def __init__(
        self,
        url: str,
        cache: Path,
        timeout: float = TIMEOUT,
        lease: float = SECONDS,
        grace: float = GRACE,
    ) -> None:
        self.location = url
        self.grace = grace
        self.folder = cache / "keywords" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._timeout = timeout
        self._lease = lease
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._view: _ServerView | None = None

    def generation(self) -> int:
        """The number in the head record."""
        from chromadb.errors import NotFoundError

        with self.reaching():
            try:
                return self._newest()
            except NotFoundError:  # another process has made the index anew
                self.use(None)
                return self._newest()

    def open(self, generation: int, *, vectors: bool = True) -> View:  # noqa: ARG002
        """The collections; they always show the newest records."""
        return replace(self._take(), generation=generation)

    def close(self, view: View) -> None:
        """Hang up if the store was left; until then all views share one connection."""
        assert isinstance(view, _ServerView)
        self._give_back(view)

    def leave(self) -> None:
        """Hang up; reads and writes in progress may finish."""
        with self._lock:
            connection, self._connection, self._view = self._connection, None, None
            if connection is not None:
                connection.leave()

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold the lease that is on the server, for writers on all machines."""
        with contextlib.ExitStack() as stack:
            with self.reaching():
                lease = Lease(stack.enter_context(self._using()).client, self.location, self._lease)
                stack.enter_context(lease.held(timeout))
                self.use(None)
                view = self.connect()
                _delete_series(view.client, keep=view.series)  # left by a writer that was killed
            yield _ServerWriter(self, lease)

    def unavailable(self, error: BaseException) -> IndexUnavailableError:
        """The error for a server that does not answer as it should."""
        return IndexUnavailableError(
            f"The Chroma server at {self.location} cannot be used: {message_of(error)}. "
            "Is it running, and is the URL right?"
        )

    def is_its_own(self, error: BaseException) -> bool:
        """Whether an error came from the connection."""
        import httpx

        return isinstance(error, httpx.HTTPError) or super().is_its_own(error)

    def connect(self) -> _ServerView:
        """The current collections."""
        with self._lock:
            return self._connected()

    def use(self, view: _ServerView | None) -> None:
        """Use these collections from now on; None: find out which are the newest."""
        with self._lock:
            left = view is not None and view.connection is not self._connection
            self._view = None if left else view

    def series(
        self, connection: Connection, number: int, may_write: Callable[[], None] | None = None
    ) -> _ServerView:
        """The collections of a series; missing ones are created."""
        passages, documents = open_collections(connection.client, _suffix(number), may_write)
        return _ServerView(
            0, connection.client, self.folder, passages, documents, connection, number
        )

    def _newest(self) -> int:
        with self._using() as view:
            return _generation(view)

    @contextlib.contextmanager
    def _using(self) -> Iterator[_ServerView]:
        view = self._take()
        try:
            yield view
        finally:
            self._give_back(view)

    def _take(self) -> _ServerView:
        with self._lock:
            view = self._connected()
            view.connection.users += 1
            return view

    def _give_back(self, view: _ServerView) -> None:
        with self._lock:
            view.connection.users -= 1
            view.connection.settle()

    def _connected(self) -> _ServerView:
        if self._connection is None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._connection = Connection(self.location, self._timeout)
            except (ValueError, OSError) as error:  # Chroma's error for a refused connection
                raise self.unavailable(error) from error
        if self._view is None:
            self._view = self.series(self._connection, _published(self._connection.client))
        return self._view


class _ServerWriter(Writer):
    def __init__(self, store: ServerStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        self._draft: _ServerView | None = None
        self._anew = False

    def renew(self) -> None:
        self._anew = True

    def begin(self) -> View:
        if self._draft is None:
            generation = self._store.generation() + 1
            newest = self._store.connect()
            number = newest.series + self._anew
            view = self._store.series(newest.connection, number, self._lease.check)
            view.documents.upsert(ids=[UNFINISHED], embeddings=[[1.0, 1.0]])
            self._draft = replace(view, generation=generation)
        return self._draft

    def confirm(self) -> None:
        self._lease.renew()

    def settle(self) -> None:
        time.sleep(self._store.grace)

    def publish(self, *, erase: bool = False, at_once: bool = False) -> None:  # noqa: ARG002
        """Clean up; the head record, which readers check, is already written."""
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        draft.documents.delete([UNFINISHED])
        if self._anew:
            self._anew = False
            self._store.use(draft)
            self.settle()
            self._lease.renew()
            _delete_series(draft.client, keep=draft.series)

    def unfinished(self) -> bool:
        found = self._store.connect().documents.get([UNFINISHED], include=[])
        return bool(found["ids"])


def _generation(view: View) -> int:
    metadatas = view.documents.get([HEAD], include=["metadatas"])["metadatas"] or []
    return int(str(metadatas[0]["generation"])) if metadatas else 0


def _published(client: ClientAPI) -> int:
    """The newest series that has a head; the first one if none has."""
    for number in sorted(_all_series(client), reverse=True):
        documents = client.get_collection(DOCUMENTS + _suffix(number), embedding_function=None)
        if documents.get(ids=[HEAD], include=[])["ids"]:
            return number
    return 0


def _all_series(client: ClientAPI) -> list[int]:
    names = [collection.name for collection in client.list_collections()]
    return [int(match[1] or 0) for name in names if (match := _DOCUMENTS.fullmatch(name))]


def _delete_series(client: ClientAPI, keep: int) -> None:
    from chromadb.errors import NotFoundError

    for number in _all_series(client):
        if number != keep:
            for name in (PASSAGES, DOCUMENTS):
                with contextlib.suppress(NotFoundError):
                    client.delete_collection(name + _suffix(number))


def _suffix(series: int) -> str:
    return f"-{series}" if series else ""
