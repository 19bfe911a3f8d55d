"""Which document belongs to which file, and to which part of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qa.index import Entry
from qa.indexing.folders.failures import within
from qa.indexing.folders.files import Part
from qa.indexing.mirrored import Mirrored


class ByContent:
    """Documents by the content of their files; each is found once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._found: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            key = (entry.digest, Path(entry.source).suffix)
            self._found.setdefault(key, []).append(entry)

    def take(self, file: Mirrored) -> Entry | None:
        """The document that had this file's content before, preferably one with the same name."""
        entries = self._found.get((file.digest, Path(file.source).suffix))
        if not entries:
            return None
        alike = [entry for entry in entries if Path(entry.source).name == Path(file.source).name]
        entries.remove(entry := (alike or entries)[0])
        return entry


def is_in(entry: Entry, part: Part) -> bool:
    """Whether a document is in a part of a folder."""
    return entry.folder == part.name and (
        part.path == part.root or within(entry.source, (part.source,))
    )


def outermost(parts: Iterable[Part]) -> list[Part]:
    """The parts, without those inside another part of the same folder."""
    kept: list[Part] = []
    for part in sorted(set(parts), key=lambda part: len(part.path.parts)):
        if not any(one.name == part.name and part.path.is_relative_to(one.path) for one in kept):
            kept.append(part)
    return kept
