"""Documents as a review reads them: their sentences with what each says, and their runs of words.

All offsets count characters in the document's text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from qa import checking
from qa.index import Entry, Snapshot
from qa.questions import Kind, candidates
from qa.records import Document
from qa.text.amounts import amounts
from qa.text.sentences import LIST_MARK, Range, sentences
from qa.text.terms import Term, terms

# What is no running text, or no statement.
_NO_TEXT = frozenset(("code", "heading", "table", "list"))
_SAID_IN = frozenset(("paragraph", "item", "note"))
SHINGLE = 5
"""Words; how long the runs are by which texts are compared."""
_FIGURES = (Kind.MONEY, Kind.DURATION, Kind.TIME, Kind.NUMBER)
# Longer sentences are lists of things, or were put together from lines.
_MOST_WORDS = 60
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a sentence with its unit, in one form (`qa.text.amounts`)."""

    kind: Kind
    start: int
    end: int
    value: frozenset[str]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a document: `document.text[start:end] == text`."""

    start: int
    end: int
    text: str
    above: str
    in_item: bool

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Its numbers, amounts, times and lengths of time, each as the largest of these."""
        found: list[Figure] = []
        for kind in _FIGURES:
            for start, end in candidates(kind, self.text, ""):
                if not any(start < one.end and one.start < end for one in found):
                    value = amounts(self.text[start:end])
                    if value:
                        found.append(Figure(kind, start, end, value))
        return tuple(sorted(found, key=lambda one: one.start))

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of all that it says."""
        return checking.stems_of(self.text)

    @cached_property
    def frame(self) -> frozenset[str]:
        """The stems of what it says, without its figures."""
        cut = [(one.start, one.end) for one in self.figures]
        return checking.stems_of(checking.without(self.text, cut))


class Text:
    """A document that was read for a review."""

    def __init__(self, entry: Entry, document: Document) -> None:
        self.entry = entry
        self.document = document

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Its sentences in running text, in order."""
        return tuple(self._sentences())

    @cached_property
    def saying(self) -> Mapping[str, Sequence[int]]:
        """The places in `sentences` of those that say each word."""
        found: dict[str, list[int]] = {}
        for place, statement in enumerate(self.sentences):
            for word in statement.words:
                found.setdefault(word, []).append(place)
        return found

    def like(self, statement: Sentence, least: int) -> Iterator[Sentence]:
        """Its statements that share at least so many words with one of another document."""
        shared = Counter(at for word in statement.words for at in self.saying.get(word, ()))
        yield from (self.sentences[at] for at, words in shared.items() if words >= least)

    @cached_property
    def words(self) -> tuple[Term, ...]:
        """The words of its running text, in order."""
        text = self.document.text
        return tuple(
            term._replace(start=start + term.start, end=start + term.end)
            for start, end in self._prose(_NO_TEXT)
            for term in terms(text[start:end], keep_stop_words=True)
        )

    @cached_property
    def shingles(self) -> dict[int, int]:
        """Each run of some words, as a number, with the place of its first word in `words`."""
        # Backwards, so that the first of equal runs is kept.
        return {self.shingle(at): at for at in range(len(self.words) - SHINGLE, -1, -1)}

    def shingle(self, at: int) -> int:
        """The run of words that begins at a place in `words`, as a number."""
        return hash(tuple(word.stem for word in self.words[at : at + SHINGLE]))

    def share_in(self, other: Text) -> float:
        """How much of its running text is in the other, from 0 to 1."""
        own = self.shingles.keys()
        return len(own & other.shingles.keys()) / len(own) if own else 0.0

    def _sentences(self) -> Iterator[Sentence]:
        document = self.document
        for start, end, kind in self._blocks():
            if kind not in _SAID_IN:
                continue
            above = " > ".join(document.heading_path(start))
            for first, last in sentences(document.text[start:end]):
                text = document.text[start + first : start + last]
                mark = LIST_MARK.match(text)
                first += mark.end() if mark else 0
                text = document.text[start + first : start + last]
                if 2 < len(text.split()) <= _MOST_WORDS:
                    yield Sentence(start + first, start + last, text, above, kind == "item")

    def _prose(self, without: frozenset[str]) -> Iterator[Range]:
        yield from ((start, end) for start, end, kind in self._blocks() if kind not in without)

    def _blocks(self) -> Iterator[tuple[int, int, str]]:
        """The innermost blocks; an item without the blocks inside it."""
        document = self.document
        if not document.blocks:
            yield 0, len(document.text), "paragraph"
            return
        blocks = document.blocks
        for place, block in enumerate(blocks):
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            end = block.end
            if following is not None and following.start < block.end:
                end = following.start
            if end > block.start:
                yield block.start, end, block.kind


class Texts:
    """The documents of a snapshot; the last ones that were read are kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._read = lru_cache(maxsize=_KEPT)(self._reads)

    def text(self, document_id: str) -> Text:
        """A document by its id."""
        return self._read(document_id)

    def _reads(self, document_id: str) -> Text:
        entry = self.snapshot.entries[document_id]
        return Text(entry, self.snapshot.document(entry.source))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of the words of both are in both, from 0 to 1."""
    both = one | other
    return len(one & other) / len(both) if both else 0.0
