"""How syncs of an index ended, in whichever process: `syncs.json` in the index's folder.

The file has the last syncs, and for each place that the index mirrors why the last sync that
looked at it failed, if it did. So a sync of one folder says nothing of another one's failure.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from filelock import FileLock

from qa.access import OWNER
from qa.errors import ArgumentError, QAError, message_of
from qa.indexing.choosing import existing_location
from qa.places import is_remote
from qa.records import EndedSync, SyncReport, now
from qa.text.cleaning import harmless

if TYPE_CHECKING:
    from qa.index import Index

_KEPT = 20
# Seconds to wait for another process that is writing to the file.
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class _Noted:
    """What the file has: `places` by address, "" for those that were in order."""

    places: Mapping[str, str] = field(default_factory=dict)
    syncs: tuple[EndedSync, ...] = ()

    @property
    def time(self) -> str:
        """When it was written."""
        return self.syncs[0].time if self.syncs else ""


class EndedSyncs:
    """The syncs of an index; safe to share between threads and processes.

    Where the file cannot be written, this process still knows of its own syncs.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self.file = index.store.folder / "syncs.json"
        self._lock = Lock()
        self._unwritten = _Noted()

    @property
    def latest(self) -> Sequence[EndedSync]:
        """The last syncs, the latest first."""
        return self._noted().syncs

    @property
    def failing(self) -> Mapping[str, str]:
        """Why the last sync failed, by the addresses of the places for which it did."""
        failed = {place: reason for place, reason in self._noted().places.items() if reason}
        mirrored = self._mirrored() if failed else ()  # a place may have been forgotten since
        return {place: reason for place, reason in failed.items() if place in mirrored}

    def succeeded(
        self, report: SyncReport, folders: Mapping[str, str], looked_at: Mapping[str, str]
    ) -> None:
        """Note a sync that ended; the index now mirrors `folders` (name -> address).

        `looked_at` has the addresses of those that it looked at, each with "", or with the reason
        why nothing of it could be seen.
        """
        reasons = {place: harmless(reason) for place, reason in looked_at.items()}
        ended = EndedSync(
            now(),
            added=len(report.added),
            changed=len(report.changed),
            renamed=len(report.renamed),
            removed=len(report.removed),
            skipped=len(report.skipped),
            seconds=report.seconds,
            error=" ".join(dict.fromkeys(filter(None, reasons.values()))),
        )
        self._note(ended, folders.values(), reasons)

    def failed(
        self,
        error: Exception,
        folders: Sequence[str | Path] | None = None,
        *,
        remote: bool = True,
        seconds: float = 0.0,
    ) -> None:
        """Note that a sync of these places, or of all, ended with an error.

        Without `remote`, it was one of folders only. What the index does not mirror is not noted:
        whoever named it is told.
        """
        if isinstance(error, ArgumentError):
            return
        mirrored = self._mirrored()
        named = None if folders is None else set(map(_address, folders))
        concerned = [
            place
            for place in mirrored
            if (named is None or place in named) and (remote or not is_remote(place))
        ]
        if concerned:
            said = harmless(str(error) if isinstance(error, QAError) else _unexpected(error))
            ended = EndedSync(now(), seconds=seconds, error=said)
            self._note(ended, mirrored, dict.fromkeys(concerned, said))

    def _mirrored(self) -> Collection[str]:
        """The addresses of what the index mirrors, or mirrored when it could last be read."""
        # Whatever it is: it must not hide why the sync failed.
        with contextlib.suppress(Exception), self._index.reading(OWNER) as snapshot:
            return tuple(snapshot.head.folders.values()) if snapshot.head is not None else ()
        return tuple(self._noted().places)

    def _note(self, ended: EndedSync, places: Collection[str], changed: Mapping[str, str]) -> None:
        with self._lock:
            try:
                with FileLock(self.file.with_suffix(".lock"), timeout=_PATIENCE):
                    noted = _with(self._noted(), ended, places, changed)
                    new = self.file.with_suffix(".new")
                    new.write_text(json.dumps(asdict(noted)), encoding="utf-8")
                    new.replace(self.file)
                self._unwritten = _Noted()
            except OSError:  # nothing but the word of it is lost
                self._unwritten = _with(self._noted(), ended, places, changed)

    def _noted(self) -> _Noted:
        return max(self._unwritten, _read(self.file), key=lambda one: one.time)


def _with(
    noted: _Noted, ended: EndedSync, places: Collection[str], changed: Mapping[str, str]
) -> _Noted:
    kept = {place: changed.get(place, noted.places.get(place, "")) for place in places}
    return _Noted(kept, (ended, *noted.syncs)[:_KEPT])


def _read(file: Path) -> _Noted:
    try:
        found = json.loads(file.read_bytes())
        return _Noted(dict(found["places"]), tuple(EndedSync(**one) for one in found["syncs"]))
    except (OSError, ValueError, TypeError, KeyError):  # there is none, or it was cut off
        return _Noted()


def _address(place: str | Path) -> str:
    """The address that the index would have of what somebody named."""
    text = str(place)
    with contextlib.suppress(QAError, OSError, RuntimeError, ValueError):
        # A folder may be gone.
        found = existing_location(text) if is_remote(text) else Path(text).expanduser().resolve()
        return str(found) if isinstance(found, Path) else found.url
    return text


def _unexpected(error: Exception) -> str:
    return f"Something went wrong ({type(error).__name__}: {message_of(error)})."
