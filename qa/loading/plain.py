"""Plain text, in any encoding."""

from __future__ import annotations

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.blocks import title_from_name
from qa.loading.decoding import decode
from qa.loading.lines import blocks_of_lines, headings_of_lines
from qa.records import Document, Reading
from qa.text.cleaning import clean

LONGEST_TITLE_LINE = 120


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The unchanged text; a short first line followed by a blank one is the title."""
    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    headings = headings_of_lines(text)
    title = _title(text)
    return Document(
        text=text,
        source=source,
        title=title or title_from_name(source),
        reading=Reading(named=not title),
        headings=headings,
        blocks=blocks_of_lines(text, headings),
    )


def decode_or_raise(data: bytes, source: str) -> str:
    """The characters of a file that should be text.

    Raises:
        DamagedFileError: it is not text in any encoding.
    """
    text = decode(data)
    if text is None:
        raise DamagedFileError(
            f"{source} is no text in any known encoding. Save it again as text in UTF-8."
        )
    return text


def _title(text: str) -> str:
    first, _, rest = text.lstrip().partition("\n")
    followed_by_blank = bool(rest.strip()) and not rest.partition("\n")[0].strip()
    title = first.strip()
    return title if followed_by_blank and len(title) <= LONGEST_TITLE_LINE else ""
