"""Values with a separator between them: CSV, TSV, and what spreadsheets call so."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from qa.errors import DamagedFileError, EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.plain import decode_or_raise
from qa.loading.tables.grid import Row, add_grid, typed
from qa.records import Document
from qa.text.cleaning import clean

_SEPARATORS = ("\t", ";", ",", "|")
# A line that Excel takes for its own, and does not show.
_SAID = re.compile(r"sep=([\t;,|:])\n", re.IGNORECASE)
_AS_TEXT = re.compile(r'="([^"]*)"')
_SAMPLE_LINES = 200
_LONGEST_FIELD = 1_000_000


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Each line a row of a table, below the names of the columns."""
    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    said = _SAID.match(text)
    separator = said[1] if said else separator_of(text)
    blocks = Blocks()
    try:
        add_grid(blocks, _rows(text[said.end() :] if said else text, separator))
    except csv.Error as error:
        raise DamagedFileError(
            f"{source} holds a value that is far too long ({error}); a quotation mark may be "
            "missing. Export it again."
        ) from error
    if blocks.empty:
        raise EmptyFileError(f"{source} holds no values. Leave it out.")
    return blocks.document(source, ())


def separator_of(text: str) -> str:
    """What most lines have equally often; a comma where nothing stands out."""
    best, most = ",", 0.0
    for separator in _SEPARATORS:
        sizes = [len(row) for row in _sample(text, separator) if any(row)]
        if not sizes:
            continue
        size, times = Counter(sizes).most_common(1)[0]
        share = times / len(sizes)
        # Of those that fit about as well, the one that parts more.
        score = round(share, 1) * 100 + min(size, 50) if size > 1 else 0
        if score > most:
            best, most = separator, score
    return best


def _sample(text: str, separator: str) -> list[list[str]]:
    lines = io.StringIO(text[: 500 * _SAMPLE_LINES], newline="\n")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=separator):
            rows.append(row)
            if len(rows) >= _SAMPLE_LINES:
                break
    except csv.Error:
        return []
    return rows


def _rows(text: str, separator: str) -> Iterator[tuple[int, Row]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator, skipinitialspace=True)
    for number, row in enumerate(reader, 1):
        yield number, {column: _cell(cell.strip()) for column, cell in enumerate(row) if cell}


def _cell(text: str) -> str:
    """The text of a cell; Excel is told by ="00123" that something is no number."""
    quoted = _AS_TEXT.fullmatch(text)
    return quoted[1] if quoted else typed(text)
