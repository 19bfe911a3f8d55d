"""What the keyword index needs to know of rules.

Which rule a passage has, how long it is, and in how many passages with each rule a term is.

It is kept in memory, beside the tables of the file, so that no file changes with a rule.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby

_RULED = (
    "DROP TABLE IF EXISTS temp.rules",
    "DROP TABLE IF EXISTS temp.shown",
    "DROP TABLE IF EXISTS temp.term_counts",
    "CREATE TABLE temp.rules (document_id TEXT PRIMARY KEY, rule TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE temp.shown"
    " (row INTEGER PRIMARY KEY, rule TEXT NOT NULL, tokens INTEGER NOT NULL)",
    "CREATE TABLE temp.term_counts (term TEXT NOT NULL, rule TEXT NOT NULL,"
    " passages INTEGER NOT NULL, PRIMARY KEY (term, rule)) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.occurrences USING fts5vocab (main, terms, instance)",
)


def add_rules(connection: sqlite3.Connection, rules: Iterable[tuple[str, str]]) -> None:
    """Add `shown`, `term_counts`, `occurrences` and the function `idf` to an index.

    `rules` has the ids of documents with their rules. What another process has put into a shared
    file since has no rule here, and is left out.
    """
    connection.create_function("tokens", 1, _sum_of_varints, deterministic=True)
    connection.create_function("idf", 2, _idf, deterministic=True)
    connection.execute("PRAGMA temp_store = MEMORY")
    with transaction(connection, "BEGIN"):
        for statement in _RULED:
            connection.execute(statement)
        connection.executemany("INSERT INTO temp.rules VALUES (?, ?)", rules)
        connection.execute(
            "INSERT INTO temp.shown SELECT passages.rowid, rule, tokens(sz)"
            " FROM passages JOIN terms_docsize ON terms_docsize.id = passages.rowid"
            " JOIN temp.rules ON rules.document_id = passages.document_id"
        )
        _count_terms(connection)


def _count_terms(connection: sqlite3.Connection) -> None:
    """Fill `term_counts`, one rule after the other, so that little is in memory twice."""
    rows = connection.execute("SELECT rule, row FROM temp.shown ORDER BY rule").fetchall()
    for rule, ruled in groupby(rows, key=lambda row: str(row[0])):
        texts = connection.execute(
            "SELECT context || ' ' || body FROM terms"
            " WHERE rowid IN (SELECT value FROM json_each(?))",
            [json.dumps([row for _, row in ruled])],
        )
        held = Counter(chain.from_iterable(set(text.split()) for (text,) in texts))
        connection.executemany(
            "INSERT INTO temp.term_counts VALUES (?, ?, ?)",
            ((term, rule, number) for term, number in held.items()),
        )


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All changes or none."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _sum_of_varints(sizes: bytes) -> int:
    """The tokens of a passage, from those of each of its columns, as FTS5 keeps them.

    https://sqlite.org/fts5.html#the_docsize_table, https://sqlite.org/fileformat2.html#varint
    """
    total = value = 0
    for byte in sizes:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            total, value = total + value, 0
    return total


def _idf(total: int, holding: int) -> float:
    """How much a term tells, as in FTS5's own BM25."""
    return max(1e-6, math.log((total - holding + 0.5) / (holding + 0.5)))
