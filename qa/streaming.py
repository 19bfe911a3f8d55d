"""An answer while it is worded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator

from qa.errors import QAError
from qa.records import Answer


class AnswerStream:
    """An answer while it is worded: iterate for its pieces, then take `answer`.

    The pieces joined are `answer.text`.
    """

    def __init__(self, pieces: Generator[str, None, Answer]) -> None:
        self._pieces = pieces
        self._answer: Answer | None = None

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
        try:
            return next(self._pieces)
        except StopIteration as stop:
            if stop.value is not None:
                self._answer = stop.value
            raise StopIteration from None

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
        """Stop wording; a chat model stops writing."""
        self._pieces.close()
