"""What an index of many passages costs, and the slope of that: made-up documents, all else real.

python -m tests.benchmarks.growth FOLDER --sizes 1000 10000 100000

The documents and their indexes are kept in the folder for the next run, and one that was not
finished goes on where it was. Times are those of a clock and, in brackets, of the processor, which
others on the machine disturb less. A slope (of the latter) is the exponent that fits best: with 0,
a figure does not grow with the number of passages, with 1 in proportion.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import qa
from tests.benchmarks.growth.corpus import made
from tests.benchmarks.growth.measuring import Figures, measured

PROJECT = Path(__file__).resolve().parents[3]
_BETWEEN = 10.0


def main() -> None:
    """Make what is missing, measure each index in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where documents and indexes are kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], help="passages")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3, help="of everything but questions")
    parser.add_argument("--minutes", type=float, default=60, help="the most to make an index in")
    parser.add_argument("--save", type=Path, help="where the figures go, for what others cost")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.folder, given.questions, given.rounds)))
        return
    for size in given.sizes:
        made(given.folder / str(size), size, _Told(size, given.minutes))
    columns = []
    for size in given.sizes:
        print(f"measuring {size:,}", file=sys.stderr)
        numbers = ("--questions", str(given.questions), "--rounds", str(given.rounds))
        command = (sys.executable, "-m", "tests.benchmarks.growth", str(given.folder / str(size)))
        done = subprocess.run(
            (*command, "--measure", *numbers), check=True, stdout=subprocess.PIPE, cwd=PROJECT
        )
        columns.append(json.loads(done.stdout.splitlines()[-1]))
    Console(width=140).print(tabled(columns))
    if given.save:
        given.save.write_text(json.dumps(columns, indent=1), encoding="utf-8")


class _Told:
    """Says how far a sync is, and ends it when it takes too long."""

    def __init__(self, size: int, minutes: float) -> None:
        self._size = size
        self._until = time.monotonic() + 60 * minutes
        self._next = time.monotonic() + _BETWEEN

    def __call__(self, progress: qa.Progress) -> None:
        now = time.monotonic()
        if now > self._next:
            self._next = now + _BETWEEN
            print(f"{self._size:,} passages: {progress.share:.0%}", file=sys.stderr)
        if now > self._until:  # what is done is published on the way out
            sys.exit(f"{self._size:,} passages are not finished. Run the same again to go on.")


def tabled(columns: Sequence[Figures]) -> Table:
    """The figures of each index in a column, and the slope of each."""
    passages = [column["passages"][0] for column in columns]
    table = Table("", *(f"{number:,.0f} passages" for number in passages), "slope")
    for name in columns[0]:
        if name != "passages":
            figures = [column[name] for column in columns]
            table.add_row(name, *map(_shown, figures), _slope(passages, figures))
    return table


def _shown(figure: Sequence[float]) -> str:
    if len(figure) == 1:
        return f"{figure[0]:,.0f}" if figure[0] > 1 else f"{figure[0]:.2f}"
    clock, processor = (f"{1000 * seconds:,.0f}" for seconds in figure)
    return f"{clock} ({processor}) ms"


def _slope(passages: Sequence[float], figures: Sequence[Sequence[float]]) -> str:
    last = [figure[-1] for figure in figures]
    if len(last) < 2 or min(last) <= 0:
        return ""
    exponent, _ = np.polyfit(np.log(passages), np.log(last), 1)
    return f"{exponent:.2f}"


if __name__ == "__main__":
    main()
