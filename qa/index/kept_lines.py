"""Files of JSON lines beside the index, from which lines and parts of them can be removed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from qa.errors import IndexUnavailableError
from qa.places import beside

AUDIT_FILE = "audit.jsonl"
_AUDIT_FILE = re.compile(re.escape(AUDIT_FILE) + r"(?:\.(\d+))?")
# Seconds to wait for another process that is writing to the file.
_PATIENCE = 10.0


class KeptLines:
    """One such file; `what` says what it holds, and `mode` who may read it.

    Whoever writes to it holds its `lock`, whose other owners may be threads and processes.
    """

    def __init__(self, file: Path, what: str, lock: Path | None = None, mode: int = 0o666) -> None:
        self.file = file
        place = lock or file.with_suffix(".lock")
        self.lock = FileLock(place, timeout=_PATIENCE, mode=mode & 0o644)
        self._what = what
        self._mode = mode

    @property
    def size(self) -> int:
        """The size in bytes; 0 if there is no file."""
        return self.file.stat().st_size if self.file.is_file() else 0

    def append(self, *lines: Mapping[str, Any]) -> None:
        """Add lines; the caller holds the lock.

        Raises:
            OSError: it cannot be written.
        """
        with open(self.file, "a", encoding="utf-8", opener=self._opener) as stream:
            stream.writelines(map(as_line, lines))

    def change(self, changed: Callable[[str], str]) -> int:
        """Put what `changed` makes of each line in its place; the number of changed lines.

        Lines are handed over without their ends, and come back with them; "" removes one.

        Raises:
            IndexUnavailableError: the file cannot be changed.
        """
        if not self.size:
            return 0
        try:
            with self.lock:
                lines = self.file.read_text(encoding="utf-8", errors="replace").split("\n")
                lines = lines[: None if lines[-1] else -1]
                kept = [changed(line) for line in lines]
                number = sum(new != f"{old}\n" for old, new in zip(lines, kept, strict=True))
                if number:
                    self._replace(kept)
                return number
        except OSError as error:
            raise self.refused(error) from error

    def expire(self, before: datetime) -> int:
        """Remove the lines whose `time` is before this one; the number of them.

        Raises:
            IndexUnavailableError: the file cannot be changed.
        """

        def left(line: str) -> str:
            try:
                old = datetime.fromisoformat(json.loads(line)["time"]) < before
            except (ValueError, TypeError, KeyError):  # half a line, or something else
                old = False
            return "" if old else f"{line}\n"

        return self.change(left)

    def refused(self, error: OSError) -> IndexUnavailableError:
        """The error to raise if the file cannot be written."""
        if isinstance(error, Timeout):
            return IndexUnavailableError(
                f"Another process has been writing to {self.file} for too long."
            )
        return IndexUnavailableError(
            f"{self.file} holds {self._what} and cannot be written: "
            f"{error.strerror or error}. Let this program write there, or move that file away."
        )

    def _replace(self, lines: list[str]) -> None:
        new = self.file.with_name(f"{self.file.name}.new")
        new.unlink(missing_ok=True)
        with open(new, "w", encoding="utf-8", opener=self._opener) as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.file)

    def _opener(self, name: str, flags: int) -> int:
        return os.open(name, flags, self._mode)


def audit_folder(index: str) -> Path:
    """Where the audit of an index is."""
    return beside(index, "audit")


def audit_files(index: str) -> tuple[Path, ...]:
    """The files of an index's audit, the newest first."""
    found = audit_folder(index).glob(f"{AUDIT_FILE}*")
    ages = {file: age for file in found if (age := audit_age(file)) is not None}
    return tuple(sorted(ages, key=lambda file: ages[file]))


def audit_age(file: Path) -> int | None:
    """How many files of the audit are newer by its name; None if it is none of them."""
    name = _AUDIT_FILE.fullmatch(file.name)
    return None if name is None else int(name[1] or 0)


def audit_lines(file: Path) -> KeptLines:
    """The lines of one of these files; they have one lock, because they change their names."""
    lock = file.with_name("audit.lock")
    return KeptLines(file, "who asked and opened what", lock, mode=0o600)


def as_line(fields: Mapping[str, Any]) -> str:
    """A line with these fields."""
    return json.dumps(fields, ensure_ascii=False) + "\n"
