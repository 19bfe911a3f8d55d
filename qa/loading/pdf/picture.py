"""A page as it looks, as a WebP picture."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from qa.errors import DamagedFileError
from qa.loading.pdf.opening import opened, opened_page

if TYPE_CHECKING:
    from PIL.Image import Image

TALLEST = 3.0
"""Of the width: a taller page is drawn narrower."""

_QUALITY, _EFFORT = 80, 2  # of WebP: half the size of JPEG, without visible traces at the letters


def picture(data: bytes, source: str, page: int, width: int) -> bytes:
    """A page, counted from 1, at most `width` pixels wide, with its notes and filled-in fields.

    Raises:
        LoadError: PDFium cannot read the file, or there is no such page.
    """
    with opened(data, source) as document:
        document.init_forms()
        with opened_page(document, page, source) as opened_one:
            across, down = opened_one.get_size()
            if not (across > 0 and down > 0):
                raise DamagedFileError(f"Page {page} of {source} has no size.")
            scale = min(width / across, TALLEST * width / down)
            shown = opened_one.render(scale=scale, fill_color=(255, 255, 255, 255))
            return as_webp(shown.to_pil())


def as_webp(image: Image) -> bytes:
    """A picture in the form in which pages are shown."""
    file = BytesIO()
    image.convert("RGB").save(file, "WEBP", quality=_QUALITY, method=_EFFORT)
    return file.getvalue()
