"""One generation of the index, to read from: its documents, their passages, its keyword index.

Two collections are behind it. `passages` holds the text and vector of every
passage; `documents` holds one record a document, and the head. A document's
record names the version of its text that counts, and passages of any other
version are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from qa.entries import (
    HEAD,
    Entry,
    Head,
    is_document,
    read_document,
    read_head,
    read_passage,
    record_id,
)
from qa.errors import IndexUnavailableError, UnknownSourceError
from qa.keywords import KeywordIndex
from qa.records import Document, Metadata, Passage
from qa.store import View

# Chroma's own limit for one call is a few thousand records.
RECORDS_AT_ONCE = 500
# SQLite takes some thirty thousand values in one statement.
_FILTERED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of the index, read: consistent, and safe to share between threads."""

    place: View | None
    head: Head | None
    entries: Mapping[str, Entry]
    ids: Mapping[str, str]
    keywords: KeywordIndex

    @property
    def view(self) -> View:
        """The collections behind it.

        Raises:
            IndexUnavailableError: nothing was ever written to the index.
        """
        if self.place is None:
            raise IndexUnavailableError("The index is empty. To fill it, run: qa sync FOLDER")
        return self.place

    def nearest(
        self, vector: Sequence[float], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages nearest to `vector`, with their cosines, nearest first."""
        if not self.entries:
            return []
        if documents is None:
            return self._nearest(vector, limit, None)
        ids = list(documents)
        parts = [ids[at : at + _FILTERED_AT_ONCE] for at in range(0, len(ids), _FILTERED_AT_ONCE)]
        found = [
            hit
            for part in parts
            for hit in self._nearest(vector, limit, {"document_id": {"$in": part}})
        ]
        return sorted(found, key=lambda hit: -hit[1])[:limit]

    def _nearest(self, vector: Sequence[float], limit: int, where: Any) -> list[tuple[str, float]]:
        wanted = limit
        while True:
            found = self.view.passages.query(
                query_embeddings=list(vector),
                n_results=wanted,
                where=where,
                include=["distances"],
            )
            distances = cast(list[list[float]], found["distances"])[0]
            ranked = [
                (id, 1 - distance)
                for id, distance in zip(found["ids"][0], distances, strict=True)
                if self.holds(id)
            ]
            # Passages that no longer count may have taken the places of some that do.
            if len(ranked) >= limit or len(found["ids"][0]) < wanted:
                return ranked[:limit]
            wanted *= 2

    def cosines(self, vector: Sequence[float], ids: Sequence[str]) -> dict[str, float]:
        """The cosine between `vector` and each of these passages."""
        import numpy as np

        found = self.view.passages.get(ids=list(ids), include=["embeddings"])
        vectors = np.asarray(found["embeddings"], dtype=np.float32).reshape(len(found["ids"]), -1)
        return dict(zip(found["ids"], (vectors @ np.asarray(vector, "f4")).tolist(), strict=True))

    def holds(self, id: str) -> bool:
        """Whether a passage belongs to the version of its document that counts."""
        document_id, version, _ = id.rsplit(":", 2)
        entry = self.entries.get(document_id)
        return entry is not None and entry.version == version

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in this order; those that are gone are left out."""
        found: dict[str, Passage] = {}
        for at in range(0, len(ids), RECORDS_AT_ONCE):
            records = self.view.passages.get(
                ids=list(ids[at : at + RECORDS_AT_ONCE]), include=["documents", "metadatas"]
            )
            texts, metadatas = records["documents"] or [], records["metadatas"] or []
            for id, text, metadata in zip(records["ids"], texts, metadatas, strict=True):
                if self.holds(id):
                    entry = self.entries[str(metadata["document_id"])]
                    found[id] = read_passage(id, text, metadata, entry)
        return [found[id] for id in ids if id in found]

    def document(self, source: str) -> Document:
        """A document with its text, put together again from its passages.

        Raises:
            UnknownSourceError: the index holds no such source.
        """
        entry = self.entry(source)
        passages = self.passages(entry.passage_ids)
        if len(passages) != entry.passages:
            raise IndexUnavailableError(
                f"The index lacks {entry.passages - len(passages)} passages of {source}. "
                "Run: qa sync --rebuild"
            )
        return Document(
            id=entry.id,
            title=entry.title,
            source=entry.source,
            text="".join(passage.text for passage in passages),
            pages=entry.pages,
            headings=entry.headings,
            metadata=entry.metadata,
        )

    def traces(self, entry: Entry) -> int:
        """What is left of a document that was removed: records, keyword entries, ids in files."""
        ids = entry.passage_ids or [""]
        passages = len(self.view.passages.get(ids=ids, include=[])["ids"])
        record = len(self.view.documents.get(ids=[record_id(entry.id)], include=[])["ids"])
        return passages + record + self.keywords.entries(entry.id)

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

    def select(self, folder: str | None, where: Mapping[str, Any] | None) -> list[str] | None:
        """The ids of the documents below `folder` whose metadata equal `where`; None for all.

        A value of `where` may be a list: any of its items will do.
        """
        if not folder and not where:
            return None
        prefix = folder.strip("/") + "/" if folder else ""
        return [
            entry.id
            for entry in self.entries.values()
            if (entry.source + "/").startswith(prefix) and _matches(entry.metadata, where or {})
        ]


def read(view: View, check: Callable[[Head | None], None] = lambda _: None) -> Snapshot:
    """Everything that a view's records say, and its keyword index in line with them.

    `check` is shown the head before anything else is read, and may raise.
    """
    head = head_of(view)
    check(head)
    return snapshot_of(view, head, entries_of(view))


def entries_of(view: View) -> dict[str, Entry]:
    """The documents of a view, by id."""
    found = view.documents.get(include=["metadatas"])
    records = zip(found["ids"], found["metadatas"] or [], strict=True)
    entries = [read_document(record) for id, record in records if is_document(id)]
    return {entry.id: entry for entry in entries}


def head_of(view: View) -> Head | None:
    """What made the index; None for an empty one."""
    records = view.documents.get(ids=[HEAD], include=["metadatas"])["metadatas"]
    return read_head(records[0]) if records else None


def snapshot_of(view: View | None, head: Head | None, entries: Mapping[str, Entry]) -> Snapshot:
    """A snapshot of a view whose records are known; its keyword index is brought in line."""
    ids = {entry.source: entry.id for entry in entries.values()}
    keywords = KeywordIndex(None if view is None else view.folder)
    snapshot = Snapshot(view, head, dict(entries), ids, keywords)
    try:
        keywords.reconcile(
            {entry.id: entry.indexed for entry in entries.values()},
            lambda ids: snapshot.passages([p for id in ids for p in entries[id].passage_ids]),
        )
    except BaseException:
        keywords.close()
        raise
    return snapshot


def _matches(metadata: Metadata, where: Mapping[str, Any]) -> bool:
    for name, wanted in where.items():
        options = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        if metadata.get(name) not in options:
            return False
    return True
