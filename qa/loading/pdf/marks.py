"""Where on its page a range of a document's text is: the boxes of the same characters.

The text of a page consists of its lines, without the running ones, in the order of
`qa.loading.pdf.layout`; nothing but spaces, hyphens at line ends and what is written between the
cells of a table differs. So the lines of the page and of the cells of its tables are read again,
each character with its index, and those that make up the text are found. A page that is a picture
is recognised again, and its words are found in the same way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, product
from typing import TYPE_CHECKING, Any

from qa.errors import LoadError
from qa.limits import Limits
from qa.loading.blocks import not_raised
from qa.loading.pdf.characters import Characters
from qa.loading.pdf.columns import HYPHEN, Line
from qa.loading.pdf.layout import arranged
from qa.loading.pdf.opening import opened, opened_page, opened_text
from qa.loading.pdf.recognition import Recognised, recognise_page
from qa.loading.pdf.running_lines import EDGE_ROWS
from qa.loading.pdf.unseen import Box
from qa.records import PageBox
from qa.text.sentences import CELL_SEPARATOR, NO_VALUE

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage  # type: ignore[import-untyped]

# What is written between cells, or for an empty one.
_BETWEEN = frozenset(CELL_SEPARATOR + NO_VALUE)
_WHOLE = 1_000_000  # the page's width and height in the whole numbers that PDFium converts to
_MOST_WAYS = 1_000  # in which the lines so far may make up a beginning of the text
_SAME_LINE = 0.5  # of a character's height or width that it shares with its neighbour
_LEVEL = 0.5  # of a character's height: how far a line may rise or fall within a box
_NEXT = 2.0  # of a character's height: how far its neighbour in the same box may be
_MARGIN = 0.15  # of what is drawn: how far its mark may go beyond it
_LEAST_MARGIN = 0.1  # of the line: the same for a dash or a dot

_Ways = dict[int, tuple[float, int]]
"""By the length of the text so far: the cost of the best way there, and the length before it."""


def marks(
    data: bytes, source: str, pages: Iterable[Sequence[Any]], limits: Limits
) -> list[list[PageBox]]:
    """The boxes around a part of the text of each page, line by line.

    Of each is given: its number, counted from 1, its whole text, and start and end in that.

    Raises:
        LoadError: a page does not have this text, or the file cannot be read.
    """
    with opened(data, source) as document:
        found = []
        for number, *part in pages:
            boxes = _in_text(document, number, part, source, limits)
            if boxes is None:
                read = recognise_page(document, number, source, limits)
                boxes = on_picture(read, number, part, source)
            found.append(boxes)
        return found


def _in_text(
    document: PdfDocument, number: int, part: Sequence[Any], source: str, limits: Limits
) -> list[PageBox] | None:
    """The boxes of a part of a page's text; None if the page is a picture."""
    with opened_page(document, number, source) as page, opened_text(page) as text_page:
        characters = Characters(page, text_page, traced=True)
        limits.check(source, "max_page_lines", len(characters), "has {} lines on a page")
        lines = list(characters.lines())
        if not lines:
            return None
        places = _places(lines, number, part, source)
        boxes = ((characters.box(at, loose=False), characters.box(at)) for at in places)
        return list(_clipped(_on_page(page, joined(boxes))))


def on_picture(read: Recognised, number: int, part: Sequence[Any], source: str) -> list[PageBox]:
    """The boxes of a part of what was recognised on a picture; see `marks` for the rest.

    Raises:
        LoadError: the picture does not have this text.
    """
    places = dict.fromkeys(_places(read.lines, number, part, source))
    words = (read.words[place] for place in places)
    across, down = read.size
    shares = (
        (left / across, top / down, right / across, bottom / down)
        for left, top, right, bottom in joined((word.drawn, word.line) for word in words)
    )
    return list(_clipped(shares))


def _places(lines: Sequence[Line], number: int, part: Sequence[Any], source: str) -> list[int]:
    """What `ink` has for the characters of a part of the text that these lines make up."""
    text, start, end = part
    indices = next((at for way in _ways(lines) if (at := traced(text, way)) is not None), None)
    if indices is None:
        raise LoadError(
            f"Page {number} of {source} does not have the text that the index holds. "
            "To read it again, run: qa sync --rebuild"
        )
    before = len(_inked(text[:start]))
    return indices[before : before + len(_inked(text[start:end]))]


def _ways(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines in the orders in which they may be read.

    Running heads and feet, which were left out of the text, may look like rows of a table that they
    stand beside. So there are also the orders without the outermost lines.
    """
    heights = sorted({round(line.bottom) for line in lines})
    for low, high in sorted(product(range(EDGE_ROWS + 1), repeat=2), key=sum):
        if low + high < len(heights):
            bottom, top = heights[low], heights[-1 - high]
            kept = [line for line in lines if bottom <= round(line.bottom) <= top]
            yield [
                piece
                for _, run in groupby(kept, key=lambda line: line.turn)
                for line in arranged(list(run))
                for piece in line.pieces or (line,)
            ]


def traced(text: str, lines: Sequence[Line]) -> list[int] | None:
    """For each character of `_inked(text)`, its index; None if it is not the text of these lines.

    Some of the lines may not be in the text: its running heads and feet. Where it is not clear
    which ones, it is those at the edge.
    """
    wanted = not_raised(_inked(text))
    steps: list[_Ways] = [{0: (0.0, 0)}]
    lowest = min((line.bottom for line in lines), default=0.0)
    highest = max((line.bottom for line in lines), default=0.0)
    for line in lines:
        spare = min(line.bottom - lowest, highest - line.bottom) + 1
        ways: _Ways = {}
        for at, (cost, _) in steps[-1].items():
            for length, more in ((0, spare), *((n, 0.0) for n in _lengths(line, wanted, at))):
                if at + length not in ways or ways[at + length][0] > cost + more:
                    ways[at + length] = (cost + more, at)
        if len(ways) > _MOST_WAYS:
            return None
        steps.append(ways)
    if len(wanted) not in steps[-1]:
        return None
    indices: list[int] = []
    at = len(wanted)
    for line, ways in zip(reversed(lines), reversed(steps[1:]), strict=True):
        before = ways[at][1]
        indices += reversed(_traced_ink(line)[: at - before])
        at = before
    return indices[::-1]


def _inked(text: str) -> str:
    """The characters of a text that are compared: without spaces and signs between cells."""
    return "".join(character for character in text if not _is_between(character))


def _traced_ink(line: Line) -> list[int]:
    """`ink` of the characters that are compared."""
    drawn = "".join(line.text.split())
    return [at for at, sign in zip(line.ink, drawn, strict=False) if not _is_between(sign)]


def _is_between(character: str) -> bool:
    return character.isspace() or character in _BETWEEN


def _lengths(line: Line, wanted: str, at: int) -> Iterator[int]:
    """How many characters of the text can be this line's, from `at` on."""
    ink = not_raised(_inked(line.text))
    # A hyphen at the end may stay or not.
    hyphen = ink[-1:] in (HYPHEN, "-")
    whole = ink[:-1] if hyphen else ink
    if wanted.startswith(whole, at):
        if whole:
            yield len(whole)
        if hyphen and wanted.startswith("-", at + len(whole)):
            yield len(ink)


def joined(boxes: Iterable[tuple[Box, Box]]) -> Iterator[Box]:
    """The boxes of characters or words, those next to each other in a line as one.

    Of each is given the box of what is drawn, and one that is as high as its line.
    """
    run: list[tuple[Box, Box]] = []
    for drawn, line in boxes:
        line = line if _has_area(line) else drawn
        if not _has_area(line):
            continue
        if run and not _goes_on(run[0][1], run[-1][1], line):
            yield _around(run)
            run = []
        run.append((drawn if _has_area(drawn) else line, line))
    if run:
        yield _around(run)


def _around(run: Sequence[tuple[Box, Box]]) -> Box:
    """One box around characters of a line: as high as it, but not far beyond what is drawn."""
    drawn, line = (_union(boxes) for boxes in zip(*run, strict=True))
    more = max(_MARGIN * _thickness(drawn), _LEAST_MARGIN * _thickness(line))
    return (
        max(line[0], drawn[0] - more),
        max(line[1], drawn[1] - more),
        min(line[2], drawn[2] + more),
        min(line[3], drawn[3] + more),
    )


def _union(boxes: Sequence[Box]) -> Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _thickness(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _has_area(box: Box) -> bool:
    return box[0] < box[2] and box[1] < box[3]


def _goes_on(first: Box, last: Box, next_: Box) -> bool:
    """Whether a run from `first` to `last` goes on in a line, upright or turned by a quarter."""
    turned = map(_turned, (first, last, next_))
    return _beside(first, last, next_) or _beside(*turned)


def _beside(first: Box, last: Box, next_: Box) -> bool:
    shared = min(last[3], next_[3]) - max(last[1], next_[1])
    height = min(last[3] - last[1], next_[3] - next_[1])
    gap = max(last[0], next_[0]) - min(last[2], next_[2])
    rise = abs(first[1] + first[3] - next_[1] - next_[3]) / 2
    level = _LEVEL * max(first[3] - first[1], next_[3] - next_[1])
    return shared >= _SAME_LINE * height and gap <= _NEXT * height and rise <= level


def _turned(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _on_page(page: PdfPage, boxes: Iterable[Box]) -> Iterator[PageBox]:
    """Boxes in parts of the page as it is shown, turned and cropped."""
    from pypdfium2 import raw

    across, down = ctypes.c_int(), ctypes.c_int()
    for left, bottom, right, top in boxes:
        corners = []
        for x, y in ((left, bottom), (right, top)):
            raw.FPDF_PageToDevice(page, 0, 0, _WHOLE, _WHOLE, 0, x, y, across, down)
            corners.append((across.value / _WHOLE, down.value / _WHOLE))
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(*corners, strict=True))
        yield x0, y0, x1, y1


def _clipped(boxes: Iterable[PageBox]) -> Iterator[PageBox]:
    """What of the boxes is on the page."""
    for left, top, right, bottom in boxes:
        box = max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)
        if _has_area(box):
            yield box
