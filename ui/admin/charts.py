"""Charts as SVG, for the eye; the same numbers are in a table beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ui.admin.tables import shown

_WIDTH, _HEIGHT, _LEFT, _TOP, _BELOW = 720, 200, 34, 10, 20
# Below this width of a day, its bar has no gap beside it.
_GAP = 4


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one kind by day, its name, and the class that colours it."""

    name: str
    colour: str
    numbers: Sequence[int]


def stacked(title: str, days: Sequence[str], series: Sequence[Series]) -> str:
    """A bar for each day, of the numbers of each kind on top of each other, and what they are."""
    sums = [sum(one.numbers[at] for one in series) for at in range(len(days))]
    most = _round_number(max(sums, default=0))
    step = (_WIDTH - _LEFT) / max(1, len(days))
    bars = []
    for at in range(len(days)):
        base = float(_HEIGHT)
        for one in series:
            height = _HEIGHT * one.numbers[at] / most
            base -= height
            if height:
                bars.append(_bar(at, base, height, step, one.colour))
    told = "; ".join(f"{one.name}: {sum(one.numbers):,}" for one in series)
    legend = "".join(
        f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{one.colour}" width="10" '
        f'height="10"/></svg>{shown(one.name)} {sum(one.numbers):,}</li>'
        for one in series
    )
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT + _TOP + _BELOW}" role="img" '
        f'aria-label="{shown(title)}. {shown(told)}">{_scale(most, days)}{"".join(bars)}</svg>'
        f'<ul class="legend">{legend}</ul>'
    )


def share(number: float, most: float) -> str:
    """A bar in a table, beside its number."""
    width = 100 * number / most if most else 0
    return (
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="answered" width="{width:.1f}" height="10"/></svg>'
    )


def _bar(at: int, top: float, height: float, step: float, colour: str) -> str:
    gap = 1.5 if step > _GAP else 0.0
    return (
        f'<rect class="{colour}" x="{_LEFT + at * step + gap / 2:.1f}" y="{_TOP + top:.1f}" '
        f'width="{step - gap:.1f}" height="{height:.1f}"/>'
    )


def _scale(most: int, days: Sequence[str]) -> str:
    lines = []
    for number in (0, most // 2, most) if most > 1 else (0, most):
        y = _TOP + _HEIGHT - _HEIGHT * number / most
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{number:,}</text>'
        )
    ends = ((_LEFT, "start", days[:1]), (_WIDTH, "end", days[1:][-1:]))
    for x, anchor, named in ends:
        lines += (
            f'<text x="{x}" y="{_TOP + _HEIGHT + 15}" text-anchor="{anchor}">{shown(day)}</text>'
            for day in named
        )
    return "".join(lines)


def _round_number(most: int) -> int:
    """The least of few round numbers that is not below."""
    unit = 1
    while True:
        for number in (digit * unit for digit in (1, 2, 3, 4, 5, 6, 8)):
            if number >= most:
                return number
        unit *= 10
