"""The right to change the index: put, relabel and remove documents, then publish.

A document's record is written after the passages of its new version, and only the record makes the
new text count. So an interruption at any point leaves each document wholly old or wholly new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qa.errors import IndexMismatchError
from qa.index.layout import (
    HEAD,
    Entry,
    Failure,
    Head,
    document_record,
    entries_of,
    failure_id,
    failure_record,
    head_record,
    passage_record,
    record_id,
    rule_record,
    vector_of,
)
from qa.index.making import Making, Prepared, PreparedPassage
from qa.index.parts import parts_record
from qa.index.reviewed import Reviewed
from qa.index.snapshot import Snapshot, snapshot_of
from qa.index.stores.store import View, Writer
from qa.index.verdicts import Verdicts
from qa.records import now


class Changes:
    """Changes to the index; what is not published by the end is lost.

    When an index is being rebuilt, `before` is its previous content. `fresh` says that the index
    has never held anything.
    """

    def __init__(
        self,
        writer: Writer,
        snapshot: Snapshot | None,
        made_by: Making,
        verdicts: Verdicts,
        reviewed: Reviewed,
        before: Snapshot | None = None,
    ) -> None:
        self.before = before
        self._verdicts = verdicts
        self._reviewed = reviewed
        self._writer = writer
        self._made_by = made_by
        self.failures = dict(snapshot.failures) if snapshot is not None else {}
        self._obsolete: list[str] = []
        self._removed: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._erasing = False
        made = Head(made_by.fingerprint, made_by.splitter)
        self.head = (snapshot.head if snapshot is not None else None) or made
        if before is not None and before.head is not None:
            head = before.head
            kept = ("folders", "samples", "rules", "readers", "permits")
            self.set_head(**{name: getattr(head, name) for name in kept})
        self.ruled: Callable[[Entry], Entry] = lambda entry: entry
        """Gives a document that is put or relabelled its rule: by default, the one that it has."""
        self.rules: dict[str, Sequence[str]] = dict(self.head.rules)
        """The groups of each rule; what no document has is not published, except `kept_rules`."""
        self.kept_rules = set(self.head.rules)
        self._take(snapshot.entries if snapshot is not None else {})
        old = before if before is not None else snapshot
        self.fresh = old is None or (old.head is None and not old.entries)
        self._written_head = self.head
        self._dirty = before is not None or writer.unfinished()

    def find(self, source: str) -> Entry | None:
        """The record of a source."""
        id = self._ids.get(source)
        return None if id is None else self.entries[id]

    def holds(self, entry: Entry) -> bool:
        """Whether the index already holds the passages of this very version of a document."""
        old = self.entries.get(entry.id)
        return old is not None and old.indexed == entry.indexed

    def put(self, documents: Sequence[Prepared]) -> int:
        """Add or replace documents, and return the number of passages written.

        No two of them may have one id.
        """
        entries = [self.ruled(document.entry) for document in documents]
        passages = [passage for document in documents for passage in document.passages]
        self._add(passages, {entry.id: entry.rule for entry in entries})
        self._commit(entries)
        return len(passages)

    def relabel(self, entry: Entry) -> None:
        """Change a document's record but not its text: it was renamed, or its metadata changed."""
        self._commit([self.ruled(entry)])

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents, and return the number of passages that go with them."""
        gone = [self.entries[id] for id in ids]
        if gone:
            self._begin().documents.delete([record_id(entry.id) for entry in gone])
        for entry in gone:
            self._let_go(self.entries.pop(entry.id))
            self._removed.add(entry.source)
        return sum(entry.passages for entry in gone)

    def set_failures(self, failures: Mapping[str, Failure]) -> None:
        """Replace what is known of the files that are not in the index."""
        known = self.failures
        gone = [failure_id(source) for source in known if source not in failures]
        new = [one for source, one in failures.items() if known.get(source) != one]
        if gone:
            self._begin().documents.delete(gone)
            self._erasing = True
        if new:
            ids = [failure_id(one.unread.source) for one in new]
            self._begin().documents.upsert(
                ids=ids,
                embeddings=[vector_of(id) for id in ids],
                metadatas=[failure_record(one) for one in new],
            )
        self.failures = dict(failures)

    def set_head(self, **changes: Any) -> None:
        """Change fields of the head record."""
        before, self.head = self.head, replace(self.head, **changes)
        if before.folders.items() - self.head.folders.items():
            self._erasing = True

    def publish(self, *, at_once: bool = False) -> None:
        """Let readers see all that was done, and bring the keyword index in line with it.

        Nothing that was removed or replaced stays on this machine once nobody reads an older
        generation any more, or with `at_once`, a few seconds later in any case.
        """
        unchanged = self.head == self._written_head and self.head.rules == self._rules_used()
        if not self._dirty and unchanged:
            return
        view = self._begin()
        self.head = replace(
            self.head, generation=view.generation, updated=now(), rules=self._rules_used()
        )
        snapshot_of(view, self.head, self.entries).keywords.close()
        texts = self._removed_texts(view)
        self._erase(texts)
        self._writer.confirm()
        view.documents.upsert([HEAD], [[1.0, 0.0]], metadatas=[head_record(self.head)])
        # Last, because readers of a server may still be sent to the old passages.
        if self._obsolete and not at_once:
            self._writer.settle()
        self._sweep(view)
        self._writer.publish(erase=self._erasing, at_once=at_once)
        # An answer may have been given from the old passages, and rated, until this moment; and
        # they may have been reviewed.
        self._erase(texts)
        self._written_head, self._dirty, self._erasing = self.head, False, False
        self._removed, self._renamed = set(), {}

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

    def _rules_used(self) -> dict[str, list[str]]:
        held = (rule for one in self.entries.values() for rule in (one.rule, one.rule_itself))
        used = set(filter(None, held)) | self.kept_rules
        return {rule: list(self.rules.get(rule, ())) for rule in sorted(used)}

    def _add(self, passages: Sequence[PreparedPassage], rules: Mapping[str, str]) -> None:
        view = self._begin()
        if not passages:
            return
        self._check_dimension(view, len(passages[0].vector))
        view.passages.upsert(
            ids=[one.passage.id for one in passages],
            embeddings=[one.vector for one in passages],
            documents=[one.passage.text for one in passages],
            metadatas=[
                passage_record(one.passage, rules[one.passage.document_id])
                | parts_record(one.parts, one.passage)
                for one in passages
            ],
        )

    def _check_dimension(self, view: View, given: int) -> None:
        if not self.entries:
            return
        held = view.passages.dimension
        if held not in (None, given):
            raise IndexMismatchError(
                f"The index holds vectors of {held} numbers, the embedder "
                f"{self._made_by.name} gives {given}. Run: qa sync --rebuild"
            )

    def _commit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            old = self.entries.get(entry.id)
            if old is not None and old.rule != entry.rule and old.version == entry.version:
                ids = entry.passage_ids
                self._begin().passages.update(ids, [rule_record(entry.rule)] * len(ids))
        if entries:
            self._begin().documents.upsert(
                ids=[record_id(entry.id) for entry in entries],
                embeddings=[vector_of(entry.id) for entry in entries],
                metadatas=[document_record(entry) for entry in entries],
            )
        for entry in entries:
            if entry.id in self.entries:
                self._replace(self.entries[entry.id], entry)
            self.entries[entry.id] = entry
            self._ids[entry.source] = entry.id

    def _replace(self, old: Entry, new: Entry) -> None:
        self._let_go(old)
        if old.version != new.version:
            self._removed.add(old.source)
        elif old.source != new.source:
            self._renamed[old.source] = new.source

    def _let_go(self, entry: Entry) -> None:
        self._erasing = True
        self._obsolete.extend(entry.passage_ids)
        if self._ids.get(entry.source) == entry.id:
            del self._ids[entry.source]

    def _removed_texts(self, view: View) -> list[str]:
        """The texts of the passages about to be deleted, if answers may have quoted them."""
        if not self._verdicts.any():
            return []
        wanted = self._wanted()
        ids = [id for id in dict.fromkeys(self._obsolete) if id not in wanted]
        return list(view.passages.get(ids, include=["documents"])["documents"] or [])

    def _erase(self, texts: Sequence[str]) -> None:
        """Remove what is kept beside the index of documents that were removed or replaced."""
        self._verdicts.erase(self._removed, texts, self._renamed)
        self._reviewed.keep_only({id: entry.indexed for id, entry in self.entries.items()})

    def _wanted(self) -> set[str]:
        return {id for entry in self.entries.values() for id in entry.passage_ids}

    def _sweep(self, view: View) -> None:
        wanted = self._wanted()
        view.passages.delete([id for id in dict.fromkeys(self._obsolete) if id not in wanted])
        self._obsolete = []
        if view.passages.count() > len(wanted):  # added by a writer that was interrupted
            self._erasing = True
            present = view.passages.get(include=[])["ids"]
            view.passages.delete([id for id in present if id not in wanted])
