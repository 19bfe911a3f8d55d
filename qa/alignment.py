"""Which words of the passages support a sentence that a chat model wrote.

A claim is compared with every sentence of the passages, and with every two
that follow each other, by the terms they share, weighed by rarity. Sharing is
not enough: every number of the claim has to stand in a quote, in a clause
that speaks of the same thing; every name has to stand in the passage; no
clause of the claim may be without support; and the quotes may not deny what
the claim asserts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from qa.claims import (
    LIGHT,
    MEASURES,
    TALK,
    Kind,
    Unit,
    addresses,
    clauses,
    denies,
    generalizes,
    initialisms,
    near,
    ordinals,
    stems_of,
    units,
)
from qa.records import Hit, Span
from qa.sentences import Range, sentences

# Chosen on the claims of tests/test_alignment.py; see the benchmark beside it.
LEAST_SUPPORT = 0.55
"""The share of a claim's weight that the quotes have to hold."""
_LEAST_OF_WORDS = 0.4  # names and numbers alone tell nothing: "Kim Yong Chol is married"
_LEAST_OF_CLAUSE = 0.25
_LEAST_OF_JOINED_CLAUSE = 0.7
_LEAST_OF_QUESTION = 0.35
_CLAUSE_UNITS = 2  # a clause of fewer is not looked at by itself
_FRAGMENT_THINGS = 3  # a claim of fewer is an answer only together with the question
_LONGER_QUOTE_GAIN = 0.1
_MORE_QUOTES_GAIN = 0.15
_MOST_QUOTES = 3
_SECOND_CHOICE = 0.15  # how far below the best a quote may be that is taken in its place
_CONTEXT_CREDIT = 0.5
_LIGHT_WEIGHT = 0.3
_UNSEEN = 1.0  # as how common a word is weighed that no passage holds


@dataclass(frozen=True, slots=True)
class Support:
    """The quotes that bear a claim, best first, and the share of it that they hold, 0..1."""

    spans: tuple[Span, ...]
    score: float


class _Passage:
    """A hit, taken apart once for all the claims that it is compared with."""

    def __init__(self, hit: Hit) -> None:
        text = hit.passage.text
        self.hit = hit
        self.ranges: list[Range] = sentences(text)
        self.sentence_stems = [stems_of(text[start:end]) for start, end in self.ranges]
        self.about = stems_of(f"{hit.passage.title}\n{hit.passage.heading}")
        self.stems = self.about.union(*self.sentence_stems)
        self.names = self.stems | initialisms(text) | initialisms(hit.passage.title)

    @cached_property
    def singles(self) -> list[_Quote]:
        """Every sentence."""
        return list(self._runs(1))

    @cached_property
    def pairs(self) -> list[_Quote]:
        """Every two sentences that follow each other."""
        return list(self._runs(2))

    def _runs(self, length: int) -> Iterator[_Quote]:
        for first in range(len(self.ranges) - length + 1):
            last = first + length - 1
            stems = self.sentence_stems[first].union(*self.sentence_stems[first : last + 1])
            yield _Quote(self, self.ranges[first][0], self.ranges[last][1], stems)


@dataclass(frozen=True, slots=True, eq=False)
class _Quote:
    """One or two sentences of a passage; the offsets count in the passage."""

    passage: _Passage
    start: int
    end: int
    stems: frozenset[str]

    @property
    def text(self) -> str:
        return self.passage.hit.passage.text[self.start : self.end]

    def span(self, score: float) -> Span:
        offset = self.passage.hit.passage.start
        return Span(self.passage.hit, offset + self.start, offset + self.end, score)


class Evidence:
    """The hits of one question, to check claims against."""

    def __init__(self, question: str, hits: Sequence[Hit]) -> None:
        self._passages = [_Passage(hit) for hit in hits]
        self._question = units(question)
        distinct = {
            (passage.hit.passage.document_id, passage.hit.passage.start + start): stems
            for passage in self._passages
            for (start, _), stems in zip(passage.ranges, passage.sentence_stems, strict=True)
        }
        self._holding = Counter(stem for stems in distinct.values() for stem in stems)
        self._sentences = max(len(distinct), 1)
        self._names = frozenset(
            unit.stem
            for passage in self._passages
            for unit in units(passage.hit.passage.text)
            if unit.kind is Kind.NAME
        )

    def says_something(self, claim: str) -> bool:
        """Whether there is anything to check: "Sure, here you are:" says nothing."""
        return self._weight(units(claim)) > 0

    def support(self, claim: str, cited: Collection[int] = ()) -> Support | None:
        """What supports `claim`: the hits it cites (counted from 0), else any of them.

        None where nothing does, or where the claim says nothing that can be checked.
        """
        said = [self._known(unit) for unit in units(claim) if self._weight([unit])]
        if not said:
            return None
        chosen = [self._passages[i] for i in sorted(set(cited)) if 0 <= i < len(self._passages)]
        if chosen and (support := self._support_in(chosen, claim, said)):
            return support
        return self._support_in(self._passages, claim, said)

    def _support_in(
        self, passages: Sequence[_Passage], claim: str, said: Sequence[Unit]
    ) -> Support | None:
        ranked = self._ranked(passages, said)
        for best, rank in ranked:
            if rank < ranked[0][1] - _SECOND_CHOICE:
                break
            for quotes in ([best], self._joined(best, passages, said)):
                score = self._coverage(said, quotes)
                if score >= LEAST_SUPPORT and self._bears(quotes, claim, said):
                    return Support(tuple(quote.span(score) for quote in quotes), score)
        return None

    def _ranked(
        self, passages: Sequence[_Passage], said: Sequence[Unit]
    ) -> list[tuple[_Quote, float]]:
        """Single sentences and pairs, best first; a pair has to be worth its length."""
        scored = [
            (quote, self._coverage(said, [quote]) - price)
            for passage in passages
            for quotes, price in ((passage.singles, 0.0), (passage.pairs, _LONGER_QUOTE_GAIN))
            for quote in quotes
        ]
        return sorted(scored, key=lambda one: (-one[1], -self._of_question(one[0])))

    def _joined(
        self, best: _Quote, passages: Sequence[_Passage], said: Sequence[Unit]
    ) -> list[_Quote]:
        """The best quote, and others that bear what it leaves open."""
        quotes = [best]
        while len(quotes) < _MOST_QUOTES:
            open_ = [unit for unit in said if not _meets(unit, quotes)]
            gains = [
                (self._coverage(said, [*quotes, quote]), quote)
                for passage in passages
                for quote in passage.singles
                if _states(quote, open_)
            ]
            reached, quote = max(gains, key=lambda gain: gain[0], default=(0.0, best))
            if reached < self._coverage(said, quotes) + _MORE_QUOTES_GAIN:
                break
            quotes.append(quote)
        return quotes

    def _bears(self, quotes: Sequence[_Quote], claim: str, said: Sequence[Unit]) -> bool:
        texts = [quote.text for quote in quotes]
        words = [unit for unit in said if unit.kind is not Kind.NAME]
        return (
            all(self._names_fit(name, said, quotes) for name in said if name.kind is Kind.NAME)
            and all(_number_fits(number, said, texts) for number in said)
            and _measures_fit(said, quotes)
            and all(_meets(unit, quotes) for unit in said if unit.kind is Kind.CODE)
            and not _counts_otherwise(claim, texts)
            and not generalizes(claim, texts)
            and all(self._holds(address) for address in addresses(claim))
            and (not words or self._coverage(words, quotes) >= _LEAST_OF_WORDS)
            and self._clauses_fit(claim, said, quotes)
            and not denies(claim, said, texts)
            and (_things(said) >= _FRAGMENT_THINGS or self._fragment_answers(said, quotes))
        )

    def _clauses_fit(self, claim: str, said: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
        """Every clause has a quote of its own: bits from here and there make no statement."""
        least = _LEAST_OF_CLAUSE if len(quotes) == 1 else _LEAST_OF_JOINED_CLAUSE
        return all(
            max(self._coverage(clause, [quote]) for quote in quotes) >= least
            for clause in clauses(claim, said)
            if len(clause) >= _CLAUSE_UNITS
        )

    def _fragment_answers(self, said: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
        """A phrase that does not just repeat the question, from a quote that speaks of it."""
        if not self._question:
            return True
        asked = frozenset(unit.stem for unit in self._question)
        return not all(near(unit.stem, asked) for unit in said) and (
            max(map(self._of_question, quotes)) >= _LEAST_OF_QUESTION
        )

    def _holds(self, address: str) -> bool:
        return any(address in passage.hit.passage.text.lower() for passage in self._passages)

    def _of_question(self, quote: _Quote) -> float:
        return self._coverage(self._question, [quote])

    def _coverage(self, said: Sequence[Unit], quotes: Sequence[_Quote]) -> float:
        """The share of the weight of `said` that the quotes hold."""
        met = [self._credit(unit, quotes) for unit in said]
        total = self._weight(said)
        shares = zip(self._weights(said), met, strict=True)
        return sum(weight * credit for weight, credit in shares) / total if total else 0.0

    def _credit(self, unit: Unit, quotes: Sequence[_Quote]) -> float:
        if _meets(unit, quotes):
            return 1.0
        return _CONTEXT_CREDIT if self._in_context(unit, quotes) else 0.0

    def _in_context(self, unit: Unit, quotes: Sequence[_Quote]) -> bool:
        """Titles and headings speak for what is below them, and pronouns for names.

        A name counts where the passage repeats it, so that it may be what a pronoun stands for.
        """
        if any(near(unit.stem, quote.passage.about) for quote in quotes):
            return True
        return (
            unit.kind is Kind.NAME
            and any(near(unit.stem, quote.passage.names) for quote in quotes)
            and self._holding[unit.stem] != 1
        )

    def _weight(self, said: Iterable[Unit]) -> float:
        return sum(self._weights(list(said)))

    def _weights(self, said: Sequence[Unit]) -> list[float]:
        """By rarity; the parts of a name share the weight of its rarest."""
        weights = [self._rarity(unit) for unit in said]
        for run in _runs_of_names(said):
            shared = max(weights[at] for at in run) / len(run)
            for at in run:
                weights[at] = shared
        return weights

    def _known(self, unit: Unit) -> Unit:
        """An opening word as what it is in the passages; one that they do not know is a name."""
        if unit.kind is not Kind.OPENING:
            return unit
        is_name = unit.stem in self._names or not near(unit.stem, frozenset(self._holding))
        return replace(unit, kind=Kind.NAME if is_name else Kind.WORD)

    def _rarity(self, unit: Unit) -> float:
        holding = self._holding[unit.stem]
        if not holding and unit.stem in TALK:
            return 0.0
        rarity = math.log(1 + self._sentences / (holding or _UNSEEN))
        return rarity * (_LIGHT_WEIGHT if unit.stem in LIGHT else 1.0)

    def _names_fit(self, name: Unit, said: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
        if _meets(name, quotes) or self._in_context(name, quotes):
            return True
        # "United States" in the claim, "US" in the passage: the initials of its run of names.
        run = next(run for run in _runs_of_names(said) if said.index(name) in run)
        initials = "".join(said[at].stem[0] for at in run)
        return len(run) > 1 and any(initials in quote.passage.stems for quote in quotes)


def _meets(unit: Unit, quotes: Sequence[_Quote]) -> bool:
    return any(near(unit.stem, quote.stems) for quote in quotes)


def _things(said: Sequence[Unit]) -> int:
    """How many things a claim speaks of; a name of several words is one."""
    return len(said) - sum(len(run) - 1 for run in _runs_of_names(said))


def _states(quote: _Quote, open_: Sequence[Unit]) -> bool:
    """It meets two open units or more, a plain word among them.

    Otherwise a wrong number or name would find its quote anywhere.
    """
    met = [unit for unit in open_ if _meets(unit, [quote])]
    return len(met) > 1 and any(u.kind is Kind.WORD and u.stem not in MEASURES for u in met)


def _runs_of_names(said: Sequence[Unit]) -> list[range]:
    """The positions of names that follow each other with nothing but a space between."""
    runs: list[range] = []
    for at, unit in enumerate(said):
        if unit.kind is not Kind.NAME:
            continue
        if runs and runs[-1].stop == at and _adjacent(said[at - 1], unit):
            runs[-1] = range(runs[-1].start, at + 1)
        else:
            runs.append(range(at, at + 1))
    return runs


def _adjacent(one: Unit, other: Unit) -> bool:
    first, second = sorted((one, other), key=lambda unit: unit.start)
    return second.start - first.end <= 1


def _number_fits(number: Unit, said: Sequence[Unit], quotes: Sequence[str]) -> bool:
    """A number stands in a clause of a quote that shares something else with the claim.

    So "the fee is 30 euros" finds no support in "the fee is 20 euros, the deposit 30 euros",
    and "June 2018" none where June is another year's.
    """
    if number.kind is not Kind.NUMBER:
        return True
    others = [u for u in said if u.stem != number.stem and u.stem not in MEASURES]
    dated = [u for u in others if u.kind is Kind.NAME and _adjacent(u, number)]
    for quote in quotes:
        for clause in _joined_figures(clauses(quote)):
            stems = frozenset(unit.stem for unit in clause)
            if (
                number.stem in stems
                and (not others or any(near(other.stem, stems) for other in others))
                and all(near(name.stem, stems) for name in dated)
            ):
                return True
    return False


def _joined_figures(parts: list[list[Unit]]) -> list[list[Unit]]:
    """The clauses, bare figures put with the clause before them."""
    joined: list[list[Unit]] = []
    for part in parts:
        bare = all(unit.kind is Kind.NUMBER or unit.stem in MEASURES for unit in part)
        if joined and bare:
            joined[-1] = joined[-1] + part
        else:
            joined.append(part)
    return joined


def _measures_fit(said: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
    """What a number of the claim counts (euros, days) stands in the quotes as well."""
    return all(
        _meets(measure, quotes)
        for one, other in pairwise(said)
        for number, measure in ((one, other), (other, one))
        if number.kind is Kind.NUMBER and measure.stem in MEASURES
    )


def _counts_otherwise(claim: str, quotes: Sequence[str]) -> bool:
    """The claim says "first summit" and the quotes speak of a second one only."""
    counted: dict[str, set[str]] = {}
    for quote in quotes:
        for ordinal, thing in ordinals(quote):
            counted.setdefault(thing, set()).add(ordinal)
    return any(
        thing in counted and ordinal not in counted[thing] for ordinal, thing in ordinals(claim)
    )
