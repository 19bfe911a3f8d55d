"""Excel workbooks: what their sheets show, each a section of its own.

The parts are read as the XML that they are: no library says both how a number is shown and which
rows, columns and sheets are hidden, and none reads a large sheet as fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from qa.limits import Limits
from qa.loading.archives import (
    Archive,
    Element,
    Relation,
    local_attribute,
    local_name,
    unescaped,
)
from qa.loading.blocks import Blocks, superscript, telling_title
from qa.loading.office.graphics import write_graphic
from qa.loading.office.shapes import described, paragraphs
from qa.loading.tables.grid import Value
from qa.loading.tables.number_formats import BUILT_IN, shown
from qa.loading.tables.sheet import Sheet, write
from qa.records import Document

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_UNCALCULATED = (
    "{} formulas in the sheet “{}” have no value yet, since no program has worked them out: open "
    "the file in Excel and save it"
)
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_TRUTHS = {"1": "TRUE", "0": "FALSE"}
_LAST_COLUMN = 16_384


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The values of each visible sheet, as they are shown; formulas by what they come to."""
    archive = Archive(data, source, limits)
    return write(_sheets(archive), source, limits, [telling_title(archive.title())])


def _sheets(archive: Archive) -> Iterator[Sheet]:
    related = archive.relations().values()
    book = next(one.target for one in related if one.kind == "officeDocument")
    parts = archive.relations(book)
    by_kind = {one.kind: one.target for one in parts.values()}
    root = archive.xml(book)
    from_1904 = any(
        element.get("date1904") in ("1", "true") for element in root.iter("{*}workbookPr")
    )
    formats = _formats(archive, by_kind.get("styles", ""), from_1904)
    strings = _strings(archive, by_kind.get("sharedStrings", ""))
    for element in root.iter("{*}sheet"):
        part = parts.get(local_attribute(element, "id"))
        if element.get("state", "visible") == "visible" and part and part.kind == "worksheet":
            yield _read(archive, part.target, element.get("name") or "", strings, formats)


class _Formats:
    """How the cells of each style are shown."""

    def __init__(self, codes: Sequence[str], struck: Sequence[bool], from_1904: bool) -> None:
        self._codes = {str(place): code for place, code in enumerate(codes)}
        self._from_1904 = from_1904
        self.struck = frozenset(str(place) for place, one in enumerate(struck) if one)
        """The styles of cells that are crossed out."""

    def show(self, style: str, text: str) -> str:
        """A number with a cell's style."""
        code = self._codes.get(style, "General")
        try:
            return shown(float(text), code, from_1904=self._from_1904)
        except (ValueError, OverflowError):
            return text


def _formats(archive: Archive, part: str, from_1904: bool) -> _Formats:
    if part not in archive:
        return _Formats((), (), from_1904)
    root = archive.xml(part)
    codes = {str(number): code for number, code in BUILT_IN.items()}
    for element in root.iter("{*}numFmt"):
        codes[element.get("numFmtId") or ""] = element.get("formatCode") or "General"
    fonts = [_is_struck(font) for fonts in root.iterchildren("{*}fonts") for font in fonts]
    styles = [style for styles in root.iterchildren("{*}cellXfs") for style in styles]
    used = [style.get("fontId") or "" for style in styles]
    return _Formats(
        [codes.get(style.get("numFmtId") or "0", "General") for style in styles],
        [font.isdecimal() and int(font) < len(fonts) and fonts[int(font)] for font in used],
        from_1904,
    )


def _is_struck(properties: Element) -> bool:
    strike = properties.find("{*}strike")
    return strike is not None and strike.get("val", "1") not in ("0", "false")


def _strings(archive: Archive, part: str) -> list[str]:
    """The texts that cells refer to by number."""
    if part not in archive:
        return []
    return [_rich(element) for element in archive.elements(part, "si")]


def _rich(element: Element) -> str:
    """A text that may be of several runs; how it is spoken and what is struck is left out."""
    pieces = []
    for child in element:
        name = local_name(child)
        if name == "t":
            pieces.append(unescaped(child.text or ""))
        elif name == "r":
            properties = child.find("{*}rPr")
            texts = [unescaped(text.text or "") for text in child.iterchildren("{*}t")]
            if properties is None:
                pieces.extend(texts)
            elif not _is_struck(properties):
                align = properties.find("{*}vertAlign")
                raised = align is not None and align.get("val") == "superscript"
                pieces.extend(map(superscript, texts) if raised else texts)
    return "".join(pieces)


def _read(
    archive: Archive, part: str, name: str, strings: Sequence[str], formats: _Formats
) -> Sheet:
    rows: dict[int, dict[int, str]] = {}
    merged: list[tuple[range, range]] = []
    hidden_columns: set[int] = set()
    hidden_rows: list[int] = []
    number = uncalculated = 0
    for element in archive.elements(part, "row", "col", "mergeCell"):
        kind = local_name(element)
        if kind == "row":
            number = int(element.get("r") or number + 1)
            if element.get("hidden") in ("1", "true") or _is_nothing(element.get("ht")):
                hidden_rows.append(number)
            else:
                rows[number] = dict(_cells(element, strings, formats))
                uncalculated += sum(1 for formula in element.iter("{*}f") if _has_no_value(formula))
        elif kind == "mergeCell" and (found := _RANGE.fullmatch(element.get("ref") or "")):
            down = range(int(found[2]), int(found[4]) + 1)
            merged.append((down, range(_column(found[1]), _column(found[3]) + 1)))
        elif kind == "col" and (
            element.get("hidden") in ("1", "true") or _is_nothing(element.get("width"))
        ):
            last = min(int(element.get("max") or 0), _LAST_COLUMN)
            hidden_columns.update(range(int(element.get("min") or 1) - 1, last))
    held = [(down, across) for down, across in merged if down and across]
    related = archive.relations(part)
    return Sheet(
        name,
        rows,
        held,
        frozenset(hidden_columns),
        sorted(hidden_rows),
        dict(_notes(archive, related)),
        _drawn(archive, related),
        _UNCALCULATED.format(uncalculated, name) if uncalculated else "",
    )


def _has_no_value(formula: Element) -> bool:
    """Whether a program wrote a formula without working it out."""
    cell = formula.getparent()
    value = cell.find("{*}v")
    return cell.get("t", "n") == "n" and (value is None or not value.text)


def _notes(
    archive: Archive, related: Mapping[str, Relation]
) -> Iterator[tuple[tuple[int, int], str]]:
    """What is noted at the cells of a sheet; not what people say to each other about them."""
    part = next((one.target for one in related.values() if one.kind == "comments"), "")
    if part not in archive or any(one.kind == "threadedComment" for one in related.values()):
        return
    for note in archive.xml(part).iter("{*}comment"):
        place = _CELL.fullmatch(note.get("ref") or "")
        inside = note.find("{*}text")
        if place is not None and inside is not None:
            yield (int(place[2]), _column(place[1])), _rich(inside)


def _drawn(archive: Archive, related: Mapping[str, Relation]) -> Callable[[Blocks], None]:
    """What adds the text boxes, the charts and what is said of pictures of a sheet."""

    def write_drawn(blocks: Blocks) -> None:
        part = next((one.target for one in related.values() if one.kind == "drawing"), "")
        if part not in archive:
            return
        inner = archive.relations(part)
        for element in archive.xml(part).iter("{*}sp", "{*}chart", "{*}relIds", "{*}pic"):
            if local_name(element) == "sp":
                for paragraph in paragraphs(element, inner):
                    blocks.add(paragraph.text)
            elif local_name(element) == "pic":
                blocks.add(described(element))
            else:
                named = (inner.get(local_attribute(element, name)) for name in ("id", "dm"))
                target = next((one.target for one in named if one is not None), "")
                if target in archive:
                    write_graphic(blocks, archive.xml(target))

    return write_drawn


def _is_nothing(size: str | None) -> bool:
    """Whether a row or a column is as good as hidden: nought high or wide."""
    return size is not None and size != "" and not size.strip("0.")


def _cells(row: Element, strings: Sequence[str], formats: _Formats) -> Iterator[tuple[int, str]]:
    column = -1
    namespace = row.tag[: -len("row")]
    tag, value = f"{namespace}c", f"{namespace}v"
    for cell in row:
        if cell.tag != tag:
            continue
        reference = cell.get("r")
        column = _column(reference.rstrip("0123456789")) if reference else column + 1
        style = cell.get("s", "0")
        text = next((child.text for child in cell if child.tag == value), None) or ""
        kind = cell.get("t", "n")
        if style in formats.struck:
            continue
        if kind == "n":
            if text:
                yield column, Value(formats.show(style, text))
        elif text := _text(cell, kind, text, strings):
            yield column, text


def _text(cell: Element, kind: str, text: str, strings: Sequence[str]) -> str:
    """What a cell holds that is no number."""
    if kind == "s":
        place = int(text or -1)
        return strings[place] if 0 <= place < len(strings) else ""
    if kind == "inlineStr":
        inside = cell.find("{*}is")
        return "" if inside is None else _rich(inside)
    if kind == "b":
        return Value(_TRUTHS.get(text, text))
    if kind == "d":
        return Value(text.removesuffix("T00:00:00"))
    return "" if kind == "e" else unescaped(text)  # an error, such as #REF!, is nobody's statement


@lru_cache(maxsize=_LAST_COLUMN)
def _column(letters: str) -> int:
    """The number of a column, counted from nought: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
