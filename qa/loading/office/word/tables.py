"""Which cells the rows of a table in a Word document have, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator

from qa.loading.office.word.letters import is_on
from qa.loading.office.word.styles import Element, W, attribute

_WIDEST_SPAN = 100


def rows(table: Element) -> Iterator[list[Element]]:
    """The cells of each row, without rows that are hidden or were deleted under revision."""
    for child in table:
        if child.tag == f"{W}tr":
            properties = child.find(f"{W}trPr")
            if properties is None or not (
                properties.find(f"{W}del") is not None or is_on(properties.find(f"{W}hidden"))
            ):
                yield list(_cells(child))
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml"):
            yield from rows(child)


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml"):
            yield from _cells(child)


def goes_on_from_above(cell: Element) -> bool:
    """Whether a cell is merged with the one above it."""
    properties = cell.find(f"{W}tcPr")
    merged = None if properties is None else properties.find(f"{W}vMerge")
    return merged is not None and attribute(merged) != "restart"


def is_header(row: list[Element]) -> bool:
    """Whether Word repeats the row on each page, or sets the first row of the table apart."""
    line = _line_of(row)
    if line is None:
        return False
    if is_on(line.find(f"{W}trPr/{W}tblHeader")):
        return True
    table = line.getparent()
    look = table.find(f"{W}tblPr/{W}tblLook")
    return attribute(look, "firstRow") == "1" and line is next(table.iter(f"{W}tr"))


def _line_of(row: list[Element]) -> Element | None:
    return next(row[0].iterancestors(f"{W}tr"), None) if row else None


def first_column(row: list[Element]) -> int:
    """How many columns a row leaves out on its left."""
    line = _line_of(row)
    left = "" if line is None else attribute(line.find(f"{W}trPr/{W}gridBefore"))
    return min(int(left), _WIDEST_SPAN) if left.isdecimal() else 0


def width(cell: Element) -> int:
    """How many columns of the table's grid a cell takes."""
    span = attribute(cell.find(f"{W}tcPr/{W}gridSpan"))
    return min(max(int(span), 1), _WIDEST_SPAN) if span.isdecimal() else 1
