"""Opinions of answers: checked before they are stored, and so many for each who gives them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Literal, Protocol

from qa.api.sign_in.throttle import Throttle
from qa.errors import QAError, TooManyRequestsError
from qa.events import Judged
from qa.index import CitedRange, Verdict, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from qa.assistant import Assistant
    from qa.records import Document
    from qa.schemas import CitationJSON

    Read = Callable[[str], Document]


# In an hour; a longer one counts as several.
MOST_OPINIONS = 300
LONGEST_OF_ONE = 1000


class Pace:
    """How many opinions each of those who give them may store; safe to share between threads."""

    def __init__(self) -> None:
        self._throttle = Throttle(MOST_OPINIONS, 3600 / MOST_OPINIONS)
        self._lock = Lock()

    def count(self, whose: str, verdict: Verdict) -> None:
        """Note an opinion; "" is nobody, and has no limit (see `account_of`).

        Raises:
            TooManyRequestsError: they have stored so many in the last hour.
        """
        if not whose:
            return
        cited = (one.source for one in verdict.ranges)
        texts = (verdict.question, verdict.answer, verdict.comment, *verdict.sources, *cited)
        with self._lock:
            if seconds := self._throttle.wait(whose):
                raise TooManyRequestsError(
                    "So many opinions of yours were stored in the last hour. Try again later.",
                    seconds,
                )
            self._throttle.count(whose, 1 + sum(map(len, texts)) // LONGEST_OF_ONE)


class Opinion(Protocol):
    """A request with an opinion; its other fields are those of a `Verdict`."""

    @property
    def question(self) -> str:
        """The question."""

    @property
    def verdict(self) -> Literal["up", "down"]:
        """The opinion of the answer."""

    @property
    def citations(self) -> Sequence[CitationJSON]:
        """The citations of the answer."""

    def model_dump(self, *, exclude: set[str]) -> dict[str, Any]:
        """Its fields."""


def keep(opinion: Opinion, verdicts: Verdicts, reader: Assistant, pace: Pace, whose: str) -> None:
    """Store an opinion, and what the answer cites of the documents.

    Its texts are stored if the setting `feedback_texts` says so; the answer only if the documents
    that it cites still contain its quotes. It may have been given before one of them was forgotten,
    or from files of its own conversation. `reader` is the assistant of whoever has this opinion,
    `whose` their account.

    Raises:
        IndexUnavailableError: it cannot be written.
        TooManyRequestsError: they have given too many.
    """
    sources = _sources(opinion.citations)
    cited = opinion.citations
    if reader.settings.feedback_texts:
        texts = opinion.model_dump(exclude={"citations"})
        verdict = Verdict(**texts, sources=sources, ranges=_ranges(cited))
    else:
        # What the documents do not have may be a reader's words, or the name of a reader's file.
        cited = [one for one in cited if holds(one, reader.document)]
        verdict = Verdict(
            "", "", "", opinion.verdict, sources=_sources(cited), ranges=_ranges(cited)
        )
    pace.count(whose, verdict)
    verdicts.keep(verdict, current=lambda: all(holds(one, reader.document) for one in cited))
    reader.listeners.tell(
        Judged(by=reader.by, question=opinion.question, verdict=opinion.verdict, sources=sources)
    )


def holds(cited: CitationJSON, read: Read) -> bool:
    """Whether a document still contains what was quoted from it."""
    try:
        return read(cited.source).text[cited.start : cited.end] == cited.quote
    except QAError:
        return False


def _sources(citations: Iterable[CitationJSON]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cited.source for cited in citations))


def _ranges(citations: Iterable[CitationJSON]) -> tuple[CitedRange, ...]:
    found = (CitedRange(cited.source, cited.start, cited.end) for cited in citations)
    return tuple(dict.fromkeys(found))
