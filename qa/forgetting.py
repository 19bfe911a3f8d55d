"""Forget a source, and look for what is left of it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qa.entries import Entry
from qa.errors import UnknownSourceError
from qa.index import Index
from qa.records import Forgotten, Passage
from qa.settings import Settings
from qa.snapshot import Snapshot

# Pieces of the text that are looked for in the index's files, as they would stand there.
_PIECES = 12
_PIECE = re.compile(r"[^\W_](?:[^\"\\\x00-\x1f]{22,38})[^\W_]")


def forget(index: Index, source: str, settings: Settings) -> Forgotten:
    """Remove a source, or every source of a folder, and look for what is left of it.

    Raises:
        UnknownSourceError: the index holds no such source or folder.
    """
    name = source.rstrip("/")
    with index.writing(settings.lock_timeout) as session:
        gone = [
            entry
            for entry in session.entries.values()
            if entry.source in (source, name) or entry.source.startswith(name + "/")
        ]
        folders = {key: path for key, path in session.head.folders.items() if key != name}
        if not gone and len(folders) == len(session.head.folders):
            raise UnknownSourceError(
                f"The index holds no source or folder {source!r}. `qa status` lists what it holds."
            )
        pieces = _pieces(index, gone)
        samples = "" if session.head.samples == name else session.head.samples
        session.set_head(folders=folders, samples=samples)
        passages = session.remove([entry.id for entry in gone])
        session.publish(erase=bool(gone))
    with index.reading() as snapshot:
        left = sum(snapshot.traces(entry) for entry in gone)
        left += _copies(snapshot, index.store.folder, pieces)
    return Forgotten(tuple(sorted(entry.source for entry in gone)), passages, left)


def _pieces(index: Index, entries: Sequence[Entry]) -> list[str]:
    """A few pieces of the text that is to be forgotten."""
    ids = [id for entry in entries for id in entry.passage_ids]
    with index.reading() as snapshot:
        sample = snapshot.passages(ids[:: max(1, len(ids) // _PIECES)][:_PIECES])
    return [piece for passage in sample if (piece := _piece(passage)) is not None]


def _piece(passage: Passage) -> str | None:
    found = _PIECE.search(passage.text, len(passage.text) // 3) or _PIECE.search(passage.text)
    return found.group() if found else None


def _copies(snapshot: Snapshot, folder: Path, pieces: Iterable[str]) -> int:
    """How many of the pieces still stand in a file, though no passage says the same."""
    wanted = {piece: piece.encode() for piece in pieces}
    found: set[str] = set()
    for file in _files(folder):
        with (
            file.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as all,
        ):
            found.update(piece for piece, raw in wanted.items() if all.find(raw) >= 0)
    return sum(not _said(snapshot, piece) for piece in found)


def _said(snapshot: Snapshot, piece: str) -> bool:
    if not snapshot.entries:
        return False
    holders = snapshot.view.passages.get(where_document={"$contains": piece}, limit=1, include=[])
    return bool(holders["ids"])


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.is_file() and file.stat().st_size:
            yield file
