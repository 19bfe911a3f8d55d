"""A text and a question -> the units of the text with their weights, and their wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.answering.units.choosing import Choice, judged, likely
from qa.answering.units.wording import Saying, say
from qa.index import Stretch
from qa.index.parts import Parts, joined
from qa.indexing.preparing.units import units
from qa.loading import read
from qa.questions import form_of
from qa.records import Document, Hit, Passage, Span


@dataclass(frozen=True)
class Asked:
    """The signals of a text for one question."""

    question: str
    document: Document
    stretch: Stretch
    choices: Sequence[Choice]

    def unit(self, kind: str, holding: str = "") -> Choice:
        """The first unit of a kind that contains some words."""
        return next(c for c in self.choices if c.unit.kind == kind and holding in c.text)

    def first(self, choice: Choice) -> list[Choice]:
        """The choices, with one of them moved to the front."""
        return [choice, *(other for other in self.choices if other is not choice)]

    def said(self, kind: str, holding: str = "") -> str:
        """The wording of that unit, with a bar in place of its markers."""
        saying = self._saying(kind, holding)
        text = saying.text
        for mark in reversed(saying.marks or (saying.mark,)):
            text = f"{text[:mark]}|{text[mark:]}"
        return text

    def quoted(self, kind: str, holding: str = "") -> list[str]:
        """The quotes of that unit's citations."""
        saying = self._saying(kind, holding)
        return [self.document.text[start:end] for start, end in saying.ranges]

    def _saying(self, kind: str, holding: str) -> Saying:
        saying = say(self.unit(kind, holding), form_of(self.question), self.question)
        check_saying(saying, self.document)
        return saying


def asked(
    text: str, question: str = "?", read_as: str = "", short: str = "", name: str = "a.md"
) -> Asked:
    """Ask about a text, without vectors; the reader's sentence and phrase may be given."""
    document = read(text.encode(), name)
    return asked_of(document, whole(document), question, [], read_as, short)


def asked_of(
    document: Document,
    stretch: Stretch,
    question: str,
    vector: Sequence[float],
    read_as: str = "",
    short: str = "",
) -> Asked:
    """Ask about a stretch of a document; `vector` is the question's."""
    hit = Hit(stretch.passage, 0.5)
    spans = [span(hit, read_as, short)] if read_as else []
    found = likely(question, [stretch], [hit], vector, {})
    return Asked(question, document, stretch, judged(found, spans))


def whole(document: Document) -> Stretch:
    """A document as one passage with all its parts, except their vectors."""
    id, length = document.source, len(document.text)
    passage = Passage(f"{id}:v:0", id, id, document.title, 0, length, document.text)
    parts = Parts(document.blocks, tuple(units(document)), None, document.links)
    return joined([(passage, parts)], document.headings)


def span(hit: Hit, quote: str, short: str = "", score: float = 0.9) -> Span:
    """A span of a hit with these words, and the phrase in it."""
    start = hit.passage.start + hit.passage.text.index(quote)
    at = start + quote.index(short) if short else 0
    return Span(hit, start, start + len(quote), score, (at, at + len(short)) if short else None)


def check_saying(saying: Saying, document: Document) -> None:
    """Check the invariants of everything that is said about a document."""
    assert 0 < saying.mark <= len(saying.text)
    assert saying.text.strip()
    assert saying.ranges
    for start, end in saying.ranges:
        quote = document.text[start:end]
        assert 0 <= start < end <= len(document.text)
        assert quote == quote.strip()
