"""Texts assembled from blocks, with the range of each, and titles.

Blocks are separated by a blank line, the items of a list and the rows of a table by a line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from qa.loading.links import located
from qa.loading.structure import Structure
from qa.records import BlockKind, Document, Heading, HeadingPart, Link, Metadata, Reading, Scan
from qa.text.cleaning import clean, one_line
from qa.text.sentences import CELL_SEPARATOR, NO_VALUE

LONGEST_TITLE = 200
LONGEST_QUESTION = 300
LONGEST_WARNING = 300
MOST_WARNINGS = 20

_EMPTY_TITLE = re.compile(
    r"\W*(untitled.*|title|(no|kein) title|anonymous|unspecified|unknown|none|null"
    r"|(new )?(word )?document\W*\d*|doc\d*|slide \d+|page \d+|powerpoint presentation"
    r"|presentation\d*|microsoft (word|powerpoint|excel).*)\W*",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\S*\.[A-Za-z]\w{1,4}|[^\s_]*_\S*|[^\s-]+-\S*-\S*")
_ASKED = re.compile(r"(?P<question>(?:Q|Question)(?: ?\d{1,3})?[:.)] [^?\n]{3,300}\?)(?:\s+|\Z)")
_SUPERSCRIPTS = str.maketrans("0123456789+-−()nabcdef", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿᵃᵇᶜᵈᵉᶠ")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−⁽⁾ⁿᵃᵇᶜᵈᵉᶠ", "0123456789+--()nabcdef")
# An exponent, or the mark of a note: digits, signs or a letter.
_SUPERSCRIPT_NUMBER = re.compile(r"[+\-−]?\d+(?:[,;–]\s?\d+)*|[a-f]")
# A line that continues in the next one, and was only broken for the layout.
_BROKEN = re.compile(r"(?<![.!?:;\s]) ?\n(?=[^\W\d_])")


def superscript(text: str) -> str:
    """A raised number or note mark in superscript characters, so that 10⁶ is not read as 106."""
    return text.translate(_SUPERSCRIPTS) if _SUPERSCRIPT_NUMBER.fullmatch(text) else text


def not_raised(text: str) -> str:
    """A text with its superscript characters as they were before; of the same length."""
    return text.translate(_PLAIN)


def rejoined(text: str) -> str:
    """A paragraph without line ends inside sentences, as narrow layouts have them."""
    if "\n" not in text or not (text[:1].isupper() or text.rstrip().endswith((".", "?", "!"))):
        return text
    return _BROKEN.sub(lambda end: " " if text[end.end()].islower() else end[0], text)


def title_from_name(source: str) -> str:
    """A title made from a file's name: `travel-policy_2024.txt` gives "travel policy 2024"."""
    stem = clean(PurePath(source).stem)
    # A hyphen between digits belongs to a date or a number.
    words = re.sub(r"(?<!\d)-|-(?!\d)|[_+]|%20", " ", stem)
    return one_line(words) or one_line(stem) or source


def telling_title(title: str | None) -> str:
    """The title in a file's properties, or nothing if a program put it there."""
    line = one_line(clean(title or ""))
    if len(line) > LONGEST_TITLE or _EMPTY_TITLE.fullmatch(line) or _FILE_NAME.fullmatch(line):
        return ""
    return line if any(character.isalnum() for character in line) else ""


def is_question(text: str) -> bool:
    """Whether a short line is a question, as in a FAQ."""
    return text.rstrip().endswith(("?", "？")) and len(text) <= LONGEST_QUESTION


class Blocks:
    """Collects blocks in reading order, with their starts and ends."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._links: list[Link] = []
        self._scans: list[Scan] = []
        self._formats: dict[str, None] = {}
        self._warnings: list[str] = []
        self._structure = Structure()
        self._last = ""  # "item" or "row" after one: no blank line follows

    def add(self, text: str, kind: BlockKind = "paragraph", *, number: int = 0) -> None:
        """Append a block without blocks in it, inside the open ones; blank text is ignored.

        `number` is that of its row in a sheet, if it is in one.
        """
        text = clean(text).strip("\n").rstrip()
        if not text.strip():
            return
        if kind != "code":
            text = rejoined(text.lstrip())
        self._structure.leave_items()
        if kind == "paragraph" and (asked := _ASKED.match(text)):
            self._put(asked["question"], "question", number=number)
            text = text[asked.end() :]
        if text:
            self._put(text, kind, number=number)

    def open(self, kind: BlockKind, marker: str = "") -> None:
        """Begin a list, an item, a table or a note, for what follows until it is closed."""
        self._end_group(kind)
        if kind not in ("item", "note"):
            self._structure.leave_items()
        self._structure.open(kind, marker)

    def close(self, kind: BlockKind) -> None:
        """End the block that was opened last."""
        self._structure.close()
        self._end_group(kind)

    def heading(self, text: str, level: int, part: HeadingPart = "", number: int = 0) -> None:
        """Append a heading, as a line of its own; see `Heading` for `part` and `number`."""
        line = one_line(clean(text))
        if line:
            self._structure.leave_items()
            self._put(line, "heading", level)
            self._headings.append(Heading(self._length - len(line), level, line, part, number))

    def item(self, text: str, marker: str = "-", depth: int = 0) -> None:
        """Append a list item at this depth, for formats that only mark items."""
        line = rejoined(clean(text).strip())
        if line:
            self._structure.enter_item(marker, depth)
            self._put(line, "paragraph", indent=depth)

    def row(self, cells: Iterable[str], *, header: bool = False, number: int = 0) -> None:
        """Append a table row; empty cells at its end are left out. `number` is as in `add`."""
        texts = [clean(one_line(cell)) for cell in cells]
        if any(texts):
            # Without its first cell, each of the others would be in the column before.
            line = CELL_SEPARATOR.join([texts[0] or NO_VALUE, *texts[1:]])
            self._put(line.rstrip(CELL_SEPARATOR), "row", int(header), number=number)

    def embed(self, document: Document, deeper: int = 0) -> None:
        """Append the text of another document as it is, its headings so much deeper."""
        self._formats.update(dict.fromkeys(document.reading.formats))
        self._warnings.extend(document.reading.warnings)
        before = len(document.text) - len(document.text.lstrip())
        text = document.text.strip()
        if not text:
            return
        self._structure.leave_items()
        if self._parts:
            self._append("\n\n")
        offset = self._length - before
        self._append(text)
        self._last = ""
        self._structure.graft(document.blocks, offset, deeper)
        self._headings.extend(
            replace(one, start=offset + one.start, level=one.level + deeper)
            for one in document.headings
        )
        self._links.extend(
            Link(offset + one.start, offset + one.end, one.target) for one in document.links
        )
        self._scans.extend(
            Scan(offset + one.start, offset + one.end, one.sure) for one in document.scans
        )

    def warn(self, warning: str) -> None:
        """Note something that could not be read."""
        self._warnings.append(one_line(clean(warning))[:LONGEST_WARNING])

    @property
    def here(self) -> int:
        """The present position, to add the links of what follows."""
        return len(self._parts)

    def link(self, links: Sequence[Link], raw: str, since: int) -> None:
        """Add the links of what was added since then; `raw` is the text that they count in."""
        if links:
            text = "".join(self._parts[since:])
            self._links.extend(located(links, raw, text, self._length - len(text)))

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings so far."""
        return tuple(self._headings)

    @property
    def length(self) -> int:
        """The number of characters so far."""
        return self._length

    @property
    def empty(self) -> bool:
        """Whether nothing was added yet."""
        return not self._parts

    def document(
        self, source: str, titles: Iterable[str], metadata: Metadata | None = None
    ) -> Document:
        """Everything as one document; its title is the first of `titles` that is not blank."""
        candidates = (one_line(clean(title))[:LONGEST_TITLE] for title in titles)
        title = next((title for title in candidates if title), "")
        return Document(
            text="".join(self._parts),
            source=source,
            title=title or title_from_name(source),
            headings=self.headings,
            metadata=dict(metadata or {}),
            blocks=self._structure.blocks(),
            links=tuple(self._links),
            reading=Reading(tuple(self._formats), self._told(), not title),
            scans=tuple(self._scans),
        )

    def _told(self) -> tuple[str, ...]:
        told = tuple(self._warnings[:MOST_WARNINGS])
        more = len(self._warnings) - len(told)
        return (*told, f"and {more:,} more") if more else told

    def _put(
        self,
        text: str,
        kind: BlockKind,
        level: int = 0,
        indent: int | None = None,
        number: int = 0,
    ) -> None:
        markers = [] if kind == "heading" else [m for m in self._structure.markers if m]
        group = "item" if markers else kind
        if self._parts:
            self._append("\n" if group == self._last and group in ("item", "row") else "\n\n")
        self._last = kind if kind == "row" else group
        if markers:
            text = text.lstrip()
            self._append("  " * (self._structure.depth if indent is None else indent))
        at = self._length if markers else -1
        self._append("".join(f"{marker} " for marker in markers))
        start = self._length + len(text) - len(text.lstrip())
        self._append(text)
        self._structure.put(kind, start, self._length, level, at, str(number) if number else "")

    def _end_group(self, kind: BlockKind) -> None:
        """An outermost list or a table is followed by a blank line."""
        if kind == "table" or (kind == "list" and not self._structure.depth):
            self._last = ""

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
