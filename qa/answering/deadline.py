"""The time that a question may take, checked between its steps and between the pieces of its
answer.

A step is not cut off, but each one is short: what goes into it has a limit of its own, and a chat
model has to write its next piece in time.
"""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import TypeVar

from qa.errors import TimeLimitError

Result = TypeVar("Result")


class Deadline:
    """A deadline that is this many seconds away."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = monotonic() + seconds

    def check(self) -> None:
        """Raise a `TimeLimitError` when the time is over."""
        if monotonic() > self._due:
            raise TimeLimitError(
                f"There was no answer after {self._seconds:g} seconds. Ask for less, or raise "
                "question_timeout."
            )

    def kept(self, pieces: Generator[str, None, Result]) -> Generator[str, None, Result]:
        """The pieces as long as there is time for them, and what their generator returns.

        Raises:
            TimeLimitError: the time ran out first; the generator has been stopped.
        """
        try:
            while True:
                self.check()
                try:
                    piece = next(pieces)
                except StopIteration as end:
                    result: Result = end.value
                    return result
                yield piece
        finally:
            pieces.close()
