"""The keyword index: BM25 over the passages' terms, in SQLite's full-text search.

It is only a cache of what Chroma holds: `reconcile` brings it in line with the index's documents
from any state, and a damaged file is deleted and made again. Where the file cannot be written,
because its generation is published or the disk is full, it is made in memory. It stores stems, not
text.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qa.index.keywords.rules import add_rules, transaction
from qa.records import Passage
from qa.text import spelling
from qa.text.dates import dates
from qa.text.language import native_stems, stemmed_language
from qa.text.terms import stems

PassagesOf = Callable[[Sequence[str]], Iterable[Passage]]

logger = logging.getLogger(__name__)

FILE = "keywords.sqlite3"
# Raised whenever terms come out differently, so that older files are made again.
VERSION = 4
# Marks a file that still holds something of deleted entries.
_UNCLEAN = 1
# A word of the title or of a heading counts as much as this many in the text.
CONTEXT_WEIGHT = 1.0

_DAMAGE = {
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_NOTADB,
}
_UNWRITABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}

_SCHEMA = (
    "CREATE TABLE documents (id TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE passages (id TEXT NOT NULL, document_id TEXT NOT NULL)",
    "CREATE INDEX passages_of_document ON passages (document_id)",
    "CREATE VIRTUAL TABLE terms USING"
    """ fts5 (context, body, tokenize = "ascii tokenchars '-_.,/'")""",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, 'row')",
    f"INSERT INTO terms (terms, rank) VALUES ('rank', 'bm25({CONTEXT_WEIGHT}, 1.0)')",
    f"PRAGMA user_version = {VERSION}",
)


class KeywordIndex:
    """The keyword index of one generation, in a folder or in memory; safe to share between threads.

    If `frozen`, it writes nothing to the folder.
    """

    def __init__(self, folder: Path | None, *, frozen: bool = False) -> None:
        self._file = None if folder is None else folder / FILE
        self._frozen = frozen
        self._lock = threading.RLock()
        self._words: list[str] | None = None
        self._versions: Mapping[str, str] = {}
        self._passages_of: PassagesOf = lambda _: ()
        self.rules: Mapping[str, str] = {}
        """The rules of documents, by id, for `SeenKeywords`; set before anybody uses them."""
        self._ruled: int | None = None  # SQLite's number of the file's state when they were read
        self._connection = self._open()

    @property
    def in_file(self) -> bool:
        """Whether it is in its file; else that is missing or damaged, and it is in memory."""
        return self._file is not None

    def reconcile(self, versions: Mapping[str, str], passages_of: PassagesOf) -> None:
        """Bring the entries in line with `versions` (document id -> what changes with its text).

        `passages_of` gives the passages of a few documents; it is asked only
        for those that are missing here or here in another version.
        """
        self._versions, self._passages_of = versions, passages_of
        with self._lock:
            try:
                self._reconcile()
            except sqlite3.DatabaseError as error:
                self._make_again(error)

    def _reconcile(self) -> None:
        self._words = None
        known = dict(self._connection.execute("SELECT id, version FROM documents").fetchall())
        stale = [id for id in known if id not in self._versions]
        missing = [id for id, version in self._versions.items() if known.get(id) != version]
        if stale or any(id in known for id in missing):
            # Before the first deletion, so that the mark is there if the process is killed.
            self._connection.execute(f"PRAGMA application_id = {_UNCLEAN}")
        for batch in _batches(stale, 200):
            with transaction(self._connection):
                self._delete(batch)
        for batch in _batches(missing, 50):
            passages = list(self._passages_of(batch))
            with transaction(self._connection):
                # Another process may have put them in since, where a cache is shared.
                self._delete(batch)
                self._insert(passages)
                self._connection.executemany(
                    "INSERT INTO documents VALUES (?, ?)",
                    [(id, self._versions[id]) for id in batch],
                )
        if self._connection.execute("PRAGMA application_id").fetchone()[0] == _UNCLEAN:
            self._compact()

    def _compact(self) -> None:
        """Rewrite the file, so that nothing of deleted entries stays in it."""
        self._connection.execute("INSERT INTO terms (terms) VALUES ('optimize')")
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA application_id = 0")

    def search(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """The ids of the passages that hold most of the question's stems, with BM25 scores.

        Best first; higher is better. `documents` restricts the search to them.
        """
        return [(id, score) for _, id, score in self._found(question, limit, documents)]

    def stems_found(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None = None
    ) -> list[tuple[str, list[str]]]:
        """Like `search`, but with the stems of each passage, as `token` writes them."""
        return self.stems_of(self._found(question, limit, documents))

    def stems_of(self, found: Sequence[tuple[int, str, float]]) -> list[tuple[str, list[str]]]:
        """The ids of passages (given by row, id and score), each with its stems."""
        rows = {row: id for row, id, _ in found}
        sql = """
            SELECT rowid, context || ' ' || body FROM terms
            WHERE rowid IN (SELECT value FROM json_each(?))"""
        held = dict(self._rows(sql, [json.dumps(list(rows))]))
        return [(id, held[row].split()) for row, id in rows.items() if row in held]

    def _found(
        self, question: Sequence[str], limit: int, documents: Collection[str] | None
    ) -> list[tuple[int, str, float]]:
        if not question:
            return []
        query = " OR ".join(_quoted(stem) for stem in dict.fromkeys(question))
        restriction, arguments = "", [query]
        if documents is not None:
            restriction = "AND document_id IN (SELECT value FROM json_each(?))"
            arguments.append(json.dumps(list(documents)))
            sql = f"""
                SELECT passages.rowid, passages.id, bm25(terms, {CONTEXT_WEIGHT}, 1.0) AS score
                FROM terms JOIN passages ON passages.rowid = terms.rowid
                WHERE terms MATCH ? {restriction} ORDER BY score LIMIT {limit:d}"""
        else:
            sql = f"""
                SELECT passages.rowid, passages.id, found.score FROM
                (SELECT rowid, rank AS score FROM terms WHERE terms MATCH ?
                 ORDER BY rank LIMIT {limit:d}) AS found
                JOIN passages ON passages.rowid = found.rowid ORDER BY found.score"""
        return [(row, id, -score) for row, id, score in self._rows(sql, arguments)]

    def rarity(self, question: Collection[str]) -> dict[str, float]:
        """How much each stem tells: log(1 + N / n), N passages of which n hold it.

        A stem that no passage holds tells the most.
        """
        total, counts = self.counts(question)
        return {stem: math.log(1 + total / max(0.5, counts[stem])) for stem in question}

    def counts(
        self, question: Collection[str], documents: Collection[str] | None = None
    ) -> tuple[int, dict[str, int]]:
        """How many passages there are, and how many (of `documents`) hold each stem."""
        sql = "SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))"
        with self._lock:
            found = dict(self._rows(sql, [json.dumps([token(stem) for stem in question])]))
            ((total,),) = self._rows("SELECT count(*) FROM passages")
        holding = {stem: found.get(token(stem), 0) for stem in question}
        if documents is not None:
            holding = {stem: n and self._holding(stem, documents) for stem, n in holding.items()}
        return total, holding

    def _holding(self, stem: str, documents: Collection[str]) -> int:
        sql = """
            SELECT count(*) FROM terms JOIN passages ON passages.rowid = terms.rowid
            WHERE terms MATCH ? AND document_id IN (SELECT value FROM json_each(?))"""
        ((number,),) = self._rows(sql, [_quoted(stem), json.dumps(list(documents))])
        return int(number)

    def meant(self, stem: str, documents: Collection[str] | None = None) -> dict[str, int]:
        """The stems in the passages that a misspelt one may stand for, with their distances.

        With `documents`, those in their passages alone.
        """
        near = self.near(stem)
        if documents is not None:
            _, counts = self.counts(near, documents)
            near = {term: distance for term, distance in near.items() if counts[term]}
        return spelling.nearest(near)

    def near(self, stem: str) -> dict[str, int]:
        """All stems in the passages that are near a misspelt one, with their distances."""
        with self._lock:
            if self._words is None:
                rows = self._rows("SELECT term FROM vocabulary")
                self._words = [term for (term,) in rows if spelling.misspellable(term)]
            return spelling.near(stem, self._words)

    def with_rules(self, sql: str, arguments: Mapping[str, Any]) -> list[Any]:
        """The rows of a query that may use the rules of passages.

        Besides our tables, there are `shown` (row, rule and number of tokens of each passage),
        `occurrences` (term and doc, the row of a passage), and the function `idf`.
        """
        with self._lock:
            try:
                if self._ruled != self._state():
                    self._add_rules()
            except sqlite3.DatabaseError as error:
                self._ruled = -1
                self._make_again(error)
            return self._rows(sql, arguments)

    def _add_rules(self) -> None:
        """Make what `with_rules` offers, in memory: no file changes with a rule."""
        add_rules(self._connection, ((id, self.rules.get(id, "")) for id in self._versions))
        self._ruled = self._state()

    def _state(self) -> int:
        """A number that changes when another process changes the file."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def entries(self, document_id: str) -> int:
        """How many passages of a document it holds."""
        sql = "SELECT count(*) FROM passages WHERE document_id = ?"
        return int(self._rows(sql, [document_id])[0][0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, sql: str, arguments: Sequence[str] | Mapping[str, Any] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(sql, arguments).fetchall()
            except sqlite3.DatabaseError as error:
                self._make_again(error)
                return self._connection.execute(sql, arguments).fetchall()

    def _make_again(self, error: sqlite3.DatabaseError) -> None:
        if not self._can_be_made_again(error):
            raise error
        self._connection.close()
        self._throw_away(error)
        self._connection = self._connect()
        self._reconcile()
        if self._ruled is not None:
            self._add_rules()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not self._can_be_made_again(error):
                raise
            self._throw_away(error)
            return self._connect()

    def _can_be_made_again(self, error: sqlite3.DatabaseError) -> bool:
        # In memory, no file can be damaged, and there is no disk to make room on.
        return self._file is not None and (_damaged(error) or (self._frozen and _unwritable(error)))

    def _throw_away(self, error: sqlite3.DatabaseError) -> None:
        logger.info("The keyword index %s is made again: %s", self._file, error)
        if self._frozen:
            self._file, self._frozen = None, False
        elif self._file is not None:
            for suffix in ("", "-journal", "-wal", "-shm"):
                self._file.with_name(FILE + suffix).unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        # Nobody writes to a frozen file: there is nothing to lock, and no journal to look for.
        name = f"{self._file.as_uri()}?immutable=1" if self._file and self._frozen else self._file
        connection = sqlite3.connect(
            name or ":memory:",
            check_same_thread=False,
            timeout=60,
            isolation_level=None,
            uri=self._frozen,
        )
        try:
            # The cache may be lost, it need not survive a power failure.
            connection.execute("PRAGMA synchronous = OFF")
            if not _version(connection):
                with transaction(connection):
                    # Another process may have been first, where a cache is shared.
                    for statement in () if _version(connection) else _SCHEMA:
                        connection.execute(statement)
            if _version(connection) != VERSION:
                raise _StaleError(f"version {_version(connection)}, not {VERSION}")
            connection.execute("SELECT count(*) FROM documents").fetchone()
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _delete(self, document_ids: Sequence[str]) -> None:
        ids = [json.dumps(document_ids)]
        these = "IN (SELECT value FROM json_each(?))"
        rows = f"SELECT rowid FROM passages WHERE document_id {these}"
        self._connection.execute(f"DELETE FROM terms WHERE rowid IN ({rows})", ids)
        self._connection.execute(f"DELETE FROM passages WHERE document_id {these}", ids)
        self._connection.execute(f"DELETE FROM documents WHERE id {these}", ids)

    def _insert(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            language = stemmed_language(passage.text)
            row = self._connection.execute(
                "INSERT INTO passages VALUES (?, ?)", [passage.id, passage.document_id]
            ).lastrowid
            self._connection.execute(
                "INSERT INTO terms (rowid, context, body) VALUES (?, ?, ?)",
                [
                    row,
                    _tokens(passage.above, language),
                    _tokens(passage.text, language),
                ],
            )


def _tokens(text: str, language: str | None) -> str:
    found = [*stems(text), *dates(text), *native_stems(text, language)]
    return " ".join(token(stem) for stem in found)


def token(stem: str) -> str:
    """A stem without what the table's tokenizer would take for a separator."""
    return "".join(
        letter if letter.isalnum() or letter in "-_.,/" or ord(letter) > 127 else "_"
        for letter in stem
    )


def _quoted(stem: str) -> str:
    return '"' + token(stem) + '"'


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


class _StaleError(sqlite3.DatabaseError):
    """The file was made by another version of this module."""


def _damaged(error: sqlite3.DatabaseError) -> bool:
    # The other codes say that the disk is full, the file locked, the folder not writable...
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, _StaleError) or (code is not None and code & 0xFF in _DAMAGE)


def _unwritable(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNWRITABLE


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
