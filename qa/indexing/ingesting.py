"""Read, embed and store the files that a sync found to be new or changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from qa.errors import LoadError
from qa.index import Changes, Prepared, text_version
from qa.indexing import adding
from qa.indexing.adding import Tally, check_storable, id_of, with_id
from qa.indexing.cluster.cluster import Cluster
from qa.indexing.folders.failures import Failures
from qa.indexing.mirrored import Mirrored
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.indexing.work import Work
from qa.loading.workers import pool as workers
from qa.records import Document, Progress, Skipped, now
from qa.settings import Settings

# This often, a long sync publishes what it has done so far, so that readers see it and it is not
# lost if the sync is killed. Publishing copies the database, so it may take at most a twentieth of
# the time.
_SECONDS_BETWEEN_PUBLISHING = 20.0
_PUBLISHING_SHARE = 0.05


class Ingesting:
    """What one sync reads, on this machine or on those of a cluster."""

    def __init__(
        self,
        session: Changes,
        preparing: Preparing,
        settings: Settings,
        tally: Tally,
        progress: Callable[[Progress], None],
        failures: Failures,
        cluster: Cluster | None = None,
    ) -> None:
        self._session = session
        self._preparing = preparing
        self._settings = settings
        self._tally = tally
        self._progress = progress
        self._failures = failures
        self._cluster = cluster
        self._published = time.perf_counter()
        self._interval = _SECONDS_BETWEEN_PUBLISHING

    def read(self, found: Sequence[Mirrored]) -> None:
        """Read, embed and store these files."""
        work = Work([file.size for file in found], self._progress)
        if self._cluster is None:
            self._read_here(found, work)
        elif found:
            self._read_elsewhere(found, work, self._cluster)

    def put(self, batch: Sequence[Incoming], work: Work, number: int, source: str) -> None:
        """Embed and store documents, the last of which is the one before a number."""
        if not batch:
            return
        report = work.embeds(number, source)
        prepared = self._preparing.prepared(batch, self._session.holds, report)
        self._store(prepared)
        work.ends(number)

    def _read_here(self, found: Sequence[Mirrored], work: Work) -> None:
        batch: list[Incoming] = []
        characters = 0
        with self._loading(found) as documents:  # the next ones, while one is embedded
            for number, (file, loading) in enumerate(zip(found, documents, strict=True)):
                work.reads(number, file.source)
                document = self._accepted(file, loading)
                if document is None:
                    continue
                batch.append(
                    Incoming(document, file.digest, file.folder, file.stamp, now(), file.note)
                )
                characters += len(document.text)
                if characters > adding.CHARACTERS_AT_ONCE:
                    self.put(batch, work, number + 1, file.source)
                    batch, characters = [], 0
            self.put(batch, work, len(found), found[-1].source if found else "")

    def _read_elsewhere(self, found: Sequence[Mirrored], work: Work, cluster: Cluster) -> None:
        """Documents come as the machines are done with them, which changes nothing in the index."""
        batch: list[Prepared] = []
        characters = 0
        refused: dict[int, LoadError] = {}
        for number, outcome in cluster.prepared(found, self._known):
            file = found[number]
            if isinstance(outcome, LoadError):
                refused[number] = outcome
                work.prepares(number, file.source, 0)
                continue
            entry = replace(outcome.entry, digest=file.digest, folder=file.folder)
            entry = replace(entry, stamp=file.stamp, read=now(), note=file.note)
            self._count(file.source, entry.version, entry.title)
            batch.append(Prepared(entry, outcome.passages))
            characters += entry.characters
            work.prepares(number, file.source, len(outcome.passages))
            if characters > adding.CHARACTERS_AT_ONCE:
                self._store(batch)
                batch, characters = [], 0
        self._store(batch)
        for number, error in sorted(refused.items()):  # in a report, they are in this order
            self._refuse(found[number], error)

    def _known(self, source: str) -> tuple[str, str]:
        """The id of a source, and what the index holds of that (`Entry.indexed`)."""
        id = id_of(source, self._session)
        entry = self._session.entries.get(id)
        return id, "" if entry is None else entry.indexed

    def _loading(self, found: Iterable[Mirrored]) -> workers.Loading:
        places = ((file.opened, file.source, file.suffix) for file in found)
        return workers.loading(places, self._settings.limits, self._settings.parsing_processes)

    def _accepted(self, file: Mirrored, loading: Future[Document]) -> Document | None:
        try:
            document = loading.result()
            check_storable(document)
        except LoadError as error:
            self._refuse(file, error)
            return None
        document = with_id(document, self._session)
        self._count(document.source, text_version(document), document.title)
        return document

    def _refuse(self, file: Mirrored, error: LoadError) -> None:
        known = self._session.find(file.source)
        self._tally.skipped.append(Skipped(file.source, str(error)))
        self._failures.add(file, error)
        if known is not None:  # its previous text is no longer in the folder
            self._tally.removed.append(file.source)
            self._session.remove([known.id])

    def _count(self, source: str, version: str, title: str) -> None:
        known = self._session.find(source)
        if known is None:
            self._tally.added.append(source)
        elif (known.version, known.title) != (version, title):
            self._tally.changed.append(source)
        elif all(new != source for _, new in self._tally.renamed):
            self._tally.unchanged.append(source)

    def _store(self, prepared: Sequence[Prepared]) -> None:
        if not prepared:
            return
        self._tally.passages += self._session.put(prepared)
        if self._session.before is None:
            self._publish_at_times()

    def _publish_at_times(self) -> None:
        if time.perf_counter() - self._published > self._interval:
            before = time.perf_counter()
            self._session.publish()
            self._published = time.perf_counter()
            took = self._published - before
            self._interval = max(_SECONDS_BETWEEN_PUBLISHING, took / _PUBLISHING_SHARE)
