"""Who has signed in: sessions in memory, each known by the hash of a random token."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from qa.access import Viewer

if TYPE_CHECKING:
    from qa.settings import Settings

TOKEN_BYTES = 32
# A person has a few browsers and devices; the oldest session makes room.
MOST_FOR_ONE = 20
# Seconds that a code may take from one window to the next.
CODE_SECONDS = 60.0
HOUR = 3600.0


@dataclass(slots=True)
class Session:
    """A session; `stamp` is what has to stay as it was for it to be good. Times are in seconds.

    `groups` are those that were known when it began.
    """

    name: str
    stamp: str
    began: float
    seen: float
    groups: tuple[str, ...] = ()

    @property
    def viewer(self) -> Viewer:
        """Whoever has signed in."""
        return Viewer(self.name, self.groups)


class Sessions:
    """The sessions of a server; safe to share between threads.

    One ends after `idle` seconds without a request, and `longest` seconds after its beginning. All
    end with the server.
    """

    def __init__(
        self, idle: float, longest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._idle = idle
        self._longest = longest
        self._clock = clock
        self._lock = Lock()
        self._held: dict[str, Session] = {}
        self._codes: dict[str, tuple[str, float]] = {}

    @classmethod
    def of_settings(cls, settings: Settings) -> Sessions:
        """Sessions as long as the settings allow."""
        return cls(settings.session_idle_hours * HOUR, settings.session_hours * HOUR)

    def begin(self, name: str, stamp: str, groups: Collection[str] = ()) -> str:
        """A new session, and the token of it, which is not stored."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock()
        with self._lock:
            for digest in [one for one, held in self._held.items() if self._is_over(held, now)]:
                del self._held[digest]
            own = [digest for digest, held in self._held.items() if held.name == name]
            for digest in own[: max(0, len(own) + 1 - MOST_FOR_ONE)]:
                del self._held[digest]
            self._held[_digest(token)] = Session(name, stamp, now, now, tuple(groups))
        return token

    def of(self, token: str, *, seen: bool = True) -> Session | None:
        """The session of a token, unless it is over; `seen` if its person did something."""
        digest, now = _digest(token), self._clock()
        with self._lock:
            held = self._held.get(digest)
            if held is None or self._is_over(held, now):
                self._held.pop(digest, None)
                return None
            if seen:
                held.seen = now
            return held

    def end(self, token: str) -> None:
        """End a session, with all tokens of it."""
        with self._lock:
            ended = self._held.get(_digest(token))
            self._held = {one: held for one, held in self._held.items() if held is not ended}

    def code(self, token: str) -> str:
        """A code that gives a frame of the same browser a token of its own; good once, and soon."""
        code, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        with self._lock:
            self._codes = {one: kept for one, kept in self._codes.items() if kept[1] > now}
            self._codes[_digest(code)] = (_digest(token), now + CODE_SECONDS)
        return code

    def redeem(self, code: str) -> str | None:
        """Another token of the session in which a code was made, if that is still good."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        with self._lock:
            digest, until = self._codes.pop(_digest(code), ("", 0.0))
            held = self._held.get(digest)
            if held is None or until <= now or self._is_over(held, now):
                return None
            self._held[_digest(token)] = held
        return token

    def _is_over(self, held: Session, now: float) -> bool:
        return now - held.seen > self._idle or now - held.began > self._longest


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
