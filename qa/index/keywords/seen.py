"""The keyword index as somebody sees it who may not read every passage.

What it says is what an index of the other passages alone would say: how rare a word is, how long a
passage usually is, and how words are spelt are counted without those that are hidden. So scores,
suggestions and refusals tell nothing of them. The scores are those of FTS5's BM25, which counts all
rows of its table and therefore cannot be used here.

Nor does the time, but for the first question with a word: the passages that hold a word, hidden
ones too, are counted once (some 0.4 ms for a thousand), and only words that are seen are looked up
further. These take longer the more of the passages that hold them are hidden.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qa.index.keywords.whole import token
from qa.text import spelling

if TYPE_CHECKING:
    from qa.index.keywords.whole import KeywordIndex

_SEEN = "rule NOT IN (SELECT value FROM json_each(:hidden))"
_OF_DOCUMENTS = "document_id IN (SELECT value FROM json_each(:documents))"
# In how many passages that are seen each of the terms is.
_COUNTED = f"""
    SELECT asked.value, count(*) FROM json_each(:terms) AS asked
    CROSS JOIN terms CROSS JOIN temp.shown ON shown.row = terms.rowid
    WHERE terms MATCH '"' || asked.value || '"' AND {_SEEN} GROUP BY asked.value"""
# How often each of the terms is in each passage that is seen: also those of other rules are passed.
_HELD = f"""
    SELECT occurrences.term AS term, shown.row AS row, count(*) AS times
    FROM json_each(:terms) AS asked
    CROSS JOIN temp.occurrences ON occurrences.term = asked.value
    CROSS JOIN temp.shown ON shown.row = occurrences.doc
    WHERE {_SEEN} GROUP BY occurrences.term, shown.row"""
_SCORED = f"""
    WITH held AS MATERIALIZED ({_HELD}),
    weights AS MATERIALIZED (SELECT term, idf(:total, count(*)) AS weight FROM held GROUP BY term)
    SELECT held.row, passages.id,
        sum(weight * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * tokens / :usual))) AS score
    FROM held JOIN weights ON weights.term = held.term
    JOIN temp.shown ON shown.row = held.row JOIN passages ON passages.rowid = held.row
    WHERE :documents IS NULL OR {_OF_DOCUMENTS}
    GROUP BY held.row ORDER BY score DESC, held.row LIMIT :limit"""
_COUNTED_WITHIN = f"""
    WITH held AS MATERIALIZED ({_HELD})
    SELECT term, count(*) FROM held JOIN passages ON passages.rowid = held.row
    WHERE {_OF_DOCUMENTS} GROUP BY term"""
_MOST_COUNTED = 20_000


class SeenKeywords:
    """The passages whose documents have none of the `hidden` rules; as `KeywordIndex`."""

    def __init__(self, whole: KeywordIndex, hidden: Collection[str]) -> None:
        self._whole = whole
        self._hidden = json.dumps(sorted(hidden))
        # A question asks several times how often its words are used.
        self._counts: dict[str, int] = {}

    def search(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages that hold most of the question's stems, with BM25 scores."""
        return [(id, score) for _, id, score in self._found(question, limit, documents)]

    def stems_found(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, list[str]]]:
        """Like `search`, but with the stems of each passage."""
        return self._whole.stems_of(self._found(question, limit, documents))

    def rarity(self, question: Collection[str]) -> dict[str, float]:
        """How much each stem tells: log(1 + N / n), N passages of which n hold it."""
        total, counts = self.counts(question)
        return {stem: math.log(1 + total / max(0.5, counts[stem])) for stem in question}

    def counts(
        self, question: Collection[str], documents: Collection[str] | None = None
    ) -> tuple[int, dict[str, int]]:
        """How many passages there are, and how many (of `documents`) hold each stem."""
        if len(self._counts) > _MOST_COUNTED:
            self._counts = {}
        counts = self._counts
        if new := [stem for stem in question if stem not in counts]:
            found = dict(self._rows(_COUNTED, new, None))
            counts.update((stem, found.get(token(stem), 0)) for stem in new)
        seen = {stem: counts[stem] for stem in question}
        return self._size[0], seen if documents is None else self._within(documents, seen)

    def meant(self, stem: str, documents: Collection[str] | None = None) -> dict[str, int]:
        """The stems in the passages that a misspelt one may stand for, with their distances."""
        near = self._whole.near(stem)
        _, counts = self.counts(near, documents)
        return spelling.nearest({term: far for term, far in near.items() if counts[term]})

    def entries(self, document_id: str) -> int:
        """How many passages of a document there are."""
        sql = f"""
            SELECT count(*) FROM passages JOIN temp.shown ON shown.row = passages.rowid
            WHERE document_id = :document AND {_SEEN}"""
        given = {"hidden": self._hidden, "document": document_id}
        return int(self._whole.with_rules(sql, given)[0][0])

    def close(self) -> None:
        """Nothing is closed: others see the same file."""

    @cached_property
    def _size(self) -> tuple[int, float]:
        """How many passages there are, and how many tokens they usually have."""
        sql = f"SELECT count(*), avg(tokens) FROM temp.shown WHERE {_SEEN}"
        ((total, usual),) = self._whole.with_rules(sql, {"hidden": self._hidden})
        return int(total), float(usual or 1)

    def _found(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None
    ) -> list[tuple[int, str, float]]:
        total, usual = self._size
        seen = _held(self.counts(question)[1])
        return self._rows(_SCORED, seen, documents, total=total, usual=usual, limit=limit)

    def _within(self, documents: Collection[str], counts: Mapping[str, int]) -> dict[str, int]:
        """How many passages of these documents hold each stem; `counts` are those of all."""
        found = dict(self._rows(_COUNTED_WITHIN, _held(counts), documents))
        return {stem: found.get(token(stem), 0) for stem in counts}

    def _rows(
        self, sql: str, question: Collection[str], documents: Collection[str] | None, **more: Any
    ) -> list[Any]:
        given: Mapping[str, Any] = {
            "hidden": self._hidden,
            "terms": json.dumps(list(dict.fromkeys(map(token, question)))),
            "documents": None if documents is None else json.dumps(list(documents)),
            **more,
        }
        return self._whole.with_rules(sql, given)


def _held(counts: Mapping[str, int]) -> list[str]:
    """The stems that something holds."""
    return [stem for stem, number in counts.items() if number]
