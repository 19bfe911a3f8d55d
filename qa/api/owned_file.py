"""A list of records in a file that only its owner may read, such as keys and users."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from filelock import FileLock, Timeout

from qa.errors import SettingsError


class Record(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Kept = TypeVar("Kept", bound=Record)

_PATIENCE = 10.0


class OwnedFile(Generic[Kept]):
    """The records; safe to share between threads and processes.

    `made` makes a record of what was read, `what` names the records ("keys"), and `anew` is the
    command that adds one.
    """

    def __init__(
        self, file: Path, made: Callable[[Mapping[str, Any]], Kept], what: str, anew: str
    ) -> None:
        self.file = file
        self._made = made
        self._what = what
        self._anew = anew
        self._read: tuple[object, tuple[Kept, ...]] = (None, ())

    def all(self) -> tuple[Kept, ...]:
        """The records, in the order in which they were added; none if there is no file.

        Raises:
            SettingsError: the file cannot be read, or is damaged.
        """
        try:
            found = self.file.stat()
            state = (found.st_ino, found.st_mtime_ns, found.st_size)
            if state != self._read[0]:
                kept = json.loads(self.file.read_text(encoding="utf-8"))[self._what]
                self._read = (state, tuple(map(self._made, kept)))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"The {self._what} in {self.file} cannot be read: {error}. Let this program read "
                f"the file, or remove it and add the {self._what} anew: {self._anew}"
            ) from error
        return self._read[1]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """A block in which no other process changes the file.

        Raises:
            SettingsError: one has been changing it for long, or it cannot be written.
        """
        lock = FileLock(self.file.with_suffix(".lock"), timeout=_PATIENCE, mode=0o600)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise SettingsError(f"Another process has been changing {self.file}.") from error
        except OSError as error:
            raise self._unwritten(error) from error
        try:
            yield
        finally:
            lock.release()

    def write(self, records: Sequence[Kept]) -> None:
        """Store these records, and no others, in one step.

        Raises:
            SettingsError: the file cannot be written.
        """
        new = self.file.with_suffix(".new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump({self._what: [asdict(one) for one in records]}, stream, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self.file)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"{self.file} holds the {self._what} and cannot be written: "
            f"{error.strerror or error}. Let this program write there."
        )
