"""Opinions of answers, checked before they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from qa.errors import QAError
from qa.events import Judged
from qa.index import CitedRange, Verdict, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from qa.assistant import Assistant
    from qa.records import Document
    from qa.schemas import CitationJSON

    Read = Callable[[str], Document]


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


def keep(opinion: Opinion, verdicts: Verdicts, reader: Assistant) -> None:
    """Store an opinion, and what the answer cites of the documents.

    Its texts are stored if the setting `feedback_texts` says so; the answer only if the documents
    that it cites still contain its quotes. It may have been given before one of them was forgotten,
    or from files of its own conversation. `reader` is the assistant of whoever has this opinion.

    Raises:
        IndexUnavailableError: it cannot be written.
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
