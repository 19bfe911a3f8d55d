"""What is filled into the fields of a form, with the labels that it stands beside.

PDFium gives it after all other text of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.loading.pdf.columns import HYPHEN, Line
from qa.loading.pdf.unseen import address_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage  # type: ignore[import-untyped]

_SAME_LINE = 0.6  # of the letter height
_OVERLAP = 1.0  # points
_LONGEST_LABEL = 80  # characters, with what is filled in already


def own_texts(page: PdfPage) -> frozenset[int] | None:
    """The addresses of the text objects that a page draws itself; None if it draws all of them."""
    from pypdfium2 import raw

    places = range(raw.FPDFPage_CountObjects(page))
    elements = [raw.FPDFPage_GetObject(page, place) for place in places]
    kinds = [raw.FPDFPageObj_GetType(element) for element in elements]
    if raw.FPDF_PAGEOBJ_FORM not in kinds:
        return None
    return frozenset(
        address_of(element)
        for element, kind in zip(elements, kinds, strict=True)
        if kind == raw.FPDF_PAGEOBJ_TEXT
    )


def beside_their_labels(lines: Sequence[Line]) -> list[Line]:
    """The lines, what is filled in joined to the line that it stands beside, if there is one."""
    found: list[Line | None] = list(lines)
    own = [at for at, line in enumerate(lines) if not line.filled]
    # What is filled in comes last; other pages may be drawn with parts like it.
    for at in range(own[-1] + 1 if own else len(lines), len(lines)):
        line = lines[at]
        beside = [place for place in own if _stands_beside(line, found[place] or line)]
        place = min(beside, key=lambda place: _distance(line, found[place] or line), default=None)
        if place is not None:
            found[place], found[at] = _joined(found[place] or line, line), None
    return [line for line in found if line is not None]


def _stands_beside(line: Line, label: Line) -> bool:
    same = abs(line.bottom - label.bottom) <= _SAME_LINE * max(line.height, label.height)
    if (
        not same
        or label.filled
        or len(label.text) > _LONGEST_LABEL
        or label.text.endswith(HYPHEN)
        or line.turn != label.turn
    ):
        return False
    follows = label.right <= line.left + _OVERLAP
    return follows or (_is_tick(line) and line.right <= label.left + _OVERLAP)


def _is_tick(line: Line) -> bool:
    return len(line.text) == 1 and not line.text.isdigit()


def _distance(line: Line, label: Line) -> float:
    return max(line.left - label.right, label.left - line.right)


def _joined(label: Line, line: Line) -> Line:
    first, second = (label, line) if label.right <= line.left + _OVERLAP else (line, label)
    return replace(
        label,
        text=f"{first.text} {second.text}",
        left=min(first.left, second.left),
        right=max(first.right, second.right),
        gaps=(),
        ink=first.ink + second.ink,
        bold=first.bold and second.bold,
    )
