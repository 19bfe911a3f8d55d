"""The right to change the index: put, relabel and remove documents, then publish.

Writing a document's record, after the passages of its version were added, is
what replaces the old text by the new; so an interruption at any point leaves
each document wholly old or wholly new.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from qa import splitting
from qa.encoding import Vectors
from qa.entries import (
    HEAD,
    Entry,
    Head,
    document_record,
    entry_of,
    head_record,
    passage_record,
    place,
    record_id,
    text_version,
)
from qa.errors import IndexMismatchError
from qa.models import Embedder
from qa.records import Document, Passage
from qa.snapshot import RECORDS_AT_ONCE, Snapshot, entries_of, snapshot_of
from qa.splitting import embedded_text, passage_limit, split
from qa.store import View, Writer

# Passages encoded between two looks at the progress; a multiple of the encoder's batch.
_ENCODED_AT_ONCE = 64

Item = TypeVar("Item")


class Session:
    """Changes to the index; what is not published by the end is lost.

    `before` is what an index that is being made anew held until now. `fresh` says that nothing
    was ever in it.
    """

    def __init__(
        self,
        writer: Writer,
        snapshot: Snapshot | None,
        embedder: Embedder,
        passage_tokens: int,
        before: Snapshot | None = None,
    ) -> None:
        self.before = before
        self._writer = writer
        self._embedder = embedder
        self._passage_tokens = passage_tokens
        self._obsolete: list[str] = []
        made = Head(embedder.fingerprint, splitter(passage_tokens))
        self.head = (snapshot.head if snapshot is not None else None) or made
        if before is not None and before.head is not None:
            self.set_head(folders=before.head.folders, samples=before.head.samples)
        self._take(snapshot.entries if snapshot is not None else {})
        old = before if before is not None else snapshot
        self.fresh = old is None or (old.head is None and not old.entries)
        self._written_head = self.head
        self._dirty = before is not None or writer.unfinished()

    def find(self, source: str) -> Entry | None:
        """The record of a source."""
        id = self._ids.get(source)
        return None if id is None else self.entries[id]

    def put(
        self,
        documents: Sequence[tuple[Document, str, str]],
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Add or replace documents, given with their digests and folders; the passages embedded.

        No two of them may have one id.
        """
        tokenizer = self._embedder.tokenizer
        limit = passage_limit(self._embedder.max_tokens, self._passage_tokens)
        entries: list[Entry] = []
        passages: list[Passage] = []
        for document, digest, folder in documents:
            version = text_version(document)
            cut = split(document, tokenizer, limit, version)
            entry = entry_of(document, version, digest, folder, len(cut))
            entries.append(entry)
            old = self.entries.get(document.id)
            if old is None or old.indexed != entry.indexed:
                passages.extend(cut)
        self._add(passages, progress)
        self._commit(entries)
        return len(passages)

    def relabel(self, entry: Entry) -> None:
        """Change a document's record but not its text: it was renamed, or its metadata changed."""
        self._commit([entry])

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents; how many passages go with them."""
        gone = [self.entries[id] for id in ids]
        for batch in _batches(gone):
            self._begin().documents.delete(ids=[record_id(entry.id) for entry in batch])
        for entry in gone:
            self._let_go(self.entries.pop(entry.id))
        return sum(entry.passages for entry in gone)

    def set_head(self, **changes: Any) -> None:
        """Change what the head record says."""
        self.head = replace(self.head, **changes)

    def publish(self, *, erase: bool = False) -> None:
        """Let readers see all that was done, and bring the keyword index in line with it.

        With `erase`, no text of what was removed stays behind on this machine.
        """
        if not self._dirty and self.head == self._written_head:
            return
        view = self._begin()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.head = replace(self.head, generation=view.generation, updated=now)
        snapshot = snapshot_of(view, self.head, self.entries)
        with contextlib.closing(snapshot.keywords):
            if erase:
                snapshot.keywords.compact()
        view.documents.upsert(ids=[HEAD], embeddings=[1.0, 0.0], metadatas=[head_record(self.head)])
        # Last, because whoever reads from a server may still be sent to the old passages.
        self._sweep(view)
        self._writer.publish(erase=erase)
        self._written_head, self._dirty = self.head, False

    def salvage(self) -> None:
        """Publish what was done before an interruption, which may have come at any point."""
        if self._dirty:
            self._take(entries_of(self._begin()))
            self.publish()

    def _begin(self) -> View:
        self._dirty = True
        return self._writer.begin()

    def _take(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(entries)
        self._ids = {entry.source: entry.id for entry in self.entries.values()}

    def _add(self, passages: Sequence[Passage], progress: Callable[[int], None]) -> None:
        view = self._begin()
        tokenizer = self._embedder.tokenizer
        for at in range(0, len(passages), _ENCODED_AT_ONCE):
            batch = passages[at : at + _ENCODED_AT_ONCE]
            vectors = self._embedder.encode([embedded_text(item, tokenizer) for item in batch])
            self._check_dimension(view, vectors)
            view.passages.upsert(
                ids=[passage.id for passage in batch],
                embeddings=cast(Any, vectors),
                documents=[passage.text for passage in batch],
                metadatas=[passage_record(passage) for passage in batch],
            )
            progress(len(batch))

    def _check_dimension(self, view: View, vectors: Vectors) -> None:
        if not self.entries:
            return
        sample = view.passages.peek(1)["embeddings"]
        if sample is not None and len(sample) and len(sample[0]) != vectors.shape[1]:
            raise IndexMismatchError(
                f"The index holds vectors of {len(sample[0])} numbers, the embedder "
                f"{self._embedder.name} gives {vectors.shape[1]}. Run: qa sync --rebuild"
            )

    def _commit(self, entries: Sequence[Entry]) -> None:
        for batch in _batches(entries):
            self._begin().documents.upsert(
                ids=[record_id(entry.id) for entry in batch],
                embeddings=cast(Any, [place(entry.id) for entry in batch]),
                metadatas=[document_record(entry) for entry in batch],
            )
        for entry in entries:
            if entry.id in self.entries:
                self._let_go(self.entries[entry.id])
            self.entries[entry.id] = entry
            self._ids[entry.source] = entry.id

    def _let_go(self, entry: Entry) -> None:
        self._obsolete.extend(entry.passage_ids)
        if self._ids.get(entry.source) == entry.id:
            del self._ids[entry.source]

    def _sweep(self, view: View) -> None:
        wanted = {id for entry in self.entries.values() for id in entry.passage_ids}
        _delete(view, [id for id in dict.fromkeys(self._obsolete) if id not in wanted])
        self._obsolete = []
        if view.passages.count() > len(wanted):  # what an interrupted writer had added
            present = view.passages.get(include=[])["ids"]
            _delete(view, [id for id in present if id not in wanted])


def splitter(passage_tokens: int) -> str:
    """What an index remembers of how its passages were cut."""
    return f"{splitting.VERSION}/{passage_tokens}"


def _delete(view: View, ids: Sequence[str]) -> None:
    for batch in _batches(ids):
        view.passages.delete(ids=list(batch))


def _batches(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    return (items[at : at + RECORDS_AT_ONCE] for at in range(0, len(items), RECORDS_AT_ONCE))
