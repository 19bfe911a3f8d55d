"""One generation of the index, to read from: its documents, their passages, its keyword index.

It consists of two collections. `passages` holds the text and vector of every passage; `documents`
holds one record for each document, and the head. A document's record names the current version of
its text, and passages of any other version are never shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qa.access import Viewer
from qa.errors import IndexUnavailableError, UnknownSourceError
from qa.index.keywords import KeywordIndex, SeenKeywords, open_shared
from qa.index.layout import (
    RULE,
    Entry,
    Failure,
    Head,
    document_of,
    head_of,
    passage_id,
    read_passage,
    record_id,
    records_of,
)
from qa.index.leading import leading
from qa.index.parts import Parts, Stretch, joined, nested, read_parts
from qa.index.scope import Scope
from qa.index.stores.store import View
from qa.records import Document, Link, Passage, Source, Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A filter that so many passages pass costs Chroma little; each takes it some microseconds.
_FILTERED_GLADLY = 1_000
# Where more pass, this many times as many of all passages are fetched as hold enough of them on
# average, and at most so many times the wanted number.
_MARGIN, _SPARE = 2, 20
# A filter takes so many rules, besides the documents.
_RULES_BARRED = 5_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of the index, read: consistent, and safe to share between threads."""

    opened: View | None
    head: Head | None
    entries: Mapping[str, Entry]
    ids: Mapping[str, str]
    keywords: KeywordIndex | SeenKeywords
    failures: Mapping[str, Failure]
    """The files that are not in it, by source."""
    rules: frozenset[str] = frozenset()
    """The rules of its documents."""
    hidden: frozenset[str] = frozenset()
    """The rules of documents that are not in it, because its viewer may not read them."""

    restricted: bool = False
    """Whether it is what somebody sees of an index in which there are rules."""
    beside: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What others keep as long as it is the newest; no copy of it has that."""

    @property
    def view(self) -> View:
        """The collections behind it.

        Raises:
            IndexUnavailableError: nothing was ever written to the index.
        """
        if self.opened is None:
            raise IndexUnavailableError("The index is empty. To fill it, run: qa sync FOLDER")
        return self.opened

    def hidden_from(self, viewer: Viewer) -> frozenset[str] | None:
        """The rules that keep documents from a viewer; None where there are no rules for them."""
        rules = self.head.rules if self.head is not None else {}
        if viewer.owner or not (self.rules or rules):
            return None
        return frozenset(rule for rule in self.rules if not viewer.may_read(rules.get(rule, ())))

    def without(self, hidden: frozenset[str]) -> Snapshot:
        """The same, as if there were no documents with these rules.

        Nobody can tell who may read a file that could not be read, so none of them is in it. It
        last changed when the newest of its documents was read: not when others did.
        """
        entries = {id: entry for id, entry in self.entries.items() if entry.rule not in hidden}
        head = self.head
        if head is not None:
            held = {entry.folder for entry in entries.values()}
            folders = {name: place for name, place in head.folders.items() if name in held}
            updated = max((entry.read for entry in entries.values()), default="")
            head = replace(head, folders=folders, rules={}, readers={}, permits={}, updated=updated)
        assert isinstance(self.keywords, KeywordIndex)
        return replace(
            self,
            head=head,
            entries=entries,
            ids={entry.source: id for id, entry in entries.items()},
            keywords=SeenKeywords(self.keywords, hidden) if hidden else self.keywords,
            failures={},
            rules=frozenset(),
            hidden=hidden,
            restricted=True,
        )

    def status(self, index: str, embedder: str) -> Status:
        """What it holds; `index` and `embedder` are their names in the settings."""
        failures = sorted(self.failures.values(), key=lambda one: one.unread.source)
        entries = sorted(self.entries.values(), key=lambda entry: entry.source)
        head = self.head
        return Status(
            index=index,
            embedder=embedder,
            sources=[
                Source(
                    *(e.source, e.title, e.id, e.passages, e.characters, e.metadata, e.read),
                    len(e.pages) or None,
                    e.reading,
                    self._groups(e),
                )
                for e in entries
            ],
            passages=sum(entry.passages for entry in entries),
            folders=list(head.folders.values()) if head else [],
            updated=(head.updated or None) if head else None,
            samples=head is not None
            and bool(head.samples and entries)
            and all(entry.folder == head.samples for entry in entries),
            failed=[one.unread for one in failures if one.digest],
            skipped=[one.unread for one in failures if not one.digest],
        )

    def _groups(self, entry: Entry) -> tuple[str, ...] | None:
        if not entry.rule or self.restricted or self.head is None:
            return None
        return tuple(self.head.rules.get(entry.rule, ()))

    def nearest(
        self, vector: Sequence[float], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages nearest to `vector`, with their cosines, nearest first."""
        if not self.entries:
            return []
        if documents is None:
            return self._nearest(vector, limit)
        scope = frozenset(documents)
        if scope.issuperset(self.entries):
            return self._nearest(vector, limit)
        held = sum(entry.passages for id, entry in self.entries.items() if id in scope)
        if held > _FILTERED_GLADLY:
            # The nearest of all are found much faster, and enough of them may pass.
            every = sum(entry.passages for entry in self.entries.values())
            wanted = min(limit * _SPARE, math.ceil(_MARGIN * limit * every / held))
            near = [hit for hit in self._nearest(vector, wanted) if document_of(hit[0]) in scope]
            if len(near) >= limit:
                return near[:limit]
        return self._nearest(vector, limit, sorted(scope))

    def _nearest(
        self, vector: Sequence[float], limit: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        field = None if documents is None else "document_id"
        wanted = limit
        # Those of more rules are left out here, as outdated passages are.
        barred = sorted(self.hidden)[:_RULES_BARRED]
        while True:
            ids, distances = self.view.passages.nearest(
                vector, wanted, field, documents or (), {RULE: barred}
            )
            ranked = [
                (id, 1 - distance)
                for id, distance in zip(ids, distances, strict=True)
                if self.holds(id)
            ]
            # Outdated passages may have taken the places of current ones.
            if len(ranked) >= limit or len(ids) < wanted:
                return ranked[:limit]
            wanted *= 2

    def cosines(self, vector: Sequence[float], ids: Sequence[str]) -> dict[str, float]:
        """The cosine between `vector` and each of these passages."""
        import numpy as np

        of = np.asarray(vector, dtype=np.float32)
        return {id: float(of @ own) for id, own in self.vectors(ids).items()}

    def vectors(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vector of each of these passages."""
        import numpy as np

        found = self.view.passages.get(ids=list(ids), include=["embeddings"])
        vectors = np.asarray(found["embeddings"], dtype=np.float32).reshape(len(found["ids"]), -1)
        return dict(zip(found["ids"], vectors, strict=True))

    def holds(self, id: str) -> bool:
        """Whether a passage belongs to the current version of its document."""
        return _is_current(id, self.entries)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; those that are gone are left out."""
        return [passage for passage, _ in self._read(ids)]

    def around(self, ids: Sequence[str], before: int, after: int) -> list[Stretch]:
        """The passages of these ids, each with some `before` and `after` it, and their parts.

        An id may stand for several passages that were joined. Adjacent passages form one stretch;
        the stretches come in the order of the ids.
        """
        wanted: dict[str, None] = {}
        for id in ids:
            document_id, version, ordinals = id.rsplit(":", 2)
            first, _, last = ordinals.partition("-")
            entry = self.entries[document_id]
            for ordinal in range(
                max(0, int(first) - before), min(entry.passages, int(last or first) + 1 + after)
            ):
                wanted[passage_id(document_id, version, ordinal)] = None
        places = {document_of(id): place for place, id in reversed(list(enumerate(ids)))}
        found = sorted(
            self._read(list(wanted)),
            key=lambda one: (places[one[0].document_id], one[0].start),
        )
        runs: list[list[tuple[Passage, Parts]]] = []
        for passage, record in found:
            parts = read_parts(record)
            before_it = runs[-1][-1][0] if runs else None
            if (
                before_it is not None
                and before_it.document_id == passage.document_id
                and before_it.end == passage.start
            ):
                runs[-1].append((passage, parts))
            else:
                runs.append([(passage, parts)])
        return [self._joined(run) for run in runs]

    def _joined(self, run: Sequence[tuple[Passage, Parts]]) -> Stretch:
        entry = self.entries[run[0][0].document_id]
        stretch = joined(run, tuple(entry.headings))
        if not stretch.links:
            return stretch
        return replace(stretch, links=tuple(leading(stretch.links, entry, self._entry_of)))

    def _entry_of(self, source: str) -> Entry | None:
        id = self.ids.get(source)
        return None if id is None else self.entries[id]

    def _read(self, ids: Sequence[str]) -> list[tuple[Passage, Mapping[str, Any]]]:
        """The passages of these ids that are there, and their records."""
        return _passages(self.view, self.entries, ids) if ids else []

    def document(self, source: str) -> Document:
        """A document with its text, reassembled from its passages.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        entry = self.entry(source)
        read = self._read(entry.passage_ids)
        if len(read) != entry.passages:
            raise IndexUnavailableError(
                f"The index lacks {entry.passages - len(read)} passages of {source}. "
                "Run: qa sync --rebuild"
            )
        kept = [read_parts(record) for _, record in read]
        return Document(
            id=entry.id,
            title=entry.title,
            source=entry.source,
            text="".join(passage.text for passage, _ in read),
            blocks=nested([block for parts in kept for block in parts.blocks]),
            links=tuple(link for parts in kept for link in parts.links),
            pages=entry.pages,
            headings=tuple(entry.headings),
            metadata=entry.metadata,
            reading=entry.reading,
            scans=entry.scans,
        )

    def links(self, document: Document) -> list[Link]:
        """The links of one of the documents that lead somewhere; see `qa.index.leading`."""
        return list(leading(document.links, self.entry(document.source), self._entry_of))

    def traces(self, entries: Sequence[Entry]) -> int:
        """The number of records and keyword entries left of documents that were removed."""
        ids = [id for entry in entries for id in entry.passage_ids]
        passages = len(self.view.passages.get(ids, include=[])["ids"])
        records = [record_id(entry.id) for entry in entries]
        held = len(self.view.documents.get(records, include=[])["ids"])
        return passages + held + sum(self.keywords.entries(entry.id) for entry in entries)

    def entry(self, source: str) -> Entry:
        """The record of a source.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        document_id = self.ids.get(source)
        if document_id is None:
            raise UnknownSourceError(
                f"The index holds no source {source!r}. `qa status` lists what it holds."
            )
        return self.entries[document_id]

    def select(self, scope: Scope) -> list[str] | None:
        """The ids of the documents in a scope; None for all of them.

        Raises:
            UnknownSourceError: nothing is in its folder, and nothing ever was.
        """
        if scope.everything:
            return None
        chosen = [
            entry.id for entry in self.entries.values() if scope.holds(entry.source, entry.metadata)
        ]
        if not chosen and self.entries:
            scope.check(self.ids.keys(), self.head.folders if self.head is not None else ())
        return chosen


def read(view: View, check: Callable[[Head | None], None] = lambda _: None) -> Snapshot:
    """A snapshot of a view: its records, and its keyword index in line with them.

    `check` gets the head before anything else is read, and may raise.
    """
    head = head_of(view)
    check(head)
    return snapshot_of(view, head, *records_of(view))


def _is_current(passage_id: str, entries: Mapping[str, Entry]) -> bool:
    document_id, version, _ = passage_id.rsplit(":", 2)
    entry = entries.get(document_id)
    return entry is not None and entry.version == version


def _passages(
    view: View, entries: Mapping[str, Entry], ids: Sequence[str]
) -> list[tuple[Passage, Mapping[str, Any]]]:
    """The passages of these ids that are there and current, and their records."""
    found: dict[str, tuple[Passage, Mapping[str, Any]]] = {}
    records = view.passages.get(ids, include=["documents", "metadatas"])
    texts, metadatas = records["documents"] or [], records["metadatas"] or []
    for id, text, metadata in zip(records["ids"], texts, metadatas, strict=True):
        if _is_current(id, entries):
            entry = entries[str(metadata["document_id"])]
            found[id] = read_passage(id, text, metadata, entry), metadata
    return [found[id] for id in ids if id in found]


def snapshot_of(
    view: View | None,
    head: Head | None,
    entries: Mapping[str, Entry],
    failures: Mapping[str, Failure] | None = None,
) -> Snapshot:
    """A snapshot of a view with these records; its keyword index is brought in line with them."""
    ids = {entry.source: entry.id for entry in entries.values()}
    keywords = _keywords(view, dict(entries))
    keywords.rules = {entry.id: entry.rule for entry in entries.values() if entry.rule}
    rules = frozenset(keywords.rules.values())
    return Snapshot(view, head, dict(entries), ids, keywords, failures or {}, rules)


def _keywords(view: View | None, entries: Mapping[str, Entry]) -> KeywordIndex:
    if view is None:
        return KeywordIndex(None)
    versions = {entry.id: entry.indexed for entry in entries.values()}

    def passages_of(documents: Sequence[str]) -> Iterable[Passage]:
        ids = [id for document in documents for id in entries[document].passage_ids]
        return [passage for passage, _ in _passages(view, entries, ids)]

    if view.shared:
        return open_shared(view.folder, versions, passages_of)
    keywords = KeywordIndex(view.keywords, frozen=view.frozen)
    try:
        keywords.reconcile(versions, passages_of)
    except BaseException:
        keywords.close()
        raise
    return keywords
