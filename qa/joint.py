"""Several indexes, searched as if they were one.

Cosines of one embedder compare wherever they come from. BM25 does not: its
weights come of the index's own counts, and in an index of one document every
word is a common one. So the passages that the indexes bring are scored anew,
with the counts of all of them together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qa.entries import Entry
from qa.keywords import token
from qa.records import Passage
from qa.snapshot import Snapshot

# As in SQLite's own BM25.
_SATURATION = 1.2
_LENGTH = 0.75


class Joint:
    """Snapshots of several indexes as one; the first of them is the main one.

    Documents keep their ids, but for those that another index uses too; so
    two documents of one name are never taken for each other.
    """

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self.entries: dict[str, Entry] = {}
        self._parts = [_Part(snapshot) for snapshot in snapshots]
        self._part_of: dict[str, _Part] = {}
        for part in self._parts:
            for own, entry in part.snapshot.entries.items():
                id = own
                while id in self.entries:
                    id = f"+{id}"
                self.entries[id] = entry
                self._part_of[id] = part
                part.name(own, id)
        self.keywords = JointKeywords(self._parts)

    def nearest(
        self, vector: Sequence[float], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages nearest to `vector`, with their cosines, nearest first."""
        found = [
            (part.outside(id), cosine)
            for part in self._parts
            for id, cosine in part.snapshot.nearest(vector, limit, part.own(documents))
        ]
        return sorted(found, key=lambda hit: -hit[1])[:limit]

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; those that are gone are left out."""
        found: dict[str, Passage] = {}
        for part in self._parts:
            own = {part.inside(id): id for id in ids if self._part_of.get(_document(id)) is part}
            for passage in part.snapshot.passages(list(own)) if own else ():
                id = own[passage.id]
                found[id] = replace(passage, id=id, document_id=_document(id))
        return [found[id] for id in ids if id in found]

    def select(self, folder: str | None, where: Mapping[str, Any] | None) -> list[str] | None:
        """As in a snapshot; the filters are for the main index, the others are taken whole."""
        main = self._parts[0]
        chosen = main.snapshot.select(folder, where)
        if chosen is None:
            return None
        return [id for id, part in self._part_of.items() if part is not main] + [
            main.shown[own] for own in chosen
        ]


class JointKeywords:
    """The keyword indexes of several indexes as one."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts

    def search(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages that hold most of the question's stems, with BM25 scores."""
        found: dict[str, Counter[str]] = {}
        for part in self._parts:
            brought = part.keywords.stems_found(question, limit, part.own(documents))
            found.update((part.outside(id), Counter(held)) for id, held in brought)
        scores = self._scores(question, found)
        ranked = sorted(scores, key=lambda id: (-scores[id], id))
        return [(id, scores[id]) for id in ranked[:limit] if scores[id] > 0]

    def rarity(self, question: Collection[str]) -> dict[str, float]:
        """How much each stem tells, by the passages of all indexes together."""
        total, counts = self.counts(question)
        return {stem: math.log(1 + total / max(0.5, counts[stem])) for stem in question}

    def counts(self, question: Collection[str]) -> tuple[int, Counter[str]]:
        """How many passages there are, and how many hold each stem."""
        total, counts = 0, Counter[str]()
        for part in self._parts:
            passages, holding = part.keywords.counts(question)
            total += passages
            counts.update(holding)
        return total, counts

    def meant(self, stem: str) -> dict[str, int]:
        """The stems in the passages that a misspelt one may stand for, with their distances."""
        near: dict[str, int] = {}
        for part in self._parts:
            near.update(part.keywords.meant(stem))
        least = min(near.values(), default=0)
        return {term: distance for term, distance in near.items() if distance == least}

    def _scores(
        self, question: Sequence[str], found: Mapping[str, Counter[str]]
    ) -> dict[str, float]:
        asked = list(dict.fromkeys(question))
        total, counts = self.counts(asked)
        weights = {
            stem: math.log(1 + (total - counts[stem] + 0.5) / (counts[stem] + 0.5))
            for stem in asked
        }
        lengths = {id: held.total() for id, held in found.items()}
        usual = max(1.0, sum(lengths.values()) / max(1, len(lengths)))

        def score(id: str) -> float:
            damping = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[id] / usual)
            held = {stem: found[id][token(stem)] for stem in asked}
            return sum(
                weights[stem] * times * (_SATURATION + 1) / (times + damping)
                for stem, times in held.items()
            )

        return {id: score(id) for id in found}


class _Part:
    """One of the indexes, and what its documents are called outside and inside."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.keywords = snapshot.keywords
        self.shown: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def name(self, own: str, shown: str) -> None:
        self.shown[own] = shown
        self._own[shown] = own

    def own(self, documents: Collection[str] | None) -> list[str] | None:
        """Of some documents, those that are here, as they are called here."""
        if documents is None:
            return None
        return [self._own[id] for id in documents if id in self._own]

    def outside(self, passage: str) -> str:
        return _renamed(passage, self.shown)

    def inside(self, passage: str) -> str:
        return _renamed(passage, self._own)


def _document(passage: str) -> str:
    return passage.rsplit(":", 2)[0]


def _renamed(passage: str, names: Mapping[str, str]) -> str:
    document = _document(passage)
    return names[document] + passage[len(document) :]
