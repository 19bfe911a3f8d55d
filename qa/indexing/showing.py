"""The pages of the files behind documents, as they look, and where a quote is on them.

Both come from the file itself, by a worker, and only while its content is what the index was made
from: a page never shows anything else than the text does.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from threading import BoundedSemaphore, Lock
from typing import Any

from qa.errors import ArgumentError, BusyError, LoadError, UnsupportedFormatError
from qa.index import Entry
from qa.indexing.folders.files import file_of, opened
from qa.indexing.mirrored import digest_of
from qa.limits import Limits
from qa.loading.workers.pool import done
from qa.loading.workers.tasks import Drawing, Found, Marking, Task
from qa.records import Document, PageBox, PageMarks, page_at

WIDTHS = (600, 900, 1200, 1800, 2400)
"""Of a page's picture, in pixels."""
MOST_PAGES = 20
"""Of one quote."""

_KEPT_BYTES = 64_000_000
_BOX_BYTES = 200  # roughly, of a mark that is kept
_MOST_WAITING = 16
# Of a page; a whole file may take longer.
_SECONDS, _CPU_SECONDS = 30.0, 15

Key = tuple[object, ...]
"""The index, the content of the file, and what is shown of it."""


class Showing:
    """Draws pages and finds quotes on them, and keeps the last ones; for all threads together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = replace(
            limits,
            parsing_seconds=min(limits.parsing_seconds, _SECONDS),
            parsing_cpu_seconds=min(limits.parsing_cpu_seconds, _CPU_SECONDS),
        )
        self._kept = _LastUsed()
        self._waiting = BoundedSemaphore(_MOST_WAITING)

    def picture(
        self, index: object, entry: Entry, folders: Mapping[str, str], page: int, width: int
    ) -> bytes:
        """A page, counted from 1, as a WebP picture of one of the `WIDTHS`.

        Raises:
            ArgumentError: there is no such page or width.
            UnsupportedFormatError: it is neither a PDF nor an image.
            LoadError: the file is gone or has changed, or the page cannot be drawn.
            BusyError: too many pages are waiting to be drawn.
        """
        _check_pages(entry)
        if not 1 <= page <= len(entry.pages):
            raise ArgumentError(
                f"{entry.source} has {len(entry.pages)} page(s); there is no page {page}."
            )
        if width not in WIDTHS:
            raise ArgumentError(f"A page can be {', '.join(map(str, WIDTHS))} pixels wide.")
        key = (index, entry.digest, page, width)
        picture: bytes | None = self._kept.get(key)
        if picture is None:
            picture = self._done(Drawing(page, width), entry, folders)
            self._kept.put(key, picture, len(picture))
        return picture

    def marks(
        self,
        index: object,
        entry: Entry,
        document: Document,
        folders: Mapping[str, str],
        start: int,
        end: int,
    ) -> list[PageMarks]:
        """The boxes around `document.text[start:end]` on each page that has some of it.

        Raises:
            ArgumentError: the range is not in the text, or runs over too many pages.
            UnsupportedFormatError: it is neither a PDF nor an image.
            LoadError: the file is gone or has changed, or is not what was read.
            BusyError: too many pages are waiting.
        """
        _check_pages(entry)
        parts = _by_page(document, start, end)
        key = (index, entry.digest, entry.version, start, end)
        boxes: list[tuple[PageBox, ...]] | None = self._kept.get(key)
        if boxes is None:
            boxes = self._done(Marking([list(part) for part in parts]), entry, folders)
            self._kept.put(key, boxes, _BOX_BYTES * (1 + sum(map(len, boxes))))
        return [
            PageMarks(part[0], found) for part, found in zip(parts, boxes, strict=True) if found
        ]

    def forget(self, index: object) -> None:
        """Keep nothing of an index."""
        self._kept.drop(index)

    def _done(self, task: Task[Found], entry: Entry, folders: Mapping[str, str]) -> Found:
        with self._at_most_waiting():
            file = file_of(entry.source, entry.folder, folders)
            if file is None:
                raise LoadError(f"The file of {entry.source} is not there any more.")
            streams: list[_Digesting] = []

            def stream() -> BufferedReader:
                streams.append(_Digesting(opened(file).detach()))
                return streams[0]

            try:
                found = done(stream, entry.source, task, self._limits)
            except LoadError as error:
                _check_unchanged(entry, streams, error)
                raise
            _check_unchanged(entry, streams)
            return found

    @contextmanager
    def _at_most_waiting(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise BusyError("Too many pages are waiting to be shown. Try again in a moment.")
        try:
            yield
        finally:
            self._waiting.release()


class _Digesting(BufferedReader):
    """A file whose digest is known once it was read."""

    def __init__(self, raw: object) -> None:
        super().__init__(raw)  # type: ignore[arg-type]
        self._sum = hashlib.sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        piece = super().read(size)
        self._sum.update(piece)
        return piece

    @property
    def digest(self) -> str:
        """As `folders.digest` gives it, of what was read."""
        return digest_of(self._sum)


def _check_unchanged(
    entry: Entry, streams: Sequence[_Digesting], cause: LoadError | None = None
) -> None:
    if streams and streams[0].digest != entry.digest:
        raise LoadError(
            f"{entry.source} has changed since it was read. To read it again, run: qa sync"
        ) from cause


def _check_pages(entry: Entry) -> None:
    if not entry.pages or not entry.digest:
        raise UnsupportedFormatError(
            f"{entry.source} has no pages that can be drawn: it is neither a PDF nor an image."
        )


def _by_page(document: Document, start: int, end: int) -> list[tuple[int, str, int, int]]:
    """The pages of a range: number, whole text, and the range within that."""
    text, pages = document.text, document.pages
    if not 0 <= start < end <= len(text):
        raise ArgumentError(f"{start}–{end} is no range of the text, of {len(text)} characters.")
    first, last = page_at(pages, start) or 1, page_at(pages, end - 1) or 1
    if last - first >= MOST_PAGES:
        raise ArgumentError(f"A quote runs over at most {MOST_PAGES} pages; this is longer.")
    found = []
    for page in range(first, last + 1):
        begins, ends = pages[page - 1], [*pages, len(text)][page]
        within = max(start, begins) - begins, min(end, ends) - begins
        if text[begins:ends][slice(*within)].strip():
            found.append((page, text[begins:ends], *within))
    return found


class _LastUsed:
    """What was used last, as much as fits."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key, (None, 0))[0]

    def put(self, key: Key, found: Any, size: int) -> None:
        with self._lock:
            self._drop(key)
            self._kept[key] = (found, size)
            self._bytes += size
            while self._bytes > _KEPT_BYTES:
                self._drop(next(iter(self._kept)))

    def drop(self, index: object) -> None:
        with self._lock:
            for key in [key for key in self._kept if key[0] is index]:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        self._bytes -= self._kept.pop(key, (None, 0))[1]
