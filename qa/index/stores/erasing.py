"""Make a Chroma database forget: nothing that was deleted stays in its files.

Chroma deletes a record by marking it. Its text stays in SQLite's free pages, in the full-text index
and in the log of what was written; its vector stays in its place, because the search walks over it.
All of this is the file layout of Chroma 1.5, which `tests/indexing/test_erasing.py` checks.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATABASE = "chroma.sqlite3"
PLACES = "data_level0.bin"
# The start of the header of Chroma's vector files: a version, an offset, the number of places, the
# number taken, the bytes of each, and the positions of its number and its vector among them.
_HEADER = struct.Struct("<iQQQQQQ")
# A place begins with the number of its neighbours, in two bytes, and a byte of marks.
_MARKS = 2
_DELETED = 1
_NEIGHBOURS = 4
# Places that are looked at together.
_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class VectorFile:
    """The vectors of one collection as Chroma stores them, in places of equal size."""

    folder: Path
    places: int
    taken: int
    size: int
    number_at: int
    vector_at: int

    @property
    def file(self) -> Path:
        """The file with the vectors, each with its nearest neighbours."""
        return self.folder / PLACES

    @property
    def lengths(self) -> Path:
        """The file with the length of each vector before it was normalized."""
        return self.folder / "length.bin"

    def open(self, mode: Literal["r", "r+"] = "r") -> np.memmap[Any, np.dtype[np.uint8]]:
        """The taken places, one in each row; writable with `r+`."""
        import numpy as np

        return np.memmap(self.file, np.uint8, mode, shape=(self.taken, self.size))

    def is_walkable(self) -> bool:
        """Whether each place names neighbours that are there, without which Chroma would crash.

        That is read in a fraction of the time that a digest of the vectors takes.
        """
        import numpy as np

        rows = self.open()
        for at in range(0, self.taken, _ROWS):
            some = np.ascontiguousarray(rows[at : at + _ROWS, : self.vector_at])
            counts = some[:, :_MARKS].copy().view("<u2")
            near = some[:, _NEIGHBOURS:].copy().view("<u4")
            named = np.arange(near.shape[1]) < counts
            if counts.max() > near.shape[1] or near[named].max(initial=0) >= self.taken:
                return False
        return True

    def vectors(self) -> NDArray[np.float32]:
        """The vectors in all places, including those of deleted records."""
        return self.open()[:, self.vector_at : self.number_at].copy().view("<f4")


def vector_file(header: Path) -> VectorFile:
    """What a header says about the vectors beside it; zeros where it is cut off."""
    raw = header.read_bytes()[: _HEADER.size].ljust(_HEADER.size, b"\0")
    return VectorFile(header.parent, *_HEADER.unpack(raw)[2:])


def vector_files(folder: Path) -> Iterator[VectorFile]:
    """The intact vector files below a folder."""
    for found in map(vector_file, sorted(folder.rglob("header.bin"))):
        if found.taken and _holds(found.file, found.taken * found.size):
            yield found


def erase(folder: Path) -> None:
    """Leave nothing of deleted records in a database that nobody has open.

    Chroma must have saved everything. It takes as long as writing the database once more.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    for vectors in vector_files(folder):
        _overwrite(vectors)
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        # What is interrupted is thrown away, and what is published is flushed before.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        # New rows are numbered on from the last one, so the rows must stay.
        connection.execute(
            "UPDATE embeddings_queue SET id = '', vector = NULL, encoding = NULL, metadata = NULL"
            " WHERE seq_id <= (SELECT min(coalesce(max_seq_id.seq_id, 0)) FROM segments"
            " LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id"
            " WHERE embeddings_queue.topic LIKE '%/' || segments.collection)"
        )
        connection.execute(
            "INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')"
        )
        connection.commit()
        connection.execute("VACUUM")


def blank(folder: Path) -> None:
    """Write zeros where Chroma's vector files hold uninitialized memory.

    Chroma saves the empty places for future vectors without ever setting them; with 1.5.9, they
    held text of other documents.
    """
    for vectors in vector_files(folder):
        for file, each in ((vectors.file, vectors.size), (vectors.lengths, 4)):
            if _holds(file, vectors.taken * each):
                whole = file.stat().st_size
                os.truncate(file, vectors.taken * each)
                os.truncate(file, whole)


def drop_strays(folder: Path) -> None:
    """Delete the vectors of deleted collections, whose files Chroma leaves behind.

    What the removed texts were about can still be told from them.
    """
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM segments")}
    for header in folder.glob("*/header.bin"):
        if header.parent.name not in kept:
            shutil.rmtree(header.parent)


def _holds(file: Path, size: int) -> bool:
    return file.is_file() and file.stat().st_size >= size


def _overwrite(vectors: VectorFile) -> None:
    """Replace the vector of each deleted record with that of a living neighbour.

    The search still walks over these places. With zeros, which are equally far from everything, it
    would lose its way.
    """
    import numpy as np

    rows = vectors.open("r+")
    lengths = np.memmap(vectors.lengths, "<f4", "r+", shape=(vectors.taken,))
    contents = slice(vectors.vector_at, vectors.number_at)
    fit = (rows[:, _MARKS] & _DELETED) == 0
    waiting = np.flatnonzero(~fit)
    while waiting.size:
        for place in waiting:
            count = int(rows[place, :_MARKS].view("<u2")[0])
            near = rows[place, _NEIGHBOURS : _NEIGHBOURS + 4 * count].view("<u4")
            source = near[fit[near]][:1]
            fit[place] = source.size > 0
            rows[place, contents] = rows[source[0], contents] if source.size else 0
            lengths[place] = lengths[source[0]] if source.size else 0
        # Where every neighbour is deleted, too, it now has the vector of one of its own.
        before, waiting = waiting, waiting[~fit[waiting]]
        if waiting.size == before.size:  # no neighbour is left
            break
    rows.flush()
    lengths.flush()
