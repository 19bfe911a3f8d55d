"""Excel workbooks in the format of before 2007 (.xls)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from qa.errors import DamagedFileError, EncryptedFileError
from qa.limits import Limits
from qa.loading.blocks import superscript
from qa.loading.tables.grid import Value
from qa.loading.tables.number_formats import BUILT_IN, shown
from qa.loading.tables.sheet import Sheet, write
from qa.records import Document


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The values of each visible sheet, as they are shown; formulas by what they come to."""
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO()
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise EncryptedFileError(
                f"{source} is protected by a password. Save it without one."
            ) from error
        raise DamagedFileError(
            f"{source} is damaged ({str(error)[:100]}). Open it in Excel and save it again."
        ) from error
    return write(_sheets(book), source, limits)


def _sheets(book: Any) -> Iterator[Sheet]:
    for place in range(book.nsheets):
        sheet = book.sheet_by_index(place)
        if sheet.visibility == 0:
            hidden = {column for column, one in sheet.colinfo_map.items() if one.hidden}
            merged = [
                (range(top + 1, bottom + 1), range(left, right))
                for top, bottom, left, right in sheet.merged_cells
                if bottom > top
            ]
            info = sorted(sheet.rowinfo_map.items())
            unseen = [number + 1 for number, one in info if one.hidden]
            numbers = set(range(sheet.nrows)) - {number - 1 for number in unseen}
            rows = {number + 1: dict(_cells(book, sheet, number)) for number in numbers}
            notes = {(row + 1, at): note.text for (row, at), note in sheet.cell_note_map.items()}
            yield Sheet(sheet.name, rows, merged, frozenset(hidden), unseen, notes)
        book.unload_sheet(place)


def _cells(book: Any, sheet: Any, row: int) -> Iterator[tuple[int, str]]:
    import xlrd

    for column, cell in enumerate(sheet.row(row)):
        style = book.xf_list[cell.xf_index]
        if book.font_list[style.font_index].struck_out:
            continue
        if cell.ctype == xlrd.XL_CELL_TEXT:
            runs = sheet.rich_text_runlist_map.get((row, column), ())
            yield column, _rich(book, cell.value, style.font_index, runs) if runs else cell.value
        elif cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            key = style.format_key
            code = BUILT_IN.get(key) or book.format_map[key].format_str
            yield column, Value(shown(cell.value, code, from_1904=book.datemode == 1))
        elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
            yield column, Value("TRUE" if cell.value else "FALSE")


def _rich(book: Any, text: str, font: int, runs: Sequence[tuple[int, int]]) -> str:
    """A text whose fonts change at some of its characters, without what is struck through."""
    pieces = []
    for (start, number), (end, _) in pairwise([(0, font), *runs, (len(text), 0)]):
        style = book.font_list[number]
        if not style.struck_out:
            raised = style.escapement == 1
            pieces.append(superscript(text[start:end]) if raised else text[start:end])
    return "".join(pieces)
