"""The blocks of a plain text, recognised by blank lines, bullets and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from qa.loading.structure import Structure
from qa.records import Block, Heading
from qa.text.sentences import BULLETS, CELL_SEPARATOR, LIST_MARK

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}|\*{3,}")
_NUMBERED = re.compile(r"(?:§ ?)?(\d{1,2}(?:\.\d{1,2}){0,4})\.? +[^\W\d_]")
_QUESTION = re.compile(r"(?:Q|Question)(?: ?\d{1,3})?[:.)] .*\?")
_QUOTED = re.compile(r"(?:> ?)+")
_LONGEST_HEADING = 80
_FEWEST_CAPITALS = 4
_TAB = 4


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without the white space around it."""

    text: str
    start: int
    indent: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_BLANK = _Line("", 0, 0)


def headings_of_lines(text: str) -> tuple[Heading, ...]:
    """The lines that are clearly headings: underlined, in capitals, or numbered and separate."""
    return tuple(_headings(list(_lines(text))))


def blocks_of_lines(
    text: str,
    headings: Iterable[Heading] = (),
    *,
    rewrapped: bool = False,
    rows: Mapping[int, str] | None = None,
) -> tuple[Block, ...]:
    """Headings, paragraphs, questions, and lists by their marks and indentation.

    `rewrapped` says that `text` has no line ends just because a line was full: then a line below an
    item does not belong to it. `rows` has the lines that are rows of tables, by their start: a
    "header" or a "first" row begins a table.
    """
    starts = {heading.start: heading for heading in headings}
    return _Reader(starts, rows or {}, rewrapped).read(text)


class _Reader:
    """Reads lines and groups those that belong together."""

    def __init__(
        self, headings: dict[int, Heading], rows: Mapping[int, str], rewrapped: bool
    ) -> None:
        self._headings = headings
        self._rows = rows
        self._in_table = False
        self._rewrapped = rewrapped
        self._structure = Structure()
        self._indents: list[int] = []  # the indentation of the marks of the open items
        self._block: tuple[int, int, int] | None = None  # its start and end, and the mark before it
        self._above = _BLANK

    def read(self, text: str) -> tuple[Block, ...]:
        """The blocks of `text`."""
        for line in _lines(text):
            self._read_line(line)
            self._above = line
        self._put()
        self._leave_table()
        return self._structure.blocks()

    def _read_line(self, line: _Line) -> None:
        mark = LIST_MARK.match(line.text)
        row = self._rows.get(line.start, "")
        if row != "next":
            self._leave_table()
        if row:
            self._put_row(line, row)
        elif not line.text:
            self._put()
        elif heading := self._headings.get(line.start):
            self._put()
            self._leave_items()
            end = heading.start + len(heading.text)
            self._structure.put("heading", heading.start, end, heading.level)
        elif _UNDERLINE.fullmatch(line.text):
            self._put()
        elif mark and self._begins_item(mark[0].strip()):
            self._put()
            self._begin_item(line, mark[0].strip(), mark.end())
        elif self._block and not (self._rewrapped and self._indents):
            start, _, at = self._block
            self._block = (start, line.end, at)
        else:
            self._put()
            if not self._indents or line.indent <= self._indents[-1] or self._rewrapped:
                self._leave_items()
            self._block = (line.start, line.end, -1)
        if self._block and _QUESTION.fullmatch(line.text) and self._block[0] == line.start:
            self._leave_items()
            self._structure.put("question", line.start, line.end)
            self._block = None

    def _begins_item(self, marker: str) -> bool:
        """Whether a mark within a paragraph begins an item, and is not part of its text."""
        above = self._above.text
        if not self._block or self._indents or above.endswith((":", ".", ";", "?", "!")):
            return True
        return self._rewrapped or marker in BULLETS.rstrip("–—-") or marker.strip("().") in "1a"

    def _begin_item(self, line: _Line, marker: str, words: int) -> None:
        while self._indents and line.indent < self._indents[-1]:
            self._indents.pop()
        if not self._indents or line.indent > self._indents[-1]:
            self._indents.append(line.indent)
        self._structure.enter_item(marker, len(self._indents) - 1)
        self._block = (line.start + words, line.end, line.start)

    def _put_row(self, line: _Line, row: str) -> None:
        self._put()
        if not self._in_table:
            self._leave_items()
            self._structure.open("table")
            self._in_table = True
        self._structure.put("row", line.start, line.end, level=int(row == "header"))

    def _leave_table(self) -> None:
        if self._in_table:
            self._structure.close()
            self._in_table = False

    def _put(self) -> None:
        if self._block:
            start, end, at = self._block
            self._structure.put("paragraph", start, end, at=at)
            self._block = None

    def _leave_items(self) -> None:
        self._structure.leave_items()
        self._indents.clear()


def _lines(text: str) -> Iterator[_Line]:
    for found in _LINE.finditer(text):
        line = found[0]
        words = line.strip()
        indent = line[: len(line) - len(line.lstrip())] if words else ""
        width = len(indent.expandtabs(_TAB))
        yield _Line(words, found.start() + len(indent), width)


def _headings(lines: list[_Line]) -> Iterator[Heading]:
    following = chain(lines[1:], [_BLANK, _BLANK])
    above, below = _BLANK, next(following)
    for line in lines:
        beneath = next(following, _BLANK)
        if line.text and not above.text and len(line.text) <= _LONGEST_HEADING:
            level = _level(line.text, below.text, beneath.text)
            if level:
                yield Heading(line.start, level, line.text)
        above, below = line, beneath


def _level(line: str, below: str, beneath: str) -> int:
    """The level of a heading, also by the two lines that follow; 0 if it is none."""
    if line[-1] in ".,;:!" or not line[0].isalnum() or CELL_SEPARATOR in line:
        return 0
    if _UNDERLINE.fullmatch(below) and 2 * len(below) >= len(line):
        return 1 if below[0] == "=" else 2
    letters = [character for character in line if character.isalpha()]
    if len(letters) >= _FEWEST_CAPITALS and line.isupper() and not below.isupper():
        return 1
    numbered = _NUMBERED.match(line)
    if numbered and not below and beneath and not LIST_MARK.match(beneath):
        return numbered[1].count(".") + 1
    return 0
