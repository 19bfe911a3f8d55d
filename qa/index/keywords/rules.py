"""What the keyword index needs to know of rules: which passage has which, and how long it is.

It is kept in memory, beside the tables of the file, so that no file changes with a rule.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterable, Iterator

_RULED = (
    "DROP TABLE IF EXISTS temp.rules",
    "DROP TABLE IF EXISTS temp.shown",
    "CREATE TABLE temp.rules (document_id TEXT PRIMARY KEY, rule TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE temp.shown"
    " (row INTEGER PRIMARY KEY, rule TEXT NOT NULL, tokens INTEGER NOT NULL)",
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.occurrences USING fts5vocab (main, terms, instance)",
)


def add_rules(connection: sqlite3.Connection, rules: Iterable[tuple[str, str]]) -> None:
    """Add the tables `shown` and `occurrences` and the function `idf` to an index.

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
