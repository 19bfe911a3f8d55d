"""Opinions of answers, checked before they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qa.errors import QAError
from qa.events import Judged
from qa.index import Verdict, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from qa.assistant import Assistant
    from qa.records import Document
    from qa.schemas import CitationJSON

    Read = Callable[[str], Document]


class Opinion(Protocol):
    """A request with an opinion; its other fields are those of a `Verdict`."""

    @property
    def citations(self) -> Sequence[CitationJSON]:
        """The citations of the answer."""

    def model_dump(self, *, exclude: set[str]) -> dict[str, Any]:
        """Its fields."""


def keep(opinion: Opinion, verdicts: Verdicts, reader: Assistant) -> None:
    """Store an opinion; the answer only if the documents that it cites still contain its quotes.

    The answer may have been given before one of them was forgotten, or from files of its own
    conversation. `reader` is the assistant of whoever has this opinion.

    Raises:
        IndexUnavailableError: it cannot be written.
    """
    sources = tuple(dict.fromkeys(cited.source for cited in opinion.citations))
    verdict = Verdict(**opinion.model_dump(exclude={"citations"}), sources=sources)
    verdicts.keep(
        verdict,
        current=lambda: all(holds(cited, reader.document) for cited in opinion.citations),
    )
    reader.listeners.tell(
        Judged(
            by=reader.by,
            question=verdict.question,
            verdict=verdict.verdict,
            sources=sources,
        )
    )


def holds(cited: CitationJSON, read: Read) -> bool:
    """Whether a document still contains what was quoted from it."""
    try:
        return read(cited.source).text[cited.start : cited.end] == cited.quote
    except QAError:
        return False
