"""Which words of the passages support a sentence that a chat model wrote.

A claim is compared with every sentence of the passages, and with every two that follow each other,
by the terms they share, weighed by rarity. Sharing is not enough: every number of the claim has to
be in a quote, in a clause that is about the same thing; every name has to be in the passage; no
clause of the claim may be without support; and the quotes may not deny what the claim asserts.
Last, the entailment model may doubt that the quotes, read together with their surroundings, support
the claim.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from qa.checking.claims import (
    LIGHT,
    TALK,
    Detail,
    Strictness,
    addresses,
    clauses,
    counts_otherwise,
    details,
    initialisms,
    measure_fits,
    near,
    number_fits,
    refers_back,
    rows_fit,
)
from qa.checking.entailment import Entailment
from qa.checking.negation import (
    denies,
    generalizes,
    reverses,
    says_no,
    singles_out,
    turns_round,
)
from qa.checking.quotes import (
    Quote,
    QuotedPassage,
    code_fits,
    is_another,
    measures_fit,
    meets,
    runs_of_names,
    things,
)
from qa.questions import asks_whether
from qa.records import Hit, Span
from qa.text.vocabulary.question_words import ASKING

# Chosen on the claims of tests/checking/test_support.py; see the benchmark beside it.
LEAST_SUPPORT = 0.55
"""The share of a claim's weight that the quotes have to hold."""
_LEAST_OF_WORDS = 0.4  # names and numbers alone tell nothing: "Kim Yong Chol is married"
_LEAST_OF_CLAUSE = 0.25
_LEAST_OF_JOINED_CLAUSE = 0.7
_LEAST_OF_QUESTION = 0.35
_CLAUSE_UNITS = 2  # a clause of fewer is not looked at by itself
_ASKS = re.compile(rf"\b(?:{ASKING})\b", re.I)
_FRAGMENT_THINGS = 3  # a claim of fewer is an answer only together with the question
_LONGER_QUOTE_GAIN = 0.1
_MOST_QUOTES = 3
_SECOND_CHOICE = 0.15  # how far below the best a quote may be that is taken in its place
_CONTEXT_CREDIT = 0.5
_LIGHT_WEIGHT = 0.3
_UNSEEN = 1.0  # as how common a word is weighed that no passage holds
# Below this share, the model doubts a claim; chosen with tests/benchmarks/checking/entailment.py.
_DOUBTED = 0.1
_AROUND = 100  # words of a passage that the model is given with a quote


@dataclass(frozen=True, slots=True)
class Support:
    """The quotes that support a claim, best first, and the share of it that they hold, 0..1."""

    spans: tuple[Span, ...]
    score: float


class Evidence:
    """The hits of one question, to check claims against; without a model, by rules alone."""

    def __init__(self, question: str, hits: Sequence[Hit], model: Entailment | None = None) -> None:
        self._model = model
        self._passages = [QuotedPassage(hit) for hit in hits]
        self._question = details(question)
        asked = frozenset(detail.stem for detail in self._question)
        # “Which is faster, A or B?” contains its answer, and a yes may well repeat the question.
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
            detail.stem
            for passage in self._passages
            for detail in details(passage.hit.passage.text)
            if detail.kind is Strictness.NAME
        )

    def says_something(self, claim: str) -> bool:
        """Whether there is anything to check: “Sure, here you are:” says nothing."""
        return self._weight(details(claim)) > 0

    def support(self, claim: str, cited: Collection[int] = ()) -> Support | None:
        """What supports `claim`: the hits it cites (counted from 0), else any of them.

        None if nothing does, or if the claim says nothing that can be checked, or no more than the
        question did.
        """
        said = [self._known(detail) for detail in details(claim) if self._weight([detail])]
        if not said or (self._asked and all(near(detail.stem, self._asked) for detail in said)):
            return None
        chosen = [self._passages[i] for i in sorted(set(cited)) if 0 <= i < len(self._passages)]
        if chosen and (support := self._support_in(chosen, claim, said)):
            return support
        return self._support_in(self._passages, claim, said)

    def _support_in(
        self, passages: Sequence[QuotedPassage], claim: str, said: Sequence[Detail]
    ) -> Support | None:
        parts = [
            part
            for part in clauses(claim, said)
            if len(part) >= _CLAUSE_UNITS and any(detail.kind is Strictness.WORD for detail in part)
        ]
        ranked = self._ranked(passages, said)
        for best, rank in ranked:
            if rank < ranked[0][1] - _SECOND_CHOICE:
                break
            for quotes in ([best], self._joined(best, passages, parts)):
                score = self._coverage(said, quotes)
                if score >= LEAST_SUPPORT and self._bears(quotes, claim, said, parts):
                    if self._doubted(quotes, claim):
                        return None
                    return Support(tuple(quote.span(score) for quote in quotes), score)
        return None

    def _doubted(self, quotes: Sequence[Quote], claim: str) -> bool:
        """Whether the model, if there is one, finds it unlikely that the quotes support it."""
        # Most claims with a “not” that it was trained on were false, and it takes all of them for
        # such.
        if self._model is None or says_no(claim):
            return False
        words = _AROUND // len(quotes)
        read = "\n".join(quote.surroundings(words) for quote in quotes)
        return self._model.judge(read, claim).supported < _DOUBTED

    def _ranked(
        self, passages: Sequence[QuotedPassage], said: Sequence[Detail]
    ) -> list[tuple[Quote, float]]:
        """Single sentences and pairs, best first; a pair has to be worth its length."""
        scored = [
            (quote, self._coverage(said, [quote]) - price)
            for passage in passages
            for quotes, price in ((passage.singles, 0.0), (passage.pairs, _LONGER_QUOTE_GAIN))
            for quote in quotes
        ]
        return sorted(scored, key=lambda one: (-one[1], -self._of_question(one[0])))

    def _joined(
        self, best: Quote, passages: Sequence[QuotedPassage], parts: Sequence[Sequence[Detail]]
    ) -> list[Quote]:
        """The best quote, and one for each clause that has none yet.

        A quote has to support a whole clause: fragments from here and there make no statement, and
        a wrong number or name would find its quote anywhere.
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

    def _has_quote(self, clause: Sequence[Detail], quotes: Sequence[Quote]) -> bool:
        return any(self._coverage(clause, [quote]) >= _LEAST_OF_JOINED_CLAUSE for quote in quotes)

    def _bears(
        self,
        quotes: Sequence[Quote],
        claim: str,
        said: Sequence[Detail],
        parts: Sequence[Sequence[Detail]],
    ) -> bool:
        texts = [quote.text for quote in quotes]
        words = [detail for detail in said if detail.kind is not Strictness.NAME]
        return (
            all(
                self._names_fit(name, said, quotes) for name in said if name.kind is Strictness.NAME
            )
            and all(number_fits(number, said, texts) for number in said)
            and measures_fit(said, quotes)
            and all(measure_fits(number, said, texts) for number in said)
            and all(code_fits(code, quotes) for code in said if code.kind is Strictness.CODE)
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
            and (things(said) >= _FRAGMENT_THINGS or self._fragment_answers(quotes))
        )

    def _clauses_fit(self, parts: Sequence[Sequence[Detail]], quotes: Sequence[Quote]) -> bool:
        """Whether no clause is without support; with several quotes, each clause has one of its
        own.
        """
        if len(quotes) > 1:
            return all(self._has_quote(part, quotes) for part in parts)
        return all(self._coverage(part, quotes) >= _LEAST_OF_CLAUSE for part in parts)

    def _fragment_answers(self, quotes: Sequence[Quote]) -> bool:
        """Whether a phrase is from a quote that is about the question."""
        return not self._question or max(map(self._of_question, quotes)) >= _LEAST_OF_QUESTION

    def _holds(self, address: str) -> bool:
        return any(address in passage.hit.passage.text.lower() for passage in self._passages)

    def _of_question(self, quote: Quote) -> float:
        return self._coverage(self._question, [quote])

    def _coverage(self, said: Sequence[Detail], quotes: Sequence[Quote]) -> float:
        """The share of the weight of `said` that the quotes hold."""
        met = [self._credit(detail, quotes) for detail in said]
        total = self._weight(said)
        shares = zip(self._weights(said), met, strict=True)
        return sum(weight * credit for weight, credit in shares) / total if total else 0.0

    def _credit(self, detail: Detail, quotes: Sequence[Quote]) -> float:
        if meets(detail, quotes):
            return 1.0
        return _CONTEXT_CREDIT if self._in_context(detail, quotes) else 0.0

    def _in_context(self, detail: Detail, quotes: Sequence[Quote]) -> bool:
        """Titles and headings count for what is below them, and pronouns for names.

        A name counts if the passage repeats it and the quote has a pronoun for it.
        """
        if any(near(detail.stem, quote.passage.about) for quote in quotes):
            return True
        return (
            detail.kind is Strictness.NAME
            and self._holding[detail.stem] != 1
            and any(
                near(detail.stem, quote.passage.stems) and refers_back(quote.text)
                for quote in quotes
            )
        )

    def _weight(self, said: Iterable[Detail]) -> float:
        return sum(self._weights(list(said)))

    def _weights(self, said: Sequence[Detail]) -> list[float]:
        """By rarity; the parts of a name share the weight of its rarest part."""
        weights = [self._rarity(detail) for detail in said]
        for run in runs_of_names(said):
            shared = max(weights[at] for at in run) / len(run)
            for at in run:
                weights[at] = shared
        return weights

    def _known(self, detail: Detail) -> Detail:
        """An opening word as it is written in the passages; one that they do not have is a name."""
        if detail.kind is not Strictness.OPENING:
            return detail
        is_name = detail.stem in self._names or not near(detail.stem, frozenset(self._holding))
        return replace(detail, kind=Strictness.NAME if is_name else Strictness.WORD)

    def _rarity(self, detail: Detail) -> float:
        holding = self._holding[detail.stem]
        if not holding and detail.stem in TALK:
            return 0.0
        rarity = math.log(1 + self._sentences / (holding or _UNSEEN))
        return rarity * (_LIGHT_WEIGHT if detail.stem in LIGHT else 1.0)

    def _names_fit(self, name: Detail, said: Sequence[Detail], quotes: Sequence[Quote]) -> bool:
        runs = ([said[at] for at in run] for run in runs_of_names(said))
        run = next(run for run in runs if name in run)
        if any(is_another(run, said, quote) for quote in quotes):
            return False
        if meets(name, quotes) or self._in_context(name, quotes):
            return True
        initials = "".join(detail.stem[0] for detail in run)
        return any(
            # "US" in the claim, "United States" in the quote, or the other way round
            name.stem in initialisms(quote.text)
            or (len(run) > 1 and initials in quote.stems)
            # the quote has another part of the name, its passage the whole
            or (
                any(near(detail.stem, quote.stems) for detail in run)
                and all(near(detail.stem, quote.passage.stems) for detail in run)
            )
            for quote in quotes
        )
