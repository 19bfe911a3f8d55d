"""Where quotes are on the pictures that they were read from: where their words were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import ExifTags, Image

from qa.errors import DamagedFileError, LoadError, UnsupportedFormatError
from qa.limits import DEFAULTS
from qa.loading import read
from qa.loading.pdf import image
from qa.loading.pdf.marks import marks
from qa.loading.pdf.recognition import program
from qa.loading.workers.tasks import Drawing, Marking
from qa.records import PageBox
from tests.loading.pdf.scanned import TEXT, page, saved, where
from tests.whole import WHOLE

pytestmark = pytest.mark.skipif(program() is None, reason="Tesseract is not installed")

QUOTES = ("when they travel on business.", "F-17.", "business. Receipts must be handed in within")


def check(found: Sequence[PageBox], quote: str, turned: float = 0) -> None:
    """That the boxes cover the words of a quote where they were drawn, and no other words."""
    first = TEXT[: TEXT.index(quote)].count(" ")
    quoted = range(first, first + len(quote.split()))
    assert all(0 <= edge <= 1 for box in found for edge in box)
    for place, (word, (left, top, right, bottom)) in enumerate(where(turned=turned)):
        shares = [n / 6 for n in range(1, 6)]
        if turned % 180 == 90:
            points = [((left + right) / 2, top + share * (bottom - top)) for share in shares]
        else:
            points = [(left + share * (right - left), (top + bottom) / 2) for share in shares]
        under = [any(a <= x <= c and b <= y <= d for a, b, c, d in found) for x, y in points]
        assert all(under) if place in quoted else not any(under), word


def part(text: str, quote: str) -> list[Any]:
    start = text.index(quote)
    return [1, text, start, start + len(quote)]


# Turned, against the clock, and with noise. All of them with FOOTNOTE_TESTS=whole.
PAGES = [(-3, 25), (180, 0), (270, 0)]
if WHOLE:
    PAGES += [(0, 0), (2, 0), (90, 0)]


@pytest.mark.parametrize(("turned", "noise"), PAGES, ids=str)
def test_a_quote_is_marked_where_it_was_drawn(turned: float, noise: float) -> None:
    data = saved([page(turned=turned, noise=noise)])
    text = read(data, "claims.pdf").text
    parts = [part(text, quote) for quote in QUOTES]
    for found, quote in zip(marks(data, "claims.pdf", parts, DEFAULTS), QUOTES, strict=True):
        check(found, quote, turned)


def test_a_line_that_is_level_has_one_box() -> None:
    data = saved([page()])
    text = read(data, "claims.pdf").text
    [found] = marks(data, "claims.pdf", [part(text, QUOTES[2])], DEFAULTS)
    assert len(found) == 2  # it runs over two lines


@pytest.mark.parametrize("turn", [90, 180, 270] if WHOLE else [90])
def test_a_scan_on_a_page_that_is_turned_is_marked_where_it_is_seen(turn: int) -> None:
    document = pypdfium2.PdfDocument(saved([page(turned=turn)]))  # against the clock
    document[0].set_rotation(turn)  # with the clock
    file = BytesIO()
    document.save(file)
    document.close()
    text = read(file.getvalue(), "claims.pdf").text
    [found] = marks(file.getvalue(), "claims.pdf", [part(text, QUOTES[0])], DEFAULTS)
    check(found, QUOTES[0])


@pytest.mark.parametrize(("format", "turns"), [("PNG", [2]), ("TIFF", [0, 2])], ids=str)
def test_images_are_shown_and_marked(format: str, turns: list[float]) -> None:
    data, source = saved([page(turned=turned) for turned in turns], format), f"a.{format.lower()}"
    document = read(data, source)
    number = len(turns)
    _, *quoted = part(document.text[document.pages[-1] :], QUOTES[0])
    boxes = Marking([[number, *quoted]]).do(data, source, DEFAULTS)
    check(boxes["pages"][0], QUOTES[0], turns[-1])
    task = Drawing(number, 600)
    with Image.open(BytesIO(task.found(task.do(data, source, DEFAULTS), source))) as shown:
        assert shown.width == 600
    with pytest.raises(DamagedFileError, match=rf"^{source} "):
        Drawing(number + 1, 600).do(data, source, DEFAULTS)


def test_a_photo_is_shown_and_marked_as_it_was_held() -> None:
    file = BytesIO()
    held = Image.Exif()
    held[ExifTags.Base.Orientation] = 6  # to be shown turned with the clock
    page(turned=90).save(file, "JPEG", exif=held)
    text = read(file.getvalue(), "claims.jpg").text
    [found] = image.marks(file.getvalue(), "claims.jpg", [part(text, QUOTES[0])], DEFAULTS)
    check(found, QUOTES[0])
    with Image.open(BytesIO(image.picture(file.getvalue(), "claims.jpg", 1, 600))) as shown:
        assert shown.width < shown.height


def test_another_text_than_was_recognised_is_refused() -> None:
    for format in ("PDF", "PNG"):
        data, source = saved([page()], format), f"claims.{format.lower()}"
        with pytest.raises(LoadError, match=rf"Page 1 of {source} does not have the text"):
            Marking([[1, TEXT.replace("euros", "crowns"), 0, 9]]).do(data, source, DEFAULTS)
    with pytest.raises(UnsupportedFormatError, match=r"neither a PDF nor an image"):
        Marking([[1, TEXT, 0, 9]]).do(TEXT.encode(), "claims.txt", DEFAULTS)
