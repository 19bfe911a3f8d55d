"""The lines of a page, and columns of text that stand beside each other on it.

Neither PDF nor PDFium knows of columns. What tells them is the wide gaps in lines that follow each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

HYPHEN = "\ufffe"
"""Ends a line whose last word goes on in the next one; never in a finished text."""

RowKind = Literal["", "header", "first", "next"]
"""Whether a line is a row of a table: its header, else its first row, or one that follows."""

_FEWEST_ROWS = 3  # of two columns that were drawn row by row
_LEAST_LETTERS = 12  # in a line of such a column
_SAME_HEIGHT = 0.12
WIDE = 1.2  # of the letter height: wider than any unstretched space between words


@dataclass(frozen=True, slots=True)
class Gap:
    """A wide gap in a line: how many characters stand before it, and from where to where it is."""

    at: int
    left: float
    right: float
    bottom: float | None = None
    """Where what follows it stands, if that is not at the height of the line."""


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
    pieces: tuple[Line, ...] = ()
    """What it was put together of, in this order; none if it was drawn as one."""
    columns: tuple[tuple[float, float], ...] = ()
    """From where to where the columns of its table are, if it is a row of one."""

    @property
    def gap(self) -> Gap | None:
        """Its gap, if it has only one."""
        return self.gaps[0] if len(self.gaps) == 1 else None

    @property
    def letter_width(self) -> float:
        """The mean width of its characters."""
        return (self.right - self.left) / max(1, len(self.text))


def pieces_joined(lines: Sequence[Line]) -> list[Line]:
    """The lines, those at one height with a wide gap between them as one, which has them as pieces.

    PDFium ends a line in a wide gap if too little stands before it.
    """
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before is None or not _is_beside(before, line):
            joined.append(line)
            continue
        at = len(before.text) + 1
        gaps = (replace(gap, at=at + gap.at) for gap in line.gaps)
        joined[-1] = replace(
            before,
            text=f"{before.text} {line.text}",
            right=line.right,
            gaps=(*before.gaps, Gap(at - 1, before.right, line.left), *gaps),
            ink=(*before.ink, *line.ink),
            bold=before.bold and line.bold,
            pieces=(*(before.pieces or (before,)), line),
        )
    return joined


def _is_beside(first: Line, second: Line) -> bool:
    """Whether two lines are cells of one row, or lines of two columns that are side by side."""
    height = max(first.height, second.height)
    return (
        not first.text.endswith(HYPHEN)
        and not (first.row or second.row)
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
                index += rows
                while index < len(lines) and (side := _longer(block, lines[index], columns)) >= 0:
                    columns[side].append(lines[index])
                    index += 1
                kept += (*columns[0], *columns[1])
                continue
        kept.append(lines[index])
        index += 1
    return kept


def _longer(block: Sequence[Line], line: Line, columns: Sequence[Sequence[Line]]) -> int:
    """In which of two columns a line below both goes on, since one is longer; -1 if in none."""
    gap = block[0].gap
    above = min(columns, key=lambda column: column[-1].bottom)[-1]
    pitch = (block[0].bottom - block[-1].bottom) / (len(block) - 1)
    next_ = abs(above.bottom - line.bottom - pitch) <= _SAME_HEIGHT * pitch
    if gap is None or line.gaps or line.row or not next_ or not have_same_height(above, line):
        return -1
    if abs(line.left - gap.right) <= 0.5 * line.height:
        return 1
    left = abs(line.left - block[0].left) <= 0.5 * line.height
    return 0 if left and line.right < gap.right else -1


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
        line,
        text=text[: gap.at].rstrip(),
        right=gap.left,
        gaps=(),
        ink=line.ink[:inked],
        pieces=(),
    )
    right = replace(
        line,
        text=text[gap.at :].lstrip(),
        left=gap.right,
        gaps=(),
        ink=line.ink[inked:],
        pieces=(),
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
