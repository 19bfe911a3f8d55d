"""Plain text, in whatever encoding it comes."""

from __future__ import annotations

from qa.errors import DamagedFileError
from qa.loading.blocks import clean, title_from_name
from qa.loading.decoding import decode
from qa.records import Document

LONGEST_TITLE_LINE = 120


def parse(data: bytes, source: str) -> Document:
    """The text as it stands; a short first line set apart by a blank one is the title."""
    text = clean(decode_or_raise(data, source))
    return Document(text=text, source=source, title=_title(text) or title_from_name(source))


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
