"""Text of a page that is of no use: drawn invisibly, white on white, or in unknown letters.

What is drawn invisibly is of use in scans with their recognised text behind the picture: there,
nearly all of the text is invisible, and it is the text of the page.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage  # type: ignore[import-untyped]

Box = tuple[float, float, float, float]
"""Left, bottom, right and top."""

_INVISIBLE_MODES = frozenset((3, 7))  # neither filled nor stroked; only a path to clip by
_FILLED_MODES = frozenset((0, 4))
_WHITE = 250  # of 255, in each of its three colours
_RECOGNISED = 0.9  # of the text objects of a page
_ASKED = 300  # characters of a page, whether they are known
_UNKNOWN = 0.5  # of these: from here on the page is one of unknown letters
_NO_LETTERS = frozenset(("Cc", "Cn", "Co"))  # control characters, and what means nothing


def unseen(page: PdfPage) -> frozenset[int]:
    """The addresses of the text objects of a page that cannot be seen."""
    from pypdfium2 import raw

    texts = 0
    invisible, white = [], []
    colour = [ctypes.c_uint() for _ in range(4)]
    elements = list(objects(page))
    for order, element in enumerate(elements):
        if raw.FPDFPageObj_GetType(element) != raw.FPDF_PAGEOBJ_TEXT:
            continue
        texts += 1
        mode = raw.FPDFTextObj_GetTextRenderMode(element)
        if mode in _INVISIBLE_MODES:
            invisible.append(address_of(element))
        elif mode in _FILLED_MODES and is_white(element, colour):
            white.append((order, _box(element), address_of(element)))
    if invisible and len(invisible) >= _RECOGNISED * texts and _has_picture(elements):
        invisible.clear()
    grounds = list(_grounds(elements, colour)) if white else []
    lost = (
        address
        for order, box, address in white
        if not any(below < order and _is_behind(ground, box) for below, ground in grounds)
    )
    return frozenset([*invisible, *lost])


def turned(box: Box, turn: int) -> Box:
    """A box on a page that is turned clockwise by so many degrees about its origin."""
    left, bottom, right, top = box
    for _ in range(turn // 90):
        left, bottom, right, top = bottom, -right, top, -left
    return left, bottom, right, top


def is_unknown(text_page: PdfTextPage) -> bool:
    """Whether most of what a page shows are shapes of which its fonts do not say the letters."""
    from pypdfium2 import raw

    count = text_page.count_chars()
    asked = unknown = 0
    for place in range(0, count, max(1, count // _ASKED)):
        character = chr(raw.FPDFText_GetUnicode(text_page, place))
        if character.isspace() or raw.FPDFText_IsGenerated(text_page, place) == 1:
            continue
        asked += 1
        unknown += (
            unicodedata.category(character) in _NO_LETTERS
            or raw.FPDFText_HasUnicodeMapError(text_page, place) == 1
        )
    return unknown > _UNKNOWN * asked


def address_of(element: Any) -> int:
    """The identity of an object of a page."""
    return ctypes.addressof(element.contents)


def objects(page: PdfPage) -> Iterator[Any]:
    """Every object of a page, from back to front, without those inside forms."""
    from pypdfium2 import raw

    for index in range(raw.FPDFPage_CountObjects(page)):
        yield raw.FPDFPage_GetObject(page, index)


def _has_picture(elements: list[Any]) -> bool:
    from pypdfium2 import raw

    return any(raw.FPDFPageObj_GetType(element) == raw.FPDF_PAGEOBJ_IMAGE for element in elements)


def _grounds(elements: list[Any], colour: list[ctypes.c_uint]) -> Iterator[tuple[int, Box]]:
    """The objects that white letters could be visible on, with their place in the drawing order."""
    from pypdfium2 import raw

    for order, element in enumerate(elements):
        kind = raw.FPDFPageObj_GetType(element)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            continue
        if kind != raw.FPDF_PAGEOBJ_PATH or not is_white(element, colour):
            yield order, _box(element)


def is_white(element: Any, colour: list[ctypes.c_uint]) -> bool:
    """Whether an object is filled with white; `colour` has room for its four parts."""
    from pypdfium2 import raw

    if not raw.FPDFPageObj_GetFillColor(element, *colour):
        return False
    return min(part.value for part in colour[:3]) >= _WHITE


def _is_behind(ground: Box, box: Box) -> bool:
    across, up = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return ground[0] <= across <= ground[2] and ground[1] <= up <= ground[3]


def _box(element: Any) -> Box:
    from pypdfium2 import raw

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(element, left, bottom, right, top)
    return left.value, bottom.value, right.value, top.value
