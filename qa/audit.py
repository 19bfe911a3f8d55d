"""The audit: who asked, opened and changed what, as lines of JSON in a file beside the index.

It has names of people and sources, but no words of documents; questions only if a setting says so.
What of a question repeats a removed document is removed with it (see `qa.index.Verdicts`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import IndexUnavailableError, SettingsError
from qa.events import Erased, Event, Synced
from qa.index import AUDIT_FILE, audit_age, audit_files, audit_folder, audit_lines

if TYPE_CHECKING:
    from qa.settings import Settings

# Bytes; then another file is begun. None is deleted before its lines are too old: whoever can make
# lines could otherwise have those of others go.
LARGEST_FILE = 20_000_000
# Fields of events that say nothing of who may see what, or are told in another form.
_LEFT = frozenset(("by", "time", "question", "seconds", "answerer", "report", "forgotten"))
_DIGITS = 4
_COUNTED = ("added", "changed", "renamed", "removed", "skipped")


class Audit:
    """The audit of an index: a listener; safe to share between threads and processes."""

    def __init__(self, index: str, *, questions: bool = False) -> None:
        self._index = index
        self._questions = questions
        self._folder = audit_folder(index)
        self._kept = audit_lines(self._folder / AUDIT_FILE)

    @classmethod
    def of(cls, settings: Settings) -> Audit | None:
        """The audit that the settings ask for, if they do."""
        if not settings.audit:
            return None
        return cls(settings.index, questions=settings.audit_questions)

    @property
    def file(self) -> Path:
        """The file that lines are added to."""
        return self._kept.file

    def __call__(self, event: Event) -> None:
        """Add a line about an event.

        Raises:
            IndexUnavailableError: it cannot be written.
        """
        if isinstance(event, Synced) and event.index != self._index:
            return  # files that somebody dropped into a conversation, in an index of their own
        told = _told(event)
        if told is None:
            return
        viewer = event.by.viewer
        line = {
            "time": event.time.isoformat(timespec="milliseconds"),
            "event": type(event).__name__,
            "who": viewer.name or None,
            "owner": viewer.owner,
            "groups": list(viewer.groups),
            "way": event.by.way,
            **told,
        }
        if (seconds := getattr(event, "seconds", None)) is not None:
            line["seconds"] = _rounded(seconds)
        question = getattr(event, "question", None)
        if self._questions and question is not None:
            line["question"] = question
        self._write(line)

    def check(self) -> None:
        """Make sure that lines can be added.

        Raises:
            SettingsError: they cannot.
        """
        try:
            self._write()
        except IndexUnavailableError as error:
            raise SettingsError(f"{error} Or turn the setting audit off.") from error

    def expire(self, before: datetime) -> int:
        """Remove the lines from before a time, and files that have no others; the number of lines.

        Raises:
            IndexUnavailableError: a file cannot be changed.
        """
        removed = sum(audit_lines(file).expire(before) for file in audit_files(self._index))
        try:
            if self._folder.is_dir():
                with self._kept.lock:
                    for file in audit_files(self._index):
                        if file != self.file and not file.stat().st_size:
                            file.unlink()
        except OSError as error:
            raise self._kept.refused(error) from error
        return removed

    def _write(self, *lines: Mapping[str, Any]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._kept.lock:
                if self._kept.size > LARGEST_FILE:
                    self._begin_another()
                self._kept.append(*lines)
        except OSError as error:
            raise self._kept.refused(error) from error

    def _begin_another(self) -> None:
        """Give each file up to the first number that is free the next one."""
        ages = {audit_age(file) for file in audit_files(self._index)}
        free = next(age for age in itertools.count() if age not in ages)
        names = [AUDIT_FILE, *(f"{AUDIT_FILE}.{age}" for age in range(1, free + 1))]
        for newer, older in reversed(list(itertools.pairwise(names))):
            (self._folder / newer).replace(self._folder / older)


def _rounded(seconds: float | Mapping[str, float]) -> float | dict[str, float]:
    """Seconds, or those of each stage, as they are worth keeping."""
    if isinstance(seconds, Mapping):
        return {stage: round(one, _DIGITS) for stage, one in seconds.items()}
    return round(seconds, _DIGITS)


def _told(event: Event) -> dict[str, Any] | None:
    """What a line says of an event; None if it is not worth one."""
    told = {one.name: getattr(event, one.name) for one in fields(event) if one.name not in _LEFT}
    if isinstance(event, Synced):
        counts = {name: len(getattr(event.report, name)) for name in _COUNTED}
        return {**told, **counts} if any(counts.values()) else None
    if isinstance(event, Erased):
        return {**told, "names": event.forgotten.sources}
    return told
