"""What a sync sees of a place that the index mirrors, its files, be it folders, a site or storage.

A new kind of storage is a `Place`; what is done with its files is the same for all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from qa.index import Entry, Stamp
from qa.loading import CURRENT
from qa.places.regular_file import open_regular
from qa.records import Skipped

KEPT = "What was read there before is kept."
"""Said of a place that cannot be looked through."""
READING = "1"
"""Raised when all files are read differently, so that unchanged ones are read again; for those of
one format, see `qa.loading.formats`."""


class Mirrored(Protocol):
    """A file, as its place listed it: what the index keeps of it, and how it is opened."""

    @property
    def source(self) -> str:
        """The name of its document."""
        ...

    @property
    def folder(self) -> str:
        """The name of its place."""
        ...

    @property
    def digest(self) -> str:
        """A value that changes with its content."""
        ...

    @property
    def stamp(self) -> Stamp:
        """What changes with its content and is known without looking at that; may be empty."""
        ...

    @property
    def note(self) -> str:
        """What the place wants to know of it next time."""
        ...

    @property
    def suffix(self) -> str:
        """What it is read as, such as ".html", if its source does not tell."""
        ...

    @property
    def size(self) -> int:
        """The bytes that will probably be read."""
        ...

    def opened(self) -> BufferedReader:
        """Its content, open to be read.

        Raises:
            OSError: it cannot be opened any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the index has of a file: its digest ("" if it was not read) and its `note`.

    `enough` says that the file need not be read again as long as it has not changed.
    """

    digest: str = ""
    note: str = ""
    enough: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of another machine; `file` has its content, unless that is known already."""

    source: str
    folder: str
    digest: str
    note: str
    file: Path | None = None
    suffix: str = ""
    size: int = 0
    stamp: Stamp = ()

    def opened(self) -> BufferedReader:
        """Its content, open to be read.

        Raises:
            OSError: it is not there.
        """
        if self.file is None:
            raise OSError(0, "it was not fetched again")
        return open_regular(self.file)


class Place(Protocol):
    """A place that a sync looks through, or the parts of it that were asked for."""

    unseen: list[Skipped]
    """What could not be looked at; its documents are kept."""
    passed_over: list[Skipped]
    """What was looked at and is not read."""
    notes: Mapping[str, str]
    """What is to be known next time of those that are in neither batch."""
    complete: bool
    """Whether all files have been listed, and what is not among them is gone."""
    coming: Collection[str]
    """The sources of files that are listed, and are only in a later batch."""

    @property
    def names(self) -> Sequence[str]:
        """What the index calls it, or its parts: the folders of the documents in it."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """What the sources of its files begin with."""
        ...

    def holds(self, entry: Entry) -> bool:
        """Whether a document is from here."""
        ...

    def batches(self) -> Iterator[Sequence[Mirrored]]:
        """The files, each once; those of a batch can be opened until the next one is taken."""
        ...


def digest_of(sum: hashlib._Hash) -> str:
    """A file's digest, from the SHA-256 of its content."""
    return f"{READING}:{sum.hexdigest()}"


def is_current(entry: Entry) -> bool:
    """Whether a document was read from its file as it would be read today."""
    return bool(entry.reading.formats) and CURRENT.issuperset(entry.reading.formats)
