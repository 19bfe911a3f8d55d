"""From the content type of a page to the suffix that a file of its kind has."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from qa.errors import UnsupportedFormatError
from qa.loading import supported_suffixes

# What says no more than that it is text or bytes: then the address tells.
_GENERAL = frozenset(("", "text/plain", "application/octet-stream", "binary/octet-stream"))
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
# Python's own list, which is the same on every machine, and what it lacks.
_TYPES = mimetypes.MimeTypes()
_SUFFIXES = {
    "application/xml": ".xml",
    "application/xhtml+xml": ".html",
    "text/xml": ".xml",
    "text/markdown": ".md",
    "text/yaml": ".yaml",
    "application/yaml": ".yaml",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}presentationml.presentation": ".pptx",
    f"{_OPEN}text": ".odt",
    f"{_OPEN}spreadsheet": ".ods",
    f"{_OPEN}presentation": ".odp",
}


def suffix_of(kind: str, url: str) -> str:
    """The suffix of a file with a content type ("" if none was told) at an address.

    Raises:
        UnsupportedFormatError: files of this kind cannot be read.
    """
    readable = supported_suffixes()
    named = PurePosixPath(urlsplit(url).path).suffix.lower()
    if kind in _GENERAL and named in readable:
        return named
    # Where the type says nothing, the address may still.
    guessed = [_SUFFIXES.get(kind, ""), *_TYPES.guess_all_extensions(kind, strict=False), named]
    found = next((suffix for suffix in guessed if suffix in readable), "")
    if not found:
        raise UnsupportedFormatError(
            f"{url} is of the type {kind or 'unknown'}, which cannot be read. "
            "Give it as HTML, PDF or one of the other formats that can be."
        )
    return found
