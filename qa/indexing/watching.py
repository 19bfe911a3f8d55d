"""Keep an index in line with its folders while they change.

Nothing of the web is: that would be requests that nobody asked for.

The folders are looked through whenever the system reports an event in them, and at times without
one: an event only says when to look. A file whose size or times differ between two looks is still
being written, and is left as it is until they do not.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Generator, Mapping
from pathlib import Path
from threading import Event

from qa.access import OWNER
from qa.errors import IndexLockedError, QAError, message_of
from qa.index import Index, Stamp
from qa.indexing.folders.events import Events
from qa.indexing.folders.files import Listing, Part, stamp
from qa.indexing.folders.ignoring import Ignoring
from qa.places import is_remote
from qa.records import Progress, SyncReport
from qa.settings import Settings

# Between two looks while something changes.
_LOOK_SECONDS = 0.5
# So long, changes are collected; then those that are complete are synced without the others.
_COLLECTED_SECONDS = 5.0
# Between two attempts after an error, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
# A look may take this share of the time.
_SHARE = 0.25

Look = Mapping[str, Stamp]
"""The files of the folders, by source."""
Syncing = Callable[[Settings, Callable[[Progress], None], Collection[str]], SyncReport]
"""Syncs all folders; gets the sources to leave as they are."""


class Stopped(BaseException):
    """Ends a sync that is running when nobody wants to watch any more."""


def watch(
    index: Index, settings: Settings, syncing: Syncing, stop: Event
) -> Generator[SyncReport | QAError]:
    """Sync at first and then after each change, until `stop` is set; the reports and errors.

    An error does not end it: the sync is tried again, and the same error is not told twice.
    """
    synced: Look = {}
    before: Look = {}
    since = 0.0  # when the first change was seen that is not synced
    pause, told = _FIRST_PAUSE, ""
    # Whoever else writes to the index is not waited for: it is tried again.
    hasty = settings.model_copy(update={"lock_timeout": min(settings.lock_timeout, 1.0)})

    def unless_stopped(_: Progress) -> None:
        if stop.is_set():
            raise Stopped

    with contextlib.closing(Events(index, settings, stop)) as events:
        while not stop.is_set():
            try:
                started = time.monotonic()
                look = _look(index, settings)
                wait = max(_LOOK_SECONDS, (time.monotonic() - started) / _SHARE)
                changing, pending = _differences(before, look), _differences(synced, look)
                before = look
                if not pending:
                    since = 0.0
                    events.wait()
                    continue
                since = since or started
                late = time.monotonic() - since > _COLLECTED_SECONDS
                if changing and not (late and pending - changing):
                    stop.wait(wait)
                    continue
                report = syncing(hasty, unless_stopped, changing)
                synced = _without(look, changing) | _only(synced, changing)
                since, pause, told = 0.0, _FIRST_PAUSE, ""
                yield report
            except Stopped:
                return
            except IndexLockedError as error:
                if not told and time.monotonic() - since > settings.lock_timeout:
                    yield error
                    told = str(error)
                stop.wait(_FIRST_PAUSE)
            except Exception as error:  # whatever it was, the next change may be read again
                found = error if isinstance(error, QAError) else _unexpected(error)
                if str(found) != told:
                    yield found
                told = str(found)
                stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)


def _look(index: Index, settings: Settings) -> dict[str, Stamp]:
    with index.reading(OWNER) as snapshot:
        folders = snapshot.head.folders if snapshot.head is not None else {}
    listing = Listing(index.store.folder, Ignoring.of(settings.ignore))
    local = {name: Path(place) for name, place in folders.items() if not is_remote(place)}
    parts = [Part(name, place, place) for name, place in local.items()]
    found = {f.source: stamp(f) for p in parts if p.root.exists() for f in listing.files(p)}
    # A folder that cannot be read is worth a sync as soon as it can be, and the other way round.
    found |= {str(file.path): stamp(file) for file in listing.permitting}
    return found | {f"{one.source}\0{one.reason}": () for one in listing.unseen}


def _differences(one: Look, other: Look) -> set[str]:
    """The sources whose stamp is in one of two looks only."""
    return {source for source, _ in one.items() ^ other.items()}


def _without(look: Look, sources: Collection[str]) -> dict[str, Stamp]:
    return {source: stamp for source, stamp in look.items() if source not in sources}


def _only(look: Look, sources: Collection[str]) -> dict[str, Stamp]:
    return {source: stamp for source, stamp in look.items() if source in sources}


def _unexpected(error: Exception) -> QAError:
    return QAError(f"The folders could not be synced: {message_of(error)}. It is tried again.")
