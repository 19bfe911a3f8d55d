"""PowerPoint presentations: each slide a section, in the order in which its shapes are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.archives import Archive, Element, Relation, local_name
from qa.loading.blocks import Blocks, is_question, telling_title
from qa.loading.office.graphics import write_graphic, write_table
from qa.loading.office.shapes import (
    Paragraph,
    Place,
    cell_rows,
    described,
    in_reading_order,
    is_hidden,
    paragraphs,
    place_of,
    placeholder,
)
from qa.records import Document
from qa.text.cleaning import one_line

_TITLES = frozenset(("title", "ctrTitle"))
_FURNITURE = frozenset(("dt", "ftr", "hdr", "sldNum", "sldImg"))
_LISTED = frozenset(("body", "obj", "half", ""))  # placeholders whose paragraphs have bullets


class Slide(NamedTuple):
    """A slide of a presentation, by the number that it is shown with."""

    number: int
    root: Element
    related: dict[str, Relation]


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The title, texts, tables, charts and notes of each slide that is shown.

    Raises:
        EmptyFileError: there is no text on any of them.
    """
    archive = Archive(data, source, limits)
    blocks = Blocks()
    titles = []
    filled = False
    for slide in _slides(archive):
        writer = _Writer(archive, slide, blocks)
        titles.append(writer.title)
        filled = writer.write() or filled
        limits.check(source, "max_characters", blocks.length, "has {} characters")
    if not filled:
        raise EmptyFileError(
            f"{source} has no text; its slides may be pictures. "
            "Leave it out, or run the pictures through OCR."
        )
    return blocks.document(source, [telling_title(archive.title()), *titles[:1]])


def _slides(archive: Archive) -> Iterator[Slide]:
    main = next(one.target for one in archive.relations().values() if one.kind == "officeDocument")
    related = archive.relations(main)
    listed = archive.xml(main).iterfind("{*}sldIdLst/{*}sldId")
    for number, element in enumerate(listed, 1):
        part = related.get(_relation_id(element))
        if part is None or part.target not in archive:
            continue
        root = archive.xml(part.target)
        if root.get("show") not in ("0", "false"):
            yield Slide(number, root, archive.relations(part.target))


def _relation_id(element: Element) -> str:
    """The name of a relation, which is an attribute with a namespace; `id` alone is a number."""
    ids = (value for key, value in element.items() if key.endswith("}id") or key.endswith("}dm"))
    return next(ids, "")


class _Writer:
    """Writes one slide into blocks."""

    def __init__(self, archive: Archive, slide: Slide, blocks: Blocks) -> None:
        self._archive = archive
        self._slide = slide
        self._blocks = blocks
        tree = slide.root.find("{*}cSld/{*}spTree")
        self._shapes = [] if tree is None else list(_shapes(tree))
        titles = (shape for shape in self._shapes if placeholder(shape)[0] in _TITLES)
        self._title = next(titles, None)
        self.title = self._title_text()

    def write(self) -> bool:
        """Write everything; whether there was more than a number."""
        before = self._blocks.length
        number = f"Slide {self._slide.number}"
        line = f"{number}: {self.title}" if self.title else number
        self._blocks.heading(line, 1, "slide", self._slide.number)
        heading = self._blocks.length
        layout = self._layout()
        places = {id(shape): place_of(shape, layout) for shape in self._shapes}
        for shape in in_reading_order(self._shapes, places):
            self._write_shape(shape)
        self._write_notes()
        return bool(self.title) or self._blocks.length > max(heading, before)

    def _title_text(self) -> str:
        if self._title is None:
            return ""
        return one_line(" ".join(p.text for p in paragraphs(self._title, self._slide.related)))

    def _layout(self) -> dict[tuple[str, str], Place]:
        """Where a placeholder stands that does not say so, by its kind and number."""
        part = next((r.target for r in self._slide.related.values() if r.kind == "slideLayout"), "")
        found: dict[tuple[str, str], Place] = {}
        if part in self._archive:
            for shape in self._archive.xml(part).iter("{*}sp"):
                place = place_of(shape, {})
                if place is not None:
                    found[placeholder(shape)] = place
        return found

    def _write_shape(self, shape: Element) -> None:
        name = local_name(shape)
        if name == "grpSp":
            inner = list(_shapes(shape))
            places = {id(one): place_of(one, {}) for one in inner}
            for one in in_reading_order(inner, places):
                self._write_shape(one)
        elif name == "graphicFrame":
            self._write_frame(shape)
        elif name == "pic":
            self._blocks.add(described(shape))
        elif shape is not self._title and placeholder(shape)[0] not in _FURNITURE:
            kind, number = placeholder(shape)
            listed = kind in _LISTED and bool(kind or number)
            self._write_paragraphs(paragraphs(shape, self._slide.related), listed=listed)

    def _write_paragraphs(self, found: Sequence[Paragraph], *, listed: bool) -> None:
        listed = listed and len(found) > 1
        for paragraph in found:
            since = self._blocks.here
            marker = paragraph.marker if paragraph.marker is not None else "-" if listed else ""
            if marker:
                self._blocks.item(paragraph.text, marker, paragraph.level)
            else:
                asks = is_question(paragraph.text) and len(found) > 1
                self._blocks.add(paragraph.text, "question" if asks else "paragraph")
            self._blocks.link(paragraph.links, paragraph.text, since)

    def _write_frame(self, frame: Element) -> None:
        table = next(frame.iter("{*}tbl"), None)
        chart = next((e for e in frame.iter("{*}chart") if _relation_id(e)), None)
        diagram = next(frame.iter("{*}relIds"), None)
        if table is not None:
            properties = table.find("{*}tblPr")
            header = properties is not None and properties.get("firstRow") in ("1", "true")
            write_table(self._blocks, cell_rows(table), header=header)
            return
        for element in (chart, diagram):
            if element is not None and (root := self._related(element)) is not None:
                write_graphic(self._blocks, root)
                return
        self._blocks.add(described(frame))

    def _related(self, element: Element) -> Element | None:
        part = self._slide.related.get(_relation_id(element))
        known = part is not None and not part.outside and part.target in self._archive
        return self._archive.xml(part.target) if part is not None and known else None

    def _write_notes(self) -> None:
        part = next((r.target for r in self._slide.related.values() if r.kind == "notesSlide"), "")
        if part not in self._archive:
            return
        related = self._archive.relations(part)
        bodies = (s for s in self._archive.xml(part).iter("{*}sp") if placeholder(s)[0] == "body")
        found = [one for body in bodies for one in paragraphs(body, related)]
        if not found:
            return
        self._blocks.open("note")
        self._blocks.add(f"Notes: {found[0].text}")
        self._write_paragraphs(found[1:], listed=False)
        self._blocks.close("note")


def _shapes(tree: Element) -> Iterator[Element]:
    """The shapes of a slide or a group, as they lie one above the other."""
    for child in tree:
        name = local_name(child)
        if name == "AlternateContent":
            choice = child.find("{*}Choice")
            yield from _shapes(child.find("{*}Fallback") if choice is None else choice)
        elif name in ("sp", "grpSp", "graphicFrame", "pic") and not is_hidden(child):
            yield child
