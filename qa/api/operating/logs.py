"""The log of a server: a line of text or JSON for each request and event, on standard error.

It has no question, no answer, no name of a person and no query of an address: who asked what is not
for those who only look whether the server runs.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import QAError

if TYPE_CHECKING:
    from qa.records import SyncReport

LogFormat = Literal["text", "json"]

REQUEST_ID: ContextVar[str] = ContextVar("footnote request id", default="")
"""The id of the request that is being answered; of what happens outside of one, it is empty."""

_FIELDS = "footnote"


def log_to_stderr(format: LogFormat) -> None:
    """Write what is logged from now on, by us and by uvicorn, in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSONLines() if format == "json" else _TextLines())
    root = logging.getLogger()
    for before in list(root.handlers):
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("footnote").setLevel(logging.INFO)
    # A server that ran in this process before may have given them ways of their own.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def log(event: str, level: int = logging.INFO, **fields: object) -> None:
    """Log an event of the server with what belongs to it."""
    logging.getLogger("footnote").log(level, event, extra={_FIELDS: fields})


def log_sync(found: SyncReport | QAError) -> None:
    """Log how a sync of the server's own ended: in numbers, as names of files tell something."""
    if isinstance(found, QAError):
        log("sync failed", logging.ERROR, error=type(found).__name__, message=str(found))
        return
    names = ("added", "changed", "renamed", "removed", "skipped")
    numbers = {name: len(getattr(found, name)) for name in names}
    log("sync", **numbers, seconds=round(found.seconds, 2))


class _Lines(logging.Formatter):
    def _told(self, record: logging.LogRecord) -> dict[str, Any]:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if id := REQUEST_ID.get():
            told["request_id"] = id
        told.update(getattr(record, _FIELDS, {}))
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return told


class _JSONLines(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self._told(record), ensure_ascii=True, default=str)


class _TextLines(_Lines):
    def format(self, record: logging.LogRecord) -> str:
        told = self._told(record)
        first = f"{told.pop('time')} {told.pop('level').upper()} {told.pop('logger')}"
        event, exception = told.pop("event"), told.pop("exception", None)
        rest = (f"{name}={_shown(value)}" for name, value in told.items())
        return " ".join([first, event, *rest]) + (f"\n{exception}" if exception else "")


def _shown(value: object) -> str:
    """A value as one word, or in quotes; it never begins a line of its own."""
    text = str(value)
    plain = text.isprintable() and text and not any(one in text for one in ' "=')
    return text if plain else json.dumps(text)
