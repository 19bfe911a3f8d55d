"""Mirror folders in the index: what is new is added, what is gone is removed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qa import loading
from qa.errors import IndexLockedError, LoadError, SettingsError, UnknownSourceError
from qa.index import Entry, Index, Session, document_id, read_head, text_version
from qa.records import Document, Forgotten, Progress, Skipped, SyncReport
from qa.settings import Settings, sample_folder

# Raised when files are read differently, so that unchanged ones are read again.
_READING = "1"
# Documents are embedded together, up to this many characters, so that the encoder's batches fill.
_CHARACTERS_AT_ONCE = 100_000
# A long sync shows what it has done so far, and keeps it if it is killed, this often. Publishing
# copies the database, so it may take at most a twentieth of the time.
_SECONDS_BETWEEN_PUBLISHING = 20.0
_PUBLISHING_SHARE = 0.05

ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    source: str
    folder: str
    digest: str = ""


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


def sync(
    index: Index,
    folders: Sequence[str | Path] | None,
    settings: Settings,
    *,
    progress: ProgressCallback = lambda progress: None,
    rebuild: bool = False,
) -> SyncReport:
    """Bring the index in line with `folders`, or with those it mirrors already.

    Documents of other folders stay as they are. An index that mirrors nothing
    yet is given the sample documents, which make way for the first folder of
    the user's own.

    Raises:
        SettingsError: there is no such folder.
        IndexLockedError: another sync did not finish within `settings.lock_timeout`.
    """
    started = time.perf_counter()
    given = None if folders is None else [_existing(Path(folder)) for folder in folders]
    tally = _Tally()
    before: dict[str, str] = {}
    if rebuild and given is None:
        before = known_folders(index)
    with _writing(index, settings.lock_timeout, progress, rebuild) as session:
        if before:
            session.set_head(folders=before)
        try:
            _Mirror(session, settings, tally, progress).run(given)
        except BaseException:
            session.publish()  # an interrupted sync goes on where it stopped
            raise
        session.publish()
    return SyncReport(
        added=tuple(sorted(tally.added)),
        changed=tuple(sorted(tally.changed)),
        renamed=tuple(sorted(tally.renamed)),
        removed=tuple(sorted(tally.removed)),
        unchanged=tuple(sorted(tally.unchanged)),
        skipped=tuple(tally.skipped),
        passages=tally.passages,
        seconds=time.perf_counter() - started,
    )


def add(index: Index, documents: Iterable[Document], settings: Settings) -> SyncReport:
    """Add documents that are not in files; one of a source that is there replaces it."""
    started = time.perf_counter()
    tally = _Tally()
    with index.writing(settings.lock_timeout) as session:
        sources = session.sources
        batch: list[tuple[Document, str, str]] = []
        for document in documents:
            ready = _with_id(document, sources, session)
            old = sources.get(ready.source)
            if old is not None and old.id != ready.id:
                session.remove([old.id])
            elif old is not None and _same(old, ready):
                tally.unchanged.append(ready.source)
                continue
            (tally.changed if old is not None else tally.added).append(ready.source)
            batch.append((ready, "", ""))
            if sum(len(item[0].text) for item in batch) > _CHARACTERS_AT_ONCE:
                tally.passages += session.put(batch)
                batch = []
        tally.passages += session.put(batch)
        session.publish()
    return SyncReport(
        added=tuple(tally.added),
        changed=tuple(tally.changed),
        unchanged=tuple(tally.unchanged),
        passages=tally.passages,
        seconds=time.perf_counter() - started,
    )


def forget(index: Index, source: str, settings: Settings) -> Forgotten:
    """Remove a source, or every source of a folder, and look for what is left of it.

    Raises:
        UnknownSourceError: the index holds no such source or folder.
    """
    with index.writing(settings.lock_timeout) as session:
        name = source.rstrip("/")
        gone = [
            entry
            for entry in session.entries.values()
            if entry.source == source or entry.source.startswith(name + "/")
        ]
        folders = {key: path for key, path in session.head.folders.items() if key != name}
        if not gone and len(folders) == len(session.head.folders):
            raise UnknownSourceError(
                f"The index holds no source or folder {source!r}. `qa status` lists what it holds."
            )
        samples = "" if session.head.samples == name else session.head.samples
        session.set_head(folders=folders, samples=samples)
        erased = session.remove([entry.id for entry in gone])
        session.publish(erase=erased)
    with index.reading() as snapshot:
        left = sum(snapshot.traces(entry) for entry in gone)
    return Forgotten(tuple(sorted(entry.source for entry in gone)), len(erased), left)


def known_folders(index: Index) -> dict[str, str]:
    """The folders that an index mirrors, whatever it was made by."""
    view = index.store.open(index.store.generation())
    try:
        head = read_head(view)
        return dict(head.folders) if head else {}
    finally:
        index.store.close(view)


class _Mirror:
    """One sync: look at the folders, decide, then read and embed what has to be."""

    def __init__(
        self, session: Session, settings: Settings, tally: _Tally, progress: ProgressCallback
    ) -> None:
        self._session = session
        self._settings = settings
        self._tally = tally
        self._progress = progress
        self._published = time.perf_counter()
        self._interval = _SECONDS_BETWEEN_PUBLISHING

    def run(self, given: Sequence[Path] | None) -> None:
        roots = self._roots(given)
        files = list(self._files(roots))
        mirrored = {
            source: entry for source, entry in self._session.sources.items() if entry.folder in roots
        }
        todo = self._compare(files, mirrored)
        self._read(todo)

    def _roots(self, given: Sequence[Path] | None) -> dict[str, Path]:
        head = self._session.head
        folders = dict(head.folders)
        if given is None:
            if not folders:
                samples = sample_folder()
                self._session.set_head(folders={samples.name: str(samples)}, samples=samples.name)
                return {samples.name: samples}
            return {name: Path(path) for name, path in folders.items() if self._there(name, path)}
        roots = {_name(path, folders): path for path in given}
        if head.samples and head.samples not in roots:
            self._drop_samples(head.samples)
            folders.pop(head.samples, None)
        folders.update({name: str(path) for name, path in roots.items()})
        self._session.set_head(folders=folders, samples="")
        return roots

    def _there(self, name: str, path: str) -> bool:
        if Path(path).exists():
            return True
        reason = f"{path} is gone; its documents were kept. If it is meant to be, run: qa forget {name}"
        self._tally.skipped.append(Skipped(name, reason))
        return False

    def _drop_samples(self, name: str) -> None:
        samples = [entry for entry in self._session.entries.values() if entry.folder == name]
        self._tally.removed.extend(entry.source for entry in samples)
        self._session.remove([entry.id for entry in samples])

    def _files(self, roots: Mapping[str, Path]) -> Iterator[_File]:
        for name, root in roots.items():
            for path in _walk(root):
                relative = path.relative_to(root).as_posix() if path != root else ""
                yield _File(path, f"{name}/{relative}" if relative else name, name)

    def _compare(self, files: Sequence[_File], mirrored: Mapping[str, Entry]) -> list[_File]:
        """Sort the files into unchanged, renamed and those to read; remove what is gone."""
        unread = {file.source for file in files}
        gone = {source: entry for source, entry in mirrored.items() if source not in unread}
        by_digest = {entry.digest: entry for entry in gone.values()}
        todo: list[_File] = []
        for number, file in enumerate(files):
            self._progress(Progress("reading", number, len(files), file.source))
            try:
                digest = _digest(file.path)
            except OSError as error:
                reason = f"{file.source} cannot be opened: {error.strerror}."
                self._tally.skipped.append(Skipped(file.source, reason))
                continue
            known = mirrored.get(file.source)
            if known is not None and known.digest == digest:
                self._tally.unchanged.append(file.source)
            elif known is None and digest in by_digest:
                self._rename(by_digest.pop(digest), file, gone)
            else:
                todo.append(replace(file, digest=digest))
        self._tally.removed.extend(gone)
        self._session.remove([entry.id for entry in gone.values()])
        return todo

    def _rename(self, entry: Entry, file: _File, gone: dict[str, Entry]) -> None:
        del gone[entry.source]
        self._tally.renamed.append((entry.source, file.source))
        title = entry.title
        with contextlib.suppress(LoadError):  # the title may come from the file's name
            title = loading.load(file.path, file.source).title
        renamed = replace(entry, source=file.source, folder=file.folder, title=title)
        self._session.relabel(renamed)

    def _read(self, files: Sequence[_File]) -> None:
        batch: list[tuple[Document, str, str]] = []
        characters = 0
        for number, file in enumerate(files):
            self._progress(Progress("reading", number, len(files), file.source))
            document = self._load(file)
            if document is None:
                continue
            batch.append((document, file.digest, file.folder))
            characters += len(document.text)
            if characters > _CHARACTERS_AT_ONCE:
                self._put(batch, number + 1, len(files))
                batch, characters = [], 0
        self._put(batch, len(files), len(files))

    def _load(self, file: _File) -> Document | None:
        sources = self._session.sources
        try:
            document = loading.load(
                file.path, file.source, max_megabytes=self._settings.max_file_megabytes
            )
        except LoadError as error:
            self._tally.skipped.append(Skipped(file.source, str(error)))
            if file.source in sources:  # what it used to say is no longer in the folder
                self._tally.removed.append(file.source)
                self._session.remove([sources[file.source].id])
            return None
        (self._tally.changed if file.source in sources else self._tally.added).append(file.source)
        return _with_id(document, sources, self._session)

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
        if time.perf_counter() - self._published > self._interval:
            before = time.perf_counter()
            self._session.publish()
            self._published = time.perf_counter()
            took = self._published - before
            self._interval = max(_SECONDS_BETWEEN_PUBLISHING, took / _PUBLISHING_SHARE)


@contextlib.contextmanager
def _writing(
    index: Index, timeout: float, progress: ProgressCallback, rebuild: bool
) -> Iterator[Session]:
    with contextlib.ExitStack() as stack:
        try:
            session = stack.enter_context(index.writing(0, rebuild=rebuild))
        except IndexLockedError:
            progress(Progress("waiting", 0, 0))
            session = stack.enter_context(index.writing(timeout, rebuild=rebuild))
        yield session


def _same(entry: Entry, document: Document) -> bool:
    return entry.version == text_version(document) and entry.metadata == document.metadata


def _existing(path: Path) -> Path:
    resolved = path.expanduser().resolve()
    if not resolved.exists():
        raise SettingsError(f"There is no folder or file {path}. Check the path, then sync again.")
    return resolved


def _name(path: Path, folders: Mapping[str, str]) -> str:
    """What the folder's sources begin with: its name, with parents while another has that."""
    for depth in range(1, len(path.parts)):
        name = "/".join(path.parts[-depth:])
        if name not in folders or Path(folders[name]) == path or not Path(folders[name]).exists():
            return name
    return path.as_posix()


def _walk(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            # Hidden files, and the locks that office programs leave beside an open document.
            if not name.startswith((".", "~$")):
                yield Path(folder, name)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return f"{_READING}:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def _with_id(document: Document, sources: Mapping[str, Entry], session: Session) -> Document:
    if document.id:
        return document
    known = sources.get(document.source)
    id = known.id if known is not None else document_id(document.source, session.entries)
    return replace(document, id=id)
