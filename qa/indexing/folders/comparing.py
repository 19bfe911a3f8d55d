"""What has changed in the mirrored folders since they were synced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qa.index import Entry, Snapshot
from qa.indexing.folders.failures import within
from qa.indexing.folders.files import File, Listing, Part, digested
from qa.indexing.folders.ignoring import Ignoring
from qa.indexing.mirrored import is_current
from qa.places import is_remote
from qa.records import Skipped
from qa.settings import Settings


def stale(snapshot: Snapshot, settings: Settings, own_folder: Path) -> list[Skipped]:
    """What the next sync would read or remove, by source, with the reason.

    Files that could not be read, and have not changed, are not among them; nor is anything of the
    web, where nothing is asked.

    Raises:
        SettingsError: the setting `ignore` has something that is no pattern.
    """
    folders = snapshot.head.folders if snapshot.head is not None else {}
    listing = Listing(own_folder, Ignoring.of(settings.ignore))
    local = {name: Path(place) for name, place in folders.items() if not is_remote(place)}
    parts = [Part(name, place, place) for name, place in local.items()]
    there = [part for part in parts if part.root.exists()]
    found = {file.source: file for part in there for file in listing.files(part)}
    unseen = [one.source for one in listing.unseen]
    vanished = {part.name: str(part.root) for part in parts if part not in there}
    entries = [entry for entry in snapshot.entries.values() if entry.folder in local]
    told = [*_of_documents(entries, found, unseen, vanished), *_new(snapshot, found)]
    return sorted(told, key=lambda one: one.source)


def _of_documents(
    entries: list[Entry], found: dict[str, File], unseen: list[str], vanished: dict[str, str]
) -> Iterator[Skipped]:
    for entry in entries:
        source, file = entry.source, found.get(entry.source)
        if file is not None:
            if reason := _difference(entry, file):
                yield Skipped(source, f"{source} {reason}")
        elif entry.folder in vanished:
            yield Skipped(source, f"{source} is gone, with its folder {vanished[entry.folder]}.")
        elif not within(source, unseen):
            yield Skipped(source, f"{source} is gone, or is left out by now.")


def _difference(entry: Entry, file: File) -> str:
    try:
        digest = digested(file, entry).digest
    except OSError as error:
        return f"cannot be opened: {error.strerror}."
    if digest != entry.digest:
        return "has changed since it was read."
    return "" if is_current(entry) else "was read by an earlier version of Footnote."


def _new(snapshot: Snapshot, found: dict[str, File]) -> Iterator[Skipped]:
    failures = snapshot.failures
    for source, file in found.items():
        if source in snapshot.ids:
            continue
        known = failures.get(source)
        try:
            if known is None or (known.digest and digested(file, known).digest != known.digest):
                yield Skipped(source, f"{source} is new, or has changed, and was not read yet.")
        except OSError:
            continue  # the next sync says why
