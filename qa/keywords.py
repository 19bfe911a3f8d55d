"""The keyword index: BM25 over the passages' terms, in SQLite's full-text search.

It is a cache of what Chroma holds and nothing more: `reconcile` brings it in
line with the index's documents, whatever state it is in, and a damaged file
is deleted and made again. What is stored are stems, not text.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from qa.records import Passage
from qa.splitting import context
from qa.terms import stems

logger = logging.getLogger(__name__)

FILE = "keywords.sqlite3"
# Raised whenever terms come out differently, so that older files are made again.
VERSION = 1
# A word of the title or of a heading counts as much as this many in the text.
CONTEXT_WEIGHT = 1.0

_SCHEMA = """
CREATE TABLE documents (id TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (id TEXT NOT NULL, document_id TEXT NOT NULL);
CREATE INDEX passages_of_document ON passages (document_id);
CREATE VIRTUAL TABLE terms USING fts5 (context, body, tokenize = "ascii tokenchars '-_.,/'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, 'row');
"""


class KeywordIndex:
    """The keyword index of one generation; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lock = threading.Lock()
        self._connection = self._open()

    def reconcile(
        self,
        versions: Mapping[str, str],
        passages_of: Callable[[Sequence[str]], Iterable[Passage]],
    ) -> None:
        """Bring the entries in line with `versions` (document id -> version of its text).

        `passages_of` gives the passages of a few documents; it is asked only
        for those that are missing here or here in another version.
        """
        with self._lock:
            known = dict(self._connection.execute("SELECT id, version FROM documents"))
            stale = [id for id, version in known.items() if versions.get(id) != version]
            missing = [id for id, version in versions.items() if known.get(id) != version]
            for batch in _batches(stale, 200):
                with self._connection:
                    for document_id in batch:
                        self._delete(document_id)
            for batch in _batches(missing, 50):
                passages = list(passages_of(batch))
                with self._connection:
                    self._insert(passages)
                    self._connection.executemany(
                        "INSERT INTO documents VALUES (?, ?)", [(id, versions[id]) for id in batch]
                    )

    def search(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages that hold most of the question's stems, with BM25 scores.

        Best first; higher is better. `documents` restricts the search to them.
        """
        if not question:
            return []
        query = " OR ".join(_quoted(stem) for stem in dict.fromkeys(question))
        restriction, arguments = "", [query]
        if documents is not None:
            restriction = "AND document_id IN (SELECT value FROM json_each(?))"
            arguments.append(json.dumps(list(documents)))
            sql = f"""
                SELECT passages.id, bm25(terms, {CONTEXT_WEIGHT}, 1.0) AS score
                FROM terms JOIN passages ON passages.rowid = terms.rowid
                WHERE terms MATCH ? {restriction} ORDER BY score LIMIT {limit:d}"""
        else:
            sql = f"""
                SELECT passages.id, found.score FROM
                (SELECT rowid, rank AS score FROM terms WHERE terms MATCH ?
                 ORDER BY rank LIMIT {limit:d}) AS found
                JOIN passages ON passages.rowid = found.rowid ORDER BY found.score"""
        with self._lock:
            rows = self._connection.execute(sql, arguments).fetchall()
        return [(passage_id, -score) for passage_id, score in rows]

    def rarity(self, question: Collection[str]) -> dict[str, float]:
        """How much each stem tells: log(1 + N / n), N passages of which n hold it.

        A stem that no passage holds tells the most.
        """
        with self._lock:
            (total,) = self._connection.execute("SELECT count(*) FROM passages").fetchone()
            marks = ",".join("?" * len(question))
            rows = self._connection.execute(
                f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})",
                [_token(stem) for stem in question],
            )
            counts = dict(rows.fetchall())
        return {
            stem: math.log(1 + total / max(0.5, counts.get(_token(stem), 0))) for stem in question
        }

    def entries(self, document_id: str) -> int:
        """How many passages of a document it holds."""
        with self._lock:
            found = self._connection.execute(
                "SELECT count(*) FROM passages WHERE document_id = ?", [document_id]
            )
            return int(found.fetchone()[0])

    def compact(self) -> None:
        """Rewrite the file, so that nothing of deleted entries stays in it."""
        with self._lock:
            self._connection.execute("INSERT INTO terms (terms) VALUES ('optimize')")
            self._connection.commit()
            self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            logger.info("The keyword index %s is made again: %s", self._file, error)
            self._file.unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, check_same_thread=False, timeout=60)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                if version:
                    raise sqlite3.DatabaseError(f"version {version}, not {VERSION}")
                # The cache may be lost, it need not survive a power failure.
                connection.execute("PRAGMA synchronous = OFF")
                connection.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
                )
            connection.execute("SELECT count(*) FROM documents").fetchone()
            connection.execute(
                "INSERT INTO terms (terms, rank) VALUES ('rank', ?)",
                [f"bm25({CONTEXT_WEIGHT}, 1.0)"],
            )
            connection.commit()
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _delete(self, document_id: str) -> None:
        rows = "SELECT rowid FROM passages WHERE document_id = ?"
        self._connection.execute(f"DELETE FROM terms WHERE rowid IN ({rows})", [document_id])
        self._connection.execute("DELETE FROM passages WHERE document_id = ?", [document_id])
        self._connection.execute("DELETE FROM documents WHERE id = ?", [document_id])

    def _insert(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            row = self._connection.execute(
                "INSERT INTO passages VALUES (?, ?)", [passage.id, passage.document_id]
            ).lastrowid
            self._connection.execute(
                "INSERT INTO terms (rowid, context, body) VALUES (?, ?, ?)",
                [row, _tokens(context(passage)), _tokens(passage.text)],
            )


def _tokens(text: str) -> str:
    return " ".join(_token(stem) for stem in stems(text))


def _token(stem: str) -> str:
    # What the table's tokenizer would take for a separator.
    return "".join(
        letter if letter.isalnum() or letter in "-_.,/" or ord(letter) > 127 else "_"
        for letter in stem
    )


def _quoted(stem: str) -> str:
    return '"' + _token(stem) + '"'


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
