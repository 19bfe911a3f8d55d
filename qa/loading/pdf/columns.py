"""The lines of a page, and what stands beside each other on it: columns of text, cells of a table.

Neither PDF nor PDFium knows of columns or tables. What tells them is the wide gaps in lines that
follow each other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from qa.loading.tables.grid import header_size, typed
from qa.text.sentences import CELL_SEPARATOR, LIST_MARK, NO_VALUE

HYPHEN = "\ufffe"
"""Ends a line whose last word goes on in the next one; never in a finished text."""

RowKind = Literal["", "header", "first", "next"]
"""Whether a line is a row of a table: its header, else its first row, or one that follows."""

_FEWEST_ROWS = 3  # of two columns that were drawn row by row, and of a table
_LEAST_LETTERS = 12  # in a line of such a column
_SAME_HEIGHT = 0.12
WIDE = 1.2  # of the letter height: wider than any unstretched space between words
_FARTHEST_ROW = 3.0  # of the letter height: how far below each other two rows are at most


@dataclass(frozen=True, slots=True)
class Gap:
    """A wide gap in a line: how many characters stand before it, and from where to where it is."""

    at: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and the box around it, without the parts of letters that stick out."""

    text: str
    left: float
    right: float
    bottom: float
    height: float
    gaps: tuple[Gap, ...] = ()
    ink: tuple[int, ...] = ()
    """If traced, where each of its characters is in PDFium's text, without spaces."""
    row: RowKind = ""
    bold: bool = False
    """Whether its first and its last letter are."""
    turn: int = 0
    """How much further than most lines of its page it is turned, in degrees."""
    filled: bool = False
    """Whether it is filled into the page, or drawn with something else that is put onto it."""

    @property
    def gap(self) -> Gap | None:
        """Its gap, if it has only one."""
        return self.gaps[0] if len(self.gaps) == 1 else None

    @property
    def letter_width(self) -> float:
        """The mean width of its characters."""
        return (self.right - self.left) / max(1, len(self.text))


def pieces_joined(lines: Sequence[Line]) -> tuple[list[Line], dict[int, list[Line]]]:
    """The lines, those at one height with a wide gap between them as one, and its pieces by its id.

    PDFium ends a line in a wide gap if too little stands before it.
    """
    joined: list[Line] = []
    pieces: dict[int, list[Line]] = {}
    for line in lines:
        before = joined[-1] if joined else None
        if before is None or not _is_beside(before, line):
            joined.append(line)
            continue
        at = len(before.text) + 1
        gaps = (replace(gap, at=at + gap.at) for gap in line.gaps)
        whole = replace(
            before,
            text=f"{before.text} {line.text}",
            right=line.right,
            gaps=(*before.gaps, Gap(at - 1, before.right, line.left), *gaps),
            ink=(*before.ink, *line.ink),
            bold=before.bold and line.bold,
        )
        pieces[id(whole)] = [*pieces.pop(id(before), [before]), line]
        joined[-1] = whole
    return joined, pieces


def _is_beside(first: Line, second: Line) -> bool:
    """Whether two lines are cells of one row, or lines of two columns that are side by side."""
    height = max(first.height, second.height)
    return (
        not first.text.endswith(HYPHEN)
        and have_same_height(first, second)
        and abs(first.bottom - second.bottom) <= _SAME_HEIGHT * height
        and second.left - first.right >= WIDE * height
    )


def columns_apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, two columns that were drawn row by row put after one another."""
    kept: list[Line] = []
    index = 0
    while index < len(lines):
        rows = _rows_of_columns(lines, index) if lines[index].gap else 0
        block = lines[index : index + rows]
        if rows >= _FEWEST_ROWS:
            halves = [_halves(line) for line in block]
            columns = [[half[0] for half in halves], [half[1] for half in halves]]
            if all(_is_prose(column) for column in columns):
                kept += (*columns[0], *columns[1])
                index += rows
                continue
        kept.append(lines[index])
        index += 1
    return kept


def _rows_of_columns(lines: Sequence[Line], start: int) -> int:
    """How many lines from `start` on have their gap at the same place."""
    first = lines[start]
    rows = 0
    for line in lines[start:]:
        gap, usual = line.gap, first.gap
        if gap is None or usual is None or abs(gap.right - usual.right) > 0.5 * first.height:
            break
        if abs(line.left - first.left) > first.height or not have_same_height(line, first):
            break
        rows += 1
    return rows


def _halves(line: Line) -> tuple[Line, Line]:
    gap = line.gap
    if gap is None:
        raise ValueError(line)
    text = line.text
    inked = sum(not character.isspace() for character in text[: gap.at])
    left = replace(
        line, text=text[: gap.at].rstrip(), right=gap.left, gaps=(), ink=line.ink[:inked]
    )
    right = replace(
        line, text=text[gap.at :].lstrip(), left=gap.right, gaps=(), ink=line.ink[inked:]
    )
    return left, right


def _is_prose(column: Sequence[Line]) -> bool:
    """Whether lines of a column go on in the next one, as those of a table's rows do not."""
    going_on = sum(line.text[:1].islower() for line in column[1:])
    letters = sum(len(line.text) for line in column)
    return going_on * 2 >= len(column) - 1 and letters >= _LEAST_LETTERS * len(column)


class Set(Protocol):
    """Text that was set in letters of a height."""

    @property
    def height(self) -> float:
        """In points."""


def have_same_height(first: Set, second: Set) -> bool:
    """Whether the letters of two lines or paragraphs are about as high."""
    return abs(first.height - second.height) <= _SAME_HEIGHT * max(first.height, second.height)


def rows_apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, the cells of those that are rows of a table apart, with `CELL_SEPARATOR`."""
    kept: list[Line] = []
    index = 0
    while index < len(lines):
        table = _Table()
        while index + len(table.rows) < len(lines) and table.take(lines[index + len(table.rows)]):
            pass
        # Where there are too few rows, the second may be the first of a table.
        count = len(table.rows) if len(table.rows) >= _FEWEST_ROWS else 1
        kept += lines[index : index + count] if count == 1 or table.is_list else table.lines()
        index += count
    return kept


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    left: float
    right: float


class _Table:
    """Lines that may be rows of one table; each has its cells by column, and columns are ranges."""

    def __init__(self) -> None:
        self.rows: list[tuple[Line, list[_Cell]]] = []
        self._columns: list[tuple[float, float]] = []

    def take(self, line: Line) -> bool:
        """Take another row, if the cells of all of them still are in columns."""
        if not line.gaps or (self.rows and not self._is_next(line)):
            return False
        cells = list(_cells(line))
        columns = _united([*self._columns, *((cell.left, cell.right) for cell in cells)])
        # Where columns become one, cells of earlier rows may have come together.
        apart = _are_apart(columns, [left for left, _ in self._columns])
        before = [] if apart else [row for _, row in self.rows]
        if not all(_are_apart(columns, [cell.left for cell in row]) for row in (*before, cells)):
            return False
        self.rows.append((line, cells))
        self._columns = columns
        return True

    def _is_next(self, line: Line) -> bool:
        above = self.rows[-1][0]
        return 0 < above.bottom - line.bottom <= _FARTHEST_ROW * max(above.height, line.height)

    @property
    def is_list(self) -> bool:
        """Whether it is a list whose marks are far from its items."""
        marks = sum(bool(LIST_MARK.fullmatch(f"{cells[0].text} ")) for _, cells in self.rows)
        return 2 * marks >= len(self.rows)

    def lines(self) -> Iterator[Line]:
        """Its rows."""
        places = [{_place(self._columns, c.left): c.text for c in row} for _, row in self.rows]
        named = header_size([{at: typed(text) for at, text in row.items()} for row in places])
        kind: RowKind = "header" if named else "first"
        for (line, _), row in zip(self.rows, places, strict=True):
            texts = [row.get(column, "") for column in range(len(self._columns))]
            whole = CELL_SEPARATOR.join([texts[0] or NO_VALUE, *texts[1:]])
            yield replace(line, text=whole.rstrip(CELL_SEPARATOR), gaps=(), row=kind)
            kind = "next"


def _cells(line: Line) -> Iterator[_Cell]:
    at, left = 0, line.left
    for gap in line.gaps:
        yield _Cell(line.text[at : gap.at].strip(), left, gap.left)
        at, left = gap.at, gap.right
    yield _Cell(line.text[at:].strip(), left, line.right)


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
