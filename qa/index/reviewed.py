"""What a review of the documents found, so that nothing is judged twice: `review.jsonl`.

The file is in the index's folder. It has one line of JSON for each document that was compared with
the others, and one for each finding that was set aside. Texts are kept as places in documents only,
except for the targets of links; a line goes with the document's version, and what is found in two
documents goes with either of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from qa.errors import IndexUnavailableError
from qa.records import Link

REVIEW_FILE = "review.jsonl"
# Seconds to wait for another process that is writing to the file.
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class At:
    """A place in one version (`Entry.indexed`) of a document."""

    document: str
    indexed: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in two documents, and how likely it is right, from 0 to 1.

    `newer` is the place in the newer document: 0, 1, or None if that is unknown.
    """

    kind: str
    score: float
    at: tuple[At, At]
    newer: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewedDocument:
    """A version of a document that was compared with the others, and its links within them."""

    document: str
    indexed: str
    found: tuple[Found, ...] = ()
    links: tuple[Link, ...] = ()


class Reviewed:
    """The file of an index; safe to share between threads and processes.

    `rules` is a value that changes with how documents are judged: what other rules found is not
    shown.
    """

    def __init__(self, folder: Path, rules: str = "") -> None:
        self.file = folder / REVIEW_FILE
        self._rules = rules

    def documents(self, current: Mapping[str, str]) -> dict[str, ReviewedDocument]:
        """What was found in the `current` documents: by id, each with its version."""
        found: dict[str, ReviewedDocument] = {}
        for line in self._lines():
            if line.get("rules") == self._rules and _is_current(line, current):
                one = _read(line, current)
                found[one.document] = one
        return found

    def aside(self) -> frozenset[str]:
        """The ids of the findings that were set aside."""
        return frozenset(str(line["aside"]) for line in self._lines() if "aside" in line)

    def keep(self, one: ReviewedDocument, *, current: Callable[[], bool]) -> bool:
        """Store what was found in a document; False if the index is no longer `current`.

        Raises:
            IndexUnavailableError: the file cannot be written.
        """
        return self._append({"rules": self._rules, **asdict(one)}, current)

    def set_aside(self, finding: str, documents: Sequence[str]) -> None:
        """Remember that a finding in these documents is right as it is.

        Raises:
            IndexUnavailableError: the file cannot be written.
        """
        line = {"aside": finding, "documents": list(documents)}
        self._append(line, lambda: finding not in self.aside())

    def bring_back(self, finding: str) -> None:
        """Forget that a finding was set aside.

        Raises:
            IndexUnavailableError: the file cannot be written.
        """
        self._rewrite(lambda line: line if line.get("aside") != finding else None)

    def keep_only(self, current: Mapping[str, str]) -> None:
        """Erase all that was found in other documents or other versions than the `current` ones.

        Raises:
            IndexUnavailableError: the file cannot be written.
        """
        if self.file.exists():
            self._rewrite(lambda line: _kept(line, current))

    def _lines(self) -> Iterable[dict[str, Any]]:
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._refused(error) from error
        for line in text.splitlines():
            if (found := _parsed(line)) is not None:
                yield found

    def _append(self, line: Mapping[str, Any], wanted: Callable[[], bool]) -> bool:
        """Add a line if it is still wanted; whether it was."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                # Within the lock, so that nothing is erased in between.
                if not wanted():
                    return False
                with self.file.open("a", encoding="utf-8") as lines:
                    lines.write(_written(line))
                return True
        except OSError as error:
            raise self._refused(error) from error

    def _rewrite(self, changed: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        try:
            with self._locked():
                lines = list(self._lines())
                kept = [new for line in lines if (new := changed(line)) is not None]
                if kept == lines:
                    return
                file = self.file.with_suffix(".new")
                with file.open("w", encoding="utf-8") as stream:
                    stream.writelines(map(_written, kept))
                    stream.flush()
                    os.fsync(stream.fileno())
                file.replace(self.file)
        except OSError as error:
            raise self._refused(error) from error

    def _locked(self) -> FileLock:
        return FileLock(self.file.with_suffix(".lock"), timeout=_PATIENCE)

    def _refused(self, error: OSError) -> IndexUnavailableError:
        if isinstance(error, Timeout):
            return IndexUnavailableError(
                f"Another process has been writing to {self.file} for too long."
            )
        return IndexUnavailableError(
            f"{self.file} keeps what reviews found and cannot be used: {error.strerror or error}. "
            "Let this program write there."
        )


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:  # half a line, where a process was killed
        return None
    return found if isinstance(found, dict) else None


def _written(line: Mapping[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":")) + "\n"


def _is_current(line: Mapping[str, Any], current: Mapping[str, str]) -> bool:
    return "document" in line and current.get(line["document"]) == line["indexed"]


def _kept(line: dict[str, Any], current: Mapping[str, str]) -> dict[str, Any] | None:
    """A line without what is not current; None if nothing is left."""
    if "aside" in line:
        return line if all(id in current for id in line["documents"]) else None
    if not _is_current(line, current):
        return None
    found = [one for one in line["found"] if all(_is_current(at, current) for at in one["at"])]
    return {**line, "found": found}


def _read(line: Mapping[str, Any], current: Mapping[str, str]) -> ReviewedDocument:
    found = tuple(
        Found(one["kind"], one["score"], (At(**one["at"][0]), At(**one["at"][1])), one["newer"])
        for one in line["found"]
        if all(_is_current(at, current) for at in one["at"])
    )
    links = tuple(Link(**link) for link in line["links"])
    return ReviewedDocument(line["document"], line["indexed"], found, links)
