"""Workbooks in one piece of XML, as Excel 2003 saved them and many programs still export them."""

from __future__ import annotations

from collections.abc import Iterator

from qa.loading.archives import Element, local_attribute, local_name
from qa.loading.tables.grid import Value
from qa.loading.tables.number_formats import shown
from qa.loading.tables.sheet import Sheet
from qa.text.cleaning import one_line

_NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_VALUES = frozenset(("Number", "DateTime", "Boolean"))
_TRUTHS = {"1": "TRUE", "0": "FALSE"}
_MIDNIGHT = "T00:00:00.000"
_LAST = 1_048_576  # row
_WIDEST = 16_384


class Workbook:
    """The sheets below the root of such a file."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._codes = {
            local_attribute(style, "ID"): local_attribute(code, "Format")
            for style in root.iter(f"{{{_NAMESPACE}}}Style")
            for code in style.iterchildren("{*}NumberFormat")
        }

    @staticmethod
    def is_root(element: Element) -> bool:
        """Whether an element is the root of such a file."""
        return bool(element.tag == f"{{{_NAMESPACE}}}Workbook")

    def sheets(self) -> Iterator[Sheet]:
        """Each sheet that is shown."""
        for sheet in self._root.iterchildren("{*}Worksheet"):
            visible = (
                local_name(one) == "Visible" and one.text for one in sheet.iter("{*}Visible")
            )
            if next(visible, "") in ("SheetHidden", "SheetVeryHidden"):
                continue
            yield self._sheet(sheet)

    def _sheet(self, sheet: Element) -> Sheet:
        rows: dict[int, dict[int, str]] = {}
        merged: list[tuple[range, range]] = []
        hidden_columns: set[int] = set()
        hidden_rows: list[int] = []
        column = number = 0
        for element in sheet.iterfind("{*}Table/*"):
            name = local_name(element)
            if name == "Column":
                column = _place(element, column)
                last = column + _count(element, "Span", _WIDEST)
                if local_attribute(element, "Hidden") == "1":
                    hidden_columns.update(range(column - 1, last))
                column = last
            elif name == "Row":
                number = _place(element, number)
                if local_attribute(element, "Hidden") == "1":
                    hidden_rows.append(number)
                else:
                    rows[number] = dict(self._cells(element, number, merged))
                number += _count(element, "Span", _LAST)
        name = local_attribute(sheet, "Name")
        return Sheet(name, rows, merged, frozenset(hidden_columns), sorted(hidden_rows))

    def _cells(
        self, row: Element, number: int, merged: list[tuple[range, range]]
    ) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in row.iterchildren("{*}Cell"):
            column = _place(cell, column)
            data = next(cell.iterchildren("{*}Data"), None)
            if data is not None and (text := self._text(data, local_attribute(cell, "StyleID"))):
                yield column - 1, text
            across = _count(cell, "MergeAcross", _WIDEST)
            down = _count(cell, "MergeDown", _LAST)
            if across or down:
                rows = range(number, number + down + 1)
                merged.append((rows, range(column - 1, column + across)))
            column += across

    def _text(self, data: Element, style: str) -> str:
        kind = local_attribute(data, "Type")
        text = one_line("".join(data.itertext()))
        if kind == "Error":
            return ""
        if kind == "Boolean":
            text = _TRUTHS.get(text, text)
        elif kind == "DateTime":
            text = text.removesuffix(_MIDNIGHT).removesuffix(".000").replace("T", " ")
        elif kind == "Number":
            text = _number(text, self._codes.get(style, ""))
        return Value(text) if kind in _VALUES else text


def _number(text: str, code: str) -> str:
    """A number with the format of its cell, unless that is called by a name."""
    if not any(sign in code for sign in "0#"):
        code = {"Percent": "0.00%", "Standard": "#,##0.00", "Fixed": "0.00"}.get(code, "General")
    try:
        return shown(float(text), code)
    except (ValueError, OverflowError):
        return text


def _place(element: Element, before: int) -> int:
    """The number of a row, a column or a cell, counted from 1."""
    said = local_attribute(element, "Index")
    return int(said) if said.isdecimal() and 0 < int(said[:8]) <= _LAST else before + 1


def _count(element: Element, name: str, most: int) -> int:
    said = local_attribute(element, name)
    return min(int(said[:8]), most) if said.isdecimal() else 0
