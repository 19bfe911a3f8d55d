"""Tables with rules: what stands between the same rules is a cell, however many lines it has."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from qa.loading.pdf.columns import HYPHEN, Line
from qa.loading.pdf.tables.cells import Cell, Row, as_lines, is_value, reach, split
from qa.loading.pdf.tables.rows import rows_apart
from qa.loading.pdf.tables.rules import NEAR, Rule, Rules

_FEWEST = 2  # rows and columns
_MOST_COLUMNS, _MOST_ROWS = 60, 300
_MOST_LINES = 25  # of a cell; more are a text with a frame
_COVERED = 0.8  # of the edge of a cell: how much of it a rule has to follow
_MOST_ENDED = 3  # heights at which lines end in several cells though the next word would fit
_BEYOND = 4.0  # points that a text may reach beyond its cell


def ruled(lines: Sequence[Line], rules: Rules) -> list[Line]:
    """The lines of a page, those within the rules of a table as rows of it."""
    kept: list[Line | None] = list(lines)
    for level, upright in _together(rules):
        grid = _Grid(level, upright)
        if not grid.is_one:
            continue
        within = [at for at, line in enumerate(kept) if line and grid.holds(line)]
        if within and (rows := grid.rows([line for at in within if (line := kept[at])])):
            for at in within:
                kept[at] = None
            kept[within[0] : within[0] + 1] = rows
    return [line for line in kept if line is not None]


def _together(rules: Rules) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """The rules that cross or touch each other, directly or by way of others."""
    left = list(rules.upright)
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for level in rules.level:
        touched = [rule for rule in left if _touch(level, rule)]
        joined: tuple[list[Rule], list[Rule]] = ([level], touched)
        others = []
        for group in groups:
            if any(_touch(level, rule) for rule in group[1]):
                joined = (group[0] + joined[0], group[1] + joined[1])
            else:
                others.append(group)
        left = [rule for rule in left if rule not in touched]
        groups = [*others, joined]
    yield from groups


def _touch(level: Rule, upright: Rule) -> bool:
    across = level.start - NEAR <= upright.at <= level.end + NEAR
    return across and upright.start - NEAR <= level.at <= upright.end + NEAR


class _Grid:
    """The columns and rows between rules."""

    def __init__(self, level: Sequence[Rule], upright: Sequence[Rule]) -> None:
        self._level, self._upright = level, upright
        # A table may be open at its sides.
        sides = [end for rule in level for end in (rule.start, rule.end)]
        ends = [end for rule in upright for end in (rule.start, rule.end)]
        if not upright:
            sides, ends = [], []
        self._xs = _places([*(rule.at for rule in upright), *_outer(sides)])
        self._ys = _places([*(rule.at for rule in level), *_outer(ends)])

    @property
    def is_one(self) -> bool:
        """Whether there are columns and rows, and not too many."""
        columns, rows = len(self._xs) - 1, len(self._ys) - 1
        return _FEWEST <= columns <= _MOST_COLUMNS and _FEWEST <= rows <= _MOST_ROWS

    def holds(self, line: Line) -> bool:
        """Whether most of a line is within the rules."""
        across, up = (line.left + line.right) / 2, line.bottom + line.height / 2
        inside = self._xs[0] <= across <= self._xs[-1] and self._ys[0] <= up <= self._ys[-1]
        return inside and not line.row and not line.turn

    def rows(self, lines: Sequence[Line]) -> list[Line]:
        """The rows that these lines make up; none if it is no table."""
        holders = self._holders()
        cells: defaultdict[tuple[int, int], Cell] = defaultdict(Cell)
        for line in lines:
            for piece in split(line):
                place = self._place(piece)
                if place is None:
                    return []
                cells[holders[place]].pieces.append(piece)
        spans: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for place, holder in holders.items():
            spans[holder].append(place)
        if not all(self._is_cell(cell, spans[holder]) for holder, cell in cells.items()):
            return []
        if self._holds_rows(cells, spans):
            return []
        columns = sorted({column for column, _ in cells})
        table: list[Row] = []
        titles: list[Line] = []
        for row in sorted({row for _, row in cells}):
            found = {
                at: cells[holder]
                for at, column in enumerate(columns)
                if (holder := holders[column, row]) in cells
            }
            if len(columns) > 1 and len({id(cell) for cell in found.values()}) == 1 < len(found):
                found = {0: found[min(found)]}  # a title across all columns
                if not table:
                    titles += found[0].pieces
                    continue
            table.append(found)
        full = sum(len({id(cell) for cell in row.values()}) > 1 for row in table)
        if full < _FEWEST:
            return []
        # Rules below the header and between columns, but not between the other rows.
        if full == _FEWEST < sum(bool(line.row) for line in rows_apart(lines)):
            return []
        return [*titles, *as_lines(table, len(columns))]

    def _holders(self) -> dict[tuple[int, int], tuple[int, int]]:
        """For each place between the rules, by column and row, the first one of its cell."""
        columns, rows = len(self._xs) - 1, len(self._ys) - 1
        holders: dict[tuple[int, int], tuple[int, int]] = {}
        uprights = _by_place(self._upright, self._xs)
        levels = _by_place(self._level, self._ys)
        for row in range(rows):
            low, high = self._ys[rows - row - 1], self._ys[rows - row]
            for column in range(columns):
                left, right = self._xs[column], self._xs[column + 1]
                if row and not _is_along(levels[rows - row], left, right):
                    holders[column, row] = holders[column, row - 1]
                elif column and not _is_along(uprights[column], low, high):
                    holders[column, row] = holders[column - 1, row]
                else:
                    holders[column, row] = column, row
        return holders

    def _place(self, piece: Line) -> tuple[int, int] | None:
        """The column and row that a piece of a line is in; None if it is outside."""
        column = bisect_right(self._xs, (piece.left + piece.right) / 2) - 1
        row = len(self._ys) - 1 - bisect_right(self._ys, piece.bottom + piece.height / 2)
        within = 0 <= column < len(self._xs) - 1 and 0 <= row < len(self._ys) - 1
        return (column, row) if within else None

    def _is_cell(self, cell: Cell, span: Sequence[tuple[int, int]]) -> bool:
        """Whether what stands between rules can be one cell: it is within, and not several."""
        left = self._xs[min(column for column, _ in span)] - _BEYOND
        right = self._xs[max(column for column, _ in span) + 1] + _BEYOND
        values = [piece for piece in cell.pieces if is_value(piece)]
        return (
            len(cell.pieces) <= _MOST_LINES
            and len(values) < max(2, len(cell.pieces))
            and all(left <= piece.left and piece.right <= right for piece in cell.pieces)
        )

    def _holds_rows(
        self,
        cells: Mapping[tuple[int, int], Cell],
        spans: Mapping[tuple[int, int], Sequence[tuple[int, int]]],
    ) -> bool:
        """Whether the rules are frames around several rows each.

        Then at several heights, there are entries beside each other that end before they have to.
        """
        ended: Counter[int] = Counter()
        for holder, cell in cells.items():
            left = self._xs[min(column for column, _ in spans[holder])]
            right = self._xs[max(column for column, _ in spans[holder]) + 1]
            margin = max(0.0, min(piece.left for piece in cell.pieces) - left)
            for upper, lower in pairwise(cell.pieces):
                if reach(upper, lower) < right - margin and not upper.text.endswith(HYPHEN):
                    ended[round(upper.bottom / NEAR)] += 1
        return sum(count > 1 for count in ended.values()) >= _MOST_ENDED


def _outer(places: Sequence[float]) -> Iterator[float]:
    if places:
        yield from (min(places), max(places))


def _places(places: Iterable[float]) -> list[float]:
    """In order, those near each other as one."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > NEAR:
            found.append(place)
    return found


def _by_place(rules: Iterable[Rule], places: Sequence[float]) -> list[list[Rule]]:
    """The rules at each of the places."""
    found: list[list[Rule]] = [[] for _ in places]
    for rule in rules:
        found[max(0, bisect_right(places, rule.at + NEAR / 100) - 1)].append(rule)
    return found


def _is_along(rules: Iterable[Rule], start: float, end: float) -> bool:
    """Whether rules go along the edge of a cell."""
    along = sum(max(0.0, min(end, rule.end) - max(start, rule.start)) for rule in rules)
    return along >= _COVERED * (end - start)
