"""Images: the text in them, a page for each picture in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from qa.errors import DamagedFileError, EmptyFileError, TooLargeError
from qa.limits import Limits
from qa.loading.pdf.file import document_of
from qa.loading.pdf.marks import on_picture
from qa.loading.pdf.picture import TALLEST, as_webp
from qa.loading.pdf.recognition import Recognised, recognise, required
from qa.records import Document, PageBox

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# Letters on a screen are half as high as those of a scan.
_NARROW = 1_200
_MOST_DOTS = 50_000_000


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """What is written on the pictures.

    Raises:
        LoadError: Tesseract is not installed.
        DamagedFileError: it is not an image.
        EmptyFileError: there is no text on it.
        TooLargeError: there are too many pictures or dots in it, or it takes too long.
    """
    required(source, "is an image")
    with _opened(data, source) as image:
        count = getattr(image, "n_frames", 1)
        limits.check(source, "max_pages", count, "has {} pictures")
        pages = [_read(image, number, source, limits) for number in range(1, count + 1)]
    if not any(page.lines for page in pages):
        raise EmptyFileError(f"{source} is an image without text. Leave it out.")
    return document_of([page.lines for page in pages], "", source, dict(enumerate(pages, 1)))


def picture(data: bytes, source: str, page: int, width: int) -> bytes:
    """A picture, counted from 1, at most `width` pixels wide, as WebP.

    Raises:
        LoadError: it is damaged or too large, or there is no such picture.
    """
    with _opened(data, source) as image:
        shown = _on_paper(image, page, source)
        shown.thumbnail((width, round(TALLEST * width)))
        return as_webp(shown)


def marks(
    data: bytes, source: str, pages: Iterable[Sequence[Any]], limits: Limits
) -> list[list[PageBox]]:
    """The boxes around a part of the text of each picture; see `qa.loading.pdf.marks`.

    Raises:
        LoadError: a picture does not have this text, or cannot be read.
    """
    with _opened(data, source) as image:
        return [
            on_picture(_read(image, number, source, limits), number, part, source)
            for number, *part in pages
        ]


@contextmanager
def _opened(data: bytes, source: str) -> Iterator[ImageFile]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as image:
            yield image
    except (
        UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, EOFError
    ) as error:  # fmt: skip
        raise DamagedFileError(
            f"{source} is an image that is cut off, damaged or too large. Get it again."
        ) from error


def _read(image: ImageFile, number: int, source: str, limits: Limits) -> Recognised:
    paper = _on_paper(image, number, source)
    if paper.width < _NARROW:
        paper = paper.resize((2 * paper.width, 2 * paper.height))
    return recognise(paper, source, limits)


def _on_paper(image: ImageFile, number: int, source: str) -> Image:
    """A picture of a file, counted from 1, as it is shown: upright, and on white paper."""
    from PIL import Image, ImageOps

    image.seek(number - 1)
    if image.width * image.height > _MOST_DOTS:
        raise TooLargeError(
            f"{source} has {image.width:,} × {image.height:,} dots, too many to read. "
            "Make it smaller."
        )
    # Cameras note how they were held.
    shown = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGBA", shown.size, "white")
    paper.alpha_composite(shown)
    return paper
