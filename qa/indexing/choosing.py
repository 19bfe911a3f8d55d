"""Which places an index mirrors, and which of them, or parts of them, a sync looks through."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qa.errors import SettingsError
from qa.index import Changes, Entry
from qa.indexing.adding import Tally
from qa.indexing.folders.files import Part, existing, folder_name, takes_in
from qa.indexing.folders.matching import outermost
from qa.indexing.storage.addresses import Stored, stored
from qa.indexing.web.addresses import Extent, Section, extent
from qa.places import is_remote, is_storage, is_web, sample_folder
from qa.records import Skipped
from qa.settings import Settings, is_default_index

Location = Path | Extent | Stored
"""Where a place is: a folder or file, what of the web, or a folder or file of a storage."""
Looked = Part | Section | Stored
"""What a sync looks through: a place or a part of it; of a storage, always all of the place."""


def existing_location(place: str | Path) -> Location:
    """Where a place is that a user named.

    Raises:
        SettingsError: there is no such folder or file, or it is no address that can be synced.
    """
    if is_storage(str(place)):
        return stored(str(place))
    return extent(str(place)) if is_web(str(place)) else existing(Path(place))


def location(place: str) -> Location:
    """Where a place of the index's head is."""
    if is_storage(place):
        return Stored(place)
    return Extent(place) if is_web(place) else Path(place)


def is_there(place: str) -> bool:
    """Whether a place can be looked through; of others than folders, nothing is said without
    asking there.
    """
    return is_remote(place) or Path(place).exists()


class Choosing:
    """Brings the places in the index's head in line with what a sync was given."""

    def __init__(
        self, session: Changes, settings: Settings, own_folder: Path, tally: Tally
    ) -> None:
        self._session = session
        self._settings = settings
        self._own_folder = own_folder
        self._tally = tally

    def is_new(self, given: Extent | Stored) -> bool:
        """Whether an index has no place yet that takes this in."""
        known = map(location, self._session.head.folders.values())
        return not any(self._takes_in(one, given) for one in known)

    def parts(self, given: Sequence[Location] | None) -> list[Looked]:
        """The parts to be listed; each file belongs to one place, the outermost."""
        head = self._session.head
        known = dict(head.folders)
        if given is None and self._session.fresh:
            return [self._samples()]
        if given is not None and head.samples and sample_folder() not in given:
            self._drop_samples(head.samples)
            known.pop(head.samples, None)
        self._without_inner(known)
        parts: list[Looked] = []
        for one in given or ():
            held = (n for n, place in known.items() if self._takes_in(location(place), one))
            holder = next(held, None)
            if holder is None:
                self._without_inner(known, one)
                holder = folder_name(one, known) if isinstance(one, Path) else one.name
                known[holder] = str(one) if isinstance(one, Path) else one.url
            parts.append(_part(holder, location(known[holder]), one))
        self._move_in(known)
        if given is None or self._session.before is not None:
            there = {n: location(place) for n, place in known.items() if self._there(n, place)}
            parts = [_part(name, place, place) for name, place in there.items()]
        samples = head.samples if given is None else ""
        self._session.set_head(folders=known, samples=samples)
        away = [part for part in parts if not isinstance(part, Part)]
        folders = outermost(p for p in parts if isinstance(p, Part) and p.name in known)
        return [*folders, *dict.fromkeys(one for one in away if one.name in known)]

    def _samples(self) -> Part:
        if not is_default_index(self._settings.index):
            raise SettingsError(
                f"The index {self._settings.index} mirrors no folder yet. "
                f"Name one: qa sync FOLDER --index {shlex.quote(self._settings.index)}"
            )
        seeds = sample_folder()
        self._session.set_head(folders={seeds.name: str(seeds)}, samples=seeds.name)
        return Part(seeds.name, seeds, seeds)

    def _takes_in(self, outer: Location, inner: Location) -> bool:
        if isinstance(outer, Path) and isinstance(inner, Path):
            return takes_in(outer, inner, self._own_folder)
        if isinstance(outer, Stored) and isinstance(inner, Stored):
            return outer.takes_in(inner)
        return isinstance(outer, Extent) and isinstance(inner, Extent) and outer.takes_in(inner)

    def _without_inner(self, known: dict[str, str], *outer: Location) -> None:
        """Drop places whose files are also in another one of them, or in `outer`."""
        outers = [*map(location, known.values()), *outer]
        for name, place in list(known.items()):
            inner = location(place)
            if any(one != inner and self._takes_in(one, inner) for one in outers):
                del known[name]

    def _move_in(self, known: Mapping[str, str]) -> None:
        """Rename the documents of a place that another one now contains."""
        for old, place in self._session.head.folders.items():
            if old in known:
                continue
            inner = location(place)
            holders = (n for n, p in known.items() if self._takes_in(location(p), inner))
            if (holder := next(holders, None)) is not None:
                new = old  # an address stays what it is
                if isinstance(inner, Path):
                    new = Part(holder, Path(known[holder]), inner).source
                for entry in [e for e in self._session.entries.values() if e.folder == old]:
                    self._call(entry, new + entry.source[len(old) :], holder)

    def _call(self, entry: Entry, source: str, folder: str) -> None:
        found = self._session.find(source)
        if found is not None and found.id != entry.id:
            self._tally.removed.append(entry.source)
            self._session.remove([entry.id])
            return
        if source != entry.source:
            self._tally.renamed.append((entry.source, source))
        self._session.relabel(replace(entry, source=source, folder=folder))

    def _there(self, name: str, place: str) -> bool:
        if is_there(place):
            return True
        reason = (
            f"{place} is gone; its documents were kept. To remove them, too, run: qa forget {name}"
        )
        self._tally.skipped.append(Skipped(name, reason))
        return False

    def _drop_samples(self, name: str) -> None:
        samples = [entry for entry in self._session.entries.values() if entry.folder == name]
        sources = [entry.source for entry in samples]
        self._tally.removed.extend(sources)
        self._tally.samples.extend(sources)
        self._session.remove([entry.id for entry in samples])


def _part(name: str, whole: Location, part: Location) -> Looked:
    if isinstance(whole, Path):
        assert isinstance(part, Path)
        return Part(name, whole, part)
    if isinstance(whole, Stored):
        return whole
    assert isinstance(part, Extent)
    return Section(name, part if part.is_part_of(whole) else whole)
