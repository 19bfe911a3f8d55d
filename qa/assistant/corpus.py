"""The documents of an index: mirrored, added, shown, forgotten."""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Self

from qa import indexing
from qa.access import OWNER, Viewer
from qa.answering import KeptAnswers, Precedence
from qa.assistant.arguments import (
    cluster_of,
    documents_of,
    folders_of,
    groups_of,
    source_of,
    viewer_of,
    way_of,
    whole_number,
)
from qa.audit import Audit
from qa.backups import told_to
from qa.errors import (
    AccessError,
    ArgumentError,
    IndexUnavailableError,
    QAError,
)
from qa.events import AccessChanged, Asker, Erased, Listeners, Synced, Way
from qa.index import Snapshot, open_index
from qa.indexing import Preparing
from qa.models import open_embedder
from qa.places import cache_folder
from qa.records import Document, Forgotten, Link, PageMarks, Progress, Status, SyncReport
from qa.settings import Settings


class Corpus:
    """An index and its documents; `Assistant` asks about them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.embedder = open_embedder(settings.embedder, fast=settings.fast_encoder)
        self._preparing = Preparing(self.embedder, settings.passage_tokens)
        self.index = open_index(settings.index, cache_folder(), self._preparing)
        self._precedence = Precedence()
        self._kept: KeptAnswers | None = None
        self._showing = indexing.Showing(settings.limits)
        self.syncs = indexing.EndedSyncs(self.index)
        """How the last syncs of the index ended, in whichever process."""
        self._closed = Event()  # which all that share the index see
        self._viewer = OWNER
        self._way: Way = "library"
        self.listeners = Listeners()
        """Who is told what happens: functions that take an event, such as `qa.Answered`."""
        self.audit = Audit.of(settings)
        if self.audit is not None:
            self.listeners.add(self.audit)

    def seen_by(self, viewer: Viewer, *, way: Way | None = None) -> Self:
        """The same for one viewer: it says and shows nothing that they may not read.

        It shares everything with this one, so that it costs next to nothing, and changes nothing in
        the index. Listeners are told by which `way` it is asked.

        Raises:
            ArgumentError: it is no viewer or way, or this is what another one sees.
        """
        self._check_open()
        if viewer is None:  # it would be the owner
            raise ArgumentError("seen_by takes a qa.Viewer; there is none.")
        other = copy.copy(self)
        other._viewer = self._seeing(viewer)
        other._way = self._way if way is None else way_of(way)
        return other

    def sync(
        self,
        folders: Sequence[str | Path] | str | Path | None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        rebuild: bool = False,
        retry: bool = False,
        groups: Collection[str] | None = None,
        ray: str | None = None,
    ) -> SyncReport:
        """Mirror folders: add what is new, replace what changed, remove what is gone.

        An address of the web (`https://…`) is mirrored as a folder is: if it ends in "/", with all
        pages below it; a sitemap (`.xml`) with those that it lists; otherwise that page. Nothing is
        requested from the web except by this method.

        Without folders, this applies to those that the index already mirrors; a new index at the
        default place gets the sample documents. `rebuild` makes the index anew. With `retry`, files
        that could not be read are tried again although nothing has changed.

        Only viewers in one of `groups` may read what is at the given addresses, from now on, or
        everybody with "*"; of several addresses, the nearest counts. Folders have files with rules.

        Files are read and embedded on the machines of the Ray cluster at the address `ray`, if one
        is given: `host:port`, or `auto` for the one that this machine belongs to. The setting of
        this name is for the command line.

        Raises:
            ArgumentError: there are groups and no addresses.
            SettingsError: there is no such folder, or an address that cannot be reached.
            ClusterError: there is no such cluster, or it is away, or another version is there.
            IndexLockedError: another sync did not finish in time.
        """
        self._check_may_change()
        given = folders_of(folders)
        report = self._giving_way(reporting(progress))
        permitted, cluster = groups_of(groups), cluster_of(ray)
        began = time.perf_counter()
        try:
            synced = indexing.sync(
                self.index,
                self._preparing,
                given,
                self.settings,
                progress=report,
                rebuild=rebuild,
                retry=retry,
                groups=permitted,
                ended=self.syncs,
                ray=cluster,
            )
        except Exception as error:
            self.syncs.failed(error, given, seconds=time.perf_counter() - began)
            raise
        return self._synced(synced)

    def watch(self, stop: Event | None = None) -> Iterator[SyncReport | QAError]:
        """Sync the mirrored folders, and again after each change, until `stop` is set.

        It gives the report of each sync, and the errors, which do not end it. Changes made at the
        same time are synced together, and files are left alone while they are being written.
        Questions that are asked meanwhile go first. Nothing of the web is synced.
        """
        self._check_may_change()

        def syncing(
            settings: Settings, progress: Callable[[Progress], None], leave: Collection[str]
        ) -> SyncReport:
            return self._synced(
                indexing.sync(
                    *(self.index, self._preparing, None, settings),
                    progress=self._giving_way(progress),
                    leave=leave,
                    remote=False,
                    ended=self.syncs,
                )
            )

        def noting() -> Iterator[SyncReport | QAError]:
            found = indexing.watch(self.index, self.settings, syncing, stop or Event())
            with contextlib.closing(found):
                for one in found:
                    if isinstance(one, QAError):
                        self.syncs.failed(one, remote=False)
                    yield one

        return noting()

    def add(
        self, documents: Iterable[Document], *, groups: Collection[str] | None = None
    ) -> SyncReport:
        """Add documents that are not in files; one with a known source replaces it.

        Only viewers in one of `groups` may read them, or everybody with "*". Without, a known
        source keeps the groups that it has, and everybody may read a new one.

        Raises:
            ArgumentError: they are not documents, or groups are no list of names.
            LoadError: a document cannot be stored.
        """
        self._check_may_change()
        return self._synced(
            indexing.add(
                self.index,
                self._preparing,
                documents_of(documents),
                self.settings,
                groups_of(groups),
            )
        )

    def forget(self, source: str) -> Forgotten:
        """Remove a source, or all of a folder, and prove that nothing of it is left.

        Raises:
            UnknownSourceError: the index holds no such source or folder.
        """
        self._check_may_change()
        forgotten = indexing.forget(self.index, source_of(source), self.settings)
        self._showing.forget(self.index)
        self.listeners.tell(Erased(by=self.by, index=self.settings.index, forgotten=forgotten))
        return forgotten

    def document(self, source: str, *, viewer: Viewer | None = None) -> Document:
        """A document as it was read, with the text that the offsets of citations refer to.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        self._check_open()
        with self.index.reading(self._seeing(viewer)) as snapshot:
            return snapshot.document(source_of(source))

    def links(self, source: str, *, viewer: Viewer | None = None) -> list[Link]:
        """The links of a document that lead somewhere.

        The target of a link to another document, or to a heading of its own, is `#source:` and the
        quoted source, followed by `:start-end` of a heading; links to documents that are not in the
        index are left out.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        self._check_open()
        with self.index.reading(self._seeing(viewer)) as snapshot:
            return snapshot.links(snapshot.document(source_of(source)))

    def original(self, source: str, *, viewer: Viewer | None = None) -> Path | None:
        """The file that a document was read from; None if there is none any more.

        It is always below the document's folder; a link that leads out is not followed.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        self._check_open()
        with self.index.reading(self._seeing(viewer)) as snapshot:
            entry = snapshot.entry(source_of(source))
            return indexing.original(entry.source, entry.folder, _folders(snapshot))

    def page(
        self, source: str, page: int, width: int = 1200, *, viewer: Viewer | None = None
    ) -> bytes:
        """A page of a PDF or an image as it looks, counted from 1: a WebP picture.

        It can be 600, 900, 1200, 1800 or 2400 pixels wide. The last pictures are kept in memory.

        Raises:
            UnknownSourceError: the index holds no such source.
            ArgumentError: there is no such page or width.
            UnsupportedFormatError: it is neither a PDF nor an image.
            LoadError: its file is gone or has changed, or the page cannot be drawn.
            BusyError: too many pages are waiting to be drawn.
        """
        self._check_open()
        number, wide = whole_number(page, "page"), whole_number(width, "width")
        with self.index.reading(self._seeing(viewer)) as snapshot:
            entry, folders = snapshot.entry(source_of(source)), _folders(snapshot)
        return self._showing.picture(self.index, entry, folders, number, wide)

    def marks(
        self, source: str, start: int, end: int, *, viewer: Viewer | None = None
    ) -> list[PageMarks]:
        """Where `document.text[start:end]` is on the pages of a PDF or an image, as boxes.

        They are around its lines. The pages of a scan are recognised again for it, which takes
        seconds.

        Raises:
            UnknownSourceError: the index holds no such source.
            ArgumentError: that is no range of its text, or runs over more than 20 pages.
            UnsupportedFormatError: it is neither a PDF nor an image.
            LoadError: its file is gone or has changed, or cannot be read any more.
            BusyError: too many pages are waiting.
        """
        self._check_open()
        first, last = whole_number(start, "start"), whole_number(end, "end")
        with self.index.reading(self._seeing(viewer)) as snapshot:
            entry, folders = snapshot.entry(source_of(source)), _folders(snapshot)
            document = snapshot.document(entry.source)
        return self._showing.marks(self.index, entry, document, folders, first, last)

    def status(self, *, compare: bool = False, viewer: Viewer | None = None) -> Status:
        """What the index holds, when it last changed, and what could not be read.

        With `compare`, the synced folders are looked through: `stale` is what the next sync would
        read or remove; what a viewer sees of an index with rules names no such files.
        """
        self._check_open()
        with self.index.reading(self._seeing(viewer)) as snapshot:
            found = snapshot.status(self.settings.index, self.embedder.name)
            if not compare or snapshot.restricted:
                return found
            own = self.index.store.folder
            return replace(found, stale=indexing.stale(snapshot, self.settings, own))

    @property
    def viewer(self) -> Viewer:
        """Who asks this one, unless a call says otherwise."""
        return self._viewer

    @property
    def by(self) -> Asker:
        """Who asks this one, and by which interface; listeners are told."""
        return Asker(self._viewer, self._way)

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from whoever asks."""
        return self._viewer.owner

    def _seeing(self, viewer: object) -> Viewer:
        """Who asks: a given viewer, or the one that this is for.

        Raises:
            ArgumentError: it is no viewer, or this is what another one sees.
        """
        given = viewer_of(viewer)
        if given is None:
            return self._viewer
        if self._viewer not in (OWNER, given):
            raise ArgumentError(
                f"This is what {self._viewer.name or 'a stranger'} may see, and nobody else can "
                "ask it. Ask the assistant of which seen_by was called."
            )
        return given

    def _giving_way(self, report: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """Tell of progress, and let questions that somebody waits for go first."""

        def told(progress: Progress) -> None:
            report(progress)
            self._precedence.give_way()

        return told

    def _synced(self, report: SyncReport) -> SyncReport:
        """The report, told to those who listen, and which documents others may read now."""
        self.listeners.tell(Synced(by=self.by, index=self.settings.index, report=report))
        if report.readers:
            sources = tuple(one.source for one in report.readers)
            self.listeners.tell(
                AccessChanged(by=self.by, index=self.settings.index, sources=sources)
            )
        return report

    def _check_may_change(self) -> None:
        self._check_open()
        if not self._viewer.owner:
            raise AccessError(
                f"This is what {self._viewer.name or 'a stranger'} may see; it changes nothing. "
                "Change the index with the assistant of which seen_by was called."
            )

    def close(self) -> None:
        """Release the index's files; no more questions can be asked."""
        self._closed.set()
        self._showing.forget(self.index)
        self.index.close()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise IndexUnavailableError(
                "This assistant was closed. Open another one: "
                f"qa.Assistant(index={self.settings.index!r})"
            )


def reporting(progress: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """What a caller wants to be told of progress.

    Raises:
        ArgumentError: it cannot be called.
    """
    return (lambda _: None) if progress is None else told_to(progress)


def _folders(snapshot: Snapshot) -> Mapping[str, str]:
    return snapshot.head.folders if snapshot.head is not None else {}
