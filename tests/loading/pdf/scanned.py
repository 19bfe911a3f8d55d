"""Pages as a scanner sees them: turned a little, with noise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT = (
    "Staff may claim up to 40 euros a day for meals when they travel on business. Receipts must be "
    "handed in within 30 days, together with form F-17. Claims above 1,250.50 euros need the "
    "signature of the head of department. Mileage is refunded at 0.38 euros per kilometre."
)
FONT = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf")
_A4 = (1654, 2339)  # at 200 dots an inch
_MARGIN = 170


def page(
    text: str = TEXT,
    *,
    title: str = "",
    turned: float = 0,
    noise: float = 0,
    size: tuple[int, int] = _A4,
    points: float = 30,
) -> Image.Image:
    """A page of paragraphs, turned by some degrees, with noise of a standard deviation (of 255)."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for word, place, font in _laid(draw, text, title, size, points):
        draw.text(place, word, 20, font)
    image = image.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    if noise:
        blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=float)
        blurred += np.random.default_rng(11).normal(0, noise, blurred.shape)
        image = Image.fromarray(blurred.clip(0, 255).astype(np.uint8))
    return image


def where(
    text: str = TEXT, *, turned: float = 0, size: tuple[int, int] = _A4, points: float = 30
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Each word of such a page and the box around it there: left, top, right, bottom (0 to 1)."""
    shown = page("", turned=turned, size=size).size
    turn = math.radians(turned)
    found = []
    draw = ImageDraw.Draw(Image.new("L", size))
    for word, place, font in _laid(draw, text, "", size, points):
        left, top, right, bottom = draw.textbbox(place, word, font)
        corners = [(x - size[0] / 2, y - size[1] / 2) for x in (left, right) for y in (top, bottom)]
        xs = [(math.cos(turn) * x + math.sin(turn) * y) / shown[0] + 0.5 for x, y in corners]
        ys = [(math.cos(turn) * y - math.sin(turn) * x) / shown[1] + 0.5 for x, y in corners]
        found.append((word, (min(xs), min(ys), max(xs), max(ys))))
    return found


def _laid(
    draw: ImageDraw.ImageDraw, text: str, title: str, size: tuple[int, int], points: float
) -> Iterator[tuple[str, tuple[int, int], ImageFont.FreeTypeFont]]:
    """The words of a page, each with its place and its font."""
    down = _MARGIN
    for block, height in ((title, 2 * points), *((one, points) for one in text.split("\n\n"))):
        font = ImageFont.truetype(FONT, height)
        across = _MARGIN
        for word in block.split():
            if across + draw.textlength(word, font) > size[0] - _MARGIN:
                across, down = _MARGIN, down + int(1.5 * height)
            yield word, (across, down), font
            across += int(draw.textlength(f"{word} ", font))
        down += int(3 * height) if block else 0


def saved(pages: Sequence[Image.Image], format: str = "PDF") -> bytes:
    """The pages in a file of this format."""
    file = BytesIO()
    first, *others = (one.convert("RGB") for one in pages)
    several = {"save_all": True, "append_images": others} if others else {}
    first.save(file, format, resolution=200, **several)
    return file.getvalue()


def word_error_rate(expected: str, found: str) -> float:
    """The share of words that were added, left out or changed (Levenshtein distance in words)."""
    wanted, got = expected.split(), found.split()
    row = list(range(len(got) + 1))
    for place, word in enumerate(wanted, 1):
        before, row[0] = row[0], place
        for other, candidate in enumerate(got, 1):
            cost = min(row[other] + 1, row[other - 1] + 1, before + (word != candidate))
            before, row[other] = row[other], cost
    return row[-1] / max(1, len(wanted))
