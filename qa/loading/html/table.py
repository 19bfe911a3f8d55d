"""Tables of web pages: which of them contain data, and their rows as text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from qa.loading.html.boilerplate import Element
from qa.loading.tables.grid import rows_of_names
from qa.text.cleaning import one_line

_LONGEST_CELL = 1500
_WIDEST_SPAN = 100
_LONGEST_SPAN = 10_000
_NO_COLUMN = 1 << 30
_LOOKED_AT = 3  # rows
_LONGEST_REPEATED = 200  # characters of a cell that are repeated in each row it spans
_BEFORE_NUMBER = frozenset(("$", "€", "£", "¥", "US$", "(", "$("))
_NUMBER_START = re.compile(r"[(\-−–]?[\d.]")
_AFTER_NUMBER = re.compile(r"[)%]{1,2}")


@dataclass(slots=True)
class Cell:
    """One cell, with the columns and the rows it spans."""

    span: int = 1
    text: str = ""
    rows: int = 1
    header: bool = False
    bold: bool = False

    def add(self, text: str, *, is_item: bool) -> None:
        """Append a paragraph or a list item of the cell."""
        self.text += ("; " if is_item else " ") + text if self.text else text


@dataclass(slots=True)
class Table:
    """A table with data, as it is being read."""

    rows: list[list[Cell]] = field(default_factory=list)
    cell: Cell | None = None

    def open_cell(self, element: Element) -> None:
        """Begin a cell in the last row."""
        if not self.rows:
            self.rows.append([])
        width = min(max(_number(element, "colspan"), 1), _WIDEST_SPAN)
        # 0 means to the end.
        height = _number(element, "rowspan") or _LONGEST_SPAN
        header = element.tag == "th" or any(
            around.tag == "thead" for around in islice(element.iterancestors(), 2)
        )
        bold = not header and len(self.rows) <= _LOOKED_AT and _is_bold(element)
        self.cell = Cell(width, rows=height, header=header, bold=bold)
        self.rows[-1].append(self.cell)

    def clean_rows(self) -> Iterator[tuple[list[str], bool]]:
        """The texts of each row, without empty columns, and whether it is a header.

        A cell that spans rows is repeated in each. Financial tables have separate columns for "$",
        ")" and "%", which are joined with their numbers.
        """
        rows = [_with_positions(_join_signs(row)) for row in _with_spanning_cells(self.rows)]
        used = sorted({column for row in rows for column, _, text in row if text})
        financial = any(_is_sign(cell.text.strip()) for row in self.rows for cell in row)
        above = True
        marked = 0
        found: list[list[str]] = []
        for cells, row in zip(self.rows, rows, strict=True):
            above = above and len(cells) > 1 and all(cell.header for cell in cells)
            if financial or len(row) == 1:
                texts = [text for column, _, text in row if text or column in used]
            else:
                texts = list(_across(row, used))
            if any(texts):
                found.append(texts)
                marked += above
        if marked or not any(cell.header for cells in self.rows for cell in cells):
            marked = rows_of_names(found, marked or self._has_bold_names())
        for place, texts in enumerate(found):
            yield texts, place < marked

    def _has_bold_names(self) -> bool:
        """Whether only the first row is in bold."""
        rows = [row for row in self.rows if len(row) > 1]
        bold = [all(cell.bold or not cell.text for cell in row) for row in rows[:2]]
        return bold == [True, False]


def _is_bold(element: Element) -> bool:
    """Whether all words of an element are in bold."""
    bold = next(element.iter("b", "strong"), None)
    if bold is None:
        return False
    return one_line("".join(bold.itertext())) == one_line("".join(element.itertext()))


def is_layout(element: Element) -> bool:
    """Whether a table is only for layout: it has tables, headings, long texts or one column."""
    if (element.get("role") or "").lower() in ("presentation", "none"):
        return True
    rows = list(_own_rows(element))
    if sum(1 for row in rows if _is_name_and_value(row)) * 2 > len(rows):
        return False
    if rows and len(rows[0]) > 1 and all(cell.tag == "th" for cell in rows[0]):
        return False
    inner = element.iter("table", "h1", "h2", "h3", "h4", "h5", "h6")
    if next(islice(inner, 1, None), None) is not None:  # the first one is the table itself
        return True
    widest = 0
    for row in rows:
        sizes = [sum(map(len, cell.itertext())) for cell in _cells(row)]
        if any(size > _LONGEST_CELL for size in sizes):
            return True
        widest = max(widest, len(sizes))
    return widest <= 1


def _across(row: list[tuple[int, int, str]], used: list[int]) -> Iterator[str]:
    """The content of each column; a cell that spans several is in each of them."""
    for column, span, text in row:
        again = text if len(text) <= _LONGEST_REPEATED else ""
        first = bisect_left(used, column)
        last = bisect_left(used, column + span)
        if first == last and text:
            yield text
        for place in range(first, last):
            yield text if used[place] == column else again
    end = row[-1][0] + row[-1][1] if row else 0
    yield from [""] * (len(used) - bisect_left(used, end))


def _number(element: Element, name: str) -> int:
    value = element.get(name)
    return int(value) if value and re.fullmatch(r"\d{1,4}", value, re.ASCII) else 1


def _with_spanning_cells(rows: list[list[Cell]]) -> Iterator[list[Cell]]:
    """The rows, each with the cells from above that span it."""
    reaching: list[tuple[int, Cell]] = []  # by column; `rows` counts the remaining ones
    for row in rows:
        own = deque(row)
        cells: list[Cell] = []
        below: list[tuple[int, Cell]] = []
        column = 0
        for start, above in [*reaching, (_NO_COLUMN, Cell())]:
            while own and column < start:
                cell = own.popleft()
                if cell.rows > 1:
                    said = cell.text if len(cell.text) <= _LONGEST_REPEATED else ""
                    below.append((column, replace(cell, text=said, rows=cell.rows - 1)))
                cells.append(cell)
                column += cell.span
            if column <= start < _NO_COLUMN:
                if column < start:
                    cells.append(Cell(start - column))
                if above.rows > 1:
                    below.append((start, replace(above, rows=above.rows - 1)))
                cells.append(replace(above, rows=1))
                column = start + above.span
        reaching = below
        yield cells


def _own_rows(element: Element) -> Iterator[Element]:
    for child in element:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _is_name_and_value(row: Element) -> bool:
    cells = _cells(row)
    return len(cells) == 2 and cells[0].tag == "th" and cells[1].tag == "td"


def _join_signs(row: list[Cell]) -> list[Cell]:
    """The row with lone signs joined to their numbers, and empty cells in their places."""
    joined: list[Cell] = []
    sign = ""
    for cell in row:
        text = cell.text.strip()
        last = next((other for other in reversed(joined) if other.text), None)
        if text in _BEFORE_NUMBER and not sign:
            sign = text
            joined.append(Cell(cell.span))
        elif sign and text:
            glue = "" if _NUMBER_START.match(text) else " "
            joined.append(Cell(cell.span, sign + glue + text))
            sign = ""
        elif _AFTER_NUMBER.fullmatch(text) and last and _ends_as_number(last.text):
            last.text += text
            joined.append(Cell(cell.span))
        else:
            joined.append(Cell(cell.span, text))
    return [*joined, Cell(1, sign)] if sign else joined


def _ends_as_number(text: str) -> bool:
    return text[-1].isdecimal() or (text[-1] == ")" and text[-2:-1].isdecimal())


def _is_sign(text: str) -> bool:
    return text in _BEFORE_NUMBER or _AFTER_NUMBER.fullmatch(text) is not None


def _with_positions(row: list[Cell]) -> list[tuple[int, int, str]]:
    """Each cell's first column, the number of columns it spans, and its text."""
    positions, column = [], 0
    for cell in row:
        positions.append((column, cell.span, " ".join(cell.text.split())))
        column += cell.span
    return positions
