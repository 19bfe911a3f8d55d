"""An answer while it is being worded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator, Iterator

from qa.answering.precedence import Precedence
from qa.errors import QAError
from qa.records import Answer


class AnswerStream:
    """An answer while it is being worded: iterate over its pieces, then take `answer`.

    The pieces joined are `answer.text`.
    """

    def __init__(
        self, pieces: Generator[str, None, Answer], precedence: Precedence | None = None
    ) -> None:
        self._pieces = pieces
        self._precedence = precedence or Precedence()
        self._answer: Answer | None = None
        self._closed = False
        self._turn = threading.Lock()

    @property
    def answer(self) -> Answer:
        """The whole answer.

        Raises:
            QAError: the stream was not read to its end.
        """
        if self._answer is None:
            raise QAError("The answer is not there yet: read the stream to its end first.")
        return self._answer

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._turn, self._precedence.answering():
            try:
                piece = next(self._pieces)
            except StopIteration as stop:
                if stop.value is not None:
                    self._answer = stop.value
                raise StopIteration from None
        if self._closed:
            self.close()
        return piece

    def __aiter__(self) -> AsyncIterator[str]:
        return self._apieces()

    async def _apieces(self) -> AsyncIterator[str]:
        ended = object()
        while True:
            piece = await asyncio.to_thread(next, self, ended)
            if piece is ended:
                return
            assert isinstance(piece, str)
            yield piece

    def close(self) -> None:
        """Stop the wording; a chat model stops writing.

        If another thread is waiting for a piece, it is stopped as soon as that piece has come.
        """
        self._closed = True
        if self._turn.acquire(blocking=False):
            try:
                self._pieces.close()
            finally:
                self._turn.release()
