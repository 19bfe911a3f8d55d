"""What a file is: told by its first bytes where these tell, by its suffix otherwise."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from io import BytesIO

from qa.errors import (
    DamagedFileError,
    EncryptedFileError,
    LoadError,
    TooLargeError,
    UnsupportedFormatError,
)

_PDF = re.compile(rb"[\s\xef\xbb\xbf]*%PDF-\d")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# What the streams of an OLE compound file are called; the first one found counts.
_OLE_STREAMS = (
    ("EncryptedPackage", ""),
    ("WordDocument", ".doc"),
    ("Workbook", ".xls"),
    ("Book", ".xls"),
    ("PowerPoint Document", ".ppt"),
    ("__properties_version1.0", ".msg"),
)
_OLE_ENTRY_BYTES = 128

_ZIP_MEMBERS = (
    ("word/", ".docm"),
    ("xl/", ".xlsx"),
    ("ppt/", ".pptx"),
    ("META-INF/container.xml", ".epub"),
    ("content.xml", ".odt"),
)
_WORD_MAIN_PART = b"wordprocessingml.document.main+xml"
_CONTENT_TYPES = "[Content_Types].xml"
_CONTENT_TYPES_AT_MOST = 4_000_000

_SIGNATURES = (
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
)

_FOREIGN = {
    ".doc": ("an old Word document (.doc)", "Save it as .docx in Word or LibreOffice"),
    ".docm": ("a Word file with macros or a template", "Save it as .docx"),
    ".rtf": ("an RTF document", "Save it as .docx in Word or LibreOffice"),
    ".odt": ("an OpenDocument file", "Save it as .docx in LibreOffice or Word"),
    ".xls": ("an old Excel workbook (.xls)", "Export it as PDF or HTML"),
    ".xlsx": ("an Excel workbook", "Export it as PDF or HTML"),
    ".ppt": ("an old PowerPoint presentation (.ppt)", "Export it as PDF"),
    ".pptx": ("a PowerPoint presentation", "Export it as PDF"),
    ".epub": ("an e-book (.epub)", "Convert it to HTML or PDF"),
    ".msg": ("an Outlook message (.msg)", "Save it as HTML or text in Outlook"),
    ".eml": ("an e-mail (.eml)", "Save it as HTML or text"),
    ".csv": ("a table of values (.csv)", "Save it as HTML or PDF, or rename it to .txt"),
    ".zip": ("a ZIP archive", "Unpack it"),
}
"""Kinds without a loader: what they are called, and what to do."""


def choose(data: bytes, source: str, suffix: str, modules: Mapping[str, str]) -> str:
    """The name of the module that reads `data`.

    Raises:
        UnsupportedFormatError: no loader for this kind.
        EncryptedFileError: an Office file with a password.
        DamagedFileError: it is something else than its suffix says, or cut off.
    """
    if _PDF.match(data) or (suffix == ".pdf" and b"%PDF-" in data[:1024]):
        return modules[".pdf"]
    if data.startswith(_OLE):
        raise _error_for_ole(data, source, suffix, modules)
    if data.startswith(_ZIP):
        return _choose_zip(data, source, suffix, modules)
    what = next((what for magic, what in _SIGNATURES if data.startswith(magic)), None)
    if suffix not in modules:
        raise _unsupported(source, suffix, modules, what)
    if what:
        raise _not_what_it_says(source, suffix, what)
    if data and suffix in (".pdf", ".docx"):
        raise _not_what_it_says(source, suffix, _describe(data))
    return modules[suffix]


def _choose_zip(data: bytes, source: str, suffix: str, modules: Mapping[str, str]) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if _is_word(archive, source):
                return modules[".docx"]
            names = archive.namelist()
    except (RuntimeError, NotImplementedError) as error:
        if "encrypted" not in str(error):
            raise _cut_off(source) from error
        raise EncryptedFileError(
            f"{source} is protected by a password. Save it without one."
        ) from error
    except LoadError:
        raise
    except Exception as error:  # zipfile lets struct, zlib and Unicode errors out
        raise _cut_off(source) from error
    found = (kind for start, kind in _ZIP_MEMBERS if any(name.startswith(start) for name in names))
    kind = next(found, ".zip")
    if suffix in modules and kind == ".zip":
        raise _not_what_it_says(source, suffix, "a ZIP archive")
    raise _unsupported(source, kind, modules)


def _is_word(archive: zipfile.ZipFile, source: str) -> bool:
    try:
        member = archive.getinfo(_CONTENT_TYPES)
    except KeyError:
        return False
    if member.file_size > _CONTENT_TYPES_AT_MOST:
        raise TooLargeError(f"{source} unpacks to far more than a document would. Leave it out.")
    return _WORD_MAIN_PART in archive.read(member)


def _error_for_ole(data: bytes, source: str, suffix: str, modules: Mapping[str, str]) -> LoadError:
    kind = next((kind for name, kind in _OLE_STREAMS if _has_stream(data, name)), None)
    if kind == "":
        return EncryptedFileError(
            f"{source} is an Office file with a password. Open it and save it without one."
        )
    if kind is None and suffix in modules:
        return _not_what_it_says(source, suffix, "an old Office file, cut off or unknown")
    return _unsupported(source, kind or suffix, modules)


def _has_stream(data: bytes, name: str) -> bool:
    """Whether the directory of a compound file lists `name`: its entries are 128 bytes each."""
    needle = (name + "\0").encode("utf-16-le")
    position = data.find(needle)
    while position >= 0 and position % _OLE_ENTRY_BYTES:
        position = data.find(needle, position + 2)
    return position >= 0


def _unsupported(
    source: str, kind: str, modules: Mapping[str, str], what: str | None = None
) -> LoadError:
    known = ", ".join(sorted(modules))
    name, step = _FOREIGN.get(kind, (what, "Convert it to one of these"))
    if name is None:
        name = f"a {kind} file" if kind else "a file without a suffix"
    return UnsupportedFormatError(
        f"{source} is {name}, which cannot be read. {step}; what can be read: {known}."
    )


def _not_what_it_says(source: str, suffix: str, what: str) -> LoadError:
    return DamagedFileError(
        f"{source} is {what}, not a {suffix} file. Give it its right suffix, or get it again."
    )


def _cut_off(source: str) -> LoadError:
    return DamagedFileError(
        f"{source} is a ZIP or Office file that is cut off or damaged. Get it again."
    )


def _describe(data: bytes) -> str:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    if start.startswith(b"<?xml"):
        return "an XML file"
    printable = sum(1 for byte in start if byte >= 32 or byte in b"\t\r\n")
    return "text" if start and printable >= 0.95 * len(start) else "data of an unknown kind"
