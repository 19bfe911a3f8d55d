"""The index: documents and their passages in Chroma, and how to read them back.

Two collections. `passages` holds the text and vector of every passage;
`documents` holds one record a document, and a head record that says what made
the index. A document's record names the version of its text that counts:
writing it, after the passages of that version were added, is what replaces the
old text by the new, and passages of any other version are never shown.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from qa import splitting
from qa.encoding import Vectors
from qa.errors import IndexMismatchError, IndexUnavailableError, UnknownSourceError
from qa.keywords import KeywordIndex
from qa.models import Embedder
from qa.records import Document, Heading, Metadata, Passage
from qa.splitting import embedded_text, passage_id, passage_limit, split
from qa.store import HEAD, Store, View, Writer

# Raised when records are laid out differently.
FORMAT = 1
# Passages encoded between two looks at the progress; a multiple of the encoder's batch.
_ENCODED_AT_ONCE = 64
# Chroma's own limit for one call is a few thousand records.
_RECORDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """A document's record: all of it but the text."""

    id: str
    source: str
    title: str
    version: str
    digest: str
    passages: int
    characters: int
    folder: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: Metadata = field(default_factory=dict)

    @property
    def passage_ids(self) -> list[str]:
        """The ids of its passages, in order."""
        return [passage_id(self.id, self.version, ordinal) for ordinal in range(self.passages)]


@dataclass(frozen=True, slots=True)
class Head:
    """What made the index, and the folders that it mirrors (name -> absolute path)."""

    fingerprint: str
    splitter: str
    generation: int = 0
    format: int = FORMAT
    folders: Mapping[str, str] = field(default_factory=dict)
    samples: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of the index, read: consistent, and safe to share between threads."""

    view: View
    head: Head | None
    entries: Mapping[str, Entry]
    ids: Mapping[str, str]
    keywords: KeywordIndex

    def nearest(
        self, vector: Sequence[float], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages nearest to `vector`, with their cosines, nearest first."""
        if not self.entries or (documents is not None and not documents):
            return []
        where: Any = None if documents is None else {"document_id": {"$in": list(documents)}}
        wanted = limit
        while True:
            found = self.view.passages.query(
                query_embeddings=[list(vector)], n_results=wanted, where=where, include=["distances"]
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
        if not ids:
            return []
        found: dict[str, Passage] = {}
        for at in range(0, len(ids), _RECORDS_AT_ONCE):
            records = self.view.passages.get(
                ids=list(ids[at : at + _RECORDS_AT_ONCE]), include=["documents", "metadatas"]
            )
            texts, metadatas = records["documents"] or [], records["metadatas"] or []
            for id, text, metadata in zip(records["ids"], texts, metadatas, strict=True):
                if self.holds(id):
                    found[id] = self._passage(id, text, metadata)
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
        """What is left of a document that was removed: records, keyword entries, ids in the files."""
        records = len(self.view.passages.get(ids=entry.passage_ids, include=[])["ids"])
        record = len(self.view.documents.get(ids=[_record_id(entry.id)], include=[])["ids"])
        return records + record + self.keywords.entries(entry.id)

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

    def _passage(self, id: str, text: str, metadata: Mapping[str, Any]) -> Passage:
        entry = self.entries[str(metadata["document_id"])]
        return Passage(
            id=id,
            document_id=entry.id,
            source=entry.source,
            title=entry.title,
            start=int(metadata["start"]),
            end=int(metadata["end"]),
            text=text,
            heading=str(metadata.get("heading", "")),
            page=metadata.get("page"),
            metadata=entry.metadata,
        )


class Index:
    """An index at a place, made by an embedder; safe to share between threads."""

    def __init__(self, store: Store, embedder: Embedder, passage_tokens: int) -> None:
        self.store = store
        self.embedder = embedder
        self._passage_tokens = passage_tokens
        self._lock = threading.Lock()
        self._current: _Lease | None = None

    @property
    def splitter(self) -> str:
        """What an index remembers of how its passages were cut."""
        return f"{splitting.VERSION}/{self._passage_tokens}"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The newest generation, held open for the length of the block.

        Raises:
            IndexMismatchError: another embedder or splitter made the index.
            IndexUnavailableError: the store cannot be reached or opened.
        """
        lease = self._lease()
        try:
            yield lease.snapshot
        finally:
            self._release(lease)

    @contextlib.contextmanager
    def writing(self, timeout: float, *, rebuild: bool = False) -> Iterator[Session]:
        """The right to change the index; what was not published by the end is lost.

        Raises:
            IndexLockedError: another process did not finish within `timeout` seconds.
            IndexMismatchError: another embedder or splitter made it, and `rebuild` is not set.
        """
        with self.store.writing(timeout) as writer:
            if rebuild:
                with self._lock:
                    self._retire()
                self.store.drop()
            with self.reading() as snapshot:
                session = Session(self, writer, snapshot)
                yield session

    def close(self) -> None:
        """Let go of the store; the index may be used again."""
        with self._lock:
            self._retire()

    def _lease(self) -> _Lease:
        for attempt in range(3):
            try:
                generation = self.store.generation()
                with self._lock:
                    if self._current is None or self._current.generation != generation:
                        fresh = _Lease(generation, self._read(generation))
                        self._retire()
                        self._current = fresh
                    self._current.readers += 1
                    return self._current
            except IndexUnavailableError:
                # The generation may have been replaced twice between the two lines.
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _release(self, lease: _Lease) -> None:
        with self._lock:
            lease.readers -= 1
            if lease.retired and not lease.readers:
                self._shut(lease.snapshot)

    def _retire(self) -> None:
        if self._current is not None:
            self._current.retired = True
            if not self._current.readers:
                self._shut(self._current.snapshot)
        self._current = None

    def _shut(self, snapshot: Snapshot) -> None:
        snapshot.keywords.close()
        self.store.close(snapshot.view)

    def _read(self, generation: int) -> Snapshot:
        view = self.store.open(generation)
        snapshot = read(view)
        try:
            self.check(snapshot.head)
        except IndexMismatchError:
            self._shut(snapshot)
            raise
        return snapshot

    def check(self, head: Head | None) -> None:
        """Raise an `IndexMismatchError` unless this embedder and splitter made the index."""
        if head is None:
            return
        made = (head.format, head.fingerprint, head.splitter)
        ours = (FORMAT, self.embedder.fingerprint, self.splitter)
        if made != ours:
            raise IndexMismatchError(
                f"The index {self.store.location} was made with embedder {made[1]}, splitter "
                f"{made[2]} (format {made[0]}); the settings say embedder {ours[1]}, splitter "
                f"{ours[2]} (format {ours[0]}). Change the settings back, or run: "
                "qa sync --rebuild"
            )


@dataclass(slots=True)
class _Lease:
    generation: int
    snapshot: Snapshot
    readers: int = 0
    retired: bool = False


class Session:
    """The right to change the index: put, relabel and remove, then publish."""

    def __init__(self, index: Index, writer: Writer, snapshot: Snapshot) -> None:
        self._index = index
        self._writer = writer
        self.entries = dict(snapshot.entries)
        self.head = snapshot.head or Head(index.embedder.fingerprint, index.splitter)
        self._written_head = self.head
        self._dirty = False
        self._obsolete: list[str] = []

    @property
    def sources(self) -> dict[str, Entry]:
        """The records by source."""
        return {entry.source: entry for entry in self.entries.values()}

    def put(
        self,
        documents: Sequence[tuple[Document, str, str]],
        progress: Callable[[int], None] = lambda done: None,
    ) -> int:
        """Add or replace documents, given with their digests and folders; the passages embedded."""
        tokenizer = self._index.embedder.tokenizer
        limit = passage_limit(self._index.embedder.max_tokens, self._index._passage_tokens)
        entries: list[Entry] = []
        passages: list[Passage] = []
        for document, digest, folder in documents:
            version = text_version(document)
            cut = split(document, tokenizer, limit, version)
            entries.append(_entry(document, version, digest, folder, len(cut)))
            old = self.entries.get(document.id)
            if old is None or old.version != version:
                passages.extend(cut)
        self._add(passages, progress)
        self._commit(entries)
        return len(passages)

    def relabel(self, entry: Entry) -> None:
        """Change a document's record but not its text: it was renamed, or its metadata changed."""
        self._commit([entry])

    def remove(self, ids: Iterable[str]) -> frozenset[str]:
        """Remove documents; the ids of the passages that go with them."""
        gone = [self.entries.pop(id) for id in ids]
        if not gone:
            return frozenset()
        view = self._begin()
        view.documents.delete(ids=[_record_id(entry.id) for entry in gone])
        passage_ids = [id for entry in gone for id in entry.passage_ids]
        self._obsolete.extend(passage_ids)
        return frozenset(passage_ids)

    def set_head(self, **changes: Any) -> None:
        """Change what the head record says."""
        self.head = replace(self.head, **changes)

    def publish(self, *, erase: frozenset[str] = frozenset()) -> None:
        """Let readers see all that was done, and bring the keyword index in line with it."""
        if not self._dirty and self.head == self._written_head:
            return
        view = self._begin()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.head = replace(self.head, generation=view.generation, updated=now)
        snapshot = _snapshot(view, self.head, self.entries)
        _reconcile(snapshot)
        if erase:
            snapshot.keywords.compact()
        snapshot.keywords.close()
        view.documents.upsert(
            ids=[HEAD], embeddings=[[1.0, 0.0]], metadatas=[_head_record(self.head)]
        )
        # Last, because whoever reads from a server may still be sent to the old passages.
        self._sweep(view)
        self._writer.publish(erase=erase)
        self._written_head, self._dirty = self.head, False

    def _begin(self) -> View:
        self._dirty = True
        return self._writer.begin()

    def _add(self, passages: Sequence[Passage], progress: Callable[[int], None]) -> None:
        view = self._begin()
        embedder = self._index.embedder
        for at in range(0, len(passages), _ENCODED_AT_ONCE):
            batch = passages[at : at + _ENCODED_AT_ONCE]
            vectors = embedder.encode([embedded_text(item, embedder.tokenizer) for item in batch])
            self._check_dimension(view, vectors)
            view.passages.upsert(
                ids=[passage.id for passage in batch],
                embeddings=cast(Any, vectors),
                documents=[passage.text for passage in batch],
                metadatas=[_passage_record(passage) for passage in batch],
            )
            progress(len(batch))

    def _check_dimension(self, view: View, vectors: Vectors) -> None:
        if not self.entries:
            return
        sample = view.passages.peek(1)["embeddings"]
        if sample is not None and len(sample) and len(sample[0]) != vectors.shape[1]:
            raise IndexMismatchError(
                f"The index {self._index.store.location} holds vectors of {len(sample[0])} "
                f"numbers, the embedder {self._index.embedder.name} gives {vectors.shape[1]}. "
                "Run: qa sync --rebuild"
            )

    def _commit(self, entries: Sequence[Entry]) -> None:
        view = self._begin()
        replaced = [
            self.entries[entry.id]
            for entry in entries
            if entry.id in self.entries and self.entries[entry.id].version != entry.version
        ]
        for at in range(0, len(entries), _RECORDS_AT_ONCE):
            batch = entries[at : at + _RECORDS_AT_ONCE]
            view.documents.upsert(
                ids=[_record_id(entry.id) for entry in batch],
                embeddings=cast(Any, [_place(entry.id) for entry in batch]),
                metadatas=[_record(entry) for entry in batch],
            )
        self.entries.update({entry.id: entry for entry in entries})
        self._obsolete.extend(id for entry in replaced for id in entry.passage_ids)

    def _sweep(self, view: View) -> None:
        obsolete, self._obsolete = self._obsolete, []
        _delete(view, obsolete)
        wanted = {id for entry in self.entries.values() for id in entry.passage_ids}
        if view.passages.count() > len(wanted):  # what a killed writer had added to a server
            present = view.passages.get(include=[])["ids"]
            _delete(view, [id for id in present if id not in wanted])


def read(view: View) -> Snapshot:
    """Everything that a view's records say, and its keyword index in line with them."""
    found = view.documents.get(include=["metadatas"])
    entries: dict[str, Entry] = {}
    for id, record in zip(found["ids"], found["metadatas"] or [], strict=True):
        if id != HEAD:
            entry = _read_record(record)
            entries[entry.id] = entry
    snapshot = _snapshot(view, read_head(view), entries)
    _reconcile(snapshot)
    return snapshot


def read_head(view: View) -> Head | None:
    """What made the index; None for an empty one."""
    records = view.documents.get(ids=[HEAD], include=["metadatas"])["metadatas"]
    return Head(**json.loads(str(records[0]["head"]))) if records else None


def document_id(source: str, taken: Collection[str] = ()) -> str:
    """An id for a new source; a document that was renamed away may hold the first choice."""
    for salt in range(len(taken) + 1):
        id = hashlib.sha256(f"{source}\0{salt or ''}".encode()).hexdigest()[:12]
        if id not in taken:
            return id
    raise AssertionError("unreachable")


def _snapshot(view: View, head: Head | None, entries: Mapping[str, Entry]) -> Snapshot:
    ids = {entry.source: entry.id for entry in entries.values()}
    return Snapshot(view, head, dict(entries), ids, KeywordIndex(view.folder))


def _reconcile(snapshot: Snapshot) -> None:
    snapshot.keywords.reconcile(
        {entry.id: entry.version for entry in snapshot.entries.values()},
        lambda ids: snapshot.passages([p for id in ids for p in snapshot.entries[id].passage_ids]),
    )


def _delete(view: View, ids: Sequence[str]) -> None:
    for at in range(0, len(ids), _RECORDS_AT_ONCE):
        view.passages.delete(ids=list(ids[at : at + _RECORDS_AT_ONCE]))


def text_version(document: Document) -> str:
    """What changes with anything that is embedded of a document."""
    # The title and the headings are embedded with the text, so they are part of it.
    headings = [asdict(heading) for heading in document.headings]
    content = json.dumps([document.text, document.title, headings, document.pages])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _entry(document: Document, version: str, digest: str, folder: str, passages: int) -> Entry:
    return Entry(
        id=document.id,
        source=document.source,
        title=document.title,
        version=version,
        digest=digest,
        passages=passages,
        characters=len(document.text),
        folder=folder,
        pages=document.pages,
        headings=document.headings,
        metadata=document.metadata,
    )


def _record_id(id: str) -> str:
    return f"document:{id}"


def _place(id: str) -> list[float]:
    # Chroma wants a vector; equal ones would make a degenerate graph.
    digest = hashlib.sha256(id.encode()).digest()
    return [1.0, int.from_bytes(digest[:4], "big") / 2**32]


def _record(entry: Entry) -> dict[str, Any]:
    return {"entry": json.dumps(asdict(entry), ensure_ascii=False)}


def _read_record(record: Mapping[str, Any]) -> Entry:
    values = json.loads(str(record["entry"]))
    values["pages"] = tuple(values["pages"])
    values["headings"] = tuple(Heading(**heading) for heading in values["headings"])
    return Entry(**values)


def _head_record(head: Head) -> dict[str, Any]:
    # The generation stands by itself because readers look at it before each question.
    return {"generation": head.generation, "head": json.dumps(asdict(head))}




def _passage_record(passage: Passage) -> dict[str, Any]:
    record: dict[str, Any] = {
        "document_id": passage.document_id,
        "start": passage.start,
        "end": passage.end,
        "heading": passage.heading,
    }
    if passage.page is not None:
        record["page"] = passage.page
    return record


def _matches(metadata: Metadata, where: Mapping[str, Any]) -> bool:
    for name, wanted in where.items():
        options = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        if metadata.get(name) not in options:
            return False
    return True
