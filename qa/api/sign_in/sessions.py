"""Who has signed in: sessions in a file, each known by the hash of a random token.

Server processes with the same file have the same sessions, and a restart ends none.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.access import Viewer
from qa.errors import SignInUnavailableError
from qa.places import beside

if TYPE_CHECKING:
    from qa.settings import Settings

FILE = "sessions.sqlite"
TOKEN_BYTES = 32
# A person has a few browsers and devices; the oldest session makes room.
MOST_FOR_ONE = 20
# Seconds that a code may take from one window to the next.
CODE_SECONDS = 60.0
HOUR = 3600.0
# Most requests write nothing: that somebody is there is noted again after this part of the time
# that they may be away.
_NOTED = 0.01
_PATIENCE = 10.0
_TABLES = """
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS sessions (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL,
  groups TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY, session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS codes (
  digest TEXT PRIMARY KEY, until REAL NOT NULL,
  session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE);
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session; `stamp` is what has to stay as it was for it to be good.

    `groups` are those that were known when it began.
    """

    name: str
    stamp: str
    groups: tuple[str, ...] = ()

    @property
    def viewer(self) -> Viewer:
        """Whoever has signed in."""
        return Viewer(self.name, self.groups)


class Sessions:
    """The sessions in a file; safe to share between threads and processes.

    One ends after `idle` seconds without a request, and `longest` seconds after its beginning.
    `kind` is how people sign in: whoever did so in another way is not signed in any more.

    All methods raise `SignInUnavailableError` if the file cannot be read or written, as on a full
    disk.
    """

    def __init__(
        self,
        file: Path,
        idle: float,
        longest: float,
        *,
        kind: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.file = file
        self._idle = idle
        self._longest = longest
        self._kind = kind
        self._clock = clock

    @classmethod
    def of_settings(cls, settings: Settings) -> Sessions:
        """The sessions of an index, as long as the settings allow.

        Raises:
            SignInUnavailableError: the file cannot be read or written.
        """
        file = beside(settings.index, "sessions") / FILE
        idle, longest = settings.session_idle_hours * HOUR, settings.session_hours * HOUR
        made = cls(file, idle, longest, kind=_kind(settings))
        made.clear()
        return made

    def clear(self) -> None:
        """Delete those that are over."""
        with self._writing() as stored:
            self._clear(stored)

    def begin(self, name: str, stamp: str, groups: Collection[str] = ()) -> str:
        """A new session, and the token of it, which is not stored."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        with self._writing() as stored:
            self._clear(stored)
            stored.execute(
                "DELETE FROM sessions WHERE kind = :kind AND name = :name AND id NOT IN (SELECT id"
                " FROM sessions WHERE kind = :kind AND name = :name ORDER BY id DESC LIMIT :most)",
                {"kind": self._kind, "name": name, "most": MOST_FOR_ONE - 1},
            )
            made = stored.execute(
                "INSERT INTO sessions (kind, name, stamp, groups, began, seen)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._kind, name, stamp, json.dumps(list(groups)), now, now),
            )
            stored.execute("INSERT INTO tokens VALUES (?, ?)", (_digest(token), made.lastrowid))
        return token

    def of(self, token: str, *, seen: bool = True) -> Session | None:
        """The session of a token, unless it is over; `seen` if its person did something."""
        now = self._clock()
        with self._opened() as stored:
            found = stored.execute(
                "SELECT id, name, stamp, groups, seen FROM sessions"
                " WHERE kind = ? AND began >= ? AND seen >= ?"
                " AND id = (SELECT session FROM tokens WHERE digest = ?)",
                (self._kind, now - self._longest, now - self._idle, _digest(token)),
            ).fetchone()
            if found is None:
                return None
            id, name, stamp, groups, before = found
            if seen and now - before > self._idle * _NOTED:
                # On a full disk, people can still ask.
                with suppress(sqlite3.OperationalError):
                    stored.execute("UPDATE sessions SET seen = ? WHERE id = ?", (now, id))
            return Session(name, stamp, tuple(json.loads(groups)))

    def end(self, token: str) -> None:
        """End a session, with all tokens of it."""
        with self._writing() as stored:
            stored.execute(
                "DELETE FROM sessions WHERE id = (SELECT session FROM tokens WHERE digest = ?)",
                (_digest(token),),
            )

    def end_all(self, name: str | None = None) -> int:
        """End the sessions of everybody of this name, or of everybody, and say how many."""
        with self._writing() as stored:
            self._clear(stored)
            return stored.execute(
                "DELETE FROM sessions WHERE ?1 IS NULL OR name = ?1", (name,)
            ).rowcount

    def code(self, token: str) -> str:
        """A code that gives a frame of the same browser a token of its own; good once, and soon."""
        code, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        with self._writing() as stored:
            self._clear(stored)
            stored.execute(
                "INSERT INTO codes SELECT ?, ?, session FROM tokens WHERE digest = ?",
                (_digest(code), now + CODE_SECONDS, _digest(token)),
            )
        return code

    def redeem(self, code: str) -> str | None:
        """Another token of the session in which a code was made, if that is still good."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._writing() as stored:
            self._clear(stored)
            found = stored.execute(
                "DELETE FROM codes WHERE digest = ? RETURNING session", (_digest(code),)
            ).fetchone()
            if found is None:
                return None
            stored.execute("INSERT INTO tokens VALUES (?, ?)", (_digest(token), *found))
        return token

    def _clear(self, stored: sqlite3.Connection) -> None:
        now = self._clock()
        over = (now - self._longest, now - self._idle)
        stored.execute("DELETE FROM sessions WHERE began < ? OR seen < ?", over)
        stored.execute("DELETE FROM codes WHERE until <= ?", (now,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction: all changes or none."""
        with self._opened() as stored:
            stored.execute("BEGIN IMMEDIATE")
            with stored:  # which commits, or rolls back
                yield stored

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            # SQLite would let others read what it makes.
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
            opened = sqlite3.connect(self.file, timeout=_PATIENCE, isolation_level=None)
            with closing(opened) as stored:
                stored.executescript(_TABLES)
                yield stored
        except (OSError, sqlite3.Error, ValueError) as error:
            raise SignInUnavailableError(
                f"{self.file} holds the sessions of those who have signed in, and cannot be read "
                f"and written: {error}. Let this program write there; if the file is damaged, "
                "remove it, and people sign in again."
            ) from error


def _kind(settings: Settings) -> str:
    """How people sign in, with all that decides who somebody is."""
    own = f"{settings.sign_in}_"
    names = sorted(name for name in type(settings).model_fields if name.startswith(own))
    decides = [(name, getattr(settings, name)) for name in names if not _is_secret(name)]
    return _digest(json.dumps([settings.sign_in, decides]))


def _is_secret(name: str) -> bool:
    return "secret" in name or "password" in name or name.endswith("_file")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
