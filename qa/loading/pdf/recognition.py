"""The lines of text on a picture, as Tesseract recognises them.

Tesseract is a program of its own, found where it is installed; it reads in all the languages that
it was installed with.
"""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import accumulate, groupby, pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from qa.errors import DamagedFileError, LoadError
from qa.limits import Limits
from qa.loading.pdf.columns import Line
from qa.loading.pdf.opening import opened_page
from qa.loading.pdf.unseen import Box
from qa.places import installed
from qa.text.cleaning import clean, one_line

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument  # type: ignore[import-untyped]

DOTS_PER_INCH = 200
"""The density at which pages are drawn: letters of 10 points are then 28 dots high."""

_PLACES = (
    "/opt/homebrew/bin/tesseract",
    "/usr/local/bin/tesseract",
    r"C:\Program Files\Tesseract-OCR\tesseract.exe",
)
_ORIENTATION = "osd"
_POINTS_PER_INCH = 72
# Of a page that is drawn: as many as A2 has at that density.
_MOST_DOTS = 16_000_000
# Below it a line is more likely made of stains and drawings than of letters.
_SURE = 0.5
# The share of the time for a file that one page may take.
_SHARE_OF_TIME = 0.5
# White paper hides half of its noise; half of what is seen is below this share of all dots.
# Of noise whose deviation is 1, half is below 1 / 1.48, and nearly none is beyond 4.
_ROUGH, _TO_DEVIATION, _BEYOND_NOISE = 0.75, 1.48, 4
# A page is looked at in this width to see how far it is turned, up to this many degrees.
_SMALL = 600
_MOST_TURNED, _STEP = 6.0, 0.5


CONFIDENCE = "recognised"
"""The name in a document's metadata of how sure the recognition is of its words, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a picture.

    `drawn` is the box around it, `line` the same as high as its line, both in dots from the top
    left of the picture as it was given: left, top, right and bottom. `sure` is how sure the
    recognition is of it, from 0 to 1.
    """

    drawn: Box
    line: Box
    sure: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """The lines of a page, in points, and its words.

    The lines are traced: `ink` has the place in `words` of the word of each character. `size` is
    the width and height of the picture in dots.
    """

    lines: list[Line]
    words: list[Word]
    size: tuple[int, int] = (1, 1)

    @property
    def confidence(self) -> float:
        """How sure the recognition is of its words on average."""
        return fmean(word.sure for word in self.words) if self.words else 0.0


def confidence(pages: Iterable[Recognised]) -> float | None:
    """How sure the recognition is of the words of all these pages; None if there are none."""
    words = [word.sure for page in pages for word in page.words]
    return round(fmean(words), 2) if words else None


def program() -> str | None:
    """Where Tesseract is installed, if it is."""
    return installed(("tesseract",), _PLACES)


def required(source: str, what: str) -> str:
    """Where Tesseract is installed.

    Raises:
        LoadError: it is not; `what` is what needs it.
    """
    found = program()
    if found is None:
        raise LoadError(
            f"{source} {what}. Install Tesseract (the package tesseract-ocr), which reads text in "
            "pictures, or load a version with text."
        )
    return found


def recognise(image: Image, source: str, limits: Limits) -> Recognised:
    """What is written on a picture.

    Raises:
        LoadError: Tesseract is not installed, or fails.
        TooLargeError: it takes too long.
    """
    tesseract = required(source, "is a picture of text")
    known = languages(tesseract)
    picture = BytesIO()
    paper = _without_stains(image.convert("L"))
    angle = _slope(paper)
    shown = _turned(paper, angle) if angle else paper
    shown.save(picture, "PNG", compress_level=1)
    command = [
        tesseract,
        *("stdin", "stdout", "--dpi", str(DOTS_PER_INCH)),
        *("--psm", "1" if _ORIENTATION in known else "3"),
        *("-l", "+".join(name for name in known if name != _ORIENTATION) or "eng"),
        "hocr",
    ]
    try:
        done = subprocess.run(
            command,
            input=picture.getvalue(),
            capture_output=True,
            timeout=_SHARE_OF_TIME * limits.parsing_seconds,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise limits.exceeded(source, "parsing_seconds", "takes too long to read") from error
    if done.returncode:
        said = one_line(done.stderr.decode("utf-8", "replace"))[:200]
        raise LoadError(f"{source} cannot be read by Tesseract ({said}). Look at its pictures.")
    return _found(done.stdout, shown.size, angle)


def recognise_page(document: PdfDocument, number: int, source: str, limits: Limits) -> Recognised:
    """What is written on a page of a PDF, counted from 1, whose text is a picture.

    Raises:
        LoadError: as `recognise`; a page that is damaged has no lines.
    """
    import pypdfium2

    try:
        with opened_page(document, number, source) as page:
            across, down = page.get_size()
            scale = DOTS_PER_INCH / _POINTS_PER_INCH
            scale = min(scale, math.sqrt(_MOST_DOTS / max(1.0, across * down)))
            picture = page.render(scale=scale, grayscale=True).to_pil()
    except (DamagedFileError, pypdfium2.PdfiumError):
        return Recognised([], [])
    return recognise(picture, source, limits)


@cache
def languages(tesseract: str) -> Sequence[str]:
    """What the Tesseract at this place can read: languages, and the way that a page is turned."""
    told = subprocess.run([tesseract, "--list-langs"], capture_output=True, text=True, check=False)
    return told.stdout.split("\n")[1:-1]


def _found(markup: bytes, size: tuple[int, int], angle: float) -> Recognised:
    """The lines in what Tesseract says, which is hOCR (http://kba.github.io/hocr-spec/1.2/).

    `size` is that of the picture, which was turned by the angle before.
    """
    from lxml import etree  # type: ignore[import-untyped]

    found = Recognised([], [], size)
    for elements in _lines(etree.fromstring(markup, etree.HTMLParser(encoding="utf-8"))):
        said = _properties(elements[0].getparent())
        line, quarters = _box(said), int(said.get("textangle", ["0"])[0]) // 90
        texts, words = [], []
        for element in elements:
            if text := one_line(clean("".join(element.itertext()))):
                texts.append(text)
                words.append(_word(_properties(element), line, quarters, size, angle))
        if not words or fmean(word.sure for word in words) < _SURE:
            continue
        (left, _, right, bottom), height = _upright(line, size, quarters)
        found.lines.append(
            Line(
                text=" ".join(texts),
                left=_in_points(left),
                right=_in_points(right),
                bottom=_in_points(height - bottom),
                height=_in_points(float(said["x_size"][0])),
                ink=tuple(
                    place
                    for place, text in enumerate(texts, len(found.words))
                    for _ in "".join(text.split())
                ),
            )
        )
        found.words.extend(words)
    return found


def _word(
    said: Mapping[str, Sequence[str]],
    line: Box,
    quarters: int,
    size: tuple[int, int],
    angle: float,
) -> Word:
    """What is said of a word of a line, which is turned by a number of quarters."""
    box = _box(said)
    along = (
        (line[0], box[1], line[2], box[3]) if quarters % 2 else (box[0], line[1], box[2], line[3])
    )
    return Word(
        drawn=_turned_back(box, size, angle),
        line=_turned_back(along, size, angle),
        sure=float(said["x_wconf"][0]) / 100,
    )


def _box(properties: Mapping[str, Sequence[str]]) -> Box:
    left, top, right, bottom = map(float, properties["bbox"])
    return left, top, right, bottom


def _upright(box: Box, size: tuple[int, int], quarters: int) -> tuple[Box, int]:
    """The box when the picture is turned clockwise by this many quarters, and its height then."""
    for _ in range(quarters):
        box = (size[1] - box[3], box[0], size[1] - box[1], box[2])
        size = size[::-1]
    return box, size[1]


def _turned_back(box: Box, size: tuple[int, int], angle: float) -> Box:
    """The box on a picture around one on the picture as it is after `_turned`."""
    turn = math.radians(angle)
    across, down = size[0] / 2, size[1] / 2
    corners = [(x - across, y - down) for x in box[::2] for y in box[1::2]]
    xs = [math.cos(turn) * x - math.sin(turn) * y + across for x, y in corners]
    ys = [math.sin(turn) * x + math.cos(turn) * y + down for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _lines(root: Any) -> Iterator[list[Any]]:
    """The words of each line, as elements."""
    words = root.iterfind(".//span[@class='ocrx_word']") if root is not None else ()
    for _, line in groupby(words, lambda word: word.getparent()):
        yield list(line)


def _properties(element: Any) -> dict[str, list[str]]:
    """What is said of an element: `bbox 0 0 9 9; x_size 12` and the like."""
    told = (one.split() for one in element.get("title", "").split(";"))
    return {name: values for name, *values in told}


def _in_points(dots: float) -> float:
    return dots * _POINTS_PER_INCH / DOTS_PER_INCH


def _without_stains(image: Image) -> Image:
    """The picture with white paper: what differs from it by no more than the noise becomes white.

    Tesseract parts letters from paper by one threshold, and takes minutes where noise crosses it.
    The noise is what differs from the middle of the dots around.
    """
    from PIL import ImageChops, ImageFilter

    rough = ImageChops.difference(image, image.filter(ImageFilter.MedianFilter(3)))
    noise = _TO_DEVIATION * _level(rough, _ROUGH)
    white = max(1.0, _level(image, 0.5) - _BEYOND_NOISE * noise)
    return image.point(lambda dot: min(255, int(dot * 255 / white)))


def _level(image: Image, share: float) -> int:
    """How light (0 to 255) the darkest dots are, this share of all of them."""
    histogram = image.histogram()
    darker = accumulate(histogram)
    return next(level for level, count in enumerate(darker) if count >= share * sum(histogram))


def _slope(image: Image) -> float:
    """By how many degrees to turn a picture so that its lines are level.

    Tesseract breaks lines that are not.

    Of all ways to turn it, the one in which the rows of dots differ most from their neighbours has
    the lines along the rows (Postl, "Method for automatic correction of character skew", 1988).
    """
    small = image.reduce(max(1, image.width // _SMALL))
    steps = int(_MOST_TURNED / _STEP)
    angles = [step * _STEP for step in range(-steps, steps + 1)]
    return max(angles, key=lambda angle: (_unlike(small, angle), -abs(angle)))


def _unlike(image: Image, angle: float) -> float:
    """How much the rows of dots differ from their neighbours when it is turned."""
    from PIL.Image import Resampling

    turned = _turned(image, angle)
    rows = turned.resize((1, turned.height), Resampling.BOX).tobytes()
    return sum((upper - lower) ** 2 for upper, lower in pairwise(rows))


def _turned(image: Image, angle: float) -> Image:
    from PIL.Image import Resampling

    return image.rotate(angle, Resampling.BICUBIC, fillcolor=255)
