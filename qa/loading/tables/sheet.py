"""Sheets of workbooks, whatever their format, and the document that they make up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.tables.grid import Row, add_grid
from qa.records import Document
from qa.text.cleaning import clean, one_line
from qa.text.sentences import CELL_SEPARATOR

_MOST_FILLED = 200_000  # places of merged cells that are filled
_LONGEST_REPEATED = 200  # characters of a merged cell that are said in each of its places
_MOST_NOTES = 1000  # of a sheet
_LONGEST_NAME = 100  # characters of what a note is about


def _write_nothing(_blocks: Blocks) -> None:
    """Of a sheet that nothing is drawn on."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that can be seen, as its file holds it."""

    name: str
    rows: dict[int, dict[int, str]]
    merged: Sequence[tuple[range, range]] = ()
    """The rows and the columns of each cell that takes several places."""
    hidden_columns: frozenset[int] = frozenset()
    hidden_rows: Sequence[int] = ()
    """In order; they are not among `rows`."""
    notes: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """What is noted at cells, by their row and column."""
    write_drawn: Callable[[Blocks], None] = _write_nothing
    """Adds what is drawn above the cells: text boxes, charts, pictures."""
    warning: str = ""
    """What of it cannot be read."""


def write(
    sheets: Iterator[Sheet], source: str, limits: Limits, titles: Sequence[str] = ()
) -> Document:
    """The document that sheets make up.

    Raises:
        EmptyFileError: there is nothing in any of them.
    """
    blocks = Blocks()
    filled = False
    for sheet in sheets:
        blocks.heading(sheet.name, 1, "sheet")
        before = blocks.length
        noted = list(_noted(sheet))
        add_grid(blocks, _seen(sheet, source, limits), sheet.hidden_rows)
        for note in noted:
            blocks.open("note")
            blocks.add(note)
            blocks.close("note")
        sheet.write_drawn(blocks)
        if sheet.warning:
            blocks.warn(sheet.warning)
        filled = filled or blocks.length > before
    if not filled:
        raise EmptyFileError(f"{source} has no values in its sheets. Leave it out.")
    return blocks.document(source, titles)


def _seen(sheet: Sheet, source: str, limits: Limits) -> Iterator[tuple[int, Row]]:
    """The rows without hidden columns, merged cells in each of their places."""
    fill_merged(sheet)
    characters = 0
    for number in sorted(sheet.rows):
        row = sheet.rows.pop(number)
        characters += sum(map(len, row.values()))
        limits.check(source, "max_characters", characters, "has {} characters")
        yield number, {c: row[c] for c in sorted(row.keys() - sheet.hidden_columns)}


def fill_merged(sheet: Sheet) -> None:
    """Say a merged cell in each of its places, but for one that is all of its row."""
    numbers = sorted(sheet.rows)
    last = max((column for row in sheet.rows.values() for column in row), default=0)
    filled = 0
    for rows, columns in sheet.merged:
        first = sheet.rows.get(rows.start, {})
        text = first.get(columns.start, "")
        if not text or len(text) > _LONGEST_REPEATED:
            continue
        alone = len(rows) == 1 and sum(map(bool, first.values())) == 1
        across = columns[:1] if alone else range(columns.start, min(columns.stop, last + 1))
        for number in numbers[bisect_left(numbers, rows.start) : bisect_right(numbers, rows[-1])]:
            filled += len(across)
            if filled > _MOST_FILLED:
                return
            for column in across:
                sheet.rows[number].setdefault(column, text)


def _noted(sheet: Sheet) -> Iterator[str]:
    """The notes at cells that are seen, each with the name of its row and its cell."""
    for row, column in sorted(sheet.notes)[:_MOST_NOTES]:
        cells = sheet.rows.get(row)
        if cells is None or column in sheet.hidden_columns:
            continue
        first = min((place for place, text in cells.items() if text), default=column)
        about = dict.fromkeys(one_line(clean(cells.get(at, ""))) for at in (first, column))
        name = CELL_SEPARATOR.join(part[:_LONGEST_NAME] for part in about if part)
        text = one_line(clean(sheet.notes[row, column]))
        if text:
            yield f"Note ({name}): {text}" if name else f"Note: {text}"
