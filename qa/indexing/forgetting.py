"""Forget a source, and search for traces of it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qa.access import OWNER
from qa.errors import UnknownSourceError
from qa.index import Entry, Index, Snapshot, Verdicts, parts_values, vector_files
from qa.indexing.folders.failures import within
from qa.indexing.folders.files import original, place_of, takes_in
from qa.indexing.web.addresses import normal
from qa.places import is_remote
from qa.records import Forgotten, Passage
from qa.settings import Settings

# How many of the passages are searched for in the index's files.
_SAMPLE = 12
_PIECE = re.compile(r"[^\W_](?:[^\"\\\x00-\x1f]{22,38})[^\W_]")
# Bytes from the middle of a vector; eight numbers.
_VECTOR_PIECE = 32
# Characters; shorter pieces could be the same in other documents.
_PARTS_PIECE = 40
# Vectors that are closer than this belong to the same text.
_SAME = 1e-5
_CHUNK = 1 << 24
# Bytes for the automaton that searches.
_AUTOMATON = 1 << 26

Item = TypeVar("Item")


def forget(index: Index, source: str, settings: Settings) -> Forgotten:
    """Remove a source, or every source of a folder, and search for traces of it.

    Raises:
        UnknownSourceError: the index holds no such source or folder.
    """
    with index.writing(settings.lock_timeout) as session:
        if session.find(source) is None:
            source = normal(source) or source
        name = source.rstrip("/")
        known = session.head.folders
        gone = _meant(session.entries.values(), source, name, known)
        folders = {key: path for key, path in known.items() if not _is_below(name, key, known)}
        if not gone and len(folders) == len(known):
            raise UnknownSourceError(
                f"The index holds no source or folder {source!r}. `qa status` lists what it holds."
            )
        with index.reading(OWNER) as snapshot:
            evidence = _evidence(snapshot, gone)
        samples = "" if session.head.samples == name else session.head.samples
        forgotten = {place for key, place in known.items() if key not in folders}
        readers = {one: who for one, who in session.head.readers.items() if one not in forgotten}
        session.set_head(folders=folders, samples=samples, readers=readers)
        passages = session.remove([entry.id for entry in gone])
        unread = session.failures
        session.set_failures({s: one for s, one in unread.items() if not within(s, (name,))})
        session.publish(at_once=bool(gone))
    written = [*_files(index.store.folder), *Verdicts.of(index.store.location).files]
    with index.reading(OWNER) as snapshot:
        left = snapshot.traces(gone) + evidence.left(snapshot, written)
    gone.sort(key=lambda entry: entry.source)
    files = [original(entry.source, entry.folder, folders) for entry in gone]
    pages = [entry.source for entry in gone if is_remote(folders.get(entry.folder, ""))]
    return Forgotten(
        tuple(entry.source for entry in gone),
        passages,
        left,
        tuple(filter(None, files)),
        tuple(pages),
    )


def _meant(
    entries: Iterable[Entry], source: str, name: str, folders: Mapping[str, str]
) -> list[Entry]:
    """The documents with a name, and those read from the same files under another name."""
    entries = list(entries)
    named = {
        entry.id: place_of(entry.source, entry.folder, folders)
        for entry in entries
        if entry.source in (source, name) or entry.source.startswith(f"{name}/")
    }
    places = set(named.values()) - {None}
    return [
        entry
        for entry in entries
        if entry.id in named or place_of(entry.source, entry.folder, folders) in places
    ]


def _is_below(name: str, folder: str, folders: Mapping[str, str]) -> bool:
    root = folders.get(name)
    if folder == name or root is None or is_remote(root):
        return folder == name
    return takes_in(Path(root), Path(folders[folder]), None)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What would show that something is left: bytes that were in the files, and vectors."""

    texts: dict[str, bytes]
    """Pieces of the text."""
    ids: list[bytes]
    vectors: list[tuple[list[float], list[bytes]]]
    """Vectors of passages, and the forms in which they are written in files."""
    parts: list[str]
    """Pieces of what is stored about the units of passages: positions, and packed vectors."""

    def left(self, snapshot: Snapshot, files: Sequence[Path]) -> int:
        """How much of it is still in a file, though no other passage has the same."""
        forms = [form for _, forms in self.vectors for form in forms]
        packed = {piece: piece.encode() for piece in self.parts}
        found = _found({*self.texts.values(), *self.ids, *forms, *packed.values()}, files)
        said = sum(raw in found and not _said(snapshot, text) for text, raw in self.texts.items())
        kept = sum(
            not found.isdisjoint(forms) and not _held(snapshot, vector)
            for vector, forms in self.vectors
        )
        lost = _unheld(snapshot, {piece for piece, raw in packed.items() if raw in found})
        return said + kept + lost + sum(raw in found for raw in self.ids)


def _evidence(snapshot: Snapshot, entries: Sequence[Entry]) -> _Evidence:
    ids = _sample([id for entry in entries for id in entry.passage_ids])
    if not ids:
        return _Evidence({}, [], [], [])
    pieces = [piece for passage in snapshot.passages(ids) if (piece := _piece(passage))]
    return _Evidence(
        {piece: piece.encode() for piece in pieces},
        [form for entry in _sample(entries) for form in _ids(entry)],
        _vectors(snapshot, ids),
        _parts(snapshot, ids),
    )


def _ids(entry: Entry) -> list[bytes]:
    """The ids of a document and its passages, as Chroma and the keyword index write them."""
    record = json.dumps({"id": entry.id, "source": entry.source})[1:-1]
    forms = (record, f"{entry.id}:{entry.version}:", f"{entry.id}{entry.version}:")
    return [form.encode() for form in forms]


def _vectors(snapshot: Snapshot, ids: Sequence[str]) -> list[tuple[list[float], list[bytes]]]:
    """Vectors as Chroma received them, and as it saved them: normalized."""
    import numpy as np

    found = snapshot.view.passages.get(ids, include=["embeddings"])["embeddings"]
    given = np.asarray(found, "<f4").reshape(len(found or ()), -1)
    forms = [[_middle(vector)] for vector in given]
    for file in vector_files(snapshot.view.folder):
        saved = file.vectors()
        if len(given) and saved.shape[1] == given.shape[1]:
            for at, place in enumerate((saved @ given.T).argmax(axis=0)):
                forms[at].append(_middle(saved[place]))
    return list(zip(given.tolist(), forms, strict=True))


def _middle(vector: object) -> bytes:
    import numpy as np

    raw = np.asarray(vector, "<f4").tobytes()
    start = max(0, len(raw) // 2 - _VECTOR_PIECE // 2) // 4 * 4
    return raw[start : start + _VECTOR_PIECE]


def _parts(snapshot: Snapshot, ids: Sequence[str]) -> list[str]:
    """The middle of each value that holds parts of these passages."""
    records = snapshot.view.passages.get(ids, include=["metadatas"])["metadatas"] or []
    values = [value for record in records for value in parts_values(record)]
    starts = [(value, (len(value) - _PARTS_PIECE) // 2) for value in values]
    return [value[start : start + _PARTS_PIECE] for value, start in starts if start >= 0]


def _piece(passage: Passage) -> str | None:
    found = _PIECE.search(passage.text, len(passage.text) // 3) or _PIECE.search(passage.text)
    return found.group() if found else None


def _sample(items: Sequence[Item]) -> Sequence[Item]:
    return items[:: max(1, len(items) // _SAMPLE)][:_SAMPLE]


def _found(wanted: set[bytes], files: Sequence[Path]) -> set[bytes]:
    """Which of some short byte strings are in a file; all are searched for at once."""
    found: set[bytes] = set()
    if not wanted:
        return found
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    options.max_mem = _AUTOMATON
    any_of_them = re2.compile(b"|".join(map(re2.escape, sorted(wanted))), options)
    longest = max(map(len, wanted))
    for file in files:
        with contextlib.suppress(FileNotFoundError), file.open("rb") as stream:
            tail = b""
            while chunk := stream.read(_CHUNK):
                chunk = tail + chunk
                at = 0
                while match := any_of_them.search(chunk, at):  # they may overlap
                    at = match.start() + 1
                    here = chunk[match.start() : match.start() + longest]
                    found.update(raw for raw in wanted - found if here.startswith(raw))
                tail = chunk[-longest:]
    return found


def _said(snapshot: Snapshot, piece: str) -> bool:
    if not snapshot.entries:
        return False
    return bool(snapshot.view.passages.first(include=[], containing=piece)["ids"])


def _held(snapshot: Snapshot, vector: Sequence[float]) -> bool:
    return any(cosine > 1 - _SAME for _, cosine in snapshot.nearest(vector, 1))


def _unheld(snapshot: Snapshot, pieces: Collection[str]) -> int:
    """How many of the pieces are in no passage's record; another document may have the same."""
    if not pieces or not snapshot.entries:
        return len(pieces)
    records = snapshot.view.passages.get(include=["metadatas"])["metadatas"] or []
    values = [value for record in records for value in parts_values(record)]
    return sum(not any(piece in value for value in values) for piece in pieces)


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())
