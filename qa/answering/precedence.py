"""Who goes first: questions that somebody waits for, or those that the assistant asks itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Where somebody is always waiting, the others still get on, slowly.
LONGEST_SECONDS = 1.0


class Precedence:
    """Lets work that is done ahead of time wait while a question is answered; for many threads."""

    def __init__(self) -> None:
        self._quiet = threading.Condition()
        self._answering = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Say that somebody waits for what is done in the block."""
        with self._quiet:
            self._answering += 1
        try:
            yield
        finally:
            with self._quiet:
                self._answering -= 1
                if not self._answering:
                    self._quiet.notify_all()

    def give_way(self, seconds: float = LONGEST_SECONDS) -> None:
        """Wait until nobody is waiting, but no longer than this."""
        with self._quiet:
            self._quiet.wait_for(lambda: not self._answering, seconds)
