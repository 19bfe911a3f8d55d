"""What an index of any size costs on stated machines, from what was measured of smaller ones.

python -m tests.benchmarks.growth.costs FIGURES --passages-a-second 35 --picture FILE.svg

`FIGURES` is what `python -m tests.benchmarks.growth … --save FIGURES` wrote. Seconds are taken to
grow on as they did between the sizes that were measured, as a power of the number of passages, and
bytes in proportion to what was added between the two largest. Nothing beyond these was tried, so a
figure far from them says of what order it is, not more.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.growth.measuring import Figures

_HOURS_A_MONTH = 730
_GIB = 1 << 30
# How long somebody may wait for an answer, and for a document to be in the answers.
_ANSWER_SECONDS, _ADDED_SECONDS = 2.0, 60.0
_SIZES = [10**power for power in range(3, 10)]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine for rent; the price is an assumption of ours, about what such machines cost."""

    name: str
    cores: int
    memory: int  # GiB
    disk: int  # GiB
    euro_an_hour: float


MACHINES = (
    Machine("2 cores, 8 GiB, 80 GiB of disk", 2, 8, 80, 0.02),
    Machine("16 cores, 64 GiB, 600 GiB of disk", 16, 64, 600, 0.16),
    Machine("64 cores, 512 GiB, 4 TiB of disk", 64, 512, 4096, 1.60),
)


@dataclass(frozen=True, slots=True)
class Costs:
    """What so many passages need: seconds on one core, and bytes."""

    indexing: float
    memory: float
    disk: float
    question: float
    added: float

    def fits(self, machine: Machine) -> bool:
        """Whether one such machine holds the index."""
        return not list(self.missing(machine))

    def missing(self, machine: Machine) -> Iterator[str]:
        """What such a machine has too little of, or takes too long for."""
        if self.memory > machine.memory * _GIB:
            yield "memory"
        if self.disk > machine.disk * _GIB:
            yield "disk"
        if self.question > _ANSWER_SECONDS:
            yield "a question"
        if self.added > _ADDED_SECONDS:
            yield "a document added"


class Model:
    """The figures of several sizes, and what they come to for any other."""

    def __init__(self, columns: Sequence[Figures], passages_a_second: float) -> None:
        self._columns = columns
        self._passages = [column["passages"][0] for column in columns]
        self._indexing = 1 / passages_a_second

    def costs(self, passages: float) -> Costs:
        """Those of so many passages."""
        return Costs(
            indexing=passages * self._indexing,
            memory=self._bytes(passages, "bytes a passage resident"),
            disk=self._bytes(passages, "bytes a passage on disk"),
            question=self._at(passages, "a question: p50"),
            added=self._at(passages, "a document added"),
        )

    def largest(self, machine: Machine) -> tuple[float, list[str]]:
        """The most passages that a machine holds, and what it then has too little of first."""
        low, high = 0.0, 15.0  # powers of ten
        while high - low > 0.001:
            middle = (low + high) / 2
            low, high = (middle, high) if self.costs(10**middle).fits(machine) else (low, middle)
        return 10**low, list(self.costs(10**high).missing(machine))

    def _bytes(self, passages: float, name: str) -> float:
        """Those of the largest index that was measured, and what each passage more adds."""
        (some, size), (most, largest) = sorted(
            (measured, measured * column[name][0])
            for measured, column in zip(self._passages, self._columns, strict=True)
        )[-2:]
        return largest + (passages - most) * (largest - size) / (most - some)

    def _at(self, passages: float, name: str) -> float:
        """Seconds for so many passages, on the straight line through the logarithms."""
        figures = [column[name][-1] for column in self._columns]
        slope, constant = np.polyfit(np.log(self._passages), np.log(figures), 1)
        return float(math.exp(constant + slope * math.log(passages)))


def main() -> None:
    """Print a table for some sizes and what each machine holds; draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", type=Path)
    parser.add_argument("--passages-a-second", type=float, required=True, help="of one core")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    columns = json.loads(given.figures.read_text(encoding="utf-8"))
    model = Model(columns, given.passages_a_second)
    console = Console(width=140)
    console.print(tabled(model))
    for machine in MACHINES:
        passages, first = model.largest(machine)
        console.print(f"{machine.name}: {passages:,.0f} passages, then {', '.join(first)}")
    if given.picture:
        given.picture.write_text(drawn(model), encoding="utf-8")


def tabled(model: Model) -> Table:
    """What a million and a billion passages cost on each machine."""
    table = Table("", "passages", "machines", "hours to index", "euro to index", "euro a month")
    for machine in MACHINES:
        for passages in (10**6, 10**9):
            costs = model.costs(passages)
            machines = needed(costs, machine)
            hours = costs.indexing / 3600 / machine.cores / machines
            table.add_row(
                machine.name,
                f"{passages:,}",
                f"{machines:,}",
                f"{hours:,.1f}",
                f"{hours * machines * machine.euro_an_hour:,.2f}",
                f"{euro_a_month(costs, machine):,.0f}",
            )
    return table


def needed(costs: Costs, machine: Machine) -> int:
    """How many machines hold the index between them."""
    memory, disk = costs.memory / machine.memory, costs.disk / machine.disk
    return max(1, math.ceil(max(memory, disk) / _GIB))


def euro_a_month(costs: Costs, machine: Machine) -> float:
    """What it costs to keep the index on such machines."""
    return needed(costs, machine) * machine.euro_an_hour * _HOURS_A_MONTH


_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 400, 70, 250, 20, 50
_LINES = ("#2a6f97", "#b5532a", "#3f7d3a")


def drawn(model: Model) -> str:
    """Euro a month by the number of passages, both as powers of ten, as a picture in SVG."""
    euro = [[euro_a_month(model.costs(size), one) for size in _SIZES] for one in MACHINES]
    lowest, highest = (
        math.floor(math.log10(min(map(min, euro)))),
        math.ceil(math.log10(max(map(max, euro)))),
    )

    def across(passages: float) -> float:
        share = (math.log10(passages) - 3) / 6
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def down(cost: float) -> float:
        share = (math.log10(cost) - lowest) / (highest - lowest)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>What an index costs in a month, by its number of passages</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_grid(across, down, range(lowest, highest + 1)),
    ]
    for costs, colour in zip(euro, _LINES, strict=True):
        places = zip(map(across, _SIZES), map(down, costs), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    for place, (machine, colour) in enumerate(zip(MACHINES, _LINES, strict=True)):
        top = _TOP + 14 + 34 * place
        most, first = model.largest(machine)
        left = _WIDTH - _RIGHT + 16
        parts += [
            f'<text x="{left}" y="{top}" fill="{colour}">{machine.name}</text>',
            f'<text x="{left}" y="{top + 14}" fill="#444">one holds {_short(most)}: '
            f"{', '.join(first)}</text>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _grid(
    across: Callable[[float], float], down: Callable[[float], float], powers: range
) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for size in _SIZES:
        x = across(size)
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_short(size)}</text>'
    for power in powers:
        y = down(10**power)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,} €</text>'
    middle = (_LEFT + right) / 2
    yield f'<text x="{middle:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">passages</text>'


def _short(number: float) -> str:
    """“19 million”, to two figures."""
    for size, name in ((10**9, " billion"), (10**6, " million")):
        if number >= size:
            return f"{float(f'{number / size:.2g}'):,.0f}{name}"
    return f"{number:,.0f}"


if __name__ == "__main__":
    main()
