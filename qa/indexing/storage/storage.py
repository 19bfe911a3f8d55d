"""A folder of another storage as a place that is mirrored."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import PurePosixPath

from qa.errors import LoadError, SettingsError, TooLargeError, UnsupportedFormatError
from qa.index import Entry
from qa.indexing.folders.ignoring import LARGEST_BYTES, Ignoring, Patterns, read_patterns
from qa.indexing.mirrored import KEPT, Fetched, Remembered, digest_of
from qa.indexing.storage.addresses import Stored
from qa.indexing.storage.connections import Connection, Found, advice_on, connected, told
from qa.indexing.storage.listing import Listing
from qa.loading import supported_suffixes
from qa.loading.formats import choose
from qa.places.private_folder import PrivateFolder
from qa.places.regular_file import open_regular
from qa.records import Progress, Skipped
from qa.settings import Settings

# So many files, or so many bytes, are fetched before they are read; several at the same time.
_BATCH, _BATCH_BYTES, _AT_ONCE = 64, 200_000_000, 8
# After so many in a row that cannot be fetched, we look whether the place is still there.
_MOST_FAILURES = 5
# The clock of a storage counts in seconds; a file that is newer may change again unnoticed.
_SETTLED_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Object(Fetched):
    """A file as it was listed, and its path in the storage."""

    path: str = ""


class Storage:
    """The files of a place; `remembered` tells what the index has of one.

    What is listed with the size and the ETag or time that the index has noted is not fetched.
    """

    def __init__(
        self,
        place: Stored,
        settings: Settings,
        remembered: Callable[[str], Remembered],
        progress: Callable[[Progress], None],
    ) -> None:
        self._place = place
        self._settings = settings
        self._remembered = remembered
        self._progress = progress
        self._folder = PrivateFolder()
        self._numbers = count()
        self._stack = contextlib.ExitStack()
        self._connection: Connection | None = None
        self._closed = False
        self._failures = 0  # in a row
        self.unseen: list[Skipped] = []
        self.passed_over: list[Skipped] = []
        self.ruled: list[str] = []
        """The addresses of folders with rule files, which are not read, once files are listed."""
        self.notes: Mapping[str, str] = {}
        self.complete = False
        self._coming: set[str] = set()
        self.coming: Collection[str] = self._coming

    @property
    def names(self) -> list[str]:
        """That of the place."""
        return [self._place.name]

    @property
    def sources(self) -> list[str]:
        """That of the place."""
        return [self._place.name]

    def holds(self, entry: Entry) -> bool:
        """Whether a document is from here."""
        return entry.folder == self._place.name

    def close(self) -> None:
        """End the connection, and delete what was fetched."""
        self._closed = True
        self._stack.close()
        self._folder.close()

    def begin(self) -> None:
        """Look whether the place is there.

        Raises:
            SettingsError: it is not, or cannot be reached.
        """
        try:
            with told(self._place.url, advice_on(self._place)):
                self._connected().found()
        except LoadError as error:
            raise SettingsError(str(error)) from error

    def batches(self) -> Iterator[list[Object]]:
        """The files, as far as the limits allow; each batch can be opened until the next one."""
        known: list[Object] = []
        try:
            wanted, known = self._compared()
            self._coming.update(file.source for file in wanted)
            self.complete = True
            for fetched in self._fetched(wanted):
                yield [*known, *fetched]
                known = []
        except LoadError as error:
            self.unseen.append(Skipped(self._place.name, f"{error} {KEPT}"))
        self._coming.clear()
        self.complete = True
        yield known

    def _connected(self) -> Connection:
        if self._connection is None:
            opening = connected(self._place, self._settings.storage_file_seconds)
            self._connection = self._stack.enter_context(opening)
        return self._connection

    def _compared(self) -> tuple[list[Object], list[Object]]:
        """The files to be fetched, and those that are known as they are.

        Raises:
            LoadError: the place cannot be looked at.
        """
        connection = self._connected()
        ignoring = Ignoring.of(self._settings.ignore)
        most = self._settings.max_storage_files
        listing = Listing(self._place.url, connection, ignoring, self._patterns, most)
        self.ruled = listing.ruled
        wanted: list[Object] = []
        known: list[Object] = []
        for number, (source, found) in enumerate(listing.files()):
            self._progress(Progress("comparing", number, 0, source))
            note = _note(found, connection)
            here = Object(source, self._place.name, "", note, size=found.size, path=found.path)
            before = self._remembered(source)
            if note and before.digest and before.note == note and before.enough:
                known.append(replace(here, digest=before.digest))
            elif reason := self._refusal(here):
                self.passed_over.append(Skipped(source, reason))
            else:
                wanted.append(here)
        self.unseen.extend(listing.unseen)
        self.passed_over.extend(listing.passed_over)
        return wanted, known

    def _refusal(self, file: Object) -> str:
        """Why a file is not to be fetched, if its name or size tells."""
        try:
            if PurePosixPath(file.source).suffix.lower() not in supported_suffixes():
                choose(b"", file.source)
            self._check_size(file, file.size)
        except (TooLargeError, UnsupportedFormatError) as error:
            return str(error)
        return ""

    def _patterns(self, found: Found) -> Patterns:
        if found.size > LARGEST_BYTES:
            raise OSError(0, f"it is larger than {LARGEST_BYTES // 1000} kB")
        file = self._folder.path / str(next(self._numbers))
        self._connected().fetch(found.path, file, lambda _: None)
        with open_regular(file) as stream:
            return read_patterns(stream)

    def _fetched(self, wanted: list[Object]) -> Iterator[list[Object]]:
        done = 0
        with ThreadPoolExecutor(_AT_ONCE, "footnote storage") as threads:
            try:
                for batch in _batches(wanted):
                    files: list[Object] = []
                    for file, result in zip(batch, threads.map(self._try, batch), strict=True):
                        self._progress(Progress("fetching", done, len(wanted), file.source))
                        done += 1
                        self._coming.discard(file.source)
                        if isinstance(result, Object):
                            self._failures = 0
                            files.append(result)
                        else:
                            self._note_failure(file, result)
                    yield files
                    for one in files:
                        if one.file is not None:
                            one.file.unlink(missing_ok=True)
            finally:
                self._closed = True  # whoever interrupts it does not wait for what is arriving

    def _try(self, file: Object) -> Object | LoadError:
        try:
            return self._fetch(file)
        except LoadError as error:
            return error

    def _fetch(self, file: Object) -> Object:
        kept = self._folder.path / f"{next(self._numbers)}"
        ends = time.monotonic() + self._settings.storage_file_seconds

        def arrived(size: int) -> None:
            if self._closed or time.monotonic() > ends:
                raise TimeoutError
            self._check_size(file, size)

        try:
            with told(file.source):
                self._connected().fetch(file.path, kept, arrived)
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
        with open_regular(kept) as stream:
            digest = digest_of(hashlib.file_digest(stream, "sha256"))
        return replace(file, digest=digest, file=kept, size=kept.stat().st_size)

    def _check_size(self, file: Object, size: int) -> None:
        limits = self._settings.limits
        limits.check(file.source, "max_file_megabytes", size / 1e6, "has {} MB")

    def _note_failure(self, file: Object, error: LoadError) -> None:
        if isinstance(error, TooLargeError):
            self.passed_over.append(Skipped(file.source, str(error)))
            return
        self.unseen.append(Skipped(file.source, f"{error} {KEPT}"))
        self._failures += 1
        if self._failures < _MOST_FAILURES:
            return
        if isinstance(error.__cause__, TimeoutError):
            raise LoadError(f"{self._place.url} is not asked for more files: {error}") from error
        with told(self._place.url):
            self._connected().found()
        self._failures = 0  # so the reason lies in the files


def _note(found: Found, connection: Connection) -> str:
    """What changes with a file's content, as far as its storage tells; "" if that is too little.

    An ETag of S3 comes from the content. Elsewhere, and in every time, a second change within a
    moment may not show.
    """
    told = [found.etag, found.modified.isoformat() if found.modified else "", str(found.size)]
    if connection.flat and found.etag:
        return " ".join(told)
    if found.modified is None:
        return ""
    modified = found.modified
    if modified.tzinfo is None:
        modified = modified.replace(tzinfo=UTC)
    age = datetime.now(UTC) - modified
    return " ".join(told) if age.total_seconds() > _SETTLED_SECONDS else ""


def _batches(files: Iterable[Object]) -> Iterator[list[Object]]:
    batch: list[Object] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= _BATCH or size + file.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
