"""A second process, which looks whether a server is well while others ask it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.synchronize import Event as Stop
from pathlib import Path

import httpx

# Seconds from one look to the next.
BETWEEN = 0.2

_stop: Stop


@dataclass(slots=True)
class Seen:
    """Seconds that each `/healthz` took, and resident memory in MiB; -1 was no 200."""

    health: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    processor: float = 0.0
    """Seconds of the processor that the server took."""


@contextmanager
def watched(url: str, processes: Sequence[int]) -> Iterator[Seen]:
    """What is seen of a server, and of all processes that answer with it; it is there after it."""
    seen, spawning = Seen(), get_context("spawn")
    stop = spawning.Event()
    with ProcessPoolExecutor(1, spawning, _keep, (stop,)) as pool:
        looking, before = pool.submit(_look, url, processes), sum(map(_processor, processes))
        try:
            yield seen
        finally:
            stop.set()
            found = looking.result()
            seen.health, seen.memory = found.health, found.memory
            seen.processor = sum(map(_processor, processes)) - before


def _keep(stop: Stop) -> None:
    global _stop
    _stop = stop


def _look(url: str, processes: Sequence[int]) -> Seen:
    seen = Seen()
    with httpx.Client(base_url=url, timeout=60) as client:
        while not _stop.wait(BETWEEN):
            started = time.perf_counter()
            good = client.get("/healthz").status_code == 200
            seen.health.append(time.perf_counter() - started if good else -1)
            seen.memory.append(sum(map(resident, processes)))
    return seen


def _processor(process: int) -> float:
    """Seconds of the processor that a process has taken; 0 where the system does not tell."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """The memory of a process, in MiB; 0 where the system does not tell (it does on Linux)."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0
