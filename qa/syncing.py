"""Mirror folders in the index: what is new is added, what is gone is removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa import loading
from qa.entries import Entry, document_id, entry_of, text_version
from qa.errors import IndexLockedError, LoadError, QAError
from qa.folders import File, digest, existing, files, folder_name
from qa.forgetting import forget as forget
from qa.index import Index
from qa.records import Document, Progress, Skipped, SyncReport
from qa.session import Session
from qa.settings import Settings, sample_folder
from qa.snapshot import Snapshot

# Documents are embedded together, up to this many characters, so that the encoder's batches fill.
_CHARACTERS_AT_ONCE = 100_000
# A long sync shows what it has done so far, and keeps it if it is killed, this often. Publishing
# copies the database, so it may take at most a twentieth of the time.
_SECONDS_BETWEEN_PUBLISHING = 20.0
_PUBLISHING_SHARE = 0.05

ProgressCallback = Callable[[Progress], None]


@dataclass(slots=True)
class _Tally:
    """The report while it grows."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    passages: int = 0
    started: float = field(default_factory=time.perf_counter)

    def report(self) -> SyncReport:
        return SyncReport(
            added=tuple(sorted(set(self.added))),
            changed=tuple(sorted(set(self.changed))),
            renamed=tuple(sorted(self.renamed)),
            removed=tuple(sorted(set(self.removed))),
            unchanged=tuple(sorted(set(self.unchanged))),
            skipped=tuple(self.skipped),
            passages=self.passages,
            seconds=time.perf_counter() - self.started,
        )


def sync(
    index: Index,
    folders: Sequence[str | Path] | None,
    settings: Settings,
    *,
    progress: ProgressCallback = lambda _: None,
    rebuild: bool = False,
) -> SyncReport:
    """Bring the index in line with `folders`, or with those it mirrors already.

    Documents of other folders stay as they are. An index that never held
    anything is given the sample documents, which make way for the first folder
    of the user's own.

    `rebuild` makes the index anew: every folder is read again, and what is in
    no folder that is there is embedded again from the text in the index. It
    replaces the old index when it is complete.

    Raises:
        SettingsError: there is no such folder.
        IndexLockedError: another sync did not finish within `settings.lock_timeout`.
    """
    tally = _Tally()
    given = None if folders is None else [existing(Path(folder)) for folder in folders]
    with _writing(index, settings.lock_timeout, progress, rebuild, given) as session:
        mirror = _Mirror(session, settings, index.store.folder, tally, progress)
        try:
            mirror.run(given)
        except BaseException:
            if session.before is None:  # an index made anew is replaced whole or not at all
                with contextlib.suppress(QAError):
                    session.salvage()
            raise
        session.publish()
    return tally.report()


def add(index: Index, documents: Iterable[Document], settings: Settings) -> SyncReport:
    """Add documents that are not in files, all or none; a known source or id is replaced.

    Raises:
        LoadError: what a document says cannot be stored.
    """
    tally = _Tally()
    with index.writing(settings.lock_timeout) as session:
        batch: dict[str, Document] = {}
        sources: set[str] = set()
        characters = 0
        for document in documents:
            check_storable(document)
            if document.source in sources or document.id in batch:
                tally.passages += _put(session, batch)
                batch, sources, characters = {}, set(), 0
            ready = _with_id(document, session)
            if not _replace(ready, session, tally):
                continue
            batch[ready.id] = ready
            sources.add(ready.source)
            characters += len(ready.text)
            if characters > _CHARACTERS_AT_ONCE:
                tally.passages += _put(session, batch)
                batch, sources, characters = {}, set(), 0
        tally.passages += _put(session, batch)
        session.publish()
    return tally.report()


def check_storable(document: Document) -> None:
    """Refuse what could not be read back as it was given.

    Raises:
        LoadError: half a character in a text, or metadata that are not plain values.
    """
    for name in ("source", "title", "text"):
        value: str = getattr(document, name)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise LoadError(
                f"{document.source!r}: the character at {error.start} of its {name} is half of a "
                "surrogate pair. Decode the text again, or leave that character out."
            ) from error
    for key, item in document.metadata.items():
        if not isinstance(item, str | int | float | bool):
            raise LoadError(
                f"{document.source}: metadata {key!r} is a {type(item).__name__}. "
                "Give a text, a number, True or False."
            )


class _Mirror:
    """One sync: look at the folders, decide, then read and embed what has to be."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        own_folder: Path,
        tally: _Tally,
        progress: ProgressCallback,
    ) -> None:
        self._session = session
        self._settings = settings
        self._own_folder = own_folder
        self._tally = tally
        self._progress = progress
        self._published = time.perf_counter()
        self._interval = _SECONDS_BETWEEN_PUBLISHING

    def run(self, given: Sequence[Path] | None) -> None:
        roots = self._roots(given)
        found: list[File] = []
        for name, root in roots.items():
            found.extend(files(name, root, self._own_folder, self._tally.skipped))
        entries = self._session.entries.values()
        mirrored = {entry.source: entry for entry in entries if entry.folder in roots}
        present = self._digested(found)
        unseen = tuple(skipped.source for skipped in self._tally.skipped)
        self._read(self._compare(present, mirrored, unseen))
        if self._session.before is not None:
            self._carry_over(self._session.before, roots, unseen)

    def _roots(self, given: Sequence[Path] | None) -> dict[str, Path]:
        head = self._session.head
        known = dict(head.folders)
        if given is None and self._session.fresh:
            seeds = sample_folder()
            self._session.set_head(folders={seeds.name: str(seeds)}, samples=seeds.name)
            return {seeds.name: seeds}
        if given is not None and head.samples and sample_folder() not in given:
            self._drop_samples(head.samples)
            known.pop(head.samples, None)
        roots: dict[str, Path] = {}
        for path in given or ():
            name = folder_name(path, known)
            known[name], roots[name] = str(path), path
        if given is None or self._session.before is not None:
            others = {name: place for name, place in known.items() if name not in roots}
            roots.update({n: Path(place) for n, place in others.items() if self._there(n, place)})
        samples = head.samples if given is None else ""
        self._session.set_head(folders=known, samples=samples)
        return roots

    def _there(self, name: str, path: str) -> bool:
        if Path(path).exists():
            return True
        reason = (
            f"{path} is gone; its documents were kept. If it is meant to be, run: qa forget {name}"
        )
        self._tally.skipped.append(Skipped(name, reason))
        return False

    def _drop_samples(self, name: str) -> None:
        samples = [entry for entry in self._session.entries.values() if entry.folder == name]
        self._tally.removed.extend(entry.source for entry in samples)
        self._session.remove([entry.id for entry in samples])

    def _carry_over(
        self, before: Snapshot, roots: Mapping[str, Path], unseen: Sequence[str]
    ) -> None:
        """Embed again, from the index itself, what no folder that is there can bring."""
        folders = {"", *self._session.head.folders} - set(roots)
        batch: list[tuple[Document, str, str]] = []
        for entry in before.entries.values():
            if entry.folder in folders or _within(entry.source, unseen):
                document = before.document(entry.source)
                if document.id in self._session.entries:
                    document = _with_id(replace(document, id=""), self._session)
                batch.append((document, entry.digest, entry.folder))
            if sum(len(item[0].text) for item in batch) > _CHARACTERS_AT_ONCE:
                self._put(batch, len(self._session.entries), len(before.entries))
                batch = []
        self._put(batch, len(self._session.entries), len(before.entries))

    def _compare(
        self, present: Mapping[str, File], mirrored: Mapping[str, Entry], unseen: Sequence[str]
    ) -> list[File]:
        """Sort the files into unchanged, renamed and those to read; remove what is gone."""
        gone = {
            source: entry
            for source, entry in mirrored.items()
            if source not in present and not _within(source, unseen)
        }
        by_digest = {(entry.digest, Path(source).suffix): entry for source, entry in gone.items()}
        todo: list[File] = []
        for file in present.values():
            known = mirrored.get(file.source)
            moved = (file.digest, Path(file.source).suffix)
            if known is not None and known.digest == file.digest:
                self._tally.unchanged.append(file.source)
            elif known is None and moved in by_digest:
                self._rename(by_digest.pop(moved), file, gone)
            else:
                todo.append(file)
        self._tally.removed.extend(gone)
        self._session.remove([entry.id for entry in gone.values()])
        return todo

    def _digested(self, found: Sequence[File]) -> dict[str, File]:
        """The files that can be opened, by source; those that cannot are skipped."""
        present: dict[str, File] = {}
        for number, file in enumerate(found):
            self._progress(Progress("reading", number, len(found), file.source))
            try:
                present[file.source] = replace(file, digest=digest(file.path))
            except OSError as error:
                if isinstance(error, FileNotFoundError) and not file.path.is_symlink():
                    continue  # deleted since the folder was listed
                reason = f"{file.source} cannot be opened: {error.strerror}."
                if self._session.find(file.source) is not None:
                    reason += " What it said before is kept."
                self._tally.skipped.append(Skipped(file.source, reason))
        return present

    def _rename(self, entry: Entry, file: File, gone: dict[str, Entry]) -> None:
        del gone[entry.source]
        self._tally.renamed.append((entry.source, file.source))
        title = entry.title
        with contextlib.suppress(LoadError):  # the title may come from the file's name
            title = loading.load(file.path, file.source).title
        renamed = replace(entry, source=file.source, folder=file.folder, title=title)
        self._session.relabel(renamed)

    def _read(self, found: Sequence[File]) -> None:
        batch: list[tuple[Document, str, str]] = []
        characters = 0
        for number, file in enumerate(found):
            self._progress(Progress("reading", number, len(found), file.source))
            document = self._load(file)
            if document is None:
                continue
            batch.append((document, file.digest, file.folder))
            characters += len(document.text)
            if characters > _CHARACTERS_AT_ONCE:
                self._put(batch, number + 1, len(found))
                batch, characters = [], 0
        self._put(batch, len(found), len(found))

    def _load(self, file: File) -> Document | None:
        known = self._session.find(file.source)
        try:
            document = loading.load(
                file.path, file.source, max_megabytes=self._settings.max_file_megabytes
            )
            check_storable(document)
        except LoadError as error:
            self._tally.skipped.append(Skipped(file.source, str(error)))
            if known is not None:  # what it used to say is no longer in the folder
                self._tally.removed.append(file.source)
                self._session.remove([known.id])
            return None
        (self._tally.added if known is None else self._tally.changed).append(file.source)
        return _with_id(document, self._session)

    def _put(self, batch: Sequence[tuple[Document, str, str]], done: int, total: int) -> None:
        if not batch:
            return
        source = batch[-1][0].source
        embedded = 0

        def report(passages: int) -> None:
            nonlocal embedded
            embedded += passages
            self._progress(Progress("embedding", done, total, f"{source} · {embedded} passages"))

        self._tally.passages += self._session.put(batch, report)
        if self._session.before is None:
            self._publish_at_times()

    def _publish_at_times(self) -> None:
        if time.perf_counter() - self._published > self._interval:
            before = time.perf_counter()
            self._session.publish()
            self._published = time.perf_counter()
            took = self._published - before
            self._interval = max(_SECONDS_BETWEEN_PUBLISHING, took / _PUBLISHING_SHARE)


@contextlib.contextmanager
def _writing(
    index: Index,
    timeout: float,
    progress: ProgressCallback,
    rebuild: bool,
    given: Sequence[Path] | None,
) -> Iterator[Session]:
    how = {"rebuild": rebuild, "unread": given is not None}
    with contextlib.ExitStack() as stack:
        try:
            session = stack.enter_context(index.writing(0, **how))
        except IndexLockedError:
            progress(Progress("waiting", 0, 0))
            session = stack.enter_context(index.writing(timeout, **how))
        yield session


def _put(session: Session, batch: Mapping[str, Document]) -> int:
    return session.put([(document, "", "") for document in batch.values()])


def _replace(document: Document, session: Session, tally: _Tally) -> bool:
    """Make way for a document and count it; False where it is in the index as it is."""
    old = session.find(document.source)
    if old is not None and old.id == document.id and _same(old, document):
        tally.unchanged.append(document.source)
        return False
    other = session.entries.get(document.id)
    if other is not None and other.source != document.source:  # the id of another source
        tally.removed.append(other.source)
    if old is not None and old.id != document.id:
        session.remove([old.id])
    new = old is None and document.source not in tally.added
    (tally.added if new else tally.changed).append(document.source)
    return True


def _same(entry: Entry, document: Document) -> bool:
    kept = entry_of(document, text_version(document), "", "", 0)
    return entry.indexed == kept.indexed and entry.metadata == kept.metadata


def _within(source: str, folders: Sequence[str]) -> bool:
    return any(source == folder or source.startswith(folder + "/") for folder in folders)


def _with_id(document: Document, session: Session) -> Document:
    if document.id:
        return document
    known = session.find(document.source)
    id = known.id if known is not None else document_id(document.source, session.entries)
    return replace(document, id=id)
