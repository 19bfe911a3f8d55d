"""The cells of tables, put together of pieces of lines, and the rows that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qa.loading.pdf.columns import HYPHEN, Line, RowKind
from qa.loading.tables.grid import Value, header_size, typed
from qa.text.sentences import CELL_SEPARATOR, NO_VALUE

_MOST_BOLD = 3  # rows of a header
_HYPHENATED = re.compile(r"[^\W\d_]-$")
_EAST_ASIAN = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


@dataclass(slots=True)
class Cell:
    """What stands in a cell, in reading order."""

    pieces: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text on one line."""
        parts: list[str] = []
        for piece in self.pieces:
            if parts:
                parts[-1] = broken(parts[-1], piece.text)
                parts.append(glue(parts[-1], piece.text))
            parts.append(piece.text)
        return "".join(parts)


Row = Mapping[int, Cell]
"""The cells of a row that hold something, by their column."""


def broken(upper: str, lower: str) -> str:
    """A line above another one, with `HYPHEN` if its last word goes on in that."""
    return upper[:-1] + HYPHEN if _HYPHENATED.search(upper) and lower[:1].islower() else upper


def glue(upper: str, lower: str) -> str:
    """What stands between two lines that are put together."""
    if upper.endswith((HYPHEN, "/", "—")):
        return ""
    return "" if _EAST_ASIAN.match(upper[-1]) and _EAST_ASIAN.match(lower[0]) else " "


def split(line: Line) -> list[Line]:
    """The pieces of a line between its wide gaps."""
    if not line.gaps and line.text and line.text == line.text.strip():
        return [line]
    pieces = []
    at, left, bottom, inked = 0, line.left, line.bottom, 0
    for end, right, gap in [
        *((gap.at, gap.left, gap) for gap in line.gaps),
        (len(line.text), line.right, None),
    ]:
        text = line.text[at:end].strip()
        upto = inked + sum(not character.isspace() for character in line.text[at:end])
        ink = line.ink[inked:upto]
        pieces.append(
            replace(line, text=text, left=left, right=right, bottom=bottom, gaps=(), ink=ink)
        )
        inked = upto
        if gap:
            at, left = gap.at, gap.right
            bottom = line.bottom if gap.bottom is None else gap.bottom
    return [piece for piece in pieces if piece.text]


def is_value(line: Line) -> bool:
    """Whether a line is a number, an amount or the like."""
    return isinstance(typed(line.text), Value)


def reach(upper: Line, lower: Line) -> float:
    """How far across a line would go with the first word of the one below it."""
    word = lower.text.split(" ", 1)[0]
    return upper.right + upper.letter_width * (len(word) + 1)


def as_lines(rows: Sequence[Row], width: int) -> Iterator[Line]:
    """The rows of a table of so many columns as lines; those of its header are one."""
    texts = [{at: cell.text for at, cell in row.items()} for row in rows]
    size = _header(rows, texts)
    parts = [[row] for row in rows[size:]]
    kind: RowKind = "header" if size else "first"
    columns = tuple(
        (
            min(piece.left for row in rows if at in row for piece in row[at].pieces),
            max(piece.right for row in rows if at in row for piece in row[at].pieces),
        )
        for at in range(width)
    )
    for part in [list(rows[:size]), *parts] if size else parts:
        cells = [_joined([row[at] for row in part if at in row]) for at in range(width)]
        whole = [cell.text for cell in cells]
        pieces = [piece for cell in cells for piece in cell.pieces]
        yield replace(
            pieces[0],
            text=CELL_SEPARATOR.join([whole[0] or NO_VALUE, *whole[1:]]).rstrip(CELL_SEPARATOR),
            left=min(piece.left for piece in pieces),
            right=max(piece.right for piece in pieces),
            gaps=(),
            row=kind,
            bold=all(piece.bold for piece in pieces),
            pieces=tuple(pieces),
            columns=columns,
        )
        kind = "next"


def _header(rows: Sequence[Row], texts: Sequence[Mapping[int, str]]) -> int:
    """How many rows are the header: those in bold, if others are not; else those of names."""
    bold = [all(piece.bold for cell in row.values() for piece in cell.pieces) for row in rows]
    if bold[0] and not all(bold):
        size = bold.index(False)
        if size <= _MOST_BOLD:
            return size
    return header_size([{at: typed(text) for at, text in row.items()} for row in texts])


def _joined(cells: Sequence[Cell]) -> Cell:
    """Cells of one column below each other as one; a cell that spans rows is there only once."""
    pieces: list[Line] = []
    seen: set[int] = set()
    for cell in cells:
        if id(cell) not in seen:
            pieces += cell.pieces
        seen.add(id(cell))
    return Cell(pieces)
