"""The figures of one index, measured in a process of its own, so that only it is resident."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import qa
from tests.benchmarks.growth.corpus import PASSAGES, fact, opened, source
from tests.benchmarks.load.watching import resident

SCOPES = {"": None, ", in a half": "docs/a", ", in a twentieth": "docs/a/0"}
_ADDED = 1 << 15  # no document of a corpus has this number below half a million passages
_FIRST = 5

Figures = dict[str, list[float]]
"""What was measured by its name: a number, or seconds on a clock and seconds of the processor."""


def measured(place: Path, questions: int, rounds: int) -> Figures:
    """What the index in a folder costs."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as small, opened(place / "index") as assistant:
        with assistant.with_index(small) as other:  # so that all else is loaded already
            other.add([_document(0)])
            other.ask(fact(0)[1])
            other.forget(_document(0).source)
        before = resident(os.getpid())
        found["opened"] = _took(lambda: assistant.status())
        passages, documents = assistant.status().passages, len(assistant.status().sources)
        found["passages"] = [passages]
        found["bytes a passage on disk"] = [_on_disk(place / "index") / passages]
        _ask(assistant, Random(0).choices(range(documents), k=questions), found)
        grown = (resident(os.getpid()) - before) * (1 << 20)
        found["bytes a passage resident"] = [grown / passages]
        command = (sys.executable, "-m", "qa", "ask", fact(0)[1], "--index", str(place / "index"))
        steps: dict[str, Callable[[], object]] = {
            "a cold qa ask": lambda: subprocess.run(command, check=True, capture_output=True),
            "a sync, nothing changed": assistant.sync,
            "a document added": lambda: assistant.add([_document(_ADDED)]),
            "the first answer from it": lambda: assistant.ask(fact(_ADDED)[1]),
            "the document forgotten": lambda: assistant.forget(_document(_ADDED).source),
        }
        took = [[_took(work) for work in steps.values()] for _ in range(rounds)]
        for name, all_of_it in zip(steps, zip(*took, strict=True), strict=True):
            found[name] = _share(all_of_it, 0.5)
    return found


def _ask(assistant: qa.Assistant, numbers: Sequence[int], found: Figures) -> None:
    """Ask for what documents say, in each scope in turn; the right one is in all of them."""
    numbers = [number - number % 20 for number in numbers]
    took: dict[str, list[list[float]]] = {name: [] for name in SCOPES}
    first, right = numbers[:_FIRST], 0  # those are not counted
    for number in [*first, *numbers]:
        for name, folder in SCOPES.items():
            answers = []

            def ask(question: str = fact(number)[1], folder: str | None = folder) -> None:
                answers.append(assistant.ask(question, folder=folder))  # noqa: B023

            took[name].append(_took(ask))
            cited = answers[0].citations[:1]
            right += [one.source for one in cited] == [source(number)]
    for name, seconds in took.items():
        for share in (0.5, 0.95):
            label = f"a question{name}: p{share * 100:.0f}"
            found[label] = _share(seconds[len(first) :], share)
    found["share answered rightly"] = [right / sum(map(len, took.values()))]


def _document(number: int) -> qa.Document:
    text = "\n\n".join([f"The inn pays for lamp {one}. " * 20 for one in range(PASSAGES)])
    return qa.Document(source=f"one/{number}", title="Inns", text=f"{text}\n\n{fact(number)[0]}")


def _on_disk(folder: Path) -> int:
    files = (file.stat() for file in folder.rglob("*") if file.is_file())
    return sum(file.st_blocks * 512 for file in files)


def _share(seconds: Sequence[Sequence[float]], share: float) -> list[float]:
    """The median, or another share, of the times on the clock and of those of the processor."""
    columns = [sorted(column) for column in zip(*seconds, strict=True)]
    if share == 0.5:
        return [statistics.median(column) for column in columns]
    return [column[int(len(column) * share)] for column in columns]


def _took(work: Callable[[], object]) -> list[float]:
    """Seconds on the clock, and seconds of the processor, also in processes that it started."""
    spent, started = _spent(), time.perf_counter()
    work()
    return [time.perf_counter() - started, _spent() - spent]


def _spent() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
