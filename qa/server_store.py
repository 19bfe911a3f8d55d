"""An index on a Chroma server, which is its one owner: two collections, changed in place.

The generation is counted in the head record, and writing that record is what
publishes. Until then readers go by the records that they have read, and the
passages of an old version are deleted only afterwards. An index that is made
anew gets collections of its own, numbered, so that the old ones are answered
from until the new ones have a head.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qa.entries import HEAD
from qa.errors import IndexUnavailableError
from qa.store import (
    DOCUMENTS,
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
    from chromadb.api import ClientAPI

# Says that a writer is at work, or was killed: a record beside those of the documents.
UNFINISHED = "unfinished"
_DOCUMENTS = re.compile(rf"{DOCUMENTS}(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class _ServerView(View):
    series: int = 0  # counts the times that the index was made anew


class ServerStore(Store):
    """Two collections on a Chroma server."""

    def __init__(self, url: str, cache: Path) -> None:
        self.location = url
        self.folder = cache / "keywords" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._lock = threading.Lock()
        self._client: ClientAPI | None = None
        self._view: _ServerView | None = None

    def generation(self) -> int:
        """The number in the head record."""
        from chromadb.errors import NotFoundError

        with self.reaching():
            try:
                return _generation(self.connect())
            except NotFoundError:  # another process has made the index anew
                self.use(None)
                return _generation(self.connect())

    def open(self, generation: int) -> View:
        """The collections; they always show the newest records."""
        view = self.connect()
        return _ServerView(
            generation, view.client, self.folder, view.passages, view.documents, view.series
        )

    def close(self, view: View) -> None:
        """Nothing: every view shares one connection."""

    @contextlib.contextmanager
    def writing(self, timeout: float) -> Iterator[Writer]:
        """Hold a lock of this machine; syncs from two machines at once are not kept apart."""
        with locked(self.folder / "lock", timeout, self.location):
            with self.reaching():
                self.use(None)
                view = self.connect()
                _delete_series(view.client, keep=view.series)  # of a writer that was killed
            yield _ServerWriter(self)

    def unavailable(self, error: Exception) -> IndexUnavailableError:
        """A server that does not answer, or not as it should."""
        return IndexUnavailableError(
            f"The Chroma server at {self.location} cannot be used: {one_line(error)}. "
            "Is it running, and is the URL right?"
        )

    def is_its_own(self, error: Exception) -> bool:
        """Whether an error came from the connection."""
        import httpx

        return isinstance(error, httpx.HTTPError) or super().is_its_own(error)

    def connect(self) -> _ServerView:
        """The collections that are answered from."""
        with self._lock:
            if self._client is None:
                try:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    self._client = _client(self.location)
                except (ValueError, OSError) as error:  # what Chroma makes of a refused connection
                    raise self.unavailable(error) from error
            if self._view is None:
                self._view = self.series(self._client, _published(self._client))
            return self._view

    def use(self, view: _ServerView | None) -> None:
        """Answer from these collections from now on; None: look which are the newest."""
        with self._lock:
            self._view = view

    def series(self, client: ClientAPI, number: int) -> _ServerView:
        """The collections of a series, made if they are not there."""
        collections = open_collections(client, _suffix(number))
        return _ServerView(0, client, self.folder, *collections, number)


class _ServerWriter(Writer):
    def __init__(self, store: ServerStore) -> None:
        self._store = store
        self._draft: View | None = None
        self._anew = False

    def renew(self) -> None:
        self._anew = True

    def begin(self) -> View:
        if self._draft is None:
            generation = self._store.generation() + 1
            view = self._store.connect()
            if self._anew:
                view = self._store.series(view.client, view.series + 1)
            view.documents.upsert(ids=[UNFINISHED], embeddings=[1.0, 1.0])
            self._draft = _ServerView(
                generation, view.client, view.folder, view.passages, view.documents, view.series
            )
        return self._draft

    def publish(self, *, erase: bool = False) -> None:  # noqa: ARG002
        """Clear up; the head record was written already, and that is what readers look at."""
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        assert isinstance(draft, _ServerView)
        draft.documents.delete(ids=[UNFINISHED])
        if self._anew:
            self._anew = False
            self._store.use(draft)
            _delete_series(draft.client, keep=draft.series)

    def unfinished(self) -> bool:
        found = self._store.connect().documents.get(ids=[UNFINISHED], include=[])
        return bool(found["ids"])


def _client(url: str) -> ClientAPI:
    import chromadb

    parts = urlsplit(url)
    ssl = parts.scheme == "https"
    return chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if ssl else 8000),
        ssl=ssl,
        settings=chroma_settings(),
    )


def _generation(view: View) -> int:
    metadatas = view.documents.get(ids=[HEAD], include=["metadatas"])["metadatas"] or []
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
