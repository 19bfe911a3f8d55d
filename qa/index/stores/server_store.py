"""An index on a Chroma server: two collections, changed in place.

The head record counts the generations, and writing it publishes one. Until then readers use the
records that they have read, and the passages of an old version are deleted only afterwards. A
rebuilt index gets new, numbered collections, so that questions are answered from the old ones until
the new ones have a head.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qa.errors import IndexUnavailableError, message_of
from qa.index.layout import HEAD
from qa.index.stores.store import (
    DOCUMENTS,
    PASSAGES,
    Store,
    View,
    Writer,
    chroma_settings,
    locked,
    open_collections,
)

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.auth import UserIdentity

# A record beside those of the documents that says that a writer is at work, or was killed.
UNFINISHED = "unfinished"
# Seconds of silence after which a server counts as gone.
TIMEOUT = 30.0
_DOCUMENTS = re.compile(rf"{DOCUMENTS}(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class _ServerView(View):
    connection: _Connection
    series: int  # how many times the index was rebuilt


class _Connection:
    """A Chroma client, with the sockets that it does not close itself."""

    def __init__(self, url: str, timeout: float) -> None:
        self.users = 0
        self._left = False
        self._sockets: list[httpx.Client] = []
        try:
            self.client = _client(url, timeout, self._sockets)
        except BaseException:
            self._hang_up()
            raise

    def leave(self) -> None:
        """Hang up, now or when its last user is done."""
        self._left = True
        self.settle()

    def settle(self) -> None:
        """Hang up if it was left and has no users any more."""
        if self._left and not self.users:
            self.client.close()
            self._hang_up()

    def _hang_up(self) -> None:
        for one in self._sockets:
            one.close()


class ServerStore(Store):
    """Two collections on a Chroma server."""

    def __init__(self, url: str, cache: Path, timeout: float = TIMEOUT) -> None:
        self.location = url
        self.folder = cache / "keywords" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
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
        """Hold a lock on this machine; it does not protect against a sync from another machine."""
        lock = locked(self.folder / "lock", timeout, self.location)
        with lock, contextlib.ExitStack() as stack:
            with self.reaching():
                self.use(None)
                view = stack.enter_context(self._using())
                _delete_series(view.client, keep=view.series)  # left by a writer that was killed
            yield _ServerWriter(self)

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

    def series(self, connection: _Connection, number: int) -> _ServerView:
        """The collections of a series; missing ones are created."""
        passages, documents = open_collections(connection.client, _suffix(number))
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
                self._connection = _Connection(self.location, self._timeout)
            except (ValueError, OSError) as error:  # Chroma's error for a refused connection
                raise self.unavailable(error) from error
        if self._view is None:
            self._view = self.series(self._connection, _published(self._connection.client))
        return self._view


class _ServerWriter(Writer):
    def __init__(self, store: ServerStore) -> None:
        self._store = store
        self._draft: _ServerView | None = None
        self._anew = False

    def renew(self) -> None:
        self._anew = True

    def begin(self) -> View:
        if self._draft is None:
            generation = self._store.generation() + 1
            view = self._store.connect()
            if self._anew:
                view = self._store.series(view.connection, view.series + 1)
            view.documents.upsert(ids=[UNFINISHED], embeddings=[[1.0, 1.0]])
            self._draft = replace(view, generation=generation)
        return self._draft

    def publish(self, *, erase: bool = False, at_once: bool = False) -> None:  # noqa: ARG002
        """Clean up; the head record, which readers check, is already written."""
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        draft.documents.delete([UNFINISHED])
        if self._anew:
            self._anew = False
            self._store.use(draft)
            _delete_series(draft.client, keep=draft.series)

    def unfinished(self) -> bool:
        found = self._store.connect().documents.get([UNFINISHED], include=[])
        return bool(found["ids"])


def _client(url: str, timeout: float, sockets: list[httpx.Client]) -> Client:
    """A client that waits at most `timeout` seconds; `sockets` gets the owners of its sockets."""
    import httpx
    from chromadb.api.client import Client

    def limit(server: Any) -> None:
        session = getattr(server, "_session", None)
        if isinstance(session, httpx.Client):
            session.timeout = httpx.Timeout(timeout)
            sockets.append(session)

    class Limited(Client):
        # Chroma has no setting for this, and its constructor already asks the server: first in this
        # method, then, with a second client inside it, in the other one.
        def get_user_identity(self) -> UserIdentity:
            limit(self._server)
            return super().get_user_identity()

        def _validate_tenant_database(self, tenant: str, database: str) -> None:
            limit(getattr(self._admin_client, "_server", None))
            super()._validate_tenant_database(tenant, database)

    parts = urlsplit(url)
    ssl = parts.scheme == "https"
    settings = chroma_settings()
    settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
    settings.chroma_server_host = parts.hostname or "localhost"
    settings.chroma_server_http_port = parts.port or (443 if ssl else 8000)
    settings.chroma_server_ssl_enabled = ssl
    settings.chroma_server_headers = None
    return Limited(settings=settings)


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
