"""The slides of OpenDocument presentations."""

from __future__ import annotations

import re

from qa.loading.archives import Element, local_attribute, local_name
from qa.loading.blocks import Blocks
from qa.loading.opendocument.styles import Styles
from qa.loading.opendocument.text import Text
from qa.text.cleaning import one_line

_FURNITURE = frozenset(("header", "footer", "date-time", "page-number", "page"))
_LENGTH = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)(cm|mm|in|pt)")
_MILLIMETRES = {"cm": 10.0, "mm": 1.0, "in": 25.4, "pt": 25.4 / 72}
_SAME_ROW = 10.0  # millimetres


def write_slides(body: Element, styles: Styles, blocks: Blocks) -> str:
    """Add a section for each slide that is shown; the title of the first one."""
    titles = []
    for number, page in enumerate(body.iterchildren("{*}page"), 1):
        if styles.of(page, "drawing-page").shown:
            titles.append(_write_slide(page, number, styles, blocks))
    return titles[0] if titles else ""


def _write_slide(page: Element, number: int, styles: Styles, blocks: Blocks) -> str:
    text = Text(blocks, styles)
    shapes = [shape for shape in page if _is_shown(shape)]
    heads = [shape for shape in shapes if local_attribute(shape, "class") == "title"]
    lines = [text.inline(p)[0] for head in heads for p in head.iter("{*}p")]
    title = one_line(" ".join(lines))
    line = f"Slide {number}: {title}" if title else f"Slide {number}"
    blocks.heading(line, 1, "slide", number)
    for shape in sorted((shape for shape in shapes if shape not in heads), key=_place):
        text.write(shape)
    for notes in page.iterchildren("{*}notes"):
        said = [frame for frame in notes if local_attribute(frame, "class") == "notes"]
        if any("".join(frame.itertext()).strip() for frame in said):
            blocks.open("note")
            blocks.add("Notes:")
            for frame in said:
                text.write(frame)
            blocks.close("note")
    return title


def _is_shown(shape: Element) -> bool:
    name = local_name(shape)
    if name in ("", "notes", "forms", "par", "animation-group"):
        return False
    unset = local_attribute(shape, "placeholder") == "true"
    return not unset and local_attribute(shape, "class") not in _FURNITURE


def _place(shape: Element) -> tuple[float, float]:
    """Where a shape is read: from the top, of those side by side from the left."""
    top, left = (_length(local_attribute(shape, name)) for name in ("y", "x"))
    return top // _SAME_ROW, left


def _length(said: str) -> float:
    found = _LENGTH.fullmatch(said)
    return float(found[1]) * _MILLIMETRES[found[2]] if found else 0.0
