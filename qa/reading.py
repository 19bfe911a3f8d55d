"""A question and its hits -> the spans that answer, with scores.

`Reader` is the seam; `QuotingReader` reads by the words that question and
sentence share, weighed by their rarity, and by what kind of thing the question
asks for. It needs no model, takes a few milliseconds and cannot make anything
up.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.questions import Kind, asked_words, candidates, kind_of
from qa.records import Hit, Span
from qa.sentences import Range, sentences
from qa.terms import Term, stems, terms

# How many of the best hits are read.
_HITS_READ = 5


class Reader(ABC):
    """Finds, in the hits, the stretches that answer a question."""

    name: str

    @abstractmethod
    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The spans that answer, best first; their scores say how sure it is of each, 0..1.

        `rarity` weighs the question's stems: the fewer passages hold one, the
        more it tells (see `KeywordIndex.rarity`).
        """


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart once for all the sentences that it is compared with."""

    text: str
    kind: Kind
    weights: Mapping[str, float]

    @property
    def total(self) -> float:
        """What a sentence with all of its terms would weigh."""
        return sum(self.weights.values()) or 1.0

    def share(self, found: frozenset[str]) -> float:
        """How much of the question's weight these stems carry, 0..1."""
        return sum(weight for stem, weight in self.weights.items() if stem in found) / self.total


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a sentence as an answer; see `SENTENCE_WEIGHTS` and `ANSWER_WEIGHTS`."""

    coverage: float  # share of the question's weight that the sentence holds
    context: float  # the same of the whole passage, its title and heading
    before: float  # what the sentence before adds to the coverage
    order: float  # share of the question's neighbouring terms that are neighbours here
    kind: float  # it holds something of the kind asked for: 1; it does not: -1; cannot tell: 0
    rank: float  # 1 for the first hit, 1/2 for the second…
    hit: float  # the hit's fused score
    similarity: float  # the cosine between question and passage
    missing: float  # the rarity of the rarest term that the passage lacks, over the rarest of all
    short: float  # 1 for a heading or another line of fewer than five words
    is_question: float  # it asks, itself

    def values(self) -> tuple[float, ...]:
        """The features in the order of the weights."""
        return tuple(getattr(self, name) for name in self.__slots__)


# Fitted by tests/benchmarks/fit_quoting.py, logistic regressions on questions of the development
# sets; in the order of `Features`, the constant last.
SENTENCE_WEIGHTS = (4.0, 0.0, 0.8, 1.0, 0.8, 0.8, 0.8, 0.0, 0.0, -2.0, -1.5)
ANSWER_WEIGHTS = (3.0, 3.0, 0.3, 0.5, 0.6, 0.0, 0.5, 3.0, -2.0, 0.0, 0.0, -4.0)


class QuotingReader(Reader):
    """Chooses the sentence that answers, and the phrase in it where one can be told apart."""

    name = "quotes"

    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The sentences of the best hits as spans, best first."""
        asked = analyse(question, rarity)
        scored: list[tuple[float, Span]] = []
        for rank, hit in enumerate(hits[:_HITS_READ]):
            for start, end, features in read_hit(asked, hit, rank):
                value = _dot(SENTENCE_WEIGHTS, features.values())
                offset = hit.passage.start
                span = Span(hit, offset + start, offset + end, sureness(features))
                scored.append((value, span))
        scored.sort(key=lambda item: -item[0])
        return [span for _, span in scored]


def analyse(question: str, rarity: Mapping[str, float]) -> Question:
    """A question's kind, and its terms with their weights."""
    kind = kind_of(question)
    weights = {stem: rarity.get(stem, 1.0) for stem in stems(question)}
    only_ask = asked_words(kind)
    weights = {s: w * (0.3 if s in only_ask else 1.0) for s, w in weights.items()}
    return Question(question, kind, weights)


def read_hit(question: Question, hit: Hit, rank: int) -> list[tuple[int, int, Features]]:
    """Every sentence of a hit, as offsets in its passage, with its features."""
    passage = hit.passage
    page = _take_apart(passage.text)
    around = frozenset(stems(f"{passage.title} {passage.heading}"))
    everything = page.stems | around
    context = question.share(everything)
    rarest = max(question.weights.values(), default=1.0)
    missing = max((w for s, w in question.weights.items() if s not in everything), default=0.0)
    found: list[tuple[int, int, Features]] = []
    previous: frozenset[str] = around
    for (start, end), words, held in zip(page.ranges, page.terms, page.held, strict=True):
        sentence = passage.text[start:end]
        coverage = question.share(held)
        found.append(
            (
                start,
                end,
                Features(
                    coverage=coverage,
                    context=context,
                    before=question.share(held | previous) - coverage,
                    order=_order(question, words),
                    kind=_kind(question, sentence),
                    rank=1 / (rank + 1),
                    hit=hit.score,
                    similarity=hit.similarity if hit.similarity is not None else 0.2,
                    missing=missing / max(rarest, 1e-9),
                    short=float(len(sentence.split()) < 5),
                    is_question=float(sentence.endswith("?")),
                ),
            )
        )
        previous = held | around
    return found


def sureness(features: Features) -> float:
    """How likely a sentence with these features answers, 0..1."""
    return 1 / (1 + math.exp(-_dot(ANSWER_WEIGHTS, features.values())))


def phrase(question: str, sentence: str) -> Range | None:
    """The one phrase of `sentence` that answers by itself; None where none stands out."""
    kind = kind_of(question)
    found = candidates(kind, sentence, question)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Apart:
    ranges: tuple[Range, ...]
    terms: tuple[tuple[Term, ...], ...]
    held: tuple[frozenset[str], ...]
    stems: frozenset[str]


@lru_cache(maxsize=4096)
def _take_apart(text: str) -> _Apart:
    ranges = tuple(sentences(text))
    split = tuple(tuple(terms(text[start:end])) for start, end in ranges)
    held = tuple(frozenset(term.stem for term in words) for words in split)
    return _Apart(ranges, split, held, frozenset().union(*held))


def _order(question: Question, words: Sequence[Term]) -> float:
    wanted = list(question.weights)
    pairs = set(zip(wanted, wanted[1:], strict=False))
    here = [term.stem for term in words]
    present = pairs & set(zip(here, here[1:], strict=False))
    return len(present) / len(pairs) if pairs else 0.0


def _kind(question: Question, sentence: str) -> float:
    if question.kind in (Kind.STATEMENT, Kind.REASON):
        return 0.0
    return 1.0 if candidates(question.kind, sentence, question.text) else -1.0


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    constant = weights[len(values)] if len(weights) > len(values) else 0.0
    return constant + sum(w * v for w, v in zip(weights, values, strict=False))
