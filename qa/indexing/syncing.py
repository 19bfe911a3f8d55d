"""Mirror folders in the index: what is new is added, what is gone is removed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qa.errors import ArgumentError, IndexLockedError, IndexUnavailableError, QAError
from qa.index import Changes, Entry, Failure, Index, Snapshot
from qa.indexing import adding
from qa.indexing.adding import Tally, with_id
from qa.indexing.choosing import Choosing, Location, existing_location, is_there
from qa.indexing.cluster.cluster import Cluster
from qa.indexing.ended import EndedSyncs
from qa.indexing.folders.failures import Failures, within
from qa.indexing.folders.files import Listing, Part
from qa.indexing.folders.folders import Folders
from qa.indexing.folders.ignoring import Ignoring
from qa.indexing.folders.matching import ByContent
from qa.indexing.folders.permissions import Permitting
from qa.indexing.ingesting import Ingesting
from qa.indexing.mirrored import Mirrored, Place, Remembered, is_current
from qa.indexing.permitting import other_readers
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.indexing.storage.addresses import Stored
from qa.indexing.storage.storage import Storage
from qa.indexing.web.addresses import Extent, Section
from qa.indexing.web.site import Site
from qa.indexing.work import Work
from qa.loading import title_from_name
from qa.records import Progress, Skipped, SyncReport
from qa.settings import Settings

ProgressCallback = Callable[[Progress], None]


def sync(
    index: Index,
    preparing: Preparing,
    folders: Sequence[str | Path] | None,
    settings: Settings,
    *,
    progress: ProgressCallback = lambda _: None,
    rebuild: bool = False,
    retry: bool = False,
    leave: Collection[str] = (),
    remote: bool = True,
    groups: Sequence[str] | None = None,
    ended: EndedSyncs | None = None,
    ray: str | None = None,
) -> SyncReport:
    """Bring the index in line with `folders`, or with those it mirrors already.

    Addresses of the web and of storage may be among them. Without `remote`, those that are mirrored
    already are left as they are, and nothing is requested.

    Documents of other folders are left alone. A default index that has never held anything gets the
    sample documents, which are removed for the user's first own folder.

    `rebuild` makes the index anew: every folder is read again, and documents that are in no
    existing folder are embedded again from their text in the index. The old index is replaced when
    the new one is complete.

    A file that could not be read is not tried again as long as neither it nor the limits in the
    settings change, except with `retry`. The sources in `leave` stay as they are in the index.

    Only `groups` may read what is at the addresses among `folders`, from now on. What became of it
    is noted in `ended`, unless it raises an error.

    Files are read and embedded on the machines of the Ray cluster at the address `ray`, if one is
    given.

    Raises:
        ArgumentError: there are groups and no addresses, or folders, which have their own rules.
        ClusterError: there is no such cluster, or its machines have something else installed.
        SettingsError: there is no such folder, or no such page can be reached.
        IndexLockedError: another sync did not finish within `settings.lock_timeout`.
    """
    tally = Tally()
    given = None if folders is None else [existing_location(folder) for folder in folders]
    addresses = [one.url for one in given or () if not isinstance(one, Path)]
    if groups is not None and (not addresses or len(addresses) < len(given or ())):
        raise ArgumentError(
            "Groups can be given for addresses alone. Who may read the files of a folder is said "
            "in a file .qa-access.toml in it."
        )
    with contextlib.ExitStack() as stack:
        cluster = None if ray is None else stack.enter_context(Cluster(ray, preparing, settings))
        writing = _writing(index, settings.lock_timeout, progress, rebuild, given)
        session = stack.enter_context(writing)
        failures = Failures(session.failures, settings.limits, retry=retry or rebuild)
        ingesting = Ingesting(session, preparing, settings, tally, progress, failures, cluster)
        mirror = _Mirror(
            session, settings, index.store.folder, tally, progress, failures, ingesting
        )
        before = session.before.entries if session.before is not None else session.entries
        held, rules = dict(before), dict(session.rules)
        try:
            if groups is not None:
                readers = {one: list(groups) for one in addresses}
                session.set_head(readers={**session.head.readers, **readers})
            mirror.run(given, leave, remote=remote)
        except BaseException as error:
            # After a failure of the disk, Chroma would wait for a lock that it holds itself. And a
            # rebuilt index is published whole or not at all.
            failed = isinstance(error, IndexUnavailableError) or index.store.is_its_own(error)
            if session.before is None and not failed:
                with contextlib.suppress(QAError):
                    session.salvage()
            raise
        session.publish()
        pairs = [(old, session.entries[id]) for id, old in held.items() if id in session.entries]
        tally.readers = other_readers(pairs, rules, session.rules)
        report = tally.report()
        if ended is not None:
            ended.succeeded(report, session.head.folders, mirror.looked_at)
    return report


class _Mirror:
    """One sync: list the folders, compare, then read and embed what is new or has changed."""

    def __init__(
        self,
        session: Changes,
        settings: Settings,
        own_folder: Path,
        tally: Tally,
        progress: ProgressCallback,
        failures: Failures,
        ingesting: Ingesting,
    ) -> None:
        self._session = session
        self._settings = settings
        self._own_folder = own_folder
        self._tally = tally
        self._progress = progress
        self._failures = failures
        self._ingesting = ingesting
        self._moved_from: set[str] = set()
        self._permitting = Permitting(session)
        self.looked_at: dict[str, str] = {}
        """The addresses of the places, each with why nothing of it could be seen, or ""."""
        self._seen: set[str] = set()  # names of those of which something was

    def run(
        self, given: Sequence[Location] | None, leave: Collection[str], *, remote: bool
    ) -> None:
        with contextlib.ExitStack() as stack:
            places = self._places(given, remote, stack)
            gone = list(self._tally.skipped)
            unseen = [*leave, *(skipped.source for skipped in self._tally.skipped)]
            for place in places:
                self._mirror(place, unseen, leave)
        if self._session.before is not None:
            roots = {name for place in places for name in place.names}
            self._carry_over(self._session.before, roots, unseen)
        unread = [skipped.source for skipped in self._tally.skipped]
        self._tally.skipped.extend(self._permitting.faults(unread))
        looked_at = [source for place in places for source in place.sources]
        self._note_places([*gone, *(one for place in places for one in place.unseen)], looked_at)
        notes = {source: note for place in places for source, note in place.notes.items()}
        failures = self._failures.all(self._tally.skipped, looked_at, unseen, notes)
        folders = [*self._session.head.folders]
        self._session.set_failures({s: one for s, one in failures.items() if within(s, folders)})
        self._permitting.finish()

    def _note_places(self, unseen: Iterable[Skipped], looked_at: Sequence[str]) -> None:
        reasons = {one.source: one.reason for one in unseen if one.source not in self._seen}
        for name, address in self._session.head.folders.items():
            if name in reasons or name in looked_at:
                self.looked_at[address] = reasons.get(name, "")

    def _places(
        self, given: Sequence[Location] | None, remote: bool, stack: contextlib.ExitStack
    ) -> list[Place]:
        """The places to look through, the folders as one of them."""
        choosing = Choosing(self._session, self._settings, self._own_folder, self._tally)

        def away(place: Section | Stored) -> Site | Storage:
            tools = self._settings, self._remembered, self._progress
            made: Site | Storage
            made = Site(place, *tools) if isinstance(place, Section) else Storage(place, *tools)
            return stack.enter_context(contextlib.closing(made))

        new = [one for one in given or () if not isinstance(one, Path) and choosing.is_new(one)]
        asked = [Section(one.name, one) if isinstance(one, Extent) else one for one in new]
        begun = {one: away(one) for one in asked}
        for one in begun.values():  # if one cannot be reached, nothing is changed
            one.begin()
        parts = choosing.parts(given)
        listing = Listing(self._own_folder, Ignoring.of(self._settings.ignore))
        folders = [part for part in parts if isinstance(part, Part)]
        others = [part for part in parts if remote and not isinstance(part, Part)]
        return [
            Folders(folders, listing, self._known, self._progress),
            *(begun.get(one) or away(one) for one in others),
        ]

    def _known(self, source: str) -> Entry | Failure | None:
        return self._session.find(source) or self._session.failures.get(source)

    def _remembered(self, source: str) -> Remembered:
        """What is known of a file, and whether that is enough as long as it does not change."""
        known = self._known(source)
        if known is None:
            return Remembered()
        if isinstance(known, Entry):
            return Remembered(known.digest, known.note, is_current(known))
        enough = not known.digest or self._failures.again(source, known.digest) is not None
        return Remembered(known.digest, known.note, enough)

    def _mirror(self, place: Place, unseen: list[str], leave: Collection[str]) -> None:
        """Bring the documents of a place in line with it; `unseen` gets what it could not see."""
        mirrored = {e.source: e for e in self._session.entries.values() if place.holds(e)}
        left = dict(mirrored)
        for batch in place.batches():
            if isinstance(place, Folders):  # listed by now, so that no rule is older than a file
                self._permitting.apply()
            elif isinstance(place, Storage):
                self._permitting.close(place.ruled)
            self._seen.update(file.folder for file in batch)
            present = {file.source: file for file in batch if self._is_wanted(file, leave)}
            gone: dict[str, Entry] = {}
            left = {s: e for s, e in left.items() if s not in present and self._session.find(s)}
            if place.complete:
                kept = [*unseen, *(one.source for one in place.unseen)]
                listed = place.coming
                gone = {s: e for s, e in left.items() if s not in listed and not within(s, kept)}
            todo = self._compare(present, mirrored, gone)
            self._remove({} if place.coming else gone)
            self._ingesting.read(todo)
        unseen.extend(one.source for one in place.unseen)
        self._tally.skipped.extend([*place.unseen, *place.passed_over])

    def _is_wanted(self, file: Mirrored, leave: Collection[str]) -> bool:
        """Whether a file is to be looked at, and is not one that another place has, too."""
        known = self._session.find(file.source)
        others = self._session.head.folders.keys() - {file.folder}
        return file.source not in leave and (known is None or known.folder not in others)

    def _carry_over(self, before: Snapshot, roots: Collection[str], unseen: Sequence[str]) -> None:
        """Embed documents that are in no existing folder again, from their text in the index."""
        folders = {"", *self._session.head.folders} - set(roots)
        kept = [
            entry
            for entry in before.entries.values()
            if entry.folder in folders or within(entry.source, unseen)
        ]
        work = Work([entry.characters for entry in kept], self._progress)
        batch: list[Incoming] = []
        for number, entry in enumerate(kept):
            document = before.document(entry.source)
            if document.id in self._session.entries:
                document = with_id(replace(document, id=""), self._session)
            kept_of = (
                *(entry.digest, entry.folder, entry.stamp, entry.read, entry.note),
                entry.rule_itself,
            )
            batch.append(Incoming(document, *kept_of))
            if sum(len(one.document.text) for one in batch) > adding.CHARACTERS_AT_ONCE:
                self._ingesting.put(batch, work, number + 1, entry.source)
                batch = []
        self._ingesting.put(batch, work, len(kept), kept[-1].source if kept else "")

    def _compare(
        self,
        present: Mapping[str, Mirrored],
        mirrored: Mapping[str, Entry],
        gone: dict[str, Entry],
    ) -> list[Mirrored]:
        """Tell apart unchanged files, renamed ones, which leave `gone`, and those to be read."""
        moved = ByContent([*gone.values(), *self._of_vanished_folders()])
        todo: list[Mirrored] = []
        for file in present.values():
            known = mirrored.get(file.source)
            if known is not None and known.digest == file.digest and is_current(known):
                self._tally.unchanged.append(file.source)
                if known.note != file.note:
                    self._session.relabel(replace(known, note=file.note))
            elif known is None and (entry := moved.take(file)) is not None:
                self._rename(entry, file, gone)
                if not is_current(entry):
                    todo.append(file)
            elif (unread := self._failures.again(file.source, file.digest)) is not None:
                self._tally.skipped.append(Skipped(file.source, unread.reason))
            else:
                todo.append(file)
        return todo

    def _remove(self, gone: Mapping[str, Entry]) -> None:
        self._tally.removed.extend(gone)
        self._session.remove([entry.id for entry in gone.values()])
        self._drop_emptied_folders()

    def _of_vanished_folders(self) -> list[Entry]:
        """The documents of folders that are gone; those of a moved folder are found again in it."""
        vanished = {n for n, place in self._session.head.folders.items() if not is_there(place)}
        return [entry for entry in self._session.entries.values() if entry.folder in vanished]

    def _drop_emptied_folders(self) -> None:
        """Stop mirroring vanished folders whose documents were all found again in another one."""
        head = self._session.head
        held = {entry.folder for entry in self._session.entries.values()}
        self._session.set_head(
            folders={
                name: place
                for name, place in head.folders.items()
                if name in held or name not in self._moved_from or is_there(place)
            }
        )

    def _rename(self, entry: Entry, file: Mirrored, gone: dict[str, Entry]) -> None:
        gone.pop(entry.source, None)
        self._moved_from.add(entry.folder)
        self._tally.renamed.append((entry.source, file.source))
        title = title_from_name(file.source) if entry.reading.named else entry.title
        renamed = replace(entry, source=file.source, folder=file.folder, title=title)
        self._session.relabel(replace(renamed, stamp=file.stamp, note=file.note))


@contextlib.contextmanager
def _writing(
    index: Index,
    timeout: float,
    progress: ProgressCallback,
    rebuild: bool,
    given: Sequence[Location] | None,
) -> Iterator[Changes]:
    how = {"rebuild": rebuild, "unread": given is not None, "mend": True}
    with contextlib.ExitStack() as stack:
        try:
            session = stack.enter_context(index.writing(0, **how))
        except IndexLockedError:
            progress(Progress("waiting", 0, 0))
            session = stack.enter_context(index.writing(timeout, **how))
        yield session
