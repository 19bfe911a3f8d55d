"""Tables of web pages: which of them hold data, and their rows as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from qa.loading.boilerplate import Element

_LONGEST_CELL = 1500
_WIDEST_SPAN = 100
_BEFORE_NUMBER = frozenset(("$", "€", "£", "¥", "US$", "(", "$("))
_NUMBER_START = re.compile(r"[(\-−–]?[\d.]")
_AFTER_NUMBER = re.compile(r"[)%]{1,2}")


@dataclass(slots=True)
class Cell:
    """One cell, with the columns it spans."""

    span: int = 1
    text: str = ""

    def add(self, text: str, *, is_item: bool) -> None:
        """Append a paragraph or a list item of the cell."""
        self.text += ("; " if is_item else " ") + text if self.text else text


@dataclass(slots=True)
class Table:
    """A table that holds data, as it is being read."""

    rows: list[list[Cell]] = field(default_factory=list)
    cell: Cell | None = None

    def open_cell(self, element: Element) -> None:
        """Begin a cell in the last row."""
        if not self.rows:
            self.rows.append([])
        span = element.get("colspan") or "1"
        width = int(span) if re.fullmatch(r"\d{1,4}", span, re.ASCII) else 1
        self.cell = Cell(min(max(width, 1), _WIDEST_SPAN))
        self.rows[-1].append(self.cell)

    def clean_rows(self) -> Iterator[list[str]]:
        """The texts of each row, without columns that are empty in every row.

        Financial tables give "$", ")" and "%" columns of their own: they are
        put back to their numbers.
        """
        rows = [_with_positions(_join_signs(row)) for row in self.rows]
        used = {column for row in rows for column, text in row if text}
        for row in rows:
            texts = [text for column, text in row if text or column in used]
            if any(texts):
                yield texts


def is_layout(element: Element) -> bool:
    """Whether a table only lays out the page: it holds tables, headings, long texts, one column."""
    if (element.get("role") or "").lower() in ("presentation", "none"):
        return True
    rows = list(_own_rows(element))
    if sum(1 for row in rows if _is_name_and_value(row)) * 2 > len(rows):
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
    """The row with its lone signs at their numbers, and empty cells where they stood."""
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


def _with_positions(row: list[Cell]) -> list[tuple[int, str]]:
    """Each cell's first column and its text."""
    positions, column = [], 0
    for cell in row:
        positions.append((column, " ".join(cell.text.split())))
        column += cell.span
    return positions
