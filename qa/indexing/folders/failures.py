"""The files that a sync could not read, remembered so that nothing is tried twice in vain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from qa.errors import LoadError
from qa.index import Failure
from qa.indexing.mirrored import Mirrored
from qa.limits import Limits
from qa.loading import CURRENT
from qa.records import Skipped, Unread, now


class Failures:
    """Those of the last syncs, and those of this one.

    A file that failed is tried again if it has changed, if a loader or a limit has changed, or with
    `retry`; and each time if the reason did not lie in the file, as when it could not be opened.
    """

    def __init__(self, before: Mapping[str, Failure], limits: Limits, *, retry: bool) -> None:
        self._before = before
        self._limits = limits
        self._retry = retry
        self._found: dict[str, Failure] = {}

    def again(self, source: str, digest: str) -> Unread | None:
        """Why a file cannot be read this time either; None if it is to be tried."""
        known = self._before.get(source)
        if self._retry or known is None or known.digest != digest or not known.tried:
            return None
        if known.tried != _trial(known.unread.format, self._limits):
            return None
        self._found[source] = known
        return known.unread

    def add(self, file: Mirrored, error: LoadError) -> None:
        """Remember why a file could not be read."""
        lasting = type(error) is not LoadError
        tried = _trial(error.format, self._limits) if lasting else ""
        unread = Unread(file.source, str(error), now(), error.format)
        self._found[file.source] = Failure(unread, file.digest, tried, file.stamp, file.note)

    def all(
        self,
        skipped: Iterable[Skipped],
        looked_at: Sequence[str],
        unseen: Sequence[str],
        notes: Mapping[str, str],
    ) -> dict[str, Failure]:
        """What is known after a sync that looked at some folders and did not see others.

        `skipped` are the files that it did not read, those that failed among them; `notes` are what
        their places want to know of them.
        """
        kept = {
            source: one
            for source, one in self._before.items()
            if not within(source, looked_at) or within(source, unseen)
        }
        found = dict(self._found)
        for one in skipped:
            if one.source not in found:
                note = notes.get(one.source, "")
                found[one.source] = Failure(Unread(one.source, one.reason, now()), note=note)
        return kept | {source: self._since(failure) for source, failure in found.items()}

    def _since(self, failure: Failure) -> Failure:
        """A failure with the time when it was first seen."""
        before = self._before.get(failure.unread.source)
        if before is None or before.unread.reason != failure.unread.reason:
            return failure
        return replace(failure, unread=replace(failure.unread, since=before.unread.since))


def within(source: str, folders: Sequence[str]) -> bool:
    """Whether a source is one of the folders or files, or in one of them."""
    return any(source == folder or source.startswith(folder + "/") for folder in folders)


def _trial(format: str, limits: Limits) -> str:
    """What the reading of a file depends on apart from its content.

    It is empty for a format that is read in another way by now. What the format of a file is
    depends on all those that are known.
    """
    if format and format not in CURRENT:
        return ""
    told = [format or sorted(CURRENT), asdict(limits)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
