"""From the stretches of the documents that were hit to their units, those that answer best first.

What is known of a unit is weighed: how near its vector is to the question, how many of the
question's words it holds, how good the hit was that led to it, whether it has the form that was
asked for. The likeliest units are then read, because reading costs far more, and the reader's
opinion is weighed with the rest. Finally a logistic regression says how surely the best one answers
in full.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile

from qa.answering.units.subjects import Subjects
from qa.index import Stretch
from qa.questions import MEASURED, Form, Kind, candidates, form_of, kind_of
from qa.reading import logistic
from qa.records import Hit, Passage, Span, Unit
from qa.text.asking import asked_in, asked_stems, compared
from qa.text.dates import YEAR, are_apart
from qa.text.numbered import numbered, numbered_above, numbered_asked
from qa.text.terms import codes, is_stop_word, stems, word_count

LISTS = frozenset(("list", "steps", "table", "outline"))
"""Kinds of units that are lists, of whatever shape."""
_WHOLES = LISTS - {"outline"}
# How many of the nearest units are looked at closely, and what a hit's score is beside a cosine.
_LOOKED_AT = 96
_NEARNESS_OF_HIT = 0.1
# The likeliest of those are read: at least this many, and more as long as all of them together stay
# below this many words, because reading takes most of the time. A long unit counts as so many: no
# more of it fits into what the reader reads at once.
_FEWEST_READ = 4
_WORDS_READ = 600
_LONGEST_READ = 150
# Where a list is hardly meant, and where one of headings never is.
_SHORT_ASKED = (Form.FACT, Form.WHETHER, Form.DEFINITION, Form.REASON)
_NO_LISTS = (*_SHORT_ASKED, Form.COMPARISON)
# A unit that is this much less likely than the best one is hardly ever better once it is read.
_HOPELESS = 4.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a unit as an answer."""

    cosine: float  # between the question and the unit below its headings
    best_cosine: float  # how far that is below the best one's
    coverage: float  # share of the question's weight that the unit holds
    heading: float  # … and that its headings add
    named: float  # how much of its nearest heading the question holds
    hit: float  # the fused score of the best hit that meets it
    document: float  # … of the best hit of its document
    list_asked: float  # 1 where it is a list and one is asked for
    steps_asked: float
    long_unasked: float  # 1 where it is a list, but a short answer is asked for
    item: float  # 1 for an item or a row
    section: float
    lead: float  # 1 where it only leads in to a list
    outline: float
    absent: float  # share of the question's numbers and codes that it and its headings lack
    kind: float  # 1 where it holds something of the kind asked for, -1 where it does not
    length: float  # the logarithm of its number of words
    read: float = 0.0  # 1 where it was read
    answer: float = 0.0  # the reader's logit that it answers; of others, as of the worst one read
    span: float = 0.0  # the score of the reader's best span in it

    def values(self) -> tuple[float, ...]:
        """The signals in the order of the weights."""
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Choice:
    """A unit that may answer, and the evidence for it."""

    stretch: Stretch
    unit: Unit
    signals: Signals
    span: Span | None = None  # the reader's best one in it
    best_span: bool = False  # whether that is the best one of all
    asked_for: bool = False  # whether the question asks for just this, by its number

    @property
    def value(self) -> float:
        """The weighed signals; higher is better."""
        return _weighed(WEIGHTS, self.signals)

    @property
    def likelihood(self) -> float:
        """The weighed signals of a unit that may not have been read."""
        return _weighed(LIKELY, self.signals)

    def contains(self, other: Choice) -> bool:
        """Whether all of another unit is in it."""
        return self.stretch is other.stretch and _is_in(other.unit, self.unit)

    @property
    def nearest_heading(self) -> str:
        """The heading right above it."""
        path = self.stretch.heading_path(self.unit)
        return path[-1] if path else ""

    @property
    def words(self) -> int:
        """The number of its words."""
        return word_count(self.text)

    @property
    def text(self) -> str:
        """The unit's text."""
        return self.stretch.text(self.unit)

    def as_hit(self) -> Hit:
        """The unit's text for a reader, below its headings."""
        stretch, unit = self.stretch, self.unit
        path = " > ".join([*stretch.heading_path(unit), *_above_row(stretch, unit)])
        passage = replace(
            stretch.passage,
            start=unit.start,
            end=unit.end,
            text=self.text,
            heading=path,
        )
        return Hit(passage, self.signals.hit, similarity=self.signals.cosine)


# How much each signal counts in the value of a unit, in the order of `Signals`, after and before it
# is read. Fitted by tests/benchmarks/fitting/units.py so that units that answer in full come first.
WEIGHTS = (
    5.53, 6.28, 3.11, 3.88, 0.18, -0.07, 1.45, 0.9, 1.17, -0.23, -0.35, -1.45, -0.51, 0.92,
    0.29, 0.25, 0.07, -0.24, 0.32, 4.17,
)  # fmt: skip
LIKELY = (
    10.3, 8.45, 5.21, 6.06, 1.01, 0.47, 1.96, 0.88, 1.41, -0.91, -0.96, -2.13, -0.32,
    -1.05, 0.16, 0.93, 0.15,
)  # fmt: skip


# … and in how surely the best unit answers in full: its value, the reader's logit that it answers,
# and the constant. Nothing else that is known of it helped on questions that were held back.
SURENESS = (0.22, 0.15, -1.19)


def _weighed(weights: Sequence[float], signals: Signals) -> float:
    return math.fsum(
        weight * value for weight, value in zip(weights, signals.values(), strict=False)
    )


def sureness(choices: Sequence[Choice]) -> float:
    """How surely the best of the choices answers in full, 0..1."""
    if not choices:
        return 0.0
    known = (*evidence(choices), 1.0)
    logit = math.fsum(weight * value for weight, value in zip(SURENESS, known, strict=True))
    return logistic(logit)


def evidence(choices: Sequence[Choice]) -> tuple[float, ...]:
    """The evidence for how surely the best of the choices answers, in the order of `SURENESS`."""
    best = choices[0]
    return best.value, best.signals.answer


def likely(
    question: str,
    stretches: Sequence[Stretch],
    hits: Sequence[Hit],
    vector: Sequence[float],
    rarity: Mapping[str, float],
) -> list[Choice]:
    """The units of the stretches that are nearest to a question, the likeliest to answer first.

    Units that are about other years than the question's are left out, whatever else they say, and
    so are those about the P410 where the P430 is asked for.
    """
    asked, form = asked_stems(question), form_of(question)
    total = sum(rarity.get(stem, 1.0) for stem in asked) or 1.0
    shares = [rarity.get(stem, 1.0) / total for stem in asked]
    language = asked_in(question)
    weights = dict(zip(compared(language, asked), shares, strict=True))
    names = {
        name: numbers
        for name, numbers in numbered_asked(question).items()
        if numbers and not is_stop_word(name)
    }
    known = _Known(question, language, form, kind_of(question), weights, hits, codes(asked), names)
    subjects = Subjects(frozenset(asked), [stretch.passage.title for stretch in stretches])
    # The encoder was trained on English: its view of another language says little.
    telling = float(language is None)
    near = [
        (telling * float(cosine), stretch, unit)
        for stretch in stretches
        for unit, cosine in zip(stretch.units, stretch.cosines(vector), strict=True)
        if not known.is_of_another(stretch, unit)
        and not known.is_mere_outline(stretch, unit)
        and not stretch.names_others(unit)
        and not subjects.is_of_another(stretch, unit)
    ]
    best = max((cosine for cosine, _, _ in near), default=0.0)
    # The words of a unit take longer to look at than its distance.
    near.sort(key=lambda one: -(one[0] + _NEARNESS_OF_HIT * known.hit(one[1], one[2])))
    found = [
        known.choice(stretch, unit, cosine, best) for cosine, stretch, unit in near[:_LOOKED_AT]
    ]
    return sorted(found, key=lambda choice: -choice.likelihood)


def to_read(choices: Sequence[Choice]) -> list[Hit]:
    """The likeliest of the choices as texts for a reader, each below its headings.

    The text of an outline is not in one piece in its document, so no place in it can be quoted.
    """
    whole = [choice for choice in choices if choice.unit.kind != "outline"]
    hopeful = takewhile(lambda one: one.likelihood >= whole[0].likelihood - _HOPELESS, whole)
    words = accumulate(min(choice.words, _LONGEST_READ) for choice in whole)
    return [
        choice.as_hit()
        for number, (choice, total) in enumerate(zip(hopeful, words, strict=False))
        if number < _FEWEST_READ or total <= _WORDS_READ
    ]


def judged(choices: Sequence[Choice], spans: Sequence[Span]) -> list[Choice]:
    """The choices, best first, with what a reader found in those that it read."""
    answers = {_place(span.hit.passage, span.hit.passage): span.answer for span in spans}
    worst = min(answers.values(), default=0.0)
    found = []
    for choice in choices:
        span = _best_in(choice, spans)
        answer = answers.get(_place(choice.stretch.passage, choice.unit))
        signals = replace(
            choice.signals,
            read=float(answer is not None),
            answer=worst if answer is None else answer,
            span=0.0 if span is None else span.score,
        )
        best = span is not None and span is spans[0]
        found.append(replace(choice, signals=signals, span=span, best_span=best))
    return sorted(found, key=lambda choice: -choice.value)


def _place(passage: Passage, part: Passage | Unit) -> tuple[str, int, int]:
    return passage.document_id, part.start, part.end


def _best_in(choice: Choice, spans: Sequence[Span]) -> Span | None:
    """The reader's best span in a unit; in an outline, only what is part of its headings counts."""
    if choice.unit.kind == "outline":
        return None
    return max(spans_in(choice, spans), key=lambda span: span.score, default=None)


def spans_in(choice: Choice, spans: Sequence[Span]) -> list[Span]:
    """Those of some spans that are in a unit."""
    unit, of_document = choice.unit, choice.stretch.passage.document_id
    return [
        span
        for span in spans
        if span.hit.passage.document_id == of_document
        and unit.start <= span.start
        and span.end <= unit.end
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before units are looked at."""

    question: str
    language: str | None  # as `asked_in` tells it
    form: Form
    kind: Kind
    weights: Mapping[str, float]
    hits: Sequence[Hit]
    codes: Sequence[str]
    numbered: Mapping[str, frozenset[str]]
    above: dict[tuple[str, ...], tuple[frozenset[str], Sequence[str]]] = field(default_factory=dict)
    within: dict[tuple[str, int, int], Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def hit(self, stretch: Stretch, unit: Unit) -> float:
        """The score of the best hit that a unit shares text with."""
        of_document = stretch.passage.document_id
        return max(
            (
                hit.score
                for hit in self.hits
                if hit.passage.document_id == of_document
                and hit.passage.start < unit.end
                and unit.start < hit.passage.end
            ),
            default=0.0,
        )

    def is_of_another(self, stretch: Stretch, unit: Unit) -> bool:
        """Whether a unit and what is above it are about other years, or another of its name.

        Years are others if all are before or all after the question's.
        """
        years = [int(code) for code in self.codes if YEAR.fullmatch(code)]
        if not (years or self.numbered):
            return False
        above = (stretch.passage.title, *stretch.heading_path(unit), *_above_row(stretch, unit))
        text = stretch.text(unit)
        if years and are_apart(years, " ".join((*above, text))):
            return True
        if not self.numbered:
            return False
        # A row with another code says which row is meant, as long as its table has the right one.
        wholes = (one for one in stretch.units if one.kind in _WHOLES and _is_in(unit, one))
        whole = next(wholes, unit) if unit.kind in ("row", "item") else unit
        found = (self.names(stretch, whole), numbered_above(above))
        for name, numbers in self.numbered.items():
            held = frozenset[str]().union(*(one.get(name, ()) for one in found))
            if held and not held & numbers:
                return True
        return False

    def names(self, stretch: Stretch, unit: Unit) -> Mapping[str, frozenset[str]]:
        """The names with numbers in a unit."""
        # Many rows share their table.
        place = _place(stretch.passage, unit)
        if place not in self.within:
            self.within[place] = numbered(stretch.text(unit))
        return self.within[place]

    def is_mere_outline(self, stretch: Stretch, unit: Unit) -> bool:
        """Whether a unit is a list of headings, and the question asks for no list, or for one."""
        if unit.kind != "outline":
            return False
        if self.form in _NO_LISTS:
            return True
        parts = [self.held(heading.text) for heading in stretch.outlined(unit)]
        return any(part and part <= self.weights.keys() for part in parts)

    def choice(self, stretch: Stretch, unit: Unit, cosine: float, best: float) -> Choice:
        """A unit with all the evidence for and against it."""
        text, passage, form = stretch.text(unit), stretch.passage, self.form
        # A question that is itself one of the headings below is answered there, not by a list of
        # headings.
        held = frozenset[str]() if unit.kind == "outline" else self.held(text)
        above, nearest = self.headings(passage.title, stretch.heading_path(unit))
        above |= self.held(" ".join(_above_row(stretch, unit)))
        listed = unit.kind in LISTS
        of_document = [
            hit.score for hit in self.hits if hit.passage.document_id == passage.document_id
        ]
        signals = Signals(
            cosine=cosine,
            best_cosine=cosine - best,
            coverage=sum(weight for stem, weight in self.weights.items() if stem in held),
            heading=sum(weight for stem, weight in self.weights.items() if stem in above - held),
            named=sum(stem in self.weights for stem in nearest) / max(1, len(nearest)),
            hit=self.hit(stretch, unit),
            document=max(of_document, default=0.0),
            list_asked=float(
                (listed and form is Form.LIST) or (unit.kind == "list" and form is Form.STEPS)
            ),
            steps_asked=float(unit.kind == "steps" and form in (Form.STEPS, Form.OPEN)),
            long_unasked=float(listed and form in _SHORT_ASKED),
            item=float(unit.kind in ("item", "row")),
            section=float(unit.kind == "section"),
            lead=float(unit.kind == "lead"),
            outline=float(unit.kind == "outline"),
            absent=sum(code not in held | above for code in self.codes) / max(1, len(self.codes)),
            kind=_kind(self.kind, self.question, text),
            length=math.log(1 + word_count(text)),
        )
        return Choice(stretch, unit, signals)

    def held(self, text: str) -> frozenset[str]:
        """The stems of a text, in the form in which they are compared with the question's."""
        return frozenset(compared(self.language, stems(text)))

    def headings(self, title: str, path: tuple[str, ...]) -> tuple[frozenset[str], Sequence[str]]:
        """The stems of what stands above a unit, and those of the nearest heading alone."""
        # Many units share their headings.
        if (title, *path) not in self.above:
            nearest = tuple(compared(self.language, stems(path[-1]))) if path else ()
            self.above[title, *path] = self.held(" ".join((title, *path))), nearest
        return self.above[title, *path]


def _above_row(stretch: Stretch, unit: Unit) -> tuple[str, ...]:
    """What a row says little without: its columns, and what rows above it say it is about."""
    return tuple(filter(None, (stretch.columns(unit), *stretch.row_names(unit))))


def _is_in(part: Unit, whole: Unit) -> bool:
    return whole.start <= part.start and part.end <= whole.end


def _kind(kind: Kind, question: str, text: str) -> float:
    if kind not in MEASURED:
        return 0.0
    return 1.0 if candidates(kind, text, question) else -1.0
