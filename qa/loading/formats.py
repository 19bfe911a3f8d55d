"""What a file is: told by its first bytes where these tell, by its suffix otherwise."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from qa.errors import (
    DamagedFileError,
    EncryptedFileError,
    LoadError,
    TooLargeError,
    UnsupportedFormatError,
)

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENTRY_BYTES = 128
_OLE_ENCRYPTED = "EncryptedPackage"

_CONTENT_TYPES = "[Content_Types].xml"
_MIME_TYPE = "mimetype"
_DECLARATION_AT_MOST = 4_000_000


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file, how it is recognised, and what is done with it."""

    name: str
    suffixes: tuple[str, ...] = ()
    parser: str | None = None
    """The module of this package that reads it; None where none does."""
    begins: re.Pattern[bytes] | None = None
    """What its first bytes are."""
    declares: tuple[bytes, ...] = ()
    """What its ZIP archive says that it holds, in one of these ways."""
    members: tuple[str, ...] = ()
    """What one of the files in its ZIP archive begins with."""
    streams: tuple[str, ...] = ()
    """What one of the streams of its OLE compound file is called."""
    advice: str = "Convert it to one of these"
    """What to do with a file that cannot be read."""
    text: str = ""
    """The suffix as which a text under its suffix is read: programs write pages and tables so, and
    Office opens them; empty where a text is something else."""
    always_told: bool = False
    """Whether a file of this kind always shows that it is one."""
    version: int = 1
    """Raised when the module reads it differently, so that unchanged files are read again."""

    @property
    def read_as(self) -> str:
        """What the index remembers of how a file was read, such as "docx 1"."""
        return f"{self.suffixes[0][1:]} {self.version}"


def _magic(*beginnings: bytes) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, beginnings)))


PDF = Format(
    "a PDF file",
    (".pdf",),
    "pdf",
    re.compile(rb"\A[\s\xef\xbb\xbf]*+%PDF-\d"),
    always_told=True,
    version=7,
)
IMAGE = Format(
    "an image",
    (".png", ".jpg", ".jpeg", ".tif", ".tiff"),
    "pdf.image",
    begins=_magic(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*"),
    always_told=True,
    version=3,
)
ZIP = Format("a ZIP archive", (".zip",), "containers.archive", version=2, advice="Unpack it")
MARKDOWN = Format("Markdown", (".md", ".markdown"), "markdown", version=4)

# Of those that declare something, or have members or streams, the first one that fits counts.
FORMATS = (
    Format("text", (".txt", ".text"), "plain", version=2),
    MARKDOWN,
    Format("reStructuredText", (".rst", ".rest"), "markup.restructured_text", version=3),
    Format("AsciiDoc", (".adoc", ".asciidoc", ".asc"), "markup.asciidoc", version=4),
    Format("a web page (HTML)", (".html", ".htm", ".xhtml"), "html", version=4),
    PDF,
    Format(
        "a Word file",
        (".docx",),
        "office.word",
        version=4,
        declares=(b"wordprocessingml.document.main+xml",),
        always_told=True,
    ),
    Format(
        "a Word file with macros or a template",
        (".docm", ".dotx", ".dotm"),
        "office.through_libreoffice",
        version=3,
        members=("word/",),
        always_told=True,
    ),
    Format(
        "an old Word document (.doc)",
        (".doc", ".dot"),
        "office.through_libreoffice",
        text=".txt",
        version=3,
        streams=("WordDocument",),
        always_told=True,
    ),
    Format(
        "an RTF document",
        (".rtf",),
        "office.rtf",
        version=4,
        begins=_magic(b"{\\rtf"),
        always_told=True,
    ),
    Format(
        "an Excel workbook",
        (".xlsx", ".xlsm"),
        "office.workbook",
        version=5,
        declares=(
            b"spreadsheetml.sheet.main+xml",
            b"spreadsheetml.template.main+xml",
            b"ms-excel.sheet.macroEnabled.main+xml",
        ),
        always_told=True,
    ),
    Format(
        "a binary Excel workbook (.xlsb)",
        (".xlsb",),
        members=("xl/",),
        advice="Save it as .xlsx",
    ),
    Format(
        "an old Excel workbook (.xls)",
        (".xls",),
        "tables.old_workbook",
        text=".csv",
        version=5,
        streams=("Workbook", "Book"),
    ),
    Format("a table of values", (".csv", ".tsv", ".tab"), "tables.delimited", version=3),
    Format(
        "a PowerPoint presentation",
        (".pptx", ".pptm", ".ppsx"),
        "office.slides",
        version=5,
        declares=(
            b"presentationml.presentation.main+xml",
            b"presentationml.slideshow.main+xml",
            b"ms-powerpoint.presentation.macroEnabled.main+xml",
        ),
        members=("ppt/",),
        always_told=True,
    ),
    Format(
        "an old PowerPoint presentation (.ppt)",
        (".ppt", ".pps"),
        "office.through_libreoffice",
        version=3,
        streams=("PowerPoint Document",),
        always_told=True,
    ),
    Format(
        "an e-book",
        (".epub",),
        "html.book",
        version=5,
        declares=(b"application/epub+zip",),
        members=("META-INF/container.xml",),
        always_told=True,
    ),
    Format(
        "an OpenDocument file",
        (".odt", ".ods", ".odp", ".ott", ".ots", ".otp"),
        "opendocument",
        version=5,
        declares=tuple(
            b"application/vnd.oasis.opendocument." + kind
            for kind in (b"text", b"spreadsheet", b"presentation")
        ),
        members=("content.xml",),
        always_told=True,
    ),
    Format(
        "an OpenDocument file in one piece",
        (".fodt", ".fods", ".fodp"),
        "opendocument",
    ),
    Format("a web archive", (".mht", ".mhtml"), "containers.web_archive"),
    Format("a calendar", (".ics",), "containers.calendar"),
    Format(
        "an Outlook message (.msg)",
        (".msg",),
        "containers.outlook",
        version=2,
        streams=("__properties_version1.0",),
    ),
    Format("an e-mail", (".eml",), "containers.message", version=3),
    Format("a mailbox", (".mbox",), "containers.mailbox", version=2),
    Format("a notebook", (".ipynb",), "data.notebook", version=3),
    Format("a JSON file", (".json", ".jsonl", ".ndjson"), "data.structured", version=3),
    Format("a YAML file", (".yaml", ".yml"), "data.structured", version=3),
    Format("an XML file", (".xml",), "data.structured", version=3),
    ZIP,
    Format(
        "a TAR, gzip, bzip2 or xz archive",
        (".tar", ".tgz", ".gz", ".bz2", ".tbz2", ".xz", ".txz"),
        "containers.archive",
        begins=re.compile(rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00|(?s:.{257})ustar"),
        always_told=True,
    ),
    IMAGE,
    Format("a GIF image", begins=_magic(b"GIF8")),
    Format("a 7-Zip archive", begins=_magic(b"7z\xbc\xaf\x27\x1c")),
    Format("a RAR archive", begins=_magic(b"Rar!\x1a\x07")),
    Format("an SQLite database", begins=_magic(b"SQLite format 3\x00")),
    Format("a program", begins=_magic(b"\x7fELF")),
)
"""The kinds of files that are known, those that can be read among them."""

_OF_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}
READABLE = frozenset(suffix for suffix, one in _OF_SUFFIX.items() if one.parser)
"""The suffixes of files that can be read."""
CURRENT = frozenset(one.read_as for one in FORMATS if one.parser)
"""What files are read as today; see `Format.read_as`."""


def choose(data: bytes, source: str, suffix: str = "") -> Format:
    """The format as which `data` can be read: by its first bytes if they tell, else its suffix.

    That is `suffix`, or if it is empty, the suffix of `source`.

    Raises:
        UnsupportedFormatError: no loader for this kind.
        EncryptedFileError: an Office file with a password.
        DamagedFileError: it is something else than its suffix says, or cut off.
    """
    suffix = (suffix or PurePath(source).suffix).lower()
    named = _OF_SUFFIX.get(suffix)
    found: Format | None
    if data.startswith(_OLE):
        found = _within_ole(data, source, suffix)
    elif data.startswith(_ZIP):
        found = _within_zip(data, source, suffix)
    elif named is PDF and b"%PDF-" in data[:1024]:
        found = PDF
    else:
        found = next((one for one in FORMATS if one.begins and one.begins.match(data)), None)
    if found is not None and found.parser is not None:
        return found
    if found is None and named is not None and named.text and (kind := _kind_of_text(data)):
        return _OF_SUFFIX[_TEXTS.get(kind, named.text)]
    if named is None or named.parser is None:
        raise _unsupported(source, suffix, found if named is None else named)
    if found is not None:
        raise _not_what_it_says(source, suffix, found.name)
    if data and named.always_told:
        raise _not_what_it_says(source, suffix, _describe(data))
    return named


def _within_zip(data: bytes, source: str, suffix: str) -> Format:
    named = _OF_SUFFIX.get(suffix)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            declared = _declared(archive, source)
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
    found = next((one for one in FORMATS if any(said in declared for said in one.declares)), None)
    if found is not None:
        return found
    kinds = (one for one in FORMATS if any(name.startswith(one.members) for name in names))
    found = next(kinds, ZIP)
    if found is ZIP and named is ZIP:
        return ZIP
    if found is ZIP and named is not None and named.parser:
        raise _not_what_it_says(source, suffix, ZIP.name)
    if found is ZIP or found.parser is None:  # other programs pack their files, too
        raise _unsupported(source, suffix, found)
    return found


def _declared(archive: zipfile.ZipFile, source: str) -> bytes:
    """What the archive says of its content: the types of its parts, or the type of all of it."""
    for name in (_CONTENT_TYPES, _MIME_TYPE):
        try:
            member = archive.getinfo(name)
        except KeyError:
            continue
        if member.file_size > _DECLARATION_AT_MOST:
            raise TooLargeError(
                f"{source} unpacks to far more than a document would. Leave it out."
            )
        return archive.read(member)
    return b""


def _within_ole(data: bytes, source: str, suffix: str) -> Format:
    named = _OF_SUFFIX.get(suffix)
    if _has_stream(data, _OLE_ENCRYPTED):
        raise EncryptedFileError(
            f"{source} is an Office file with a password. Open it and save it without one."
        )
    kinds = [one for one in FORMATS if any(_has_stream(data, name) for name in one.streams)]
    # A file that is attached to an e-mail has streams of its own.
    found = named if named in kinds else next(iter(kinds), None)
    if found is not None and found.parser is not None:
        return found
    if found is None and named is not None and named.parser:
        raise _not_what_it_says(source, suffix, "an old Office file, cut off or unknown")
    raise _unsupported(source, suffix, found or named)


def _has_stream(data: bytes, name: str) -> bool:
    """Whether the directory of a compound file lists `name`: its entries are 128 bytes each."""
    needle = (name + "\0").encode("utf-16-le")
    position = data.find(needle)
    while position >= 0 and position % _OLE_ENTRY_BYTES:
        position = data.find(needle, position + 2)
    return position >= 0


def _unsupported(source: str, suffix: str, found: Format | None) -> LoadError:
    unknown = Format(f"a {suffix} file" if suffix else "a file without a suffix")
    kind = found or unknown
    known = ", ".join(sorted(READABLE))
    return UnsupportedFormatError(
        f"{source} is {kind.name}, which cannot be read. {kind.advice}; what can be read: {known}."
    )


def _not_what_it_says(source: str, suffix: str, what: str) -> LoadError:
    return DamagedFileError(
        f"{source} is {what}, not a {suffix} file. Give it its right suffix, or get it again."
    )


def _cut_off(source: str) -> LoadError:
    return DamagedFileError(
        f"{source} is a ZIP or Office file that is cut off or damaged. Get it again."
    )


_PAGE, _XML, _WEB_ARCHIVE = "a web page (HTML)", "an XML file", "a web archive"
_TEXTS = {_PAGE: ".html", _XML: ".xml", _WEB_ARCHIVE: ".mht"}


def _kind_of_text(data: bytes) -> str:
    """What kind of text it is; nothing where it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if start.startswith(b"<?xml"):
        return _PAGE if b"<html" in start else _XML
    if start.startswith(b"mime-version:"):
        return _WEB_ARCHIVE
    if start.startswith((b"<table", b"<head", b"<meta", b"<body", b"<style", b"<div")):
        return _PAGE
    printable = sum(1 for byte in start if byte >= 32 or byte in b"\t\r\n")
    return "text" if start and printable >= 0.95 * len(start) else ""


def _describe(data: bytes) -> str:
    return _kind_of_text(data) or "data of an unknown kind"
