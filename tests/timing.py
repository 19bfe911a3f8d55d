"""How the time of some work grows with its size: seconds alone would measure the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Size = TypeVar("Size")


def seconds(work: Callable[[Size], object], size: Size, tries: int = 1) -> float:
    """The shortest time of several tries, of this thread's processor alone."""
    best = float("inf")
    for _ in range(tries):
        started = time.thread_time()
        work(size)
        best = min(best, time.thread_time() - started)
    return best


def growth(work: Callable[[int], object], size: int, factor: int = 4, tries: int = 3) -> float:
    """How many times as long work of `factor` times the size takes: about `factor` when linear."""
    return seconds(work, factor * size, tries) / seconds(work, size, tries)
