"""The trained reader: from a question and hits to the sentences and phrases that answer, with
scores.

A model reads question and text together and says where the answer starts and ends, and whether
there is one (`qa.reading.span_model`). Its opinion of each sentence joins what the words say
(`qa.reading.by_words`), and a logistic regression makes a probability of both. Reading costs far
more than searching, so only the likeliest window of a long hit is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qa.models import Tokens
from qa.questions import MEASURED, Kind, kind_of
from qa.questions import candidates as of_kind
from qa.reading.by_words import (
    SENTENCE_WEIGHTS,
    Features,
    Question,
    QuotingReader,
    analyse,
    logistic,
    read_hit,
    weighed,
)
from qa.reading.phrases import clauses, columns, labelled, of_whole_tokens
from qa.reading.reader import Reader
from qa.reading.span_model import PACKAGED, Logits, SpanModel
from qa.records import Hit, Passage, Span
from qa.text.asking import asked_in
from qa.text.sentences import Range
from qa.text.terms import stems

# The form of a phrase tells whether it is of these kinds.
_NAMED = frozenset((Kind.PERSON, Kind.PLACE, Kind.NAME))
_TOLD = MEASURED | _NAMED
# What connects names that answer together; after a person's name, a comma may lead to an office.
_AND = (" and ", " or ", " & ")
_COMMA = ", "
_JOINT = re.compile("|".join((*_AND, _COMMA)))
# How much the words of the question that only one part of a sentence holds count beside the model's
# logit, where parts that answer are compared, and how much those of a whole sentence do; and what a
# phrase of the kind that was asked for counts. Parts of a sentence are alike for the model.
_OF_LINE, _OF_CLAUSE, _OF_SENTENCE, _FITTING = 20.0, 12.0, 4.0, 2.0
# The least logit above “not in here” of a phrase that is said by itself.
_LEAST = -7.0
_WORD = re.compile(r"[^\W_]+")
_SHARES = ("%", "percent", "per cent")
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)
# Tokens that are read at once; a longer hit is read in parts that overlap by one sentence.
_WINDOW = 220
# Tokens of the title and the headings above a hit, which are read before it.
_ABOVE = 40
# The position of those tokens: nowhere in the hit.
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a hit, as characters of its passage, and what its words say about it."""

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
    asked: Question

    @property
    def value(self) -> float:
        """The value of its best sentence."""
        return max(sentence.value for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a sentence as an answer once the model has read it."""

    margin: float  # of its best span, above "not in here"
    words: float  # the value of its words
    hit: float  # the hit's fused score
    rank: float  # 1 for the first hit, 1/2 for the second…
    kind: float  # the phrase is of the kind asked for: 1; it is not: -1; cannot tell: 0

    def values(self) -> tuple[float, ...]:
        """The evidence in the order of the weights."""
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that was read, the phrase in it that answers best, and the evidence for it.

    There is no phrase where the best one says nothing or is hardly an answer.
    """

    window: Window
    sentence: Sentence
    phrase: Range | None
    evidence: Signals
    answer: float  # the logit that the window answers

    @property
    def score(self) -> float:
        """How likely it is to answer, 0..1."""
        logit = WEIGHTS[-1] + float(np.dot(WEIGHTS[:-1], self.evidence.values()))
        return logistic(logit)

    def span(self) -> Span:
        """The sentence as a span of its document."""
        offset, phrase = self.window.hit.passage.start, self.phrase
        return Span(
            self.window.hit,
            offset + self.sentence.start,
            offset + self.sentence.end,
            self.score,
            None if phrase is None else (offset + phrase[0], offset + phrase[1]),
            self.answer,
            self.fitting,
        )

    @property
    def fitting(self) -> float:
        """How well its phrase answers beside those of other sentences."""
        features = self.sentence.features
        # A brief line is hardly told apart from those around it by anything else than its words.
        weight = _OF_LINE if features.brief else _OF_SENTENCE
        held = features.coverage + features.lead
        return self.evidence.margin + weight * held + _FITTING * (self.evidence.kind > 0)


# Fitted by tests/benchmarks/fitting/reader.py; in the order of `Signals`, the constant last.
WEIGHTS = (0.228, 0.121, 1.042, 0.426, 0.128, -3.207)


def open_reader(name: str) -> Reader:
    """The reader that a setting names: `packaged`, `words`, or a folder.

    Raises:
        ModelUnavailableError: the folder holds no reader.
    """
    if name == "words":
        return QuotingReader()
    return ExtractiveReader(SpanModel(PACKAGED if name == "packaged" else Path(name)))


class ExtractiveReader(Reader):
    """Reads with a trained model; see `qa.reading.span_model`."""

    name = "reader"

    def __init__(self, model: SpanModel) -> None:
        self.model = model
        self._by_words = QuotingReader()

    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The sentences that answer, best first, each with its phrase.

        The model was trained on English; questions in other languages are read by their words.
        """
        if asked_in(question) is not None:
            return self._by_words.read(question, hits, rarity)
        windows = self.windows(question, hits, rarity)
        found = sorted(self.candidates(question, windows), key=lambda one: -one.score)
        return [one.span() for one in found]

    def windows(
        self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]
    ) -> list[Window]:
        """The likeliest window of each hit that has words."""
        asked = analyse(question, rarity)
        found: list[Window] = []
        for rank, hit in enumerate(hits):
            of_hit = list(self.windows_of(asked, hit, rank))
            found.extend([max(of_hit, key=lambda window: window.value)] if of_hit else [])
        return found

    def candidates(self, question: str, windows: Sequence[Window]) -> list[Candidate]:
        """Every sentence of some windows, read."""
        readings = self.model.read(question, [window.tokens for window in windows])
        return [
            candidate
            for window, reading in zip(windows, readings, strict=True)
            for candidate in _candidates(question, window, reading)
        ]

    def windows_of(self, asked: Question, hit: Hit, rank: int) -> Iterator[Window]:
        """A hit in windows that together hold every sentence of it that could answer."""
        sentences = [Sentence(*found) for found in read_hit(asked, hit, rank)]
        tokens = self.model.tokens(hit.passage.text)
        above = self._above(hit.passage)
        for first, last, within in _parts(tokens, sentences):
            yield Window(hit, above.followed_by(tokens.between(first, last)), within, asked)

    def _above(self, passage: Passage) -> Tokens:
        """The title and the headings above a passage, as tokens that have no position in it."""
        ids = self.model.tokens(passage.above).ids[:_ABOVE]
        return Tokens(ids, np.full((len(ids), 2), _NOWHERE, dtype=np.int64))


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
        # What comes before the first sentence that could answer is read too: a heading, a lead-in.
        first = 0 if at == 0 and ends[0] <= _WINDOW else starts[at]
        last = at
        while last + 1 < len(sentences) and ends[last + 1] - first <= _WINDOW:
            last += 1
        yield first, min(ends[last], first + _WINDOW), tuple(sentences[at : last + 1])
        if last + 1 == len(sentences):
            return
        at = max(at + 1, last)  # the last sentence once more, as the next ones' beginning


def _candidates(question: str, window: Window, reading: Logits) -> Iterator[Candidate]:
    kind, text = kind_of(question), window.hit.passage.text
    for sentence in window.sentences:
        found = reading.best(sentence.start, sentence.end)
        if found is None:
            continue
        told = _told(kind, question, text, sentence)
        start, end, margin = _pointed_at(window, sentence, reading, told) or found
        start, end = of_whole_tokens(text, start, end, told)
        if kind in _NAMED:
            start, end = _whole(kind, question, text, (start, end), told)
        features = sentence.features
        evidence = Signals(
            margin=found[2],
            words=sentence.value,
            hit=features.hit,
            rank=features.rank,
            kind=_of_kind((start, end), told) if kind in _TOLD else 0,
        )
        says = margin >= _LEAST and not _repeats(question, text[start:end])
        phrase = (start, end) if says else None
        yield Candidate(window, sentence, phrase, evidence, reading.answer)


def _pointed_at(
    window: Window, sentence: Sentence, reading: Logits, told: Sequence[Range]
) -> tuple[int, int, float] | None:
    """The best span in the part of a sentence that the question's words point at.

    None where no part of it speaks of another thing than the others.
    """
    asked, text = window.asked, window.hit.passage.text
    start, end = sentence.start, sentence.end
    answers = told or _numbers(asked, text, sentence)
    lines = labelled(text, start, end)
    parts = lines or columns(text, start, end)
    if not parts and asked.kind in MEASURED:
        parts = clauses(text, start, end, answers)
    if not parts:
        return None
    held = [part.held(text) for part in parts]
    common = frozenset.intersection(*held)
    shares = [asked.share(words - common) for words in held]
    # What a label says is all that there is to go by.
    weight = _OF_LINE / (max(shares) or 1) if lines else _OF_CLAUSE
    found = [
        (one[2] + weight * share, one)
        for part, share in zip(parts, shares, strict=True)
        if (one := reading.best(part.start, part.end)) is not None
        and (lines or not answers or _of_kind(one[:2], answers) > 0)
    ]
    return max(found, key=lambda one: one[0])[1] if found else None


def _numbers(asked: Question, text: str, sentence: Sentence) -> list[Range]:
    """The numbers of a sentence where money is asked for and no currency is named."""
    if asked.kind is not Kind.MONEY:
        return []
    found = _told(Kind.NUMBER, asked.text, text, sentence)
    return [(start, end) for start, end in found if not text[start:end].endswith(_SHARES)]


def _repeats(question: str, phrase: str) -> bool:
    """Whether a phrase says nothing but words of a question that leaves no choice of them."""
    said = {word.casefold() for word in _WORD.findall(phrase)}
    asked = {word.casefold() for word in _WORD.findall(question)}
    return said <= asked and not _CHOICE.search(question)


def _told(kind: Kind, question: str, text: str, sentence: Sentence) -> list[Range]:
    """The part of a sentence that has the form of the kind; empty for kinds that have no form."""
    if kind not in _TOLD:
        return []
    begin = sentence.start
    found = of_kind(kind, text[begin : sentence.end], question)
    return [(begin + first, begin + last) for first, last in found]


def _whole(kind: Kind, question: str, text: str, phrase: Range, named: Sequence[Range]) -> Range:
    """The phrase, or all of “Bangkok and Hanoi” if it is the first or the last of them.

    Not if the question names the others: the answer to who met Ada King is not “Ada King and Ben
    Lind”.
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
