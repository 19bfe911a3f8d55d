"""Waiting until something may have changed in the folders of an index."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

from qa.access import OWNER
from qa.index import Index
from qa.places import is_remote
from qa.settings import Settings

# Between two looks at what gives no events: folders elsewhere in the network, single files, and
# folders that are not there.
POLLING_SECONDS = 2.0

_MOUNTS = Path("/proc/self/mountinfo")
# File systems whose files may be changed on another machine, of which this one gets no events.
_ELSEWHERE = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|ncpfs|vboxsf|prl_fs|virtiofs|drvfs|davfs|fuse\..*"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")

Place = tuple[str, int, int]
"""A folder, and what tells it from another one of the same name."""


class Events:
    """The events of an index's folders."""

    def __init__(self, index: Index, settings: Settings, stop: Event) -> None:
        self._index = index
        self._longest = settings.watch_seconds
        self._stop = stop
        self._places: frozenset[Place] | None = None
        self._polled = False
        self._events: Iterator[Any] | None = None
        self._generation = -1

    def wait(self) -> None:
        """Return when something may have changed, or nobody wants to know any more."""
        if self._begins():
            return  # what happened before is in no event
        deadline = time.monotonic() + (POLLING_SECONDS if self._polled else self._longest)
        while not self._stop.is_set() and time.monotonic() < deadline:
            if self._heard() or self._other_folders():
                return

    def close(self) -> None:
        """Want no more events."""
        if self._events is not None:
            self._events.close()  # type: ignore[attr-defined]
        self._events = None

    def _heard(self) -> bool:
        """Whether there was an event within a moment, or one may have been missed."""
        if self._events is None:
            self._stop.wait(POLLING_SECONDS / 4)
            return False
        try:
            return bool(next(self._events))
        except StopIteration:
            self._events = None
        except OSError:  # what was watched is gone
            self._events, self._places = None, None
        return True

    def _other_folders(self) -> bool:
        """Whether another process has changed the index, and maybe its folders."""
        before, self._generation = self._generation, self._index.store.generation()
        return before not in (-1, self._generation)

    def _begins(self) -> bool:
        """Listen to the folders that there are now; whether these are others than before."""
        with self._index.reading(OWNER) as snapshot:
            known = snapshot.head.folders.values() if snapshot.head is not None else []
        folders = [folder for folder in known if not is_remote(folder)]
        places = {folder: _place(folder) for folder in folders}
        heard = frozenset(place for place in places.values() if place is not None)
        self._polled = len(heard) < len(folders)
        if heard == self._places:
            self._polled |= self._events is None and bool(heard)
            return False
        self.close()
        self._places = heard
        if heard:
            self._events = _events(sorted(folder for folder, _, _ in heard), self._own, self._stop)
        return True

    def _own(self, _: object, path: str) -> bool:
        """Whether an event is not one of the index itself, which may lie in a folder."""
        return not Path(path).is_relative_to(self._index.store.folder.absolute())


def _events(folders: list[str], wanted: Any, stop: Event) -> Iterator[Any] | None:
    """The events below some folders, with nothing at times; None if the system gives none."""
    from watchfiles import watch

    events = watch(
        *folders,
        watch_filter=wanted,
        debounce=400,
        step=100,
        rust_timeout=1000,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    try:
        next(events)  # from here on, nothing is missed
    except StopIteration:
        return None
    except OSError:  # too many folders for the system, or one is gone by now
        return None
    return events


def _place(folder: str) -> Place | None:
    """A folder that gives events; None for anything else."""
    with contextlib.suppress(OSError):
        found = os.stat(folder)  # noqa: PTH116
        if Path(folder).is_dir() and not is_elsewhere(folder):
            return folder, found.st_dev, found.st_ino
    return None


def is_elsewhere(folder: str, mounts: str | None = None) -> bool:
    """Whether a folder's files may be changed by other machines; only known on Linux.

    `mounts` is what the system says of its file systems, as in `/proc/self/mountinfo`.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return False
    kind, longest = "", -1
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        if len(words := fields.split(" ")) < 5:
            continue
        place = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), words[4])
        inside = folder == place or folder.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= longest:
            kind, longest = rest.partition(" ")[0], len(place)
    return _ELSEWHERE.fullmatch(kind) is not None
