"""Work that an admin starts and that takes a while: a sync, a review."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from qa.errors import QAError
from qa.records import now

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.records import Progress

    Do = Callable[[Assistant, Callable[[Progress], None]], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkState:
    """How far it is: `done` of `total` files or documents; times in ISO 8601, UTC.

    `error` says why it failed the last time, "" if it did not.
    """

    running: bool = False
    started: str | None = None
    ended: str | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    share: float = 0.0
    error: str = ""


class _Ended(BaseException):
    """The server is being stopped, which is no failure of what is being done."""


class Work:
    """One thing that is done in a thread of its own, once at a time."""

    def __init__(self, name: str, do: Do) -> None:
        self._name = name
        self._do = do
        self._lock = Lock()
        self._ended = Event()
        self._thread: Thread | None = None
        self.state = WorkState()

    def start(self, by: Assistant) -> WorkState:
        """Begin, unless it is being done already; how far it is."""
        with self._lock:
            if not self.state.running and not self._ended.is_set():
                self.state = WorkState(running=True, started=now())
                self._thread = Thread(
                    target=self._run, args=(by,), name=f"footnote {self._name}", daemon=True
                )
                self._thread.start()
            return self.state

    def end(self, seconds: float) -> None:
        """Interrupt it, and wait for that as long; what was done is kept."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, by: Assistant) -> None:
        error = ""
        try:
            self._do(by, self._tell)
        except _Ended:
            error = "The server was stopped."
        except QAError as failed:
            error = str(failed)
        except Exception as failed:
            logger.exception("The %s failed.", self._name)
            error = f"Something went wrong ({type(failed).__name__}); the server's log has more."
        self.state = replace(self.state, running=False, ended=now(), error=error)

    def _tell(self, told: Progress) -> None:
        if self._ended.is_set():
            raise _Ended
        self.state = replace(
            self.state, stage=told.stage, done=told.done, total=told.total, share=told.share
        )
