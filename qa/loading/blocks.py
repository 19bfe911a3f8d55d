"""Text put together from blocks, its headings with their offsets, and titles.

A block is a paragraph, a heading, a list item, a table row or verbatim text.
Blocks are set apart by a blank line; the items of one list and the rows of one
table by a line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Literal

from qa.records import Document, Heading, Metadata

BlockKind = Literal["paragraph", "heading", "item", "row", "verbatim"]

CELL_SEPARATOR = " | "
LONGEST_TITLE = 200

_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Controls, soft hyphens, byte order marks, non-characters and lone surrogates
# (which cannot be encoded, so that a store would refuse them).
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ufffe\uffff\ud800-\udfff]"
)
_EMPTY_TITLE = re.compile(
    r"\W*(untitled.*|title|(no|kein) title|anonymous|unspecified|unknown|none|null"
    r"|(new )?(word )?document\W*\d*|doc\d*|slide \d+|page \d+|powerpoint presentation"
    r"|presentation\d*|microsoft (word|powerpoint|excel).*)\W*",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\S*\.[A-Za-z]\w{1,4}|[^\s_]*_\S*|[^\s-]+-\S*-\S*")
_SUPERSCRIPTS = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_SUPERSCRIPT_NUMBER = re.compile(r"[+\-−]?\d+")


def clean(text: str) -> str:
    r"""The text with `\n` as its only line end, and without characters that nobody can see."""
    return _UNWANTED.sub("", _LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def superscript(text: str) -> str:
    """A raised number in raised digits, so that 10 to the 6 is not read as 106."""
    return text.translate(_SUPERSCRIPTS) if _SUPERSCRIPT_NUMBER.fullmatch(text) else text


def title_from_name(source: str) -> str:
    """A title made of a file's name: `travel-policy_2024.txt` gives "travel policy 2024"."""
    stem = clean(PurePath(source).stem)
    # A hyphen between digits belongs to a date or a number.
    words = re.sub(r"(?<!\d)-|-(?!\d)|[_+]|%20", " ", stem)
    return one_line(words) or one_line(stem) or source


def telling_title(title: str | None) -> str:
    """The title that a file's properties claim, or nothing where a program put it there."""
    line = one_line(clean(title or ""))
    if len(line) > LONGEST_TITLE or _EMPTY_TITLE.fullmatch(line) or _FILE_NAME.fullmatch(line):
        return ""
    return line if any(character.isalnum() for character in line) else ""


class Blocks:
    """Collects blocks in reading order and counts the offsets of headings on the way."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._last: BlockKind | None = None

    def add(self, text: str, kind: BlockKind = "paragraph") -> None:
        """Append a block; blank ones are passed over."""
        text = clean(text).strip("\n").rstrip()
        if kind in ("paragraph", "row"):
            text = text.lstrip()
        if not text:
            return
        if self._parts:
            tight = kind == self._last and kind in ("item", "row")
            self._append("\n" if tight else "\n\n")
        self._append(text)
        self._last = kind

    def heading(self, text: str, level: int) -> None:
        """Append a heading, as a line of its own."""
        line = one_line(clean(text))
        if line:
            self.add(line, "heading")
            self._headings.append(Heading(self._length - len(line), level, line))

    def item(self, text: str, marker: str = "-", depth: int = 0) -> None:
        """Append a list item; `depth` counts the lists around its list."""
        line = clean(text).strip()
        if line:
            self.add(f"{'  ' * depth}{marker} {line}", "item")

    def row(self, cells: Iterable[str]) -> None:
        """Append a table row; empty cells at its ends are left out."""
        line = CELL_SEPARATOR.join(one_line(cell) for cell in cells)
        self.add(line.strip(CELL_SEPARATOR), "row")

    def end_group(self) -> None:
        """Close a list or a table: what follows is set apart from it."""
        self._last = None

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings so far."""
        return tuple(self._headings)

    @property
    def empty(self) -> bool:
        """Whether nothing was added yet."""
        return not self._parts

    def document(
        self, source: str, titles: Iterable[str], metadata: Metadata | None = None
    ) -> Document:
        """Everything as one document; its title is the first of `titles` that is not blank."""
        candidates = (one_line(clean(title))[:LONGEST_TITLE] for title in titles)
        return Document(
            text="".join(self._parts),
            source=source,
            title=next((title for title in candidates if title), "") or title_from_name(source),
            headings=self.headings,
            metadata=dict(metadata or {}),
        )

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
