"""From a question and its hits to the spans that answer, with scores.

`QuotingReader` reads by the words that question and sentence share, weighed by their rarity, and by
the kind of thing that the question asks for. It needs no model, takes a few milliseconds and cannot
make anything up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from qa.questions import LOOSE_WORDS, ORDINALS, Kind, asked_words, candidates, kind_of
from qa.reading.phrases import labelled
from qa.reading.reader import Reader
from qa.records import Hit, Span
from qa.text.asking import asked_stems
from qa.text.sentences import CELL_SEPARATOR, LIST_MARK, Range, sentences
from qa.text.terms import Term, codes, is_stop_word, stems, terms

# The header of a table that begins in another passage.
_ELSEWHERE = " "
# Of fewer brief lines, the first is the heading of the other.
_FEWEST_LINES = 3
_FIGURES_IN_ROW = re.compile(r"(?=[^\n]*\d)[^\n|]+ \| ")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart once for all the sentences that it is compared with."""

    text: str
    kind: Kind
    weights: Mapping[str, float]  # of its stems; together they weigh 1

    def share(self, found: frozenset[str]) -> float:
        """How much of the question's weight these stems carry, 0..1."""
        return sum(self.weights[stem] for stem in self.weights.keys() & found)


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a sentence as an answer; see `SENTENCE_WEIGHTS` and `ANSWER_WEIGHTS`."""

    coverage: float  # share of the question's weight that the sentence holds
    lead: float  # what its heading, the question above it or the header of its table adds
    context: float  # the share that the whole passage holds, with its title and heading
    before: float  # what the sentence before adds to the coverage
    order: float  # share of the question's neighbouring terms that are neighbours here
    kind: float  # it holds something of the kind asked for: 1; it does not: -1; cannot tell: 0
    near: float  # how near that stands to a term of the question: 1 beside it, 1/2 one word off
    rank: float  # 1 for the first hit, 1/2 for the second…
    hit: float  # the hit's fused score
    similarity: float  # the cosine between question and passage
    brief: float  # 1 for a line of a few words
    absent: float  # share of the question's numbers and codes that the whole passage lacks
    conflict: float  # 1 if it speaks of the second where the question asks for the first

    def values(self) -> tuple[float, ...]:
        """The features in the order of the weights."""
        return tuple(getattr(self, name) for name in self.__slots__)


# Fitted by tests/benchmarks/fitting/quoting.py: logistic regressions on questions of the
# development sets; in the order of `Features`, the constant last.
SENTENCE_WEIGHTS = (4.3, 3.4, 2.0, 2.4, 2.5, 1.1, 0.8, 0.4, 3.3, 5.7, -2.4, -2.0, -2.0)
ANSWER_WEIGHTS = (
    2.6, 2.1, 0.1, 1.5, 0.6, 0.6, 0.6, 0.6, 1.5, 3.1, 0.0, -1.5, -1.5, -6.1
)  # fmt: skip


class QuotingReader(Reader):
    """Chooses the sentence that answers, and the phrase in it if one can be told apart."""

    name = "quotes"

    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The sentences of the hits as spans, best first; a hit answers as well as its best
        sentence.
        """
        asked = analyse(question, rarity)
        scored: list[tuple[float, Span]] = []
        for rank, hit in enumerate(hits):
            found = list(read_hit(asked, hit, rank))
            answer = max((weighed(ANSWER_WEIGHTS, features) for *_, features in found), default=0.0)
            offset = hit.passage.start
            for start, end, features in found:
                span = Span(hit, offset + start, offset + end, sureness(features), answer=answer)
                scored.append((weighed(SENTENCE_WEIGHTS, features), span))
        scored.sort(key=lambda item: -item[0])
        return [replace(span, short=_phrase(asked, span)) for _, span in scored]


def analyse(question: str, rarity: Mapping[str, float]) -> Question:
    """A question's kind, and its terms with their weights."""
    kind = kind_of(question)
    weights = {stem: rarity.get(stem, 1.0) for stem in asked_stems(question)}
    only_ask = asked_words(kind)
    weights = {
        stem: weight * (0.1 if stem in only_ask else 0.5 if stem in LOOSE_WORDS else 1.0)
        for stem, weight in weights.items()
    }
    total = sum(weights.values()) or 1.0
    return Question(question, kind, {stem: weight / total for stem, weight in weights.items()})


def read_hit(question: Question, hit: Hit, rank: int) -> list[tuple[int, int, Features]]:
    """The sentences of a hit that could answer, as offsets in its passage, with their features."""
    passage = hit.passage
    apart = _take_apart(passage.text, goes_on=passage.start > 0)
    title = frozenset(stems(f"{passage.title} {passage.heading}"))
    everything = title.union(*(sentence.stems for sentence in apart))
    context = question.share(everything)
    named = codes(question.weights)
    absent = sum(stem not in everything for stem in named) / max(1, len(named))
    answering = [s for s in apart if not s.leads] or list(apart)
    found: list[tuple[int, int, Features]] = []
    previous = title
    since_lead = 0
    for sentence in apart:
        since_lead = 0 if sentence.leads else since_lead + 1
        if sentence in answering:
            start, end = sentence.range
            held = sentence.stems | sentence.lead
            own, coverage = question.share(sentence.stems), question.share(held)
            announced = coverage - own
            kind, near = _kind(question, passage.text[start:end], sentence.terms)
            features = Features(
                coverage=own,
                # The line right below a heading is what the heading announces; a table has many
                # such lines.
                lead=announced if sentence.row else announced / max(1, since_lead),
                context=context,
                before=question.share(held | previous) - coverage,
                order=_order(question, sentence.terms),
                kind=kind,
                near=near,
                rank=1 / (rank + 1),
                hit=hit.score,
                similarity=hit.similarity if hit.similarity is not None else 0.2,
                brief=float(end - start < 25),
                absent=absent,
                conflict=_conflict(question, sentence.stems),
            )
            found.append((start, end, features))
        previous = sentence.stems | title
    return found


def sureness(features: Features) -> float:
    """How likely a sentence with these features is to answer, 0..1."""
    return logistic(weighed(ANSWER_WEIGHTS, features))


def _phrase(question: Question, span: Span) -> Range | None:
    """The one phrase of a span that answers by itself, as document offsets."""
    offset = span.hit.passage.start
    for sentence in _take_apart(span.hit.passage.text, goes_on=span.hit.passage.start > 0):
        if sentence.range[0] + offset == span.start and sentence.header.strip():
            cell = _cell(question, span.text, sentence.header)
            return None if cell is None else (span.start + cell[0], span.start + cell[1])
    found = candidates(question.kind, span.text, question.text)
    if not found:
        return None
    parts = labelled(span.text, 0, len(span.text))

    def pointed_at(phrase: Range) -> float:
        line = (part for part in parts if part.start <= phrase[0] < part.end)
        return max((question.share(part.held(span.text)) for part in line), default=0.0)

    start, end = max(found, key=pointed_at)
    return span.start + start, span.start + end


def _cell(question: Question, row: str, header: str) -> Range | None:
    """The cell of a row below the header that the question names best."""
    columns = [question.share(frozenset(stems(cell))) for cell in header.split(CELL_SEPARATOR)]
    cells = list(_cell_ranges(row))
    if len(cells) != len(columns) or len(cells) < 2:
        return None
    best = max(range(1, len(columns)), key=lambda column: columns[column])
    if len(cells) > 2 and sorted(columns[1:])[-2] == columns[best]:
        return None
    start, end = cells[best]
    while row[start].isspace():
        start += 1
    return start, end


def _cell_ranges(row: str) -> Iterator[Range]:
    start = 0
    for cell in row.split("|"):
        if cell.strip():
            yield start, start + len(cell.rstrip())
        start += len(cell) + 1


@dataclass(frozen=True, slots=True)
class _Sentence:
    range: Range
    terms: tuple[Term, ...]
    stems: frozenset[str]
    lead: frozenset[str]  # the stems of what announces it: a heading, a question, a table's header
    leads: bool  # it announces others, itself
    row: bool  # it is a row of a table
    header: str  # the first row of that table


@lru_cache(maxsize=4096)
def _take_apart(text: str, *, goes_on: bool = False) -> tuple[_Sentence, ...]:
    """The sentences of a passage; `goes_on` if it is not the beginning of its document."""
    apart: list[_Sentence] = []
    heading: frozenset[str] = frozenset()
    # A table may have begun in the passage before; rows with figures are hardly its header.
    header = _ELSEWHERE if goes_on and _FIGURES_IN_ROW.match(text) else ""
    ranges = sentences(text)
    listed = _listed(text, ranges)
    for start, end in ranges:
        sentence = text[start:end]
        words = tuple(terms(sentence))
        held = frozenset(term.stem for term in words)
        row = CELL_SEPARATOR in sentence
        header_row = row and not header
        announces = not row and _announces(text, start, end)
        leads = header_row or (announces and start not in listed)
        # The first line of a list may be its heading.
        if announces and listed.get(start, True):
            heading = held
        # A cell may hold several sentences.
        begins_line = not start or text[start - 1] == "\n"
        header = sentence if header_row else header if row or not begins_line else ""
        lead = frozenset() if leads else heading | frozenset(stems(header))
        above = "" if leads else header
        apart.append(_Sentence((start, end), words, held, lead, leads, row, above))
    return tuple(apart)


def _listed(text: str, ranges: Sequence[Range]) -> dict[int, bool]:
    """Where the brief lines of lists without marks begin, and whether each is the first of its
    list.

    Such a list is several brief lines right below each other: an address, the parts of a recipe.
    """
    listed: dict[int, bool] = {}
    run: list[Range] = []
    for place in [*ranges, (0, 0)]:
        start, end = place
        brief = start < end and _is_brief(text, start, end)
        if not brief or (run and text[run[-1][1] : start].count("\n") != 1):
            if len(run) >= _FEWEST_LINES:
                listed |= {first: first == run[0][0] for first, _ in run}
            run = []
        if brief:
            run.append(place)
    return listed


def _is_brief(text: str, start: int, end: int) -> bool:
    """Whether a sentence is a line of a few words by itself, without a mark before or after it."""
    line, last = text[start:end], text[end - 1]
    if not _is_alone(text, start, end) or LIST_MARK.match(line) or CELL_SEPARATOR in line:
        return False
    return len(line.split()) < 10 and last not in '.!;…"”’)?:'


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether a sentence is all of its lines."""
    return (not start or text[start - 1] == "\n") and (end == len(text) or text[end] == "\n")


def _announces(text: str, start: int, end: int) -> bool:
    """Whether a line is a heading, or a question or an opening that the next lines answer."""
    line, last = text[start:end], text[end - 1]
    if _is_alone(text, start, end) and last in "?:":
        return not LIST_MARK.match(line)
    if not _is_brief(text, start, end):
        return False
    # “Phone: 01234” says something itself, and so does a line that nothing follows; “Part 2: Leave”
    # with an empty line below it does not.
    follows = text[end:].lstrip(" ")
    return bool(follows.strip()) and (": " not in line or follows.startswith("\n\n"))


def _order(question: Question, words: Sequence[Term]) -> float:
    wanted = list(question.weights)
    pairs = set(pairwise(wanted))
    here = [term.stem for term in words]
    present = pairs & set(pairwise(here))
    return len(present) / len(pairs) if pairs else 0.0


def _conflict(question: Question, held: frozenset[str]) -> float:
    asked = ORDINALS & question.weights.keys()
    return float(bool(asked) and not asked & held and bool(ORDINALS & held))


def _kind(question: Question, sentence: str, words: Sequence[Term]) -> tuple[float, float]:
    if question.kind in (Kind.STATEMENT, Kind.REASON):
        return 0.0, 0.0
    fitting = candidates(question.kind, sentence, question.text)
    telling = _TELLING.get(question.kind, 1.0)
    if not fitting:
        return -telling, 0.0
    asked = [term for term in words if term.stem in question.weights]
    near = max(
        (_nearness(sentence, term, range) for term in asked for range in fitting), default=0.0
    )
    if question.kind is Kind.PLACE:  # "the summit in Singapore", or a place of something else
        return (1.0 if near >= 0.2 else 0.0), 2 * near
    return min(telling, 1.0), min(telling, 1.0) * near


# Nearly every sentence holds some name, so finding one says little; an amount, a time or a number
# is either there or not.
_TELLING = {
    Kind.NAME: 0.3,
    Kind.MONEY: 2.0,
    Kind.NUMBER: 1.5,
    Kind.TIME: 1.5,
    Kind.DURATION: 1.5,
}


def _nearness(sentence: str, term: Term, phrase: Range) -> float:
    start, end = sorted((min(term.end, phrase[1]), max(term.start, phrase[0])))
    return 1 / (1 + sum(not is_stop_word(word) for word in sentence[start:end].split()))


def logistic(logit: float) -> float:
    """The probability, 0..1, that a logistic regression gives."""
    # Beyond 50 it is 0 or 1 to the last digit; far beyond, the exponential would overflow.
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def weighed(weights: Sequence[float], features: Features) -> float:
    """The features' sum by these weights, with the constant if there is one more of them."""
    values = features.values()
    constant = weights[len(values)] if len(weights) > len(values) else 0.0
    return constant + sum(w * v for w, v in zip(weights, values, strict=False))
