"""The text of OpenDocument files: headings, paragraphs, lists, tables, notes, text boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from qa.loading.archives import Element, local_attribute, local_name
from qa.loading.blocks import Blocks, superscript
from qa.loading.links import Linked
from qa.loading.numerals import marked, numeral
from qa.loading.opendocument.styles import OUTLINE, Style, Styles
from qa.loading.pictures import said_of_picture
from qa.loading.symbols import with_symbols
from qa.loading.tables.grid import rows_of_names
from qa.records import Link
from qa.text.cleaning import one_line
from qa.text.sentences import CELL_SEPARATOR

_SPACES = re.compile(r"[ \t\n\r]+")
_MOST_SPACES = 100
_DEEPEST = 100
_LONGEST_MARKER = 40
_WIDEST = 100
_LONGEST_REPEATED = 200  # characters of a merged cell that are said in each of its places
_MOST_REPEATED = 1000  # rows
_PASSED_OVER = frozenset(
    (
        *("tracked-changes", "annotation", "annotation-end", "table-of-content", "hidden-text"),
        *("alphabetical-index", "illustration-index", "table-index", "bibliography", "forms"),
        *("sequence-decls", "variable-decls", "user-field-decls", "hidden-paragraph", "ruby-text"),
        *("user-index", "object-index", "object", "object-ole", "script", "title"),
    )
)


class Text:
    """Writes elements into blocks."""

    def __init__(self, blocks: Blocks, styles: Styles) -> None:
        self._blocks = blocks
        self._styles = styles
        self._pending: list[Element] = []  # notes and text boxes met inside a paragraph
        self._counts: dict[tuple[str, int], int] = {}
        self._depth = 0

    def write(self, parent: Element) -> None:
        """Write everything in an element."""
        if self._depth >= _DEEPEST:
            return
        self._depth += 1
        for child in parent:
            self._write_element(child)
            while self._pending:
                pending, self._pending = self._pending, []
                for container in pending:
                    self._write_pending(container)
        self._depth -= 1

    def _write_pending(self, container: Element) -> None:
        if local_name(container) == "note-body":
            self._blocks.open("note")
            self.write(container)
            self._blocks.close("note")
        else:
            self.write(container)

    def _write_element(self, element: Element) -> None:
        name = local_name(element)
        if name in ("p", "h"):
            self._write_paragraph(element, name)
        elif name == "list":
            self._write_list(element, local_attribute(element, "style-name"), 1)
        elif name == "table":
            self._write_table(element)
        elif name == "section":
            if not self._styles.of(element, "section").unseen:
                self.write(element)
        elif name == "desc":
            self._blocks.add(_said_of_picture(element))
        elif name and name not in _PASSED_OVER:
            self.write(element)

    def _write_paragraph(self, element: Element, name: str) -> None:
        style = self._styles.of(element, "paragraph")
        if style.unseen:
            return
        since = self._blocks.here
        text, links = self.inline(element)
        level = local_attribute(element, "outline-level")
        if name == "h" or style.level is not None:
            number = int(level) if level.isdecimal() and len(level) < 3 else style.level or 1
            counted = name == "h" and local_attribute(element, "is-list-header") != "true"
            marker = self._next_number(OUTLINE, number) if counted and text.strip() else ""
            self._blocks.heading(f"{marker} {text}" if marker else text, max(number, 1))
        else:
            self._blocks.add(text)
        self._blocks.link(links, text, since)

    def _next_number(self, style: str, level: int) -> str:
        """The number of the next item at this level of a list; nothing where it has none."""
        levels = self._styles.levels(style)
        kind = levels.get(level)
        for deeper in [key for key in self._counts if key[0] == style and key[1] > level]:
            del self._counts[deeper]
        if kind is None:
            return ""
        self._counts[style, level] = self._counts.get((style, level), kind.start - 1) + 1
        numbers = [
            numeral(self._counts.get((style, above), levels[above].start), levels[above].kind)
            for above in range(max(1, level - kind.shown + 1), level + 1)
            if above in levels
        ]
        return one_line(f"{kind.before}{'.'.join(numbers)}{kind.after}")[:_LONGEST_MARKER]

    def _write_list(self, element: Element, style: str, level: int) -> None:
        kind = self._styles.levels(style).get(level)
        goes_on = local_attribute(element, "continue-numbering") == "true"
        if not (goes_on or local_attribute(element, "continue-list")):
            self._counts.pop((style, level), None)
        self._blocks.open("list")
        for item in element:
            if local_name(item) not in ("list-item", "list-header"):
                continue
            marker = "-"
            if kind is not None and local_name(item) == "list-item":
                begins = local_attribute(item, "start-value")
                if begins.isdecimal() and len(begins) < 7:
                    self._counts[style, level] = int(begins) - 1
                marker = marked(self._next_number(style, level))
            self._blocks.open("item", marker)
            for child in item:
                if local_name(child) == "list":
                    inner = local_attribute(child, "style-name") or style
                    if level < _DEEPEST:
                        self._write_list(child, inner, level + 1)
                else:
                    self._write_element(child)
            self._blocks.close("item")
        self._blocks.close("list")

    def _write_table(self, table: Element) -> None:
        rows = list(self.rows(table))
        if max((len(row) for row, _ in rows), default=0) <= 1:
            for cell in table.iter("{*}table-cell"):  # a frame around text, not a table
                self.write(cell)
            return
        marked = sum(1 for _ in takewhile(lambda row: row[1], rows)) or self._has_bold_names(table)
        header = rows_of_names([row for row, _ in rows], marked)
        self._blocks.open("table")
        for place, (row, _) in enumerate(rows):
            self._blocks.row(row, header=place < header)
        self._blocks.close("table")

    def rows(self, table: Element) -> Iterator[tuple[list[str], bool]]:
        """The texts of each row's cells, and whether it is a header."""
        above: dict[int, tuple[int, str]] = {}  # cells that reach down, by column
        first = True
        for row, header in _rows(table, header=False):
            texts: list[str] = []
            for cell in row:
                name = local_name(cell)
                if name not in ("table-cell", "covered-table-cell") or len(texts) >= _WIDEST:
                    continue
                text = self.cell_text(cell)
                column = len(texts)
                if name == "covered-table-cell":
                    left, said = above.get(column, (0, ""))
                    text = said if left else texts[-1] if texts else ""
                    text = text if len(text) <= _LONGEST_REPEATED else ""
                down = _number(cell, "number-rows-spanned")
                if down > 1:
                    wide = min(_number(cell, "number-columns-spanned"), _WIDEST)
                    above.update(dict.fromkeys(range(column, column + wide), (down, text)))
                texts.extend([text] * min(_number(cell, "number-columns-repeated"), _WIDEST))
            above = {column: (left - 1, said) for column, (left, said) in above.items() if left > 1}
            if any(texts):
                yield texts, header or (first and _has_header_style(table))
                first = False

    def _has_bold_names(self, table: Element) -> bool:
        """Whether only the first row is in bold."""
        rows = (list(row.iterchildren("{*}table-cell")) for row, _ in _rows(table, header=False))
        bold = [all(map(self._is_bold, cells)) for cells in islice(rows, 2)]
        return bold == [True, False]

    def _is_bold(self, cell: Element) -> bool:
        """Whether all words of a cell are in bold, or it has none."""
        return all(
            self._styles.of(paragraph, "paragraph").bold
            or (
                all(
                    local_name(part) == "span"
                    and self._styles.of(part, "text").bold
                    and not (part.tail or "").strip()
                    for part in paragraph
                )
                and not (paragraph.text or "").strip()
            )
            for paragraph in cell.iter("{*}p")
        )

    def _is_on_white(self, element: Element, style: Style) -> bool:
        """Whether nothing around a text in white may be of another colour."""
        if style.ground:
            return False
        for around in element.iterancestors():
            name = local_name(around)
            if name in ("table-cell", "covered-table-cell", "text-box", "custom-shape", "page"):
                return False
            if name in ("p", "h") and self._styles.of(around, "paragraph").ground:
                return False
        return True

    def cell_text(self, cell: Element) -> str:
        """The paragraphs of a cell on one line; the rows of a table in it, too."""
        if self._styles.of(cell, "table-cell").unseen:
            return ""
        parts: list[str] = []
        for child in cell:
            name = local_name(child)
            if name in ("p", "h"):
                parts.append(one_line(self.inline(child)[0]))
            elif name == "list":
                items = [one_line(self.inline(p)[0]) for p in child.iter("{*}p", "{*}h")]
                parts.append("; ".join(item for item in items if item))
            elif name == "table" and self._depth < _DEEPEST:
                self._depth += 1
                parts.append("; ".join(CELL_SEPARATOR.join(row) for row, _ in self.rows(child)))
                self._depth -= 1
        return " ".join(part for part in parts if part)

    def inline(self, element: Element) -> tuple[str, list[Link]]:
        """The text of a paragraph, and the links in it."""
        pieces: list[str] = []
        linked = Linked()
        self._collect(element, pieces, linked, raised=False, depth=0)
        return "".join(pieces), linked.links(pieces)

    def _collect(
        self, element: Element, pieces: list[str], linked: Linked, *, raised: bool, depth: int
    ) -> None:
        def add(text: str | None) -> None:
            if text:
                text = with_symbols(_SPACES.sub(" ", text))
                pieces.append(superscript(text) if raised else text)

        add(element.text)
        for child in element:
            name = local_name(child)
            if name == "s":
                pieces.append(" " * min(_number(child, "c"), _MOST_SPACES))
            elif name in ("tab", "line-break"):
                pieces.append("\t" if name == "tab" else "\n")
            elif name == "note":
                self._pending.extend(child.iterchildren("{*}note-body"))
            elif name in ("text-box", "table"):
                self._pending.append(child)
            elif name == "desc":
                _add_apart(_said_of_picture(child), pieces)
            elif name == "a":
                linked.open(len(pieces), local_attribute(child, "href"))
                self._collect(child, pieces, linked, raised=raised, depth=depth + 1)
                linked.close(len(pieces))
            elif name and name not in _PASSED_OVER and depth < _DEEPEST:
                style = self._styles.of(child, "text")
                if not (style.unseen or (style.pale and self._is_on_white(child, style))):
                    higher = raised or style.raised
                    self._collect(child, pieces, linked, raised=higher, depth=depth + 1)
            add(child.tail)


def _rows(parent: Element, *, header: bool, depth: int = 0) -> Iterator[tuple[Element, bool]]:
    for child in parent:
        name = local_name(child)
        if name == "table-row":
            for _ in range(min(_number(child, "number-rows-repeated"), _MOST_REPEATED)):
                yield child, header
        elif name == "table-header-rows":
            yield from _rows(child, header=True, depth=depth + 1)
        elif name in ("table-row-group", "table-rows") and depth < _DEEPEST:
            yield from _rows(child, header=header, depth=depth + 1)


def _said_of_picture(description: Element) -> str:
    around = description.getparent()
    shown = around is not None and next(around.iterchildren("{*}image"), None) is not None
    return said_of_picture("".join(description.itertext())) if shown else ""


def _add_apart(words: str, pieces: list[str]) -> None:
    if words:
        pieces.append(words if not pieces or pieces[-1].endswith(" ") else f" {words}")


def _has_header_style(table: Element) -> bool:
    """Whether the first row of a slide's table is set apart."""
    return local_attribute(table, "use-first-row-styles") == "true"


def _number(element: Element, name: str) -> int:
    """An attribute that counts; one where it is missing."""
    value = local_attribute(element, name)
    return max(int(value), 1) if value.isdecimal() and len(value) < 10 else 1
