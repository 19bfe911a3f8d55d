"""Word documents: body text in reading order, as the last reviser accepted it.

python-docx opens the package; the text is taken from the XML itself, because
its `Paragraph.text` passes over insertions, text boxes and formulas.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from qa.errors import EmptyFileError, EncryptedFileError, TooLargeError
from qa.loading.blocks import CELL_SEPARATOR, Blocks, one_line, superscript, telling_title
from qa.loading.docx_math import linear
from qa.loading.docx_styles import Numbering, Styles, W, attribute
from qa.records import Document

Element = Any
"""An `lxml.etree` element; lxml brings no types."""

LARGEST_UNPACKED = 400_000_000
"""Bytes of all parts together, pictures included."""
LARGEST_TEXT_PART = 50_000_000
"""Bytes of one XML part: as a tree it takes some ten times as much memory."""

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_CONTENTS = ("table of contents", "toc")

# Properties, deleted text, field codes and pronunciation marks hold no text to read.
_PASSED_OVER = frozenset(
    f"{W}{name}"
    for name in (
        *("pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr", "rt"),
        *("del", "moveFrom", "delText", "instrText", "delInstrText", "altChunk"),
    )
) | {_FALLBACK}
_CHARACTERS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": "\t", f"{W}noBreakHyphen": "-"}


def parse(data: bytes, source: str) -> Document:
    """Paragraphs, lists, tables, text boxes and footnotes; page heads and feet are left out.

    Raises:
        TooLargeError: it unpacks to far more than a document.
        EmptyFileError: there is no text in it.
    """
    _check_size(data, source)
    import docx

    document = docx.Document(BytesIO(data))
    blocks = Blocks()
    _Body(document, blocks).write()
    if blocks.empty:
        raise EmptyFileError(
            f"{source} has no text; its content may be pictures. "
            "Leave it out, or run the pictures through OCR."
        )
    tops = [heading.text for heading in blocks.headings if heading.level == 1]
    return blocks.document(source, [telling_title(document.core_properties.title), *tops[:1]])


def _check_size(data: bytes, source: str) -> None:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise EncryptedFileError(f"{source} is protected by a password. Save it without one.")
    unpacked = sum(member.file_size for member in members)
    text = max((m.file_size for m in members if m.filename.endswith((".xml", ".rels"))), default=0)
    if unpacked > LARGEST_UNPACKED or text > LARGEST_TEXT_PART:
        raise TooLargeError(
            f"{source} unpacks to {unpacked / 1e6:.0f} MB, far more than a document that can be "
            "read. Split it, or leave it out."
        )


class _Body:
    """Writes the body of a document into blocks."""

    def __init__(self, document: Any, blocks: Blocks) -> None:
        self._body = document.element.body
        self._blocks = blocks
        self._styles = Styles(document.styles.element)
        self._numbering = Numbering(document.part)
        self._notes = _footnotes(document.part)
        self._pending: list[Element] = []  # text boxes and notes met inside a paragraph

    def write(self) -> None:
        """Write everything."""
        self._write_children(self._body)

    def _write_children(self, element: Element) -> None:
        for child in element:
            self._write_block(child)
            while self._pending:
                pending, self._pending = self._pending, []
                for container in pending:
                    self._write_children(container)

    def _write_block(self, element: Element) -> None:
        tag = element.tag
        if tag == f"{W}p":
            self._write_paragraph(element)
        elif tag == f"{W}tbl":
            self._write_table(element)
        elif tag == f"{W}sdt" and _is_contents(element):
            return
        elif isinstance(tag, str) and tag not in _PASSED_OVER:
            self._write_children(element)

    def _write_paragraph(self, paragraph: Element) -> None:
        style = self._styles.of(paragraph)
        if style.in_contents:
            return
        text = self._text(paragraph)
        if style.level is not None:
            self._blocks.heading(text, style.level)
            return
        item = self._numbering.item(paragraph, style)
        if item is None:
            self._blocks.add(text)
        else:
            self._blocks.item(text, *item)

    def _write_table(self, table: Element) -> None:
        rows = list(_rows(table))
        if max((len(cells) for cells in rows), default=0) <= 1:
            # A frame around text, not a table.
            for cells in rows:
                for cell in cells:
                    self._write_children(cell)
            return
        self._blocks.end_group()
        for row in self._row_texts(rows):
            self._blocks.row(row)
        self._blocks.end_group()

    def _row_texts(self, rows: list[list[Element]]) -> Iterator[list[str]]:
        for cells in rows:
            texts = ["" if _goes_on_from_above(cell) else self._cell_text(cell) for cell in cells]
            if any(texts):
                yield texts

    def _cell_text(self, cell: Element) -> str:
        parts: list[str] = []
        for child in cell.iterchildren():
            if child.tag == f"{W}p":
                style = self._styles.of(child)
                text = one_line(self._text(child))
                item = text and self._numbering.item(child, style)
                parts.append(f"; {text}" if item and parts else text)
            elif child.tag == f"{W}tbl":
                rows = (CELL_SEPARATOR.join(row) for row in self._row_texts(list(_rows(child))))
                parts.append("; ".join(rows))
            elif isinstance(child.tag, str) and child.tag not in _PASSED_OVER:
                parts.append(self._cell_text(child))
        return " ".join(part for part in parts if part).replace(" ; ", "; ")

    def _text(self, element: Element) -> str:
        return "".join(self._pieces(element))

    def _pieces(self, element: Element) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag == f"{W}t":
                yield child.text or ""
            elif tag in _CHARACTERS:
                yield _CHARACTERS[tag]
            elif tag == f"{W}r":
                yield from self._run(child)
            elif tag == f"{W}footnoteReference":
                self._add_note(child)
            elif tag == f"{W}txbxContent":
                self._pending.append(child)
            elif tag == f"{_MATH}oMath":
                yield linear(child)
            elif isinstance(tag, str) and tag not in _PASSED_OVER:
                yield from self._pieces(child)

    def _run(self, run: Element) -> Iterator[str]:
        properties = run.find(f"{W}rPr")
        if properties is None:
            yield from self._pieces(run)
            return
        if _is_on(properties.find(f"{W}vanish")):
            return
        raised = attribute(properties.find(f"{W}vertAlign")) == "superscript"
        for piece in self._pieces(run):
            yield superscript(piece) if raised else piece

    def _add_note(self, reference: Element) -> None:
        note = self._notes.get(reference.get(f"{W}id"))
        if note is not None:
            self._pending.append(note)


def _rows(table: Element) -> Iterator[list[Element]]:
    """The cells of each row, without rows that were deleted under revision."""
    for child in table:
        if child.tag == f"{W}tr":
            properties = child.find(f"{W}trPr")
            if properties is None or properties.find(f"{W}del") is None:
                yield list(_cells(child))
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml"):
            yield from _rows(child)


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml"):
            yield from _cells(child)


def _goes_on_from_above(cell: Element) -> bool:
    properties = cell.find(f"{W}tcPr")
    merged = None if properties is None else properties.find(f"{W}vMerge")
    return merged is not None and attribute(merged) != "restart"


def _is_contents(element: Element) -> bool:
    gallery = next(element.iter(f"{W}docPartGallery"), None)
    return attribute(gallery).lower() in _CONTENTS


def _is_on(switch: Element | None) -> bool:
    return switch is not None and attribute(switch) not in ("0", "false", "off")


def _footnotes(part: Any) -> dict[str, Element]:
    """The footnotes by their number; separators are not among them."""
    from docx.oxml import parse_xml

    blob = next((r.target_part.blob for r in part.rels.values() if r.reltype == _FOOTNOTES), None)
    if blob is None:
        return {}
    notes = parse_xml(blob).iterchildren(f"{W}footnote")
    return {note.get(f"{W}id"): note for note in notes if note.get(f"{W}type") is None}
