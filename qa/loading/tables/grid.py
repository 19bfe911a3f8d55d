"""Cells that lie in rows and columns -> tables, with what stands above and below them as text.

A sheet is not told what its tables are: they are set apart by empty rows, have titles and notes
around them, and a header that is recognised by the cells below it. A long table is written
as several, each below the header, so that every row is understood where it is found.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, takewhile

from qa.loading.blocks import Blocks
from qa.text.cleaning import clean, one_line
from qa.text.sentences import CELL_SEPARATOR, NO_VALUE

Row = Mapping[int, str]
"""The cells of a row that hold something, by their column."""


class Numbered(dict[int, str]):
    """A row with its number in the sheet; 0 if it has none."""

    number = 0

    @classmethod
    def of(cls, row: Row, number: int) -> Numbered:
        """The row, with this number."""
        made = cls(row)
        made.number = number
        return made


_LONGEST_PART = 800  # characters; about as much as a passage holds
_MOST_ROWS_ABOVE = 3
_PERIOD = re.compile(
    r"(?:19|20)\d\d|\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|[A-Za-z]{3,9}[- ]\d{2,4}"
)
_VALUE = re.compile(
    r"[-+−(]?[$€£¥]?\s?[-+−]?\d[\d.,'\u00a0\u202f ]{0,30}(?:[eE][+-]?\d{1,3})?\s?[%€$£¥]?\)?"
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
    r"|\d{1,2}:\d\d(?::\d\d)?|true|false",
    re.IGNORECASE,
)


class Value(str):
    """The text of a cell that holds a number, a date or a truth: it is no name of a column."""

    __slots__ = ()


def typed(text: str) -> str:
    """The text of a cell as a `Value` where it looks like one."""
    return Value(text) if text and _VALUE.fullmatch(text) else text


def add_grid(
    blocks: Blocks,
    rows: Iterable[tuple[int, Row]],
    hidden: Sequence[int] = (),
    *,
    numbered: bool = True,
) -> None:
    """Add what a sheet holds: its rows with their numbers, in order, but for the `hidden` ones.

    The blocks have these numbers if they are `numbered`.
    """
    header = Numbered()
    regions = _with_their_headers(_regions(rows, hidden, numbered=numbered))
    for region in chain.from_iterable(map(_side_by_side, regions)):
        before, body, after = _parts(region)
        for line in before:
            header = Numbered()
            blocks.add(_line(line), number=line.number)
        if body:
            header = _add_table(blocks, body, header)
        for line in after:
            blocks.add(_line(line), number=line.number)


def _regions(
    rows: Iterable[tuple[int, Row]], hidden: Sequence[int], *, numbered: bool
) -> Iterator[list[Numbered]]:
    """Rows without an empty one between them."""
    region: list[Numbered] = []
    last = 0
    for number, row in rows:
        filled = {column: text for column, cell in row.items() if (text := _cell(cell))}
        place = number - bisect_left(hidden, number)  # a hidden row is no empty one
        if region and (not filled or place > last + 1):
            yield region
            region = []
        if filled:
            region.append(Numbered.of(filled, number if numbered else 0))
            last = place
    if region:
        yield region


def _with_their_headers(regions: Iterable[list[Numbered]]) -> Iterator[list[Numbered]]:
    """The regions, a header that an empty row sets apart from its table joined to it."""
    waiting: list[Numbered] = []
    for region in regions:
        if waiting and not _has_values(region[0]):
            yield waiting
            waiting = []
        region = [*waiting, *region]
        if not waiting and _is_header(region):
            waiting = region
        else:
            waiting = []
            yield region
    if waiting:
        yield waiting


def _side_by_side(region: list[Numbered]) -> list[list[Numbered]]:
    """The tables of a region that stand side by side, with an empty column between them.

    An empty column may also be one of a table, so both must have a header and a name in each row,
    and either the same names of columns or rows that the other one does not have.
    """
    filled = sorted({column for row in region for column in row})
    gap = next((b for a, b in pairwise(filled) if b > a + 1), None)
    if gap is None:
        return [region]
    sides = [
        [Numbered.of(part, row.number) for row in region if (part := _within(row, columns))]
        for columns in (range(gap), range(gap, filled[-1] + 1))
    ]
    bodies = [_parts(side)[1] for side in sides]
    if not all(len(_columns(body)) > 1 and _names_rows(body) for body in bodies):
        return [region]
    left, right = (body[0].values() for body in bodies)
    if len(bodies[0]) == len(bodies[1]) and set(left).isdisjoint(right):
        return [region]
    return [sides[0], *_side_by_side(sides[1])]


def _names_rows(body: Sequence[Row]) -> bool:
    """Whether the rows below a header each begin with a name."""
    size = header_size(body)
    first = min(_columns(body))
    begins = [row.get(first, "") for row in body[size:]]
    return size > 0 and all(
        not isinstance(cell, Value) and any(map(str.isalpha, cell)) for cell in begins
    )


def _within(row: Row, columns: range) -> Row:
    return {column: text for column, text in row.items() if column in columns}


def _columns(rows: Iterable[Row]) -> set[int]:
    return {column for row in rows for column in row}


def _is_header(region: Sequence[Row]) -> bool:
    """Whether these may be the names of columns whose values come below an empty row."""
    short = len(region) <= _MOST_ROWS_ABOVE and not _is_line(region[-1])
    return short and not any(map(_has_values, region))


def _cell(text: str) -> str:
    """A cell on one line; what stands between cells is not in it."""
    line = one_line(clean(text)).replace(CELL_SEPARATOR, " ¦ ")
    return Value(line) if isinstance(text, Value) else line


def _parts(region: list[Numbered]) -> tuple[list[Numbered], list[Numbered], list[Numbered]]:
    """The lines above the table, its rows, and the lines below it."""
    before = list(takewhile(_is_line, region))
    rest = region[len(before) :]
    first = min((column for row in rest for column in row), default=0)
    after = list(takewhile(lambda row: _is_line(row) and first in row, reversed(rest)))[::-1]
    return before, rest[: len(rest) - len(after)], after


def _is_line(row: Row) -> bool:
    return len(row) == 1 and not _has_values(row)


def _line(row: Row) -> str:
    return next(iter(row.values()))


def _has_values(row: Row) -> bool:
    return any(isinstance(cell, Value) for cell in row.values())


def _add_table(blocks: Blocks, rows: list[Numbered], above: Numbered) -> Numbered:
    """Write the rows of a table below their header, and return that."""
    size = header_size(rows)
    header = Numbered.of(_joined(rows[:size]), rows[0].number if size else 0)
    if not size and above and all(column in above for row in rows for column in row):
        header = above  # a table that goes on below an empty row
    columns = sorted({column for row in (header, *rows) for column in row})
    names = _texts(header, columns)
    length = 0
    for row in rows[size:]:
        texts = _texts(row, columns)
        if not length or length > _LONGEST_PART:
            if length:
                blocks.close("table")
            blocks.open("table")
            length = 0
            if header:
                blocks.row(names, header=True, number=header.number)
                length = _length(names)
        blocks.row(texts, number=row.number)
        length += _length(texts)
    blocks.close("table")
    return header


def _length(texts: Sequence[str]) -> int:
    return sum(map(len, texts)) + len(CELL_SEPARATOR) * len(texts)


def header_size(rows: Sequence[Row]) -> int:
    """How many rows are the header; nought where the first one holds values like the others."""
    if len(rows) < 2 or _is_pair(rows):
        return 0
    names = sum(1 for _ in takewhile(lambda row: not _has_values(row), rows))
    if names == len(rows):
        return _with_parts(rows, 1)
    size = min(names, 1)
    while size and size < min(names, _MOST_ROWS_ABOVE) and _goes_on(rows[size - 1], rows[size]):
        size += 1
    if size + 1 < len(rows) and size == names and _names_periods(rows[size], rows[size + 1]):
        size += 1
    return size


def _is_pair(rows: Sequence[Row]) -> bool:
    """Whether each row is a name and its value, the first one's with a unit: "Length", "12.4 m"."""
    columns = sorted({column for row in rows for column in row})
    if len(columns) != len(("name", "value")):
        return False
    value = rows[0].get(columns[1], "")
    return value[:1].isdigit() and not _PERIOD.fullmatch(value)


def rows_of_names(rows: Sequence[Sequence[str]], marked: int) -> int:
    """How many rows at the top of a table are its header, where so many are marked as one.

    Where none is, rows of names are a header only above a column of values: a table of texts may
    have none, and neither may one that has a name and its value in each row.
    """
    cells = [{at: typed(text) for at, text in enumerate(row) if text} for row in rows]
    if marked:
        return _with_parts(cells, marked)
    size = header_size(cells)
    wide = max((len(row) for row in cells), default=0) > len(("name", "value"))
    return size if size and wide and _has_column_of_values(cells[size:]) else 0


def _has_column_of_values(rows: Sequence[Row]) -> bool:
    columns: dict[int, list[str]] = {}
    for row in rows:
        for column, cell in row.items():
            columns.setdefault(column, []).append(cell)
    return any(
        len(cells) > 1 and all(isinstance(cell, Value) for cell in cells)
        for column, cells in columns.items()
        if column
    )


def _with_parts(rows: Sequence[Row], size: int) -> int:
    """The rows of a header, with those that name parts of what the last one names."""
    while size < min(len(rows) - 1, _MOST_ROWS_ABOVE) and _names_parts(rows[size - 1], rows[size]):
        size += 1
    return size


def _names_parts(above: Row, below: Row) -> bool:
    """Whether a row has names only for the parts of columns that the one above it names together.

    All other names in it are those above, as of cells that reach down.
    """
    parted: dict[str, set[str]] = {}
    for column in above.keys() | below.keys():
        name, part = above.get(column, ""), below.get(column, "")
        if isinstance(part, Value) and not _PERIOD.fullmatch(part):
            return False
        if list(above.values()).count(name) > 1:
            parted.setdefault(name, set()).add(part)
        elif part not in ("", name):
            return False
    return any(len(parts) > 1 and "" not in parts for parts in parted.values())


def _goes_on(above: Row, below: Row) -> bool:
    """Whether a row of names leaves columns for the one below it to name."""
    spans = len(set(above.values())) < len(above)
    return len(below) > 1 and (spans or any(column not in above for column in below))


def _names_periods(row: Row, below: Row) -> bool:
    """Whether a row's values are years or dates, and what stands below them is something else."""
    values = [column for column, cell in row.items() if isinstance(cell, Value)]
    return bool(values) and all(
        _PERIOD.fullmatch(row[column])
        and isinstance(below.get(column, Value()), Value)
        and not _PERIOD.fullmatch(below.get(column, ""))
        for column in values
    )


def _joined(rows: Sequence[Row]) -> Row:
    """The names of columns, put together of those in each row of the header."""
    names: dict[int, list[str]] = {}
    for row in rows:
        for column, text in row.items():
            if text not in names.setdefault(column, []):
                names[column].append(text)
    return {column: " ".join(texts) for column, texts in names.items()}


def _texts(row: Row, columns: Sequence[int]) -> list[str]:
    """A row's cells in these columns."""
    texts = [row.get(column, "") for column in columns]
    return [texts[0] or NO_VALUE, *texts[1:]] if row else []
