"""The trained reader: question and hits -> the sentences and phrases that answer, with scores.

A model reads question and text together and says where the answer starts and ends, and whether
there is one (`qa.span_model`). Its opinion of each sentence joins what the words say
(`qa.reading`), and a logistic regression makes a probability of it. Reading costs far more than
searching, so the likeliest windows are read first, and no more once one of them surely answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qa.questions import Kind, kind_of
from qa.questions import candidates as of_kind
from qa.reading import (
    SENTENCE_WEIGHTS,
    Features,
    Question,
    QuotingReader,
    Reader,
    analyse,
    read_hit,
    weighed,
)
from qa.records import Hit, Span
from qa.sentences import Range
from qa.span_model import PACKAGED, Reading, SpanModel, Tokens
from qa.terms import stems

# Whether a phrase is of these kinds can be told by its form.
_TOLD = frozenset(
    (Kind.PERSON, Kind.PLACE, Kind.TIME, Kind.NUMBER, Kind.MONEY, Kind.DURATION, Kind.NAME)
)
_NAMED = frozenset((Kind.PERSON, Kind.PLACE, Kind.NAME))
# What stands between names that answer together; after a person's, a comma may lead to an office.
_AND = (" and ", " or ", " & ")
_COMMA = ", "
_JOINT = re.compile("|".join((*_AND, _COMMA)))
# How many of the best hits are looked at, and how many spans come of it.
_HITS = 8
_SPANS = 5
# Tokens that are read at once; a longer hit is read in parts that overlap by a sentence.
_WINDOW = 220
# How many windows are read, one after the other, while none surely answers. Three more would
# find the answer to one question in 250, for twice the time.
MOST_WINDOWS = 3
_SURE = 0.6
# How much of the shorter one's words is in both, if two sentences say the same or its contrary.
_ECHO = 0.5
ECHOES = 3
# A sentence that scores below will hardly be said, so that nothing has to be set against it.
_HOPELESS = 0.1


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a hit, as characters of its passage, and what its words say of it."""

    start: int
    end: int
    features: Features

    @property
    def value(self) -> float:
        """How well it answers by its words alone; higher is better."""
        return weighed(SENTENCE_WEIGHTS, self.features)


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring sentences of a hit that are read at once."""

    hit: Hit
    tokens: Tokens
    sentences: tuple[Sentence, ...]

    @property
    def value(self) -> float:
        """That of its best sentence."""
        return max(sentence.value for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a sentence as an answer once the model has read it."""

    margin: float  # of its best span, above "not in here"
    words: float  # the value of its words
    hit: float  # the hit's fused score
    similarity: float  # the cosine between question and passage
    rank: float  # 1 for the first hit, 1/2 for the second…
    kind: float  # the phrase is of the kind asked for: 1; it is not: -1; cannot tell: 0

    def values(self) -> tuple[float, ...]:
        """The evidence in the order of the weights."""
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that was read, the phrase in it that answers best, and what speaks for it."""

    window: Window
    sentence: Sentence
    phrase: tuple[int, int]
    evidence: Evidence

    @property
    def score(self) -> float:
        """How likely it answers, 0..1."""
        logit = WEIGHTS[-1] + float(np.dot(WEIGHTS[:-1], self.evidence.values()))
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))

    def span(self) -> Span:
        """It as a span of its document."""
        offset = self.window.hit.passage.start
        return Span(
            self.window.hit,
            offset + self.sentence.start,
            offset + self.sentence.end,
            self.score,
            (offset + self.phrase[0], offset + self.phrase[1]),
        )


# Fitted by tests/benchmarks/fit_reader.py; in the order of `Evidence`, the constant last.
WEIGHTS = (0.131, 0.219, 0.175, 0.787, 0.262, 0.219, -3.519)


def open_reader(name: str) -> Reader:
    """The reader that a setting names: `packaged`, `words`, or a folder.

    Raises:
        ModelUnavailableError: the folder holds no reader.
    """
    if name == "words":
        return QuotingReader()
    return ExtractiveReader(SpanModel(PACKAGED if name == "packaged" else Path(name)))


class ExtractiveReader(Reader):
    """Reads with a trained model; see `qa.span_model`."""

    name = "reader"

    def __init__(self, model: SpanModel) -> None:
        self.model = model

    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The sentences that answer, best first, each with its phrase."""
        found: list[Candidate] = []
        windows = self.windows(question, hits, rarity)
        for _ in range(min(MOST_WINDOWS, len(windows))):
            found = _distinct([*found, *self.candidates(question, [windows.pop(0)])])
            if found and found[0].score >= _SURE:
                break
        if windows and found and found[0].score >= _HOPELESS:
            found = _distinct([*found, *self.candidates(question, _echoes(found[0], windows))])
        return [one.span() for one in found[:_SPANS]]

    def windows(
        self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]
    ) -> list[Window]:
        """What could be read, the likeliest first."""
        asked = analyse(question, rarity)
        found = [
            window
            for rank, hit in enumerate(hits[:_HITS])
            for window in self._windows(asked, hit, rank)
        ]
        return sorted(found, key=lambda window: -window.value)

    def candidates(self, question: str, windows: Sequence[Window]) -> list[Candidate]:
        """Every sentence of some windows, read."""
        readings = self.model.read(question, [window.tokens for window in windows])
        return [
            candidate
            for window, reading in zip(windows, readings, strict=True)
            for candidate in _candidates(question, window, reading)
        ]

    def _windows(self, asked: Question, hit: Hit, rank: int) -> Iterator[Window]:
        sentences = [Sentence(*found) for found in read_hit(asked, hit, rank)]
        tokens = self.model.tokens(hit.passage.text)
        for first, last, within in _parts(tokens, sentences):
            yield Window(hit, tokens.between(first, last), within)


def _echoes(best: Candidate, windows: Sequence[Window]) -> list[Window]:
    """Sentences of other documents in nearly the same words, each as a window of its own.

    They say the same or contradict it, which an answer must not be silent about; they are short,
    so that reading them costs little.
    """
    document = best.window.hit.passage.document_id
    words = frozenset(stems(best.span().text))
    found: dict[tuple[str, int], tuple[float, Window]] = {}  # two windows may share a sentence
    for window in windows:
        passage = window.hit.passage
        if passage.document_id == document:
            continue
        for sentence in window.sentences:
            held = frozenset(stems(passage.text[sentence.start : sentence.end]))
            alike = len(words & held) / max(1, min(len(words), len(held)))
            if alike >= _ECHO:
                found[passage.id, sentence.start] = alike, _alone(window, sentence)
    return [window for _, window in sorted(found.values(), key=lambda one: -one[0])[:ECHOES]]


def _alone(window: Window, sentence: Sentence) -> Window:
    """A window of one sentence."""
    first, last = np.searchsorted(window.tokens.offsets[:, 0], (sentence.start, sentence.end))
    return Window(window.hit, window.tokens.between(int(first), int(last)), (sentence,))


def _parts(
    tokens: Tokens, sentences: Sequence[Sentence]
) -> Iterator[tuple[int, int, tuple[Sentence, ...]]]:
    """Stretches of tokens that are short enough, with the sentences that begin in each."""
    offsets = tokens.offsets
    if not len(offsets):
        return
    starts = [int(np.searchsorted(offsets[:, 0], sentence.start)) for sentence in sentences]
    ends = [int(np.searchsorted(offsets[:, 0], sentence.end)) for sentence in sentences]
    at = 0
    while at < len(sentences):
        # What stands before the first sentence that could answer is read too: a heading, a lead.
        first = 0 if at == 0 and ends[0] <= _WINDOW else starts[at]
        last = at
        while last + 1 < len(sentences) and ends[last + 1] - first <= _WINDOW:
            last += 1
        yield first, min(ends[last], first + _WINDOW), tuple(sentences[at : last + 1])
        if last + 1 == len(sentences):
            return
        at = max(at + 1, last)  # the last sentence once more, as the next ones' beginning


def _candidates(question: str, window: Window, reading: Reading) -> Iterator[Candidate]:
    kind, text = kind_of(question), window.hit.passage.text
    for sentence in window.sentences:
        found = reading.best(sentence.start, sentence.end)
        if found is None:
            continue
        start, end, margin = found
        told = _told(kind, question, text, sentence)
        if kind in _NAMED:
            start, end = _whole(kind, question, text, (start, end), told)
        features = sentence.features
        evidence = Evidence(
            margin=margin,
            words=sentence.value,
            hit=features.hit,
            similarity=features.similarity,
            rank=features.rank,
            kind=_of_kind((start, end), told) if kind in _TOLD else 0,
        )
        yield Candidate(window, sentence, (start, end), evidence)


def _told(kind: Kind, question: str, text: str, sentence: Sentence) -> list[Range]:
    """What is of the kind in a sentence, by its form; nothing of kinds that have none."""
    if kind not in _TOLD:
        return []
    begin = sentence.start
    found = of_kind(kind, text[begin : sentence.end], question)
    return [(begin + first, begin + last) for first, last in found]


def _whole(kind: Kind, question: str, text: str, phrase: Range, named: Sequence[Range]) -> Range:
    """The phrase, or all of "Bangkok and Hanoi" where it is the first or the last of them.

    Not where the question names the others: who met Ada King is not "Ada King and Ben Lind".
    """
    start, end = phrase
    joints = _AND if kind is Kind.PERSON else (*_AND, _COMMA)
    for first, last in named:
        before, after = text[first:start], text[end:last]
        opens = first == start and after.startswith(joints)
        closes = last == end and before.endswith(joints)
        if (opens or closes) and not _names_one(question, f"{before}{after}"):
            return first, last
    return phrase


def _names_one(question: str, names: str) -> bool:
    asked = frozenset(stems(question))
    others = (stems(name) for name in _JOINT.split(names))
    return any(name and asked.issuperset(name) for name in others)


def _of_kind(phrase: Range, told: Sequence[Range]) -> float:
    start, end = phrase
    return 1 if any(first < end and start < last for first, last in told) else -1


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best first, and of a sentence that two windows share, the better reading."""
    kept: dict[tuple[str, int], Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: -one.score):
        key = candidate.window.hit.passage.id, candidate.sentence.start
        kept.setdefault(key, candidate)
    return list(kept.values())
