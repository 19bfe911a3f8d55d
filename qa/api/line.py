"""The queue of questions, with limits on their number and time."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar

from qa.errors import BusyError, TimeLimitError, TooManyRequestsError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from qa.answering import AnswerStream
    from qa.records import Answer
    from qa.settings import Settings

Result = TypeVar("Result")

# Questions that may wait for a chat model at the same time.
WORDED_AT_ONCE = 8
# Seconds between checks whether the asker is still there.
LOOK_SECONDS = 1.0
# The part of all places that one person, program or address may have.
SHARE = 4
HAD_SHARE = "So many of your questions are waiting already. Ask again in a moment."


def at_once(settings: Settings) -> int:
    """The best number of questions to answer at the same time.

    Without a chat model, each of them keeps a core busy. More questions than cores would not be
    answered sooner, and all other requests would have to wait.
    """
    return WORDED_AT_ONCE if settings.chat_model else max(2, os.cpu_count() or 1)


def fair_share(places: int, at_once: int) -> int:
    """The places that one of those who ask may have: a quarter, and no fewer than `at_once`."""
    return max(at_once, places // SHARE)


class Line:
    """Questions, each answered in its own thread.

    A question keeps its place until its thread is done, even if nobody waits for it any more, so
    that never more than `at_once` are being answered. A question is not started if its asker has
    gone, or has waited for `seconds`, before its turn. Nobody has more than a fair share of the
    places.
    """

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="footnote question")
        self._most = at_once + waiting
        self._share = fair_share(self._most, at_once)
        self._seconds = seconds
        self._lock = Lock()
        self._inside = 0
        self._of: Counter[str] = Counter()

    @property
    def inside(self) -> int:
        """How many questions are answered or wait."""
        return self._inside

    async def answered(
        self, work: Callable[[], Result], gone: Callable[[], Awaitable[bool]], whose: str = ""
    ) -> Result:
        """The result of `work`; `gone` says whether nobody waits for it any more.

        `whose` share it takes is said by `account_of`; "" has no limit but that of all.

        Raises:
            BusyError: too many are waiting already.
            TooManyRequestsError: too many of theirs are.
            TimeLimitError: it took too long, including the time in the queue.
        """
        with self._lock:
            if self._inside >= self._most:
                raise BusyError("Too many questions are waiting. Ask again in a moment.")
            if whose and self._of[whose] >= self._share:
                raise TooManyRequestsError(HAD_SHARE)
            self._inside += 1
            self._of[whose] += 1
        running = self._threads.submit(copy_context().run, work)
        running.add_done_callback(lambda _: self._leave(whose))
        try:
            return await self._awaited(running, gone)
        finally:
            running.cancel()  # if its turn has not come

    async def streamed(
        self,
        begin: Callable[[], AnswerStream],
        gone: Callable[[], Awaitable[bool]],
        whose: str = "",
    ) -> AsyncGenerator[str | Answer, None]:
        """The pieces of an answer as they come, and at the end the answer.

        It takes one place in the queue. If the iterator is closed before its end, no more of the
        answer is worded.

        Raises:
            BusyError, TooManyRequestsError, TimeLimitError: as above.
        """
        loop, left = asyncio.get_running_loop(), Event()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        def work() -> Answer | None:
            stream = begin()
            for piece in stream:
                if left.is_set():
                    stream.close()
                    return None
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return stream.answer

        answering = asyncio.ensure_future(self.answered(work, gone, whose))
        answering.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            answer = await answering
            assert answer is not None, "it is only left by closing this iterator"
            yield answer
        finally:
            left.set()
            answering.cancel()

    async def _awaited(
        self, running: Future[Result], gone: Callable[[], Awaitable[bool]]
    ) -> Result:
        result = asyncio.wrap_future(running)
        result.add_done_callback(_seen)
        until = time.monotonic() + self._seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.wait([result], timeout=min(left, LOOK_SECONDS))
            if result.done():
                return result.result()
            if await gone():
                break
        raise TimeLimitError(
            f"There was no answer after {self._seconds:g} seconds. Ask again, or for less."
        )

    def _leave(self, whose: str) -> None:
        with self._lock:
            self._inside -= 1
            self._of[whose] -= 1
            if not self._of[whose]:
                del self._of[whose]


def _seen(result: asyncio.Future[Result]) -> None:
    """An error that nobody waits for is not reported."""
    if not result.cancelled():
        result.exception()
