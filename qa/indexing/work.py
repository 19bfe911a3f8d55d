"""How much of a sync's reading and embedding is done, told as it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from qa.records import Progress, Stage

# What a file costs besides its size, in bytes: a process is asked, a record is written.
_EACH = 1000
# The share of the work on a file that is done when it has been read, but not embedded.
_READING = 0.1


class Work:
    """The files that are read and embedded, in order, with their sizes in bytes."""

    def __init__(self, sizes: Sequence[int], told: Callable[[Progress], None]) -> None:
        self._until = [0, *accumulate(size + _EACH for size in sizes)]
        self._told = told
        self._finished = 0
        self._shares = 0
        self._passages = 0

    def reads(self, number: int, source: str) -> None:
        """Tell that the file with this number, counted from 0, is being read."""
        self._tell("reading", number, source, 0.0)

    def embeds(self, number: int, source: str) -> Callable[[int, int], None]:
        """What tells how many passages of how many are embedded of the files before a number."""
        before = self._passages

        def report(done: int, passages: int) -> None:
            self._passages = before + done
            self._tell("embedding", number, source, done / passages)

        return report

    def ends(self, number: int) -> None:
        """Note that the files before this number are read and embedded."""
        self._finished = number

    def prepares(self, number: int, source: str, passages: int) -> None:
        """Tell that the file with this number is read and embedded; they may come in any order."""
        self._finished += 1
        self._passages += passages
        self._shares += self._until[number + 1] - self._until[number]
        share = self._shares / max(1, self._until[-1])
        total = len(self._until) - 1
        self._told(Progress("embedding", self._finished, total, source, self._passages, share))

    def _tell(self, stage: Stage, number: int, source: str, embedded: float) -> None:
        whole = self._until[self._finished]
        begun = self._until[number] - whole
        share = (whole + begun * (_READING + (1 - _READING) * embedded)) / max(1, self._until[-1])
        total = len(self._until) - 1
        self._told(Progress(stage, number, total, source, self._passages, min(1.0, share)))
