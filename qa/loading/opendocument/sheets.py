"""The sheets of OpenDocument spreadsheets, whose cells hold what they show."""

from __future__ import annotations

from collections.abc import Iterator

from qa.loading.archives import Element, local_attribute, local_name
from qa.loading.blocks import Blocks
from qa.loading.opendocument.styles import Styles
from qa.loading.opendocument.text import Text
from qa.loading.tables.grid import Value
from qa.loading.tables.sheet import Sheet

_VALUES = frozenset(("float", "percentage", "currency", "date", "time", "boolean"))
_UNSEEN = frozenset(("collapse", "filter"))
_MOST_REPEATED = 1000  # rows or cells that are the same
_LAST_ROW = 1 << 30


def sheets(body: Element, styles: Styles) -> Iterator[Sheet]:
    """Each sheet that is shown."""
    text = Text(Blocks(), styles)
    for table in body.iterchildren("{*}table"):
        if styles.of(table, "table").shown:
            yield _Reader(table, text).sheet()


class _Reader:
    """Reads the rows of a sheet."""

    def __init__(self, table: Element, text: Text) -> None:
        self._table = table
        self._text = text
        self._rows: dict[int, dict[int, str]] = {}
        self._merged: list[tuple[range, range]] = []
        self._hidden_rows: list[int] = []
        self._notes: dict[tuple[int, int], str] = {}
        self._number = 1

    def sheet(self) -> Sheet:
        """The sheet."""
        hidden = frozenset(self._hidden_columns())
        self._read(self._table)
        name = local_attribute(self._table, "name")
        return Sheet(name, self._rows, self._merged, hidden, self._hidden_rows, self._notes)

    def _hidden_columns(self) -> Iterator[int]:
        column = 0
        for element in self._table.iter("{*}table-column"):
            count = _count(element, "number-columns-repeated")
            if local_attribute(element, "visibility") in _UNSEEN:
                yield from range(column, column + min(count, _MOST_REPEATED))
            column += count

    def _read(self, parent: Element) -> None:
        for child in parent:
            name = local_name(child)
            if name == "table-row":
                self._read_row(child)
            elif name in ("table-header-rows", "table-row-group", "table-rows"):
                self._read(child)

    def _read_row(self, element: Element) -> None:
        count = _count(element, "number-rows-repeated")
        cells = dict(self._cells(element))
        if local_attribute(element, "visibility") in _UNSEEN:
            self._hidden_rows.extend(range(self._number, self._number + min(count, _MOST_REPEATED)))
        elif cells:
            for number in range(self._number, self._number + min(count, _MOST_REPEATED)):
                self._rows[number] = dict(cells)
        self._number = min(self._number + count, _LAST_ROW)

    def _cells(self, row: Element) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in row:
            if local_name(cell) not in ("table-cell", "covered-table-cell"):
                continue
            count = _count(cell, "number-columns-repeated")
            text = self._text.cell_text(cell)
            if text and local_attribute(cell, "value-type") in _VALUES:
                text = Value(text)
            if text:
                for place in range(column, column + min(count, _MOST_REPEATED)):
                    yield place, text
            for note in cell.iterchildren("{*}annotation"):
                said = ("".join(line.itertext()) for line in note.iterchildren("{*}p"))
                self._notes[self._number, column] = " ".join(said)
            down = _count(cell, "number-rows-spanned")
            wide = _count(cell, "number-columns-spanned")
            if down > 1 or wide > 1:
                rows = range(self._number, self._number + down)
                self._merged.append((rows, range(column, column + wide)))
            column += count


def _count(element: Element, name: str) -> int:
    value = local_attribute(element, name)
    return max(int(value), 1) if value.isdecimal() and len(value) < 10 else 1
