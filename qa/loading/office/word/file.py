"""Word documents: body text in reading order, as the last reviser accepted it.

python-docx opens the package; the text is taken from the XML itself, because
its `Paragraph.text` passes over insertions, text boxes and formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from qa.errors import EmptyFileError, LoadError
from qa.limits import Limits
from qa.loading.archives import Archive, Element, parse_xml
from qa.loading.blocks import Blocks, is_question, superscript, telling_title
from qa.loading.links import Linked
from qa.loading.nested import add_file
from qa.loading.numerals import marked
from qa.loading.office.formulas import linear
from qa.loading.office.graphics import write_graphic
from qa.loading.office.word import tables
from qa.loading.office.word.headings import UNSTYLED_LEVEL, is_bold, unstyled_headings
from qa.loading.office.word.letters import Letters, LetterStyles, is_on
from qa.loading.office.word.margins import margins
from qa.loading.office.word.package import opened
from qa.loading.office.word.styles import Numbering, Style, Styles, W, attribute
from qa.loading.pictures import said_of_picture
from qa.loading.symbols import symbol, with_symbols
from qa.loading.tables.grid import rows_of_names
from qa.records import Document, Link
from qa.text.cleaning import one_line
from qa.text.sentences import CELL_SEPARATOR

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_GRAPHICS = {
    "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart": "id",
    "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds": "dm",
}
"""What a chart and a diagram refer to their parts by."""
_REFERENCES = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
_SPACES = re.compile(" {2,}")  # left over where a run between two of them is not read
_DELETED_END = f"{W}pPr/{W}rPr/{W}del"
_TINY = 2  # half points
_LONGEST_REPEATED = 200  # characters of a merged cell that are said in each of its places
_CONTENTS = ("table of contents", "toc")

# Properties, deleted text, field codes and pronunciation marks hold no text to read.
_PASSED_OVER = frozenset(
    f"{W}{name}"
    for name in (
        *("pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr", "rt"),
        *("del", "moveFrom", "delText", "instrText", "delInstrText"),
    )
) | {_FALLBACK}
_CHARACTERS = {
    f"{W}noBreakHyphen": "-",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
}


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Paragraphs, lists, tables, text boxes and footnotes; headers and footers of pages, once.

    Raises:
        TooLargeError: it unpacks to far more than a document.
        EmptyFileError: there is no text in it.
    """
    Archive(data, source, limits)  # refuses what unpacks to too much
    document = opened(data)
    blocks = Blocks()
    _Body(document, blocks, limits).write()
    if blocks.empty:
        raise EmptyFileError(
            f"{source} has no text; its content may be pictures. "
            "Leave it out, or run the pictures through OCR."
        )
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    return blocks.document(source, [telling_title(document.core_properties.title), *tops[:1]])


class _LinkedPiece(str):
    """The words of a link, and where it leads."""

    __slots__ = ("target",)
    target: str

    def __new__(cls, words: str, target: str) -> _LinkedPiece:
        piece = super().__new__(cls, words)
        piece.target = target
        return piece


def _links(pieces: Sequence[str]) -> list[Link]:
    linked = Linked()
    for number, piece in enumerate(pieces):
        if isinstance(piece, _LinkedPiece):
            linked.open(number, piece.target)
            linked.close(number + 1)
    return linked.links(pieces)


class _Body:
    """Writes the body of a document into blocks."""

    def __init__(self, document: Any, blocks: Blocks, limits: Limits) -> None:
        self._document = document
        self._body = document.element.body
        self._blocks = blocks
        self._limits = limits
        self._relations = document.part.rels
        self._styles = Styles(document.styles.element)
        self._letters = LetterStyles(document.styles.element)
        self._around = Letters()  # of the paragraph that is read
        self._font = ""
        self._held: list[str] = []  # of a paragraph whose end was deleted under revision
        self._numbering = Numbering(document.part)
        self._notes = {kind: _notes(document.part, kind) for kind in ("footnote", "endnote")}
        # Text boxes, notes, charts and diagrams met inside a paragraph.
        self._pending: list[Element] = []
        self._unstyled = unstyled_headings(self._body, self._styles)

    def write(self) -> None:
        """Write everything."""
        self._write_margins("header")
        self._write_children(self._body)
        self._blocks.add("".join(self._held))
        self._write_margins("footer")

    def _write_margins(self, kind: str) -> None:
        relations = self._relations
        for margin in margins(self._document, kind):
            self._relations = margin.relations
            self._write_container(margin.element)
        self._relations = relations

    def _write_children(self, element: Element) -> None:
        for child in element:
            self._write_block(child)
            while self._pending:
                pending, self._pending = self._pending, []
                for container in pending:
                    self._write_container(container)

    def _write_container(self, container: Element) -> None:
        if container.tag == f"{W}txbxContent":
            self._write_children(container)
        elif container.tag in _GRAPHICS:
            part = self._part(container, _GRAPHICS[container.tag])
            if part is not None:
                write_graphic(self._blocks, parse_xml(part.blob))
        else:
            self._blocks.open("note")
            self._write_children(container)
            self._blocks.close("note")

    def _write_block(self, element: Element) -> None:
        tag = element.tag
        if tag == f"{W}p":
            self._write_paragraph(element)
        elif tag == f"{W}tbl":
            self._write_table(element)
        elif tag == f"{W}sdt" and _is_contents(element):
            return
        elif tag == f"{W}altChunk":
            self._write_chunk(element)
        elif _holds_text(element):
            self._write_children(element)

    def _part(self, element: Element, attribute: str) -> Any:
        """The part of the file that an element refers to, if it is there."""
        relation = self._relations.get(element.get(f"{{{_RELATIONS}}}{attribute}"))
        return None if relation is None or relation.is_external else relation.target_part

    def _write_chunk(self, element: Element) -> None:
        """A file of another format that Word shows in the text."""
        part = self._part(element, "id")
        if part is None:
            return
        try:
            add_file(self._blocks, part.blob, str(part.partname), "", 0, self._limits)
        except LoadError as error:
            self._blocks.warn(f"Not read: {error}")

    def _write_paragraph(self, paragraph: Element) -> None:
        style = self._styles.of(paragraph)
        if style.in_contents:
            return
        since = self._blocks.here
        self._around = self._letters.of_paragraph(paragraph)
        pieces = [*self._held, *self._pieces(paragraph)]
        self._held = pieces if paragraph.find(_DELETED_END) is not None else []
        if self._held:
            return
        self._write_text(paragraph, style, _SPACES.sub(" ", "".join(pieces)))
        self._blocks.link(_links(pieces), "".join(pieces), since)

    def _write_text(self, paragraph: Element, style: Style, text: str) -> None:
        item = self._numbering.item(paragraph, style)
        if style.level is not None:
            number = f"{item[0]} " if item and item[0] != "-" else ""
            self._blocks.heading(number + text, style.level)
            return
        if item is None and paragraph in self._unstyled:
            self._blocks.heading(text, UNSTYLED_LEVEL)
            return
        if item is None:
            asks = is_question(text) and is_bold(paragraph)
            self._blocks.add(text, "question" if asks else "paragraph")
        else:
            self._blocks.item(text, marked(item[0]), item[1])

    def _write_table(self, table: Element) -> None:
        rows = list(tables.rows(table))
        if max((len(cells) for cells in rows), default=0) <= 1:
            # A frame around text, not a table.
            for cells in rows:
                for cell in cells:
                    self._write_children(cell)
            return
        self._blocks.open("table")
        texts = list(self._row_texts(rows))
        header = rows_of_names(texts, sum(1 for _ in takewhile(tables.is_header, rows)))
        for place, cells in enumerate(texts):
            self._blocks.row(cells, header=place < header)
        self._blocks.close("table")

    def _row_texts(self, rows: list[list[Element]]) -> Iterator[list[str]]:
        """The texts of each row's cells; one that is merged with others is said in each place."""
        above: dict[int, str] = {}  # the texts of the row before, by column
        for cells in rows:
            column = tables.first_column(cells)
            texts = dict.fromkeys(range(column), "")
            for cell in cells:
                goes_on = tables.goes_on_from_above(cell)
                text = above.get(column, "") if goes_on else self._cell_text(cell)
                width = tables.width(cell)
                # What goes across the whole table is a caption of its rows.
                again = text if len(cells) > 1 and len(text) <= _LONGEST_REPEATED else ""
                texts[column] = again if goes_on else text
                texts.update(dict.fromkeys(range(column + 1, column + width), again))
                column += width
            above = texts
            yield list(texts.values())

    def _cell_text(self, cell: Element) -> str:
        parts: list[str] = []
        for child in cell.iterchildren():
            if child.tag == f"{W}p":
                style = self._styles.of(child)
                self._around = self._letters.of_paragraph(child)
                text = one_line(self._text(child))
                item = self._numbering.item(child, style) if text else None
                if item and item[0] != "-":
                    text = f"{marked(item[0])} {text}"
                parts.append(f"; {text}" if item and parts else text)
            elif child.tag == f"{W}tbl":
                rows = (
                    CELL_SEPARATOR.join(row) for row in self._row_texts(list(tables.rows(child)))
                )
                parts.append("; ".join(rows))
            elif _holds_text(child):
                parts.append(self._cell_text(child))
        return " ".join(part for part in parts if part).replace(" ; ", "; ")

    def _text(self, element: Element) -> str:
        return _SPACES.sub(" ", "".join(self._pieces(element)))

    def _pieces(self, element: Element) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag == f"{W}t":
                yield with_symbols(child.text or "", self._font)
            elif tag in _CHARACTERS:
                yield _CHARACTERS[tag]
            elif tag == f"{W}r":
                yield from self._run(child)
            elif tag in _REFERENCES:
                self._add_note(child, _REFERENCES[tag])
            elif tag == f"{W}txbxContent" or tag in _GRAPHICS:
                self._pending.append(child)
            elif tag == f"{W}hyperlink":
                yield _LinkedPiece("".join(self._pieces(child)), self._target(child))
            elif tag in _SIGNS:
                yield _SIGNS[tag](child)
            elif _holds_text(child):
                yield from self._pieces(child)

    def _run(self, run: Element) -> Iterator[str]:
        properties = run.find(f"{W}rPr")
        letters = self._around
        if properties is not None:
            letters = self._letters.of_run(properties, letters)
            if _is_unseen(run, properties):
                return
        if letters.hidden or letters.struck:
            return
        self._font = letters.font
        for piece in self._pieces(run):
            yield superscript(piece) if letters.raised else piece

    def _target(self, hyperlink: Element) -> str:
        """Where a link leads: to a place outside, or to a bookmark in the document."""
        relation = self._relations.get(hyperlink.get(f"{{{_RELATIONS}}}id"))
        outside = relation.target_ref if relation is not None and relation.is_external else ""
        anchor = attribute(hyperlink, "anchor")
        return f"{outside}#{anchor}" if anchor else outside

    def _add_note(self, reference: Element, kind: str) -> None:
        note = self._notes[kind].get(reference.get(f"{W}id"))
        if note is not None:
            self._pending.append(note)


def _is_contents(element: Element) -> bool:
    gallery = next(element.iter(f"{W}docPartGallery"), None)
    return attribute(gallery).lower() in _CONTENTS


def _holds_text(element: Element) -> bool:
    """Whether there may be text to read in an element.

    A field that nobody has filled in shows only what to do with it.
    """
    if not isinstance(element.tag, str) or element.tag in _PASSED_OVER:
        return False
    return element.tag != f"{W}sdt" or not is_on(element.find(f"{W}sdtPr/{W}showingPlcHdr"))


def _said_of_picture(drawing: Element) -> str:
    said = said_of_picture(drawing.get("descr"))
    return f" {said} " if said else ""


def _chosen(field: Element) -> str:
    """What is chosen in a field of a form: a box as it is ticked, or one of several words."""
    box, words = (field.find(f"{W}ffData/{W}{name}") for name in ("checkBox", "ddList"))
    if words is not None:
        entries = [attribute(entry) for entry in words.iterchildren(f"{W}listEntry")]
        said = [attribute(words.find(f"{W}{name}")) for name in ("result", "default")]
        place = next((int(number) for number in said if number.isdecimal()), 0)
        return entries[place] if place < len(entries) else ""
    if box is None:
        return ""
    ticked = box.find(f"{W}checked")
    return "☒" if is_on(box.find(f"{W}default") if ticked is None else ticked) else "☐"


_SIGNS: dict[str, Callable[[Element], str]] = {
    f"{W}sym": lambda sign: symbol(attribute(sign, "char"), attribute(sign, "font")),
    f"{W}fldChar": _chosen,
    f"{_MATH}oMath": linear,
    _PICTURE: _said_of_picture,
}


def _is_unseen(run: Element, properties: Element) -> bool:
    """Whether a run is tiny, or white on what is no dark ground."""
    size = attribute(properties.find(f"{W}sz"))
    if size.isdecimal() and int(size) <= _TINY:
        return True
    if attribute(properties.find(f"{W}color")).upper() != "FFFFFF":
        return False
    around = [properties, *run.iterancestors(f"{W}p", f"{W}tc", f"{W}txbxContent")]
    if any(element.tag in (f"{W}tc", f"{W}txbxContent") for element in around):
        return False  # its ground may come from the style of the table or the box
    grounds = (f"{W}shd", f"{W}highlight")
    return not any(next(element.iter(*grounds), None) is not None for element in around)


def _notes(part: Any, kind: str) -> dict[str, Element]:
    """The footnotes or endnotes by their number; separators are not among them."""
    from docx.oxml import parse_xml

    relation = f"{_RELATIONS}/{kind}s"
    blob = next((r.target_part.blob for r in part.rels.values() if r.reltype == relation), None)
    if blob is None:
        return {}
    notes = parse_xml(blob).iterchildren(f"{W}{kind}")
    return {note.get(f"{W}id"): note for note in notes if attribute(note, "type") in ("", "normal")}
