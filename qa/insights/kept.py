"""The lines of the audit and of readers' opinions, since a day."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa.errors import IndexUnavailableError
from qa.index import audit_files, audit_lines


def audited(index: str, since: datetime) -> Iterator[dict[str, Any]]:
    """The lines of the audit since a time; the latest file first, in each the oldest line first.

    Raises:
        IndexUnavailableError: a file cannot be read.
    """
    files = audit_files(index)
    if not files:
        return
    kept = audit_lines(files[0])
    with contextlib.ExitStack() as opened:
        try:
            with kept.lock:  # files change their names when another one is begun
                streams = [
                    opened.enter_context(file.open(encoding="utf-8", errors="replace"))
                    for file in audit_files(index)
                    if file.stat().st_mtime >= since.timestamp()
                ]
        except OSError as error:
            raise _unreadable(files[0], error) from error
        for stream in streams:
            yield from _since(stream, since)


def opinions(file: Path, since: datetime) -> Iterator[dict[str, Any]]:
    """The opinions of readers since a time, the oldest first.

    Of one answer in one conversation, the last one counts: the page sends a vote at once, and again
    with its comment, and readers change their minds. A comment stays as long as the vote does.

    Raises:
        IndexUnavailableError: the file cannot be read.
    """
    if not file.is_file():
        return
    last: dict[object, dict[str, Any]] = {}
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(_since(stream, since)):
                of_answer = tuple(map(line.get, ("conversation", "question", "answer")))
                # Without the setting `feedback_texts`, nothing tells which answer is meant.
                about: object = of_answer if all(of_answer[:2]) else number
                before = last.pop(about, {})
                if before.get("verdict") == line.get("verdict") and not line.get("comment"):
                    line["comment"] = before.get("comment", "")
                last[about] = line
    except OSError as error:
        raise _unreadable(file, error) from error
    yield from last.values()


def when(line: dict[str, Any]) -> datetime:
    """The time of a line, in UTC.

    Raises:
        KeyError, TypeError, ValueError: it has none.
    """
    return datetime.fromisoformat(line["time"]).astimezone(UTC)


def _since(lines: Iterator[str], since: datetime) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            said = json.loads(line)
            late = when(said) >= since
        except (ValueError, TypeError, KeyError):  # half a line, or something else
            continue
        if late:
            yield said


def _unreadable(file: Path, error: OSError) -> IndexUnavailableError:
    return IndexUnavailableError(
        f"{file} cannot be read: {error.strerror or error}. Let this program read it."
    )
