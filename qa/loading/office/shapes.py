"""Shapes of slides: where they stand, and the text in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa.loading.archives import Element, Relation, local_name, unescaped
from qa.loading.blocks import superscript
from qa.loading.links import Linked
from qa.loading.numerals import begins_at, numeral
from qa.loading.office.formulas import linear
from qa.loading.pictures import said_of_picture
from qa.loading.symbols import with_symbols
from qa.records import Link
from qa.text.cleaning import one_line

_STRUCK = frozenset(("sngStrike", "dblStrike"))
_DEEPEST = 8
_ALONE = re.compile("(?<!\\w)[\x80-\xff\uf020-\uf0ff](?!\\w)")
_LONGEST_REPEATED = 200  # characters of a merged cell that are said in each of its places
_WIDEST_SPAN = 100
_ALIGNED = 10  # a tenth of the width
_NUMERALS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I", "ea1": "一"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shape stands on its slide, in the file's own units."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a shape; its marker is None where the shape does not say whether it is one."""

    text: str
    level: int
    marker: str | None
    links: Sequence[Link]


def placeholder(shape: Element) -> tuple[str, str]:
    """What a shape is there for, and its number among those of the layout; nothing for others."""
    element = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    if element is None:
        return "", ""
    return element.get("type") or "", element.get("idx") or "0"


def is_hidden(shape: Element) -> bool:
    """Whether a shape is not shown."""
    names = (child.find("{*}cNvPr") for child in shape if local_name(child).startswith("nv"))
    return any(name is not None and name.get("hidden") in ("1", "true") for name in names)


def described(shape: Element) -> str:
    """What is said of a picture for those who cannot see it."""
    names = (child.find("{*}cNvPr") for child in shape if local_name(child).startswith("nv"))
    return next((said_of_picture(name.get("descr")) for name in names if name is not None), "")


def place_of(shape: Element, layout: Mapping[tuple[str, str], Place]) -> Place | None:
    """Where a shape stands, as it says itself or as the layout does."""
    for path in ("{*}spPr/{*}xfrm", "{*}grpSpPr/{*}xfrm", "{*}xfrm"):
        frame = shape.find(path)
        offset = None if frame is None else frame.find("{*}off")
        extent = None if frame is None else frame.find("{*}ext")
        if offset is not None and extent is not None:
            try:
                left, top = int(offset.get("x")), int(offset.get("y"))
                return Place(left, top, int(extent.get("cx")), int(extent.get("cy")))
            except (TypeError, ValueError):
                return None
    kind, number = placeholder(shape)
    known = layout.get((kind, number))
    return known or next((at for (_, n), at in layout.items() if number and n == number), None)


def in_reading_order(
    shapes: Sequence[Element], places: Mapping[int, Place | None]
) -> Iterator[Element]:
    """The shapes row by row, from the left; as they come where one of them has no place."""
    placed = [(place, shape) for shape in shapes if (place := places[id(shape)]) is not None]
    if len(placed) < len(shapes):
        yield from shapes
        return
    rest = sorted(placed, key=lambda one: (one[0].top, one[0].left))
    rows: list[list[tuple[Place, Element]]] = []
    while rest:
        first = rest[0][0]
        # What begins above the middle of the topmost one stands beside it.
        row = [one for one in rest if one[0].top <= first.top + first.height // 2]
        rest = rest[len(row) :]
        rows.append(sorted(row, key=lambda one: one[0].left))
    while rows:
        row = rows.pop(0)
        if rows and _stand_above(row, rows[0]):
            row = [one for both in zip(row, rows.pop(0), strict=True) for one in both]
        yield from (shape for _, shape in row)


def _stand_above(
    heads: Sequence[tuple[Place, Element]], bodies: Sequence[tuple[Place, Element]]
) -> bool:
    """Whether each shape of a row is the head of the larger one below it, as in a comparison."""
    return len(heads) == len(bodies) > 1 and all(
        abs(above.left - below.left) * _ALIGNED <= above.width and above.height < below.height
        for (above, _), (below, _) in zip(heads, bodies, strict=True)
    )


def paragraphs(shape: Element, related: Mapping[str, Relation]) -> list[Paragraph]:
    """The paragraphs of a shape that hold text."""
    body = shape.find("{*}txBody")
    if body is None:
        return []
    found = []
    counts: dict[int, int] = {}
    for element in body.iterchildren("{*}p"):
        pieces, linked = _pieces(element, related)
        text = "".join(pieces)
        if not text.strip():
            continue
        properties = element.find("{*}pPr")
        said = "" if properties is None else properties.get("lvl") or ""
        level = min(int(said), _DEEPEST) if said.isdecimal() else 0
        marker = _marker(properties, level, counts)
        found.append(Paragraph(text, level, marker, linked.links(pieces)))
    return found


def _marker(properties: Element | None, level: int, counts: dict[int, int]) -> str | None:
    """The marker of a list item; none at all where a paragraph is not one."""
    for deeper in [other for other in counts if other > level]:
        del counts[deeper]
    if properties is None:
        return None
    number = properties.find("{*}buAutoNum")
    if number is not None:
        start = begins_at(number.get("startAt") or "")
        counts[level] = counts.get(level, start - 1) + 1
        return _numbered(counts[level], number.get("type") or "")
    counts.pop(level, None)
    if properties.find("{*}buNone") is not None:
        return ""
    bullet = properties.find("{*}buChar")
    return "-" if bullet is not None or properties.find("{*}buBlip") is not None else None


def _numbered(number: int, kind: str) -> str:
    """A number as PowerPoint shows it: "alphaLcParenR" is a letter with a bracket after it."""
    shown = numeral(number, next((v for k, v in _NUMERALS.items() if kind.startswith(k)), "1"))
    if kind.endswith("ParenBoth"):
        return f"({shown})"
    return f"{shown})" if kind.endswith("ParenR") else f"{shown}."


def _pieces(paragraph: Element, related: Mapping[str, Relation]) -> tuple[list[str], Linked]:
    pieces: list[str] = []
    linked = Linked()
    for child in paragraph:
        name = local_name(child)
        if name == "br":
            pieces.append("\n")
        elif name in ("oMath", "m", "oMathPara", "AlternateContent"):
            maths = next(child.iter("{*}oMath"), None)
            pieces.append("" if maths is None else linear(maths))
        elif name == "r" or (
            name == "fld" and not (child.get("type") or "").startswith("slidenum")
        ):
            properties = child.find("{*}rPr")
            text = child.find("{*}t")
            if text is None or (properties is not None and properties.get("strike") in _STRUCK):
                continue
            target = _target(properties, related)
            if target:
                linked.open(len(pieces), target)
            said = _with_symbols(properties, unescaped(text.text or ""))
            pieces.append(_raised(properties, said))
            if target:
                linked.close(len(pieces))
    return pieces, linked


def _with_symbols(properties: Element | None, text: str) -> str:
    """The text, with the signs of a font of symbols; PowerPoint makes arrows of "-->" so."""
    if properties is None:
        return with_symbols(text)
    latin, signs = (properties.find(f"{{*}}{name}") for name in ("latin", "sym"))
    font = "" if latin is None else latin.get("typeface") or ""
    if signs is not None:
        sign_font = signs.get("typeface") or ""
        text = _ALONE.sub(lambda found: with_symbols(found[0], sign_font) or found[0], text)
    return with_symbols(text, font)


def _raised(properties: Element | None, text: str) -> str:
    baseline = "" if properties is None else properties.get("baseline") or ""
    return superscript(text) if baseline.isdecimal() and int(baseline) > 0 else text


def _target(properties: Element | None, related: Mapping[str, Relation]) -> str:
    link = None if properties is None else properties.find("{*}hlinkClick")
    if link is None:
        return ""
    relation = next((related.get(v) for k, v in link.items() if k.endswith("}id")), None)
    return relation.target if relation is not None and relation.outside else ""


def cell_rows(table: Element) -> list[list[str]]:
    """The texts of a table's cells; one that is merged with others is said in each place."""
    rows: list[list[str]] = []
    for element in table.iterchildren("{*}tr"):
        row: list[str] = []
        for column, cell in enumerate(element.iterchildren("{*}tc")):
            text = _cell_text(cell)
            if cell.get("hMerge") in ("1", "true") and row:
                text = _again(row[-1])
            elif cell.get("vMerge") in ("1", "true") and rows and column < len(rows[-1]):
                text = _again(rows[-1][column])
            row.append(text)
        if any(row):
            rows.append(row)
    return rows


def _cell_text(cell: Element) -> str:
    return one_line("; ".join(one_line(paragraph.text) for paragraph in paragraphs(cell, {})))


def _again(text: str) -> str:
    return text if len(text) <= _LONGEST_REPEATED else ""
