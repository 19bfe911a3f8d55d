"""What can be searched: one index, or several as if they were one.

Cosines from one embedder can be compared across indexes. BM25 scores cannot: their weights come
from each index's own counts, and in an index of one document every word is common. So the passages
found in the indexes are scored again, with the counts of all indexes together.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from qa.access import Viewer
from qa.errors import SettingsError
from qa.index.index import Index
from qa.index.keywords import token
from qa.index.layout import Entry, document_of
from qa.index.parts import Stretch
from qa.index.scope import Scope
from qa.index.snapshot import Snapshot
from qa.records import Passage
from qa.text.spelling import nearest

# As in SQLite's own BM25.
_SATURATION = 1.2
_LENGTH = 0.75


class Keywords(Protocol):
    """Passages, found by the stems that they contain."""

    def search(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages that hold most of the question's stems, with BM25 scores.

        Best first; higher is better. `documents` restricts the search to them.
        """
        ...

    def rarity(self, question: Collection[str]) -> dict[str, float]:
        """How rare each stem is: log(1 + N / n), where n of N passages contain it.

        A stem that no passage contains is the rarest.
        """
        ...

    def counts(
        self, question: Collection[str], documents: Collection[str] | None = None
    ) -> tuple[int, Mapping[str, int]]:
        """How many passages there are, and how many (of `documents`) hold each stem."""
        ...

    def meant(self, stem: str, documents: Collection[str] | None = None) -> dict[str, int]:
        """The stems in the passages that a misspelt one may stand for, with their distances.

        With `documents`, those in their passages alone.
        """
        ...


class Searchable(Protocol):
    """Documents and their passages, found by meaning and by words."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The records of the documents, by id."""
        ...

    @property
    def keywords(self) -> Keywords:
        """Their passages by words."""
        ...

    def nearest(
        self, vector: Sequence[float], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages nearest to `vector`, with their cosines, nearest first."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; those that are gone are left out."""
        ...

    def around(self, ids: Sequence[str], before: int, after: int) -> list[Stretch]:
        """The passages of these ids, each with some `before` and `after` it, and their parts."""
        ...

    def select(self, scope: Scope) -> list[str] | None:
        """The ids of the documents in a scope; None for all of them.

        Raises:
            UnknownSourceError: nothing is in its folder, and nothing ever was.
        """
        ...


def check_alike(indexes: Sequence[Index]) -> None:
    """Refuse to search indexes together whose vectors do not compare.

    Raises:
        SettingsError: they have different embedders.
    """
    main = indexes[0]
    for index in indexes:
        if index.made_by.fingerprint != main.made_by.fingerprint:
            raise SettingsError(
                f"{index.store.location} cannot be searched together with "
                f"{main.store.location}: it has another embedder. "
                "Open it by `assistant.with_index(folder)`."
            )


@contextlib.contextmanager
def reading_together(indexes: Sequence[Index], viewer: Viewer) -> Iterator[Searchable]:
    """What a viewer may read of one or several indexes, as one, for the length of the block.

    Raises:
        SettingsError: they have different embedders.
        IndexMismatchError, IndexUnavailableError: see `Index.reading`.
    """
    check_alike(indexes)
    with contextlib.ExitStack() as stack:
        snapshots = [stack.enter_context(index.reading(viewer)) for index in indexes]
        yield snapshots[0] if len(snapshots) == 1 else Combined(snapshots)


class Combined:
    """Snapshots of several indexes as one; the first of them is the main one.

    Documents keep their ids, except where another index uses the same one, so that two documents
    with the same name are never confused.
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
        self.keywords = CombinedKeywords(self._parts)

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
            own = {part.inside(id): id for id in ids if self._part_of.get(document_of(id)) is part}
            for passage in part.snapshot.passages(list(own)) if own else ():
                id = own[passage.id]
                found[id] = replace(passage, id=id, document_id=document_of(id))
        return [found[id] for id in ids if id in found]

    def around(self, ids: Sequence[str], before: int, after: int) -> list[Stretch]:
        """As in a snapshot."""
        found: list[Stretch] = []
        for part in self._parts:
            own = [part.inside(id) for id in ids if self._part_of.get(document_of(id)) is part]
            for stretch in part.snapshot.around(own, before, after):
                id = part.outside(stretch.passage.id)
                passage = replace(stretch.passage, id=id, document_id=document_of(id))
                found.append(replace(stretch, passage=passage))
        return found

    def select(self, scope: Scope) -> list[str] | None:
        """As in a snapshot; the scope applies to the main index, the others are searched whole."""
        main = self._parts[0]
        chosen = main.snapshot.select(scope)
        if chosen is None:
            return None
        return [id for id, part in self._part_of.items() if part is not main] + [
            main.shown[own] for own in chosen
        ]


class CombinedKeywords:
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
        """How rare each stem is, counted over the passages of all indexes together."""
        total, counts = self.counts(question)
        return {stem: math.log(1 + total / max(0.5, counts[stem])) for stem in question}

    def counts(
        self, question: Collection[str], documents: Collection[str] | None = None
    ) -> tuple[int, Counter[str]]:
        """How many passages there are, and how many (of `documents`) hold each stem."""
        total, counts = 0, Counter[str]()
        for part in self._parts:
            passages, holding = part.keywords.counts(question, part.own(documents))
            total += passages
            counts.update(holding)
        return total, counts

    def meant(self, stem: str, documents: Collection[str] | None = None) -> dict[str, int]:
        """The stems in the passages that a misspelt one may stand for, with their distances."""
        near: dict[str, int] = {}
        for part in self._parts:
            near.update(part.keywords.meant(stem, part.own(documents)))
        return nearest(near)

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
    """One of the indexes, with the ids of its documents inside it and in the whole."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.keywords = snapshot.keywords
        self.shown: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def name(self, own: str, shown: str) -> None:
        self.shown[own] = shown
        self._own[shown] = own

    def own(self, documents: Collection[str] | None) -> list[str] | None:
        """Those of the documents that are in this index, by their ids in it."""
        if documents is None:
            return None
        return [self._own[id] for id in documents if id in self._own]

    def outside(self, passage: str) -> str:
        return _renamed(passage, self.shown)

    def inside(self, passage: str) -> str:
        return _renamed(passage, self._own)


def _renamed(passage: str, names: Mapping[str, str]) -> str:
    document = document_of(passage)
    return names[document] + passage[len(document) :]
