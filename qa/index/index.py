"""The index: documents and their passages in Chroma, for many readers and one writer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qa.access import OWNER, Viewer
from qa.errors import IndexMismatchError, IndexUnavailableError
from qa.index.changes import Changes
from qa.index.layout import FORMAT, Head, head_of
from qa.index.layout import text_version as text_version
from qa.index.making import Making
from qa.index.reviewed import Reviewed
from qa.index.snapshot import Snapshot as Snapshot
from qa.index.snapshot import read, snapshot_of
from qa.index.stores.store import Store, Writer
from qa.index.verdicts import Verdicts

# A generation may be replaced, and deleted, between asking for its number and opening it.
_ATTEMPTS = 5
# Snapshots as people with different permissions see them; each is a list of the documents.
_MOST_SEEN = 64


class Index:
    """An index in a store, and how it is made; safe to share between threads."""

    def __init__(self, store: Store, made_by: Making) -> None:
        self.store = store
        self.made_by = made_by
        self._lock = threading.Lock()
        self._current: _Lease | None = None

    @property
    def splitter(self) -> str:
        """What an index remembers of how its passages were cut."""
        return self.made_by.splitter

    @contextlib.contextmanager
    def reading(self, viewer: Viewer) -> Iterator[Snapshot]:
        """What a viewer may read of the newest generation, held open for the length of the block.

        Raises:
            IndexMismatchError: another embedder or splitter made the index.
            IndexUnavailableError: the store cannot be reached or opened.
        """
        with self.store.reaching():
            lease = self._lease()
            try:
                yield lease.seen_by(viewer)
            finally:
                self._release(lease)

    @contextlib.contextmanager
    def writing(
        self, timeout: float, *, rebuild: bool = False, unread: bool = False, mend: bool = False
    ) -> Iterator[Changes]:
        """The right to change the index; what was not published by the end is lost.

        With `rebuild` it starts empty, and the previous content is in `Changes.before`; with
        `unread`, even if that content can no longer be read. With `mend`, an index with damaged
        vectors is rebuilt, too.

        Raises:
            IndexLockedError: another process did not finish within `timeout` seconds.
            IndexMismatchError: another embedder or splitter made it, and `rebuild` is not set.
        """
        with self.store.reaching(), self.store.writing(timeout) as writer:
            if rebuild or (mend and writer.lost_vectors()):
                writer.renew()
                with self._as_it_was(unread) as before:
                    yield self._session(writer, None, before)
                return
            with self.reading(OWNER) as snapshot:
                session = self._session(writer, snapshot)
            yield session

    def catch_up(self) -> None:
        """Let go of a generation that is not the newest any more, and of what is kept of it.

        Where nobody asks meanwhile, the newest one is opened, so that the next question need not
        wait for its keyword index.

        Raises:
            IndexUnavailableError: the store cannot be reached.
            IndexMismatchError: another embedder or splitter has made it anew.
        """
        with self.store.reaching():
            newest = self.store.generation()
        with self._lock:
            behind = self._current is not None and self._current.generation != newest
            if behind:
                self._retire()
        if behind and newest:
            with self.reading(OWNER):
                pass

    def close(self) -> None:
        """Let go of the store; the index may be used again."""
        with self._lock:
            self._retire()
        self.store.leave()

    def check(self, head: Head | None) -> None:
        """Raise an `IndexMismatchError` unless this embedder and splitter made the index."""
        if head is None:
            return
        made = (head.format, head.fingerprint, head.splitter)
        ours = (FORMAT, self.made_by.fingerprint, self.splitter)
        if made != ours:
            raise IndexMismatchError(
                f"The index {self.store.location} was made with embedder {made[1]}, splitter "
                f"{made[2]} (format {made[0]}); these settings and this version of Footnote use "
                f"embedder {ours[1]}, splitter {ours[2]} (format {ours[0]}). Run: qa sync "
                "--rebuild. Or go back to the settings or the version that made the index."
            )

    def _session(
        self, writer: Writer, snapshot: Snapshot | None, before: Snapshot | None = None
    ) -> Changes:
        verdicts = Verdicts.of(self.store.location)
        reviewed = Reviewed(self.store.folder)
        return Changes(writer, snapshot, self.made_by, verdicts, reviewed, before)

    @contextlib.contextmanager
    def _as_it_was(self, unread: bool) -> Iterator[Snapshot]:
        """The newest generation, whatever made it; with `unread`, an empty one if need be."""
        try:
            with self.store.reaching():
                snapshot = self._read_unchecked()
        except IndexUnavailableError:
            if not unread:
                raise
            snapshot = snapshot_of(None, None, {})
        try:
            yield snapshot
        finally:
            self._shut(snapshot)

    def _read_unchecked(self) -> Snapshot:
        view = self.store.open(self.store.generation(), vectors=False)
        if view is None:
            return snapshot_of(None, None, {})
        self.store.release(view)  # while we may write, nobody else can replace it
        try:
            head = head_of(view)
            readable = head is None or head.format == FORMAT
            return read(view) if readable else snapshot_of(view, head, {})
        except BaseException:
            self.store.close(view)
            raise

    def _lease(self) -> _Lease:
        for attempt in range(_ATTEMPTS):
            generation = self.store.generation()
            with self._lock:
                try:
                    return self._held(generation)
                except IndexUnavailableError:
                    self._retire()
                    if attempt == _ATTEMPTS - 1 or self.store.generation() == generation:
                        raise
        raise AssertionError("unreachable")

    def _held(self, generation: int) -> _Lease:
        lease = self._current
        if lease is None or lease.generation != generation:
            lease = _Lease(generation, self._read(generation))
            self._retire()
            self._current = lease
        elif not lease.readers and lease.snapshot.opened is not None:
            self.store.hold(lease.snapshot.opened)
        lease.readers += 1
        return lease

    def _release(self, lease: _Lease) -> None:
        with self._lock:
            lease.readers -= 1
            if lease.readers:
                return
            if lease.snapshot.opened is not None:
                self.store.release(lease.snapshot.opened)
            if lease.retired:
                self._shut(lease.snapshot)

    def _retire(self) -> None:
        if self._current is not None:
            self._current.retired = True
            for snapshot in (self._current.snapshot, *self._current.seen.values()):
                snapshot.beside.clear()
            if not self._current.readers:
                self._shut(self._current.snapshot)
        self._current = None

    def _shut(self, snapshot: Snapshot) -> None:
        snapshot.keywords.close()
        if snapshot.opened is not None:
            self.store.close(snapshot.opened)

    def _read(self, generation: int) -> Snapshot:
        view = self.store.open(generation)
        if view is None:
            return snapshot_of(None, None, {})
        try:
            with self.store.reaching():
                snapshot = read(view, self.check)
            if generation and snapshot.head is None:
                snapshot.keywords.close()
                raise IndexUnavailableError(
                    f"The index {self.store.location} has lost its records. "
                    "Run: qa sync --rebuild FOLDER"
                )
            return snapshot
        except BaseException:
            self.store.close(view)
            raise


@dataclass(slots=True)
class _Lease:
    generation: int
    snapshot: Snapshot
    readers: int = 0
    retired: bool = False
    seen: dict[frozenset[str], Snapshot] = field(default_factory=dict)

    def seen_by(self, viewer: Viewer) -> Snapshot:
        """The snapshot as a viewer sees it; those of the same groups share theirs."""
        hidden = self.snapshot.hidden_from(viewer)
        if hidden is None:
            return self.snapshot
        seen = self.seen.get(hidden)
        if seen is None:
            seen = self.snapshot.without(hidden)
            if len(self.seen) >= _MOST_SEEN:
                self.seen.clear()
            self.seen[hidden] = seen
        return seen


def open_store(location: str, cache: Path) -> Store:
    """The store at a folder or a URL; `cache` is where a server's keyword index is kept."""
    if location.startswith(("http://", "https://")):
        from qa.index.stores.server.server_store import ServerStore

        return ServerStore(location, cache)
    from qa.index.stores.folder_store import FolderStore

    return FolderStore(Path(location).expanduser())


def open_index(location: str, cache: Path, made_by: Making) -> Index:
    """The index at a folder or a URL; `cache` is where a server's keyword index is kept."""
    return Index(open_store(location, cache), made_by)
