"""The questions that an empty conversation offers, made before somebody opens it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa import QAError

if TYPE_CHECKING:
    from qa import Assistant

# Seconds. Nobody waits longer in front of an empty page.
WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Made:
    """The examples for a state of the index; the `future` has them once they are made."""

    updated: str | None
    future: Future[list[str]] = field(default_factory=Future)


class Examples:
    """The example questions of an index, made in a separate thread whenever it has changed."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._made: _Made | None = None

    def begin(self) -> None:
        """Make them for the present index; one that cannot be read has none."""
        try:
            self._for(self._assistant.status().updated)
        except QAError:
            return

    def known(self, updated: str | None) -> list[str] | None:
        """The examples for the index that was `updated` then; None while they are being made."""
        future = self._for(updated)
        return future.result() if future.done() else None

    async def coming(self) -> list[str]:
        """The examples for the present index, once they are made; none if that takes too long."""
        try:
            status = await asyncio.to_thread(self._assistant.status)
            future = asyncio.wrap_future(self._for(status.updated))
            return await asyncio.wait_for(asyncio.shield(future), WAIT_SECONDS)
        except (QAError, TimeoutError):
            return []

    def _for(self, updated: str | None) -> Future[list[str]]:
        with self._lock:
            if self._made is None or self._made.updated != updated:
                self._made = _Made(updated)
                # A server that is stopped does not wait for it.
                threading.Thread(target=self._make, args=(self._made.future,), daemon=True).start()
            return self._made.future

    def _make(self, future: Future[list[str]]) -> None:
        try:
            found = self._assistant.examples()
        except QAError:
            found = []  # questions will report the problem
        except BaseException:
            future.set_result([])
            raise
        future.set_result(found)
