"""The questions that an empty conversation offers, made before somebody opens it."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING

from qa import QAError
from qa.api import seen

if TYPE_CHECKING:
    from qa import Assistant, Status

# Seconds. Nobody waits longer in front of an empty page.
WAIT_SECONDS = 60.0
# The examples of so many states of the index, or of people who see different parts of it, are kept.
MOST_KEPT = 64


class Examples:
    """The example questions of an index, made in a separate thread whenever it has changed.

    Those who may read the same documents get the same ones, and nobody gets any of others.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._made: OrderedDict[str, Future[list[str]]] = OrderedDict()
        self._threads: list[threading.Thread] = []
        self._ended = False

    def begin(self) -> None:
        """Make those for whoever may read what everybody may; of a broken index there are none."""
        try:
            reader = seen(self._assistant, None)
            self._for(reader, reader.status())
        except QAError:
            return

    def end(self, seconds: float) -> None:
        """Make no more; those that are being made have so many seconds."""
        self._ended = True
        for thread in self._threads:
            thread.join(seconds)

    def known(self, reader: Assistant, status: Status) -> list[str] | None:
        """The examples for what a reader sees, whose state is given; None while they are made."""
        future = self._for(reader, status)
        return future.result() if future.done() else None

    async def coming(self, reader: Assistant) -> list[str]:
        """The examples for what a reader sees, once they are made; none if that takes too long."""
        try:
            status = await asyncio.to_thread(reader.status)
            future = asyncio.wrap_future(self._for(reader, status))
            return await asyncio.wait_for(asyncio.shield(future), WAIT_SECONDS)
        except (QAError, TimeoutError):
            return []

    def _for(self, reader: Assistant, status: Status) -> Future[list[str]]:
        state = _state(status)
        with self._lock:
            future = self._made.get(state)
            if future is None:
                future = self._made[state] = Future()
                while len(self._made) > MOST_KEPT:
                    self._made.popitem(last=False)
                # Not a daemon: models are not to be running when Python goes.
                thread = threading.Thread(target=self._make, args=(reader, future))
                self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
                thread.start()
            self._made.move_to_end(state)
            return future

    def _make(self, reader: Assistant, future: Future[list[str]]) -> None:
        try:
            with self._making:  # one after the other, for people's questions take precedence
                found = [] if self._ended else reader.examples()
        except QAError:
            found = []  # questions will report the problem
        except BaseException:
            future.set_result([])
            if self._ended:  # and the assistant, or Python itself, is being closed
                return
            raise
        future.set_result(found)


def _state(status: Status) -> str:
    """A value that changes with the index, and with which of its documents somebody sees."""
    told = "\0".join([status.updated or "", *(source.source for source in status.sources)])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
