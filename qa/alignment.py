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
import re
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
    adjacent,
    clauses,
    counts_otherwise,
    initialisms,
    measure_fits,
    near,
    number_fits,
    refers_back,
    rows_fit,
    stems_of,
    units,
)
from qa.denials import denies, generalizes, reverses, singles_out, turns_round
from qa.questions import asks_whether
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
_ASKS = re.compile(r"\b(?:who(?:m|se)?|what|which|when|where|why|how)\b", re.I)
_FRAGMENT_THINGS = 3  # a claim of fewer is an answer only together with the question
_LONGER_QUOTE_GAIN = 0.1
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

    def closest(self, said: Sequence[Unit]) -> str:
        """The one of its sentences that shares most with a claim."""
        return max(
            (self.text[start:end] for start, end in sentences(self.text)),
            key=lambda sentence: len(stems_of(sentence).intersection(u.stem for u in said)),
            default="",
        )

    def span(self, score: float) -> Span:
        offset = self.passage.hit.passage.start
        return Span(self.passage.hit, offset + self.start, offset + self.end, score)


class Evidence:
    """The hits of one question, to check claims against."""

    def __init__(self, question: str, hits: Sequence[Hit]) -> None:
        self._passages = [_Passage(hit) for hit in hits]
        self._question = units(question)
        asked = frozenset(unit.stem for unit in self._question)
        # "Which is faster, A or B?" holds its answer, and a yes may well repeat the question.
        open_ = _ASKS.search(question) and not asks_whether(question) and " or " not in question
        self._asked = asked if open_ else frozenset()
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

        None where nothing does, or where the claim says nothing that can be checked, or no more
        than the question did.
        """
        said = [self._known(unit) for unit in units(claim) if self._weight([unit])]
        if not said or (self._asked and all(near(unit.stem, self._asked) for unit in said)):
            return None
        chosen = [self._passages[i] for i in sorted(set(cited)) if 0 <= i < len(self._passages)]
        if chosen and (support := self._support_in(chosen, claim, said)):
            return support
        return self._support_in(self._passages, claim, said)

    def _support_in(
        self, passages: Sequence[_Passage], claim: str, said: Sequence[Unit]
    ) -> Support | None:
        parts = [
            part
            for part in clauses(claim, said)
            if len(part) >= _CLAUSE_UNITS and any(unit.kind is Kind.WORD for unit in part)
        ]
        ranked = self._ranked(passages, said)
        for best, rank in ranked:
            if rank < ranked[0][1] - _SECOND_CHOICE:
                break
            for quotes in ([best], self._joined(best, passages, parts)):
                score = self._coverage(said, quotes)
                if score >= LEAST_SUPPORT and self._bears(quotes, claim, said, parts):
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
        self, best: _Quote, passages: Sequence[_Passage], parts: Sequence[Sequence[Unit]]
    ) -> list[_Quote]:
        """The best quote, and one for each clause that has none yet.

        A quote has to bear a whole clause: bits from here and there make no statement, and a
        wrong number or name would find its quote anywhere.
        """
        quotes = [best]
        if len(parts) < 2 or not any(self._has_quote(part, quotes) for part in parts):
            return quotes
        for part in parts:
            if len(quotes) == _MOST_QUOTES or self._has_quote(part, quotes):
                continue
            bearing = [
                quote for passage in passages for quote in passage.singles
                if self._has_quote(part, [quote])
            ]  # fmt: skip
            if bearing:
                quotes.append(max(bearing, key=lambda quote: self._coverage(part, [quote])))
        return quotes

    def _has_quote(self, clause: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
        return any(self._coverage(clause, [quote]) >= _LEAST_OF_JOINED_CLAUSE for quote in quotes)

    def _bears(
        self,
        quotes: Sequence[_Quote],
        claim: str,
        said: Sequence[Unit],
        parts: Sequence[Sequence[Unit]],
    ) -> bool:
        texts = [quote.text for quote in quotes]
        words = [unit for unit in said if unit.kind is not Kind.NAME]
        return (
            all(self._names_fit(name, said, quotes) for name in said if name.kind is Kind.NAME)
            and all(number_fits(number, said, texts) for number in said)
            and _measures_fit(said, quotes)
            and all(measure_fits(number, said, texts) for number in said)
            and all(_code_fits(code, quotes) for code in said if code.kind is Kind.CODE)
            and rows_fit(said, texts)
            and not counts_otherwise(claim, texts)
            and not generalizes(claim, texts)
            and not singles_out(claim, texts)
            and not reverses(claim, texts)
            and not turns_round(claim, texts)
            and all(self._holds(address) for address in addresses(claim))
            and (not words or self._coverage(words, quotes) >= _LEAST_OF_WORDS)
            and self._clauses_fit(parts, quotes)
            and not denies(claim, said, texts)
            and (_things(said) >= _FRAGMENT_THINGS or self._fragment_answers(quotes))
        )

    def _clauses_fit(self, parts: Sequence[Sequence[Unit]], quotes: Sequence[_Quote]) -> bool:
        """No clause is without support; with several quotes, each clause has one of its own."""
        if len(quotes) > 1:
            return all(self._has_quote(part, quotes) for part in parts)
        return all(self._coverage(part, quotes) >= _LEAST_OF_CLAUSE for part in parts)

    def _fragment_answers(self, quotes: Sequence[_Quote]) -> bool:
        """A phrase has to be from a quote that speaks of the question."""
        return not self._question or max(map(self._of_question, quotes)) >= _LEAST_OF_QUESTION

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

        A name counts where the passage repeats it and the quote has a pronoun for it.
        """
        if any(near(unit.stem, quote.passage.about) for quote in quotes):
            return True
        return (
            unit.kind is Kind.NAME
            and self._holding[unit.stem] != 1
            and any(
                near(unit.stem, quote.passage.stems) and refers_back(quote.text) for quote in quotes
            )
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
        runs = ([said[at] for at in run] for run in _runs_of_names(said))
        run = next(run for run in runs if name in run)
        if any(_is_another(run, said, quote) for quote in quotes):
            return False
        if _meets(name, quotes) or self._in_context(name, quotes):
            return True
        initials = "".join(unit.stem[0] for unit in run)
        return any(
            # "US" in the claim, "United States" in the quote, or the other way round
            name.stem in initialisms(quote.text)
            or (len(run) > 1 and initials in quote.stems)
            # the quote has another part of the name, its passage the whole
            or (
                any(near(unit.stem, quote.stems) for unit in run)
                and all(near(unit.stem, quote.passage.stems) for unit in run)
            )
            for quote in quotes
        )


def _meets(unit: Unit, quotes: Sequence[_Quote]) -> bool:
    return any(near(unit.stem, quote.stems) for quote in quotes)


def _is_another(run: Sequence[Unit], said: Sequence[Unit], quote: _Quote) -> bool:
    """The quote speaks of somebody else of that name: Kim Yong Chol, and the claim Kim Jong Un."""
    sentence = quote.closest(said)
    there = units(sentence)
    stems = frozenset(unit.stem for unit in there)
    if len(run) < 2 or _has_all(run, stems):
        return False
    if refers_back(sentence) and _has_all(run, quote.stems):
        return False
    name = frozenset(unit.stem for unit in run)
    claimed = frozenset(unit.stem for unit in said)
    others = ([there[at] for at in other] for other in _runs_of_names(there))
    return any(
        any(near(unit.stem, name) for unit in other) and not _has_all(other, claimed)
        for other in others
    )


def _has_all(said: Sequence[Unit], stems: frozenset[str]) -> bool:
    return all(near(unit.stem, stems) for unit in said)


def _things(said: Sequence[Unit]) -> int:
    """How many things a claim speaks of; a name of several words is one."""
    return len(said) - sum(len(run) - 1 for run in _runs_of_names(said))


def _runs_of_names(said: Sequence[Unit]) -> list[range]:
    """The positions of names that follow each other with nothing but a space between."""
    runs: list[range] = []
    for at, unit in enumerate(said):
        if unit.kind is not Kind.NAME:
            continue
        if runs and runs[-1].stop == at and adjacent(said[at - 1], unit):
            runs[-1] = range(runs[-1].start, at + 1)
        else:
            runs.append(range(at, at + 1))
    return runs


def _code_fits(code: Unit, quotes: Sequence[_Quote]) -> bool:
    """A code stands in a quote, or above one that names no other."""
    return any(
        code.stem in quote.stems
        or (
            code.stem in quote.passage.about
            and all(unit.kind is not Kind.CODE for unit in units(quote.text))
        )
        for quote in quotes
    )


def _measures_fit(said: Sequence[Unit], quotes: Sequence[_Quote]) -> bool:
    """What a number of the claim counts (euros, days) stands in the quotes as well."""
    return all(
        _meets(measure, quotes)
        for one, other in pairwise(said)
        for number, measure in ((one, other), (other, one))
        if number.kind is Kind.NUMBER and measure.stem in MEASURES
    )
