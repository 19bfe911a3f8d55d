"""What a claim is compared with: the sentences of a passage, and every two that are neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from qa.checking.claims import (
    MEASURES,
    Detail,
    Strictness,
    adjacent,
    details,
    near,
    refers_back,
    stems_of,
)
from qa.records import Hit, Span
from qa.text.sentences import Range, sentences


class QuotedPassage:
    """A hit, taken apart once for all the claims that it is compared with."""

    def __init__(self, hit: Hit) -> None:
        text = hit.passage.text
        self.hit = hit
        self.ranges: list[Range] = sentences(text)
        self.sentence_stems = [stems_of(text[start:end]) for start, end in self.ranges]
        self.about = stems_of(f"{hit.passage.title}\n{hit.passage.heading}")
        self.stems = self.about.union(*self.sentence_stems)

    @cached_property
    def singles(self) -> list[Quote]:
        """Every sentence."""
        return list(self._runs(1))

    @cached_property
    def pairs(self) -> list[Quote]:
        """Every two sentences that follow each other."""
        return list(self._runs(2))

    def _runs(self, length: int) -> Iterator[Quote]:
        for first in range(len(self.ranges) - length + 1):
            last = first + length - 1
            stems = self.sentence_stems[first].union(*self.sentence_stems[first : last + 1])
            yield Quote(self, self.ranges[first][0], self.ranges[last][1], stems)


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """One or two sentences of a passage; the offsets count in the passage."""

    passage: QuotedPassage
    start: int
    end: int
    stems: frozenset[str]

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.hit.passage.text[self.start : self.end]

    def surroundings(self, words: int) -> str:
        """The quote below its title and headings, with the sentences around it up to a number of
        words.
        """
        passage = self.passage.hit.passage
        ranges = self.passage.ranges
        first = next((at for at, (start, _) in enumerate(ranges) if start >= self.start), 0)
        last = max((at for at, (_, end) in enumerate(ranges) if end <= self.end), default=first)
        wider = True
        while wider:
            wider = False
            for begin, stop in ((first - 1, last), (first, last + 1)):
                if begin < 0 or stop >= len(ranges):
                    continue
                if len(passage.text[ranges[begin][0] : ranges[stop][1]].split()) <= words:
                    first, last, wider = begin, stop, True
        text = passage.text[min(ranges[first][0], self.start) : max(ranges[last][1], self.end)]
        return f"{passage.above}\n{text}" if passage.above else text

    def closest(self, said: Sequence[Detail]) -> str:
        """Which of its sentences shares most with a claim."""
        return max(
            (self.text[start:end] for start, end in sentences(self.text)),
            key=lambda sentence: len(stems_of(sentence).intersection(u.stem for u in said)),
            default="",
        )

    def span(self, score: float) -> Span:
        """The place of the quote in its document."""
        offset = self.passage.hit.passage.start
        return Span(self.passage.hit, offset + self.start, offset + self.end, score)


def is_another(run: Sequence[Detail], said: Sequence[Detail], quote: Quote) -> bool:
    """Whether the quote is about somebody else of that name: Kim Yong Chol, not Kim Jong Un."""
    sentence = quote.closest(said)
    there = details(sentence)
    stems = frozenset(detail.stem for detail in there)
    if len(run) < 2 or _has_all(run, stems):
        return False
    if refers_back(sentence) and _has_all(run, quote.stems):
        return False
    name = frozenset(detail.stem for detail in run)
    claimed = frozenset(detail.stem for detail in said)
    others = ([there[at] for at in other] for other in runs_of_names(there))
    return any(
        any(near(detail.stem, name) for detail in other) and not _has_all(other, claimed)
        for other in others
    )


def _has_all(said: Sequence[Detail], stems: frozenset[str]) -> bool:
    return all(near(detail.stem, stems) for detail in said)


def things(said: Sequence[Detail]) -> int:
    """How many things a claim is about; a name of several words is one."""
    return len(said) - sum(len(run) - 1 for run in runs_of_names(said))


def runs_of_names(said: Sequence[Detail]) -> list[range]:
    """The positions of names that follow each other with nothing but a space between them."""
    runs: list[range] = []
    for at, detail in enumerate(said):
        if detail.kind is not Strictness.NAME:
            continue
        if runs and runs[-1].stop == at and adjacent(said[at - 1], detail):
            runs[-1] = range(runs[-1].start, at + 1)
        else:
            runs.append(range(at, at + 1))
    return runs


def code_fits(code: Detail, quotes: Sequence[Quote]) -> bool:
    """Whether a code is in a quote, or above one that names no other code."""
    return any(
        code.stem in quote.stems
        or (
            code.stem in quote.passage.about
            and all(detail.kind is not Strictness.CODE for detail in details(quote.text))
        )
        for quote in quotes
    )


def measures_fit(said: Sequence[Detail], quotes: Sequence[Quote]) -> bool:
    """Whether what a number of the claim counts (euros, days) is in the quotes as well."""
    return all(
        meets(measure, quotes)
        for one, other in pairwise(said)
        for number, measure in ((one, other), (other, one))
        if number.kind is Strictness.NUMBER and measure.stem in MEASURES
    )


def meets(detail: Detail, quotes: Sequence[Quote]) -> bool:
    """Whether a word of the claim, or one like it, is in a quote."""
    return any(near(detail.stem, quote.stems) for quote in quotes)
