"""What happens, told to whoever listens: to a log, an audit, or what counts it.

Each answer, search and opened source is told once,
whichever way it was asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

from qa.access import Viewer
from qa.errors import ArgumentError, UnknownSourceError, described
from qa.records import Answer, FindingKind, Forgotten, Hit, Outcome, Reason, SyncReport

logger = logging.getLogger(__name__)

Way = Literal["page", "rest", "openai", "mcp", "command line", "library"]
"""By which interface somebody asks."""

WRONG_FOLDER = UnknownSourceError.__name__
"""The `error` of a question about a folder that is not there: it is no failure of ours."""

Part = Literal["text", "page", "file"]
"""What was shown of a source: its text, a picture of a page, or the file that it was read from."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and by which interface."""

    viewer: Viewer
    way: Way = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: by whose doing, and when (in UTC)."""

    by: Asker
    time: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """A question was answered, or it was said that the documents do not answer it.

    `cited` are the sources of the footnotes. `passages` are those of the passages that come with
    the answer, which the page does not show. `seconds` are by stage, and "total".
    """

    question: str
    outcome: Outcome
    folder: str | None = None
    reason: Reason | None = None
    cited: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    answerer: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources of which something was given."""
        return tuple(dict.fromkeys((*self.cited, *self.passages)))

    @classmethod
    def with_answer(cls, answer: Answer, by: Asker, folder: str | None, seconds: float) -> Answered:
        """An answer that took so many seconds."""
        cited = (*answer.citations, *answer.sections)
        return cls(
            by=by,
            question=answer.question,
            outcome=answer.outcome,
            folder=folder,
            reason=answer.reason,
            cited=tuple(dict.fromkeys(one.source for one in cited)),
            passages=sources_of(answer.hits),
            answerer=answer.answerer,
            seconds={"total": seconds, **answer.seconds},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered(Event):
    """A question failed, by the `error` of this name, or was "stopped" by whoever asked it.

    If words of an answer had been given by then, `sources` are those that they may rest on.
    """

    question: str
    error: str
    folder: str | None = None
    sources: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(Event):
    """Passages were searched for; `sources` are those of the passages found."""

    question: str
    folder: str | None = None
    sources: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOpened(Event):
    """A document was read over an interface; `page` counts from 1, if it was a single one."""

    source: str
    part: Part = "text"
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Event):
    """Somebody gave an opinion of an answer; `sources` are those that it cites."""

    question: str
    verdict: Literal["up", "down"]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded(Event):
    """A file of `size` bytes was dropped on the page; the sync that reads it is told as well."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Event):
    """Files that were dropped on the page were kept for everyone."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in to the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Event):
    """Somebody signed out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused(Event):
    """Somebody could not sign in, with this `name` if they gave one."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced(Event):
    """The documents of an index were brought up to date, or some were added."""

    index: str
    report: SyncReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """Documents were removed from an index for good."""

    index: str
    forgotten: Forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChanged(Event):
    """The owner said that only the groups `readers` may read what `patterns` match.

    None: they forgot what was said of these patterns. Without patterns, it is a sync that found
    other rules in the files of folders, or was told other groups.

    `sources` are the documents that others may read now than before.
    """

    index: str
    patterns: tuple[str, ...] = ()
    readers: tuple[str, ...] | None = None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSetAside(Event):
    """The owner set a `finding` of a review in these `sources` aside, or brought it back."""

    index: str
    finding: str
    kind: FindingKind
    sources: tuple[str, ...]
    aside: bool


Listener = Callable[[Event], None]


class Listeners:
    """Those who are told; safe to share between threads.

    They are called in the thread in which it happened, and should be quick.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: tuple[Listener, ...] = ()
        self._failing: set[Listener] = set()

    def add(self, listener: Listener) -> None:
        """Tell this one, too, from now on.

        Raises:
            ArgumentError: it cannot be called.
        """
        if not callable(listener):
            raise ArgumentError(
                f"A listener is called with an event; {described(listener)} cannot be called."
            )
        with self._lock:
            self._all = (*self._all, listener)

    def remove(self, listener: Listener) -> None:
        """Tell this one no more."""
        with self._lock:
            self._all = tuple(one for one in self._all if one != listener)
            self._failing.discard(listener)

    def tell(self, event: Event) -> None:
        """Tell all of them; one that fails harms nobody, and is reported until it works again."""
        for listener in self._all:
            try:
                listener(event)
            except Exception as error:
                with self._lock:
                    first = listener not in self._failing
                    self._failing.add(listener)
                if first:
                    logger.warning(
                        "What happens could not be told to %r: %s", listener, error, exc_info=error
                    )
            else:
                self._failing.discard(listener)


def sources_of(hits: Iterable[Hit]) -> tuple[str, ...]:
    """The sources of passages, each once."""
    return tuple(dict.fromkeys(hit.passage.source for hit in hits))
