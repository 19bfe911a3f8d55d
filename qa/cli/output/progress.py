"""How far a sync is: a bar at a terminal, a line at times in a file or pipe."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from qa.cli.output.terminal import count
from qa.text.cleaning import one_line

if TYPE_CHECKING:
    from qa.cli.output.terminal import Terminal
    from qa.records import Progress

# Between two lines in a pipe.
LINE_SECONDS = 10.0
# Before that, and below this share of the work, nothing is said of the time left.
_FIRST_SECONDS = 3.0
_FIRST_SHARE = 0.01

_STAGES = {
    "waiting": "Another sync is writing to this index: waiting for it",
    "comparing": "Comparing",
    "fetching": "Fetching",
    "reading": "Reading",
    "embedding": "Embedding",
    "saving": "Saving",
    "restoring": "Restoring",
    "reviewing": "Comparing",
}
_WORK = ("reading", "embedding", "reviewing")
# What is said as soon as it begins.
_SAID = ("waiting", "reading", "saving", "restoring", "reviewing")


class Pace:
    """The progress of a sync so far, and what can be told from it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: float | None = None
        self.last: Progress | None = None

    def take(self, progress: Progress) -> None:
        """Note how far it is now."""
        if self._started is None and progress.stage in _WORK:
            self._started = self._clock()
        self.last = progress

    def words(self) -> list[str]:
        """Files, passages a second and time left, as far as they are known."""
        last = self.last
        if last is None or not last.total:
            return []
        kind = {"fetching": "page", "reviewing": "document"}.get(last.stage, "file")
        said = [f"{last.done:,} of {count(last.total, kind)}"]
        if self._started is None or last.stage not in _WORK:
            return said
        seconds = self._clock() - self._started
        if last.passages and seconds > 0:
            rate = last.passages / seconds
            figure = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
            said.append(f"{figure} passages/s")
        if last.passages and last.share > _FIRST_SHARE and seconds > _FIRST_SECONDS:
            said.append(f"{_rounded(seconds * (1 - last.share) / last.share)} left")
        return said


def shown(terminal: Terminal) -> AbstractContextManager[Callable[[Progress], None]]:
    """A progress bar for a sync; a line at times if standard error is a file."""
    return bar(terminal) if terminal.err.file.isatty() else lines(terminal)


@contextlib.contextmanager
def bar(terminal: Terminal) -> Iterator[Callable[[Progress], None]]:
    """A bar on standard error that goes away at the end.

    It is drawn again many times a second, with the time left as of then: it always moves.
    """
    pace = Pace()

    class Facts(TextColumn):
        """What is known of the pace."""

        def render(self, task: object) -> object:  # type: ignore[override]  # noqa: ARG002
            from rich.text import Text

            return Text(" · ".join(pace.words()))

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(16),
        Facts(""),
        TextColumn("[dim]{task.fields[source]}"),
    )
    with Bar(*columns, console=terminal.err, transient=True) as drawn:
        task = drawn.add_task("Looking", total=None, source="")

        def show(progress: Progress) -> None:
            pace.take(progress)
            # Escaped: a file may be called "[bold]".
            source = one_line(progress.source)[-40:].replace("[", r"\[")
            working = progress.stage in _WORK
            drawn.update(
                task,
                description=_STAGES[progress.stage],
                completed=progress.share if working else progress.done,
                total=1.0 if working else progress.total or None,
                source=source,
            )

        yield show


@contextlib.contextmanager
def lines(
    terminal: Terminal, seconds: float = LINE_SECONDS
) -> Iterator[Callable[[Progress], None]]:
    """A line on standard error when something begins, and then at regular times."""
    pace = Pace()
    said: set[str] = set()
    ended = threading.Event()

    def show(progress: Progress) -> None:
        pace.take(progress)
        if progress.stage not in said and progress.stage in _SAID:
            said.add(progress.stage)
            kind = "document" if progress.stage == "reviewing" else "file"
            files = f" {count(progress.total, kind)}" if progress.total else ""
            terminal.note(f"{_STAGES[progress.stage]}{files}…")

    def tell() -> None:
        while not ended.wait(seconds):
            if pace.last is not None:
                words = ", ".join(pace.words())
                terminal.note(f"{_STAGES[pace.last.stage]}{f': {words}' if words else '…'}")

    thread = threading.Thread(target=tell, name="footnote progress", daemon=True)
    thread.start()
    try:
        yield show
    finally:
        ended.set()
        thread.join()


def _rounded(seconds: float) -> str:
    """A duration that is only known roughly."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
