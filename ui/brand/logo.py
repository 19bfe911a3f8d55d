"""A logo from a file: SVG, PNG or WebP, small, and what it says it is."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from qa import QAError, SettingsError, open_regular

LARGEST = 256_000
"""The most bytes of a logo, which every page shows."""
# A wider one would leave no room for the name beside it.
_WIDEST = 6.0
_SVG = "{http://www.w3.org/2000/svg}svg"
_TYPES = {"PNG": "image/png", "WEBP": "image/webp"}
_LENGTH = re.compile(r"\d{1,6}(?:\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Logo:
    """The file's content and media type, and its width divided by its height."""

    content: bytes
    media_type: str
    ratio: float

    @classmethod
    def read(cls, file: Path) -> Logo:
        """The logo in a file.

        Raises:
            SettingsError: the file cannot be read, is too large, or is no SVG, PNG or WebP.
        """
        try:
            with open_regular(file.expanduser(), links=True) as opened:
                content = opened.read(LARGEST + 1)
        except (OSError, ValueError, QAError) as error:
            raise _refused(file, f"cannot be read: {error}") from error
        if len(content) > LARGEST:
            raise _refused(file, f"has more than {LARGEST // 1000} kB")
        ratio, kind = _of_svg(content), "image/svg+xml"
        if ratio is None:
            ratio, kind = _of_picture(content, file)
        return cls(content, kind, round(min(max(ratio, 1 / _WIDEST), _WIDEST), 3))


def _of_svg(content: bytes) -> float | None:
    """Width by height; None if it is no SVG, which browsers know by its namespace."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return None
    if root.tag != _SVG:
        return None
    sizes = _LENGTH.findall(root.get("viewBox", ""))[2:4] or [
        found[0] for name in ("width", "height") if (found := _LENGTH.match(root.get(name, "")))
    ]
    width, height = map(float, sizes) if len(sizes) == 2 else (1.0, 1.0)
    return width / height if width and height else 1.0


def _of_picture(content: bytes, file: Path) -> tuple[float, str]:
    try:
        with Image.open(io.BytesIO(content), formats=list(_TYPES)) as picture:
            kind, (width, height) = _TYPES[picture.format or ""], picture.size
            picture.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused(file, "is no SVG, PNG or WebP that can be read") from error
    return width / height, kind


def _refused(file: Path, why: str) -> SettingsError:
    return SettingsError(
        f"Setting brand_logo = '{file}': the file {why}. Name a picture (SVG, PNG or WebP) of at "
        f"most {LARGEST // 1000} kB."
    )
