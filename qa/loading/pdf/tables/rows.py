"""Tables without rules: lines that follow each other and whose cells stand in the same columns.

A page is drawn cell by cell, or line by line. In the first case all lines of a cell come before the
next cell, which stands to its right, and what stands below all cells begins a row. In the second, a
line that has nothing in some columns and goes on in the others belongs to the row above.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from qa.loading.pdf.columns import Line
from qa.loading.pdf.tables.cells import Cell, as_lines, is_value, reach, split
from qa.text.sentences import LIST_MARK

_CLAUSE = re.compile(r"(?:§ ?)?\d{1,3}(?:\.\d{1,3}){1,5}|§ ?\d{1,3}")
_FEWEST_ROWS = 3
_MOST_LINES = 8  # of a cell
_FARTHEST_ROW = 3.0  # of the letter height: how far below each other two rows are at most
_FARTHEST_LINE = 1.9  # the same for two lines of a cell
_HIGHEST = 6.0  # the same for how far above the cells before it a cell may begin
_APART = 0.35  # of the letter height: between two cells at least
_BELOW = 0.3  # of the letter height: what is less far below is at the same height


def rows_apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, those that make up a row of a table as one, with `CELL_SEPARATOR`."""
    kept: list[Line] = []
    pieces = [list(_pieces(line)) for line in lines]
    beside = _beside(pieces)
    index = 0
    while index < len(lines):
        if beside[index] - index > _MOST_LINES:  # a first row of one cell is none
            kept.append(lines[index])
            index += 1
            continue
        table = _Table()
        place = index
        while place < len(lines) and table.take(pieces[place]):
            place += 1
        table.end()
        # Where there are too few rows, the second may be the first of a table.
        if len(table.rows) < _FEWEST_ROWS or table.is_plain:
            kept.append(lines[index])
            index += 1
            continue
        taken = lines[index : index + table.count]
        kept += taken if table.is_list else table.lines()
        index += table.count
    return kept


def _pieces(line: Line) -> Iterator[Line]:
    """The pieces of a line that may belong to a row; none of one that is a row already."""
    if not line.row:
        for one in line.pieces or (line,):
            yield from split(one)


def _beside(pieces: Sequence[Sequence[Line]]) -> list[int]:
    """For each line the next one, itself included, with something beside something else."""
    found = [len(pieces)] * (len(pieces) + 1)
    for at in range(len(pieces) - 1, -1, -1):
        here, before = pieces[at], pieces[at - 1] if at else ()
        apart = len(here) > 1 or (here and before and here[0].left >= before[-1].right)
        found[at] = at if apart else found[at + 1]
    return found


class _Row:
    """The cells of a row from the left, each with its lines."""

    def __init__(self, cells: Sequence[Sequence[Line]] = ()) -> None:
        self.cells = [list(cell) for cell in cells]

    @property
    def lefts(self) -> list[float]:
        return [min(line.left for line in cell) for cell in self.cells]

    @property
    def ranges(self) -> list[tuple[float, float]]:
        rights = (max(line.right for line in cell) for cell in self.cells)
        return list(zip(self.lefts, rights, strict=True))

    @property
    def top(self) -> float:
        return max(line.bottom for cell in self.cells for line in cell)

    @property
    def bottom(self) -> float:
        return min(line.bottom for cell in self.cells for line in cell)

    @property
    def height(self) -> float:
        return max(line.height for cell in self.cells for line in cell)

    def with_(self, piece: Line, below: float) -> bool:
        """Take a piece of a line into the row, which is `below` another one, if it belongs here."""
        if not self.cells:
            self.cells.append([piece])
            return True
        last = self.cells[-1]
        left, right = self.ranges[-1]
        height = max(piece.height, last[-1].height)
        if piece.left >= right + _APART * height:
            beside = self.bottom - _BELOW * height <= piece.bottom
            if not beside or piece.bottom > min(below, self.top + _HIGHEST * height):
                return False
            self.cells.append([piece])
            return True
        under = piece.left < right and piece.right > left
        free = len(self.cells) == 1 or piece.left > self.ranges[-2][1]
        step = last[-1].bottom - piece.bottom
        near = _BELOW * height < step <= _FARTHEST_LINE * height
        if not (under and free and near) or len(last) >= _MOST_LINES or is_value(piece):
            return False
        last.append(piece)
        return True


class _Table:
    """Lines that may make up the rows of one table; columns are ranges across the page."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.count = 0
        """How many lines the rows are made of."""
        self._columns: list[tuple[float, float]] = []
        self._open = _Row()
        self._opened = 0  # lines of the row that is open

    def take(self, pieces: Sequence[Line]) -> bool:
        """Take the pieces of another line, if there are any and they may belong to the table."""
        if not pieces:
            return False
        more = _Row(self._open.cells)
        below = self._below()
        if all(more.with_(piece, below) for piece in pieces):
            self._open = more
            self._opened += 1
            return True
        if not self._begins(pieces[0]) or not self._close():
            return False
        below = self._below()
        if not all(self._open.with_(piece, below) for piece in pieces):
            self._open = _Row()
            return False
        self._opened = 1
        return True

    def end(self) -> None:
        """No line follows."""
        self._close()

    def _below(self) -> float:
        """What the next row has to be below."""
        if not self.rows:
            return float("inf")
        return self.rows[-1].bottom - _BELOW * self.rows[-1].height

    def _begins(self, piece: Line) -> bool:
        """Whether a piece is below all of the row that is open."""
        row = self._open
        return bool(row.cells) and piece.bottom < row.bottom - _BELOW * row.height

    def _close(self) -> bool:
        """End the row that is open, if it is one."""
        row, count = self._open, self._opened
        self._open, self._opened = _Row(), 0
        if not row.cells:
            return False
        if self.rows and _goes_on(self.rows[-1], row, self._columns):
            row = _joined(self.rows[-1], row)
            before = self.rows[:-1]
        elif len(row.cells) > 1 and self._is_next(row):
            before = self.rows
        else:
            return False
        columns = _united([*self._columns, *row.ranges])
        # Where columns become one, cells of earlier rows may have come together.
        apart = _are_apart(columns, [left for left, _ in self._columns])
        others = [] if apart else before
        if not all(_are_apart(columns, one.lefts) for one in (*others, row)):
            return False
        self.rows[len(before) :] = [row]
        self._columns = columns
        self.count += count
        return True

    def _is_next(self, row: _Row) -> bool:
        if not self.rows:
            return True
        above = self.rows[-1]
        return 0 < above.bottom - row.top <= _FARTHEST_ROW * max(above.height, row.height)

    @property
    def is_plain(self) -> bool:
        """Whether it is running text, in columns that stand beside each other."""
        full = sum(len(cell) == _MOST_LINES for row in self.rows for cell in row.cells)
        return full > 0

    @property
    def is_list(self) -> bool:
        """Whether it is a list whose marks are far from its items."""
        marks = sum(bool(LIST_MARK.fullmatch(f"{row.cells[0][0].text} ")) for row in self.rows)
        clauses = sum(bool(_CLAUSE.fullmatch(row.cells[0][0].text)) for row in self.rows)
        pairs = len(self._columns) == len(("number", "text"))
        return 2 * marks >= len(self.rows) or (pairs and 2 * clauses >= len(self.rows))

    def lines(self) -> Iterator[Line]:
        """Its rows."""
        rows = [
            {
                _place(self._columns, left): Cell(cell)
                for left, cell in zip(row.lefts, row.cells, strict=True)
            }
            for row in self.rows
        ]
        return as_lines(rows, len(self._columns))


def _goes_on(above: _Row, row: _Row, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether a line of a table is the next one of the cells in the row above it."""
    step = above.bottom - row.top
    if not 0 < step <= _FARTHEST_LINE * max(above.height, row.height):
        return False
    if len(row.cells) >= len(above.cells) or any(len(cell) > 1 for cell in row.cells):
        return False
    places = [_under(left, right, above) for left, right in row.ranges]
    if None in places or len(set(places)) < len(places):
        return False
    for place, [line] in zip(places, row.cells, strict=True):
        upper = above.cells[place or 0][-1]
        if is_value(line) or not (
            line.text[:1].islower() or (0 not in places and _is_full(upper, line, columns))
        ):
            return False
    return True


def _under(left: float, right: float, above: _Row) -> int | None:
    """The cell that alone is above this range."""
    over = [at for at, (start, end) in enumerate(above.ranges) if start < right and left < end]
    return over[0] if len(over) == 1 else None


def _is_full(upper: Line, lower: Line, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether the first word of a line did not fit into the one above it, which has several."""
    if " " not in upper.text:
        return False
    end = columns[_place(columns, upper.left)][1]
    return reach(upper, lower) > end


def _joined(above: _Row, row: _Row) -> _Row:
    """A row with the line that it goes on in."""
    whole = _Row(above.cells)
    for (left, right), cell in zip(row.ranges, row.cells, strict=True):
        place = _under(left, right, above)
        whole.cells[place or 0] += cell
    return whole


def _united(ranges: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Ranges in order, those that overlap as one."""
    united: list[tuple[float, float]] = []
    for left, right in sorted(ranges):
        if united and left < united[-1][1]:
            united[-1] = united[-1][0], max(right, united[-1][1])
        else:
            united.append((left, right))
    return united


def _place(columns: Sequence[tuple[float, float]], left: float) -> int:
    """The number of the column that something is in."""
    return bisect_right(columns, left, key=lambda column: column[0]) - 1


def _are_apart(columns: Sequence[tuple[float, float]], lefts: Sequence[float]) -> bool:
    """Whether each is in a column of its own."""
    return len({_place(columns, left) for left in lefts}) == len(lefts)
