"""An OpenDocument file: what kind it is, and its title."""

from __future__ import annotations

from collections.abc import Sequence

from qa.errors import EmptyFileError, EncryptedFileError
from qa.limits import Limits
from qa.loading.archives import Archive, Element, local_name, parse_xml
from qa.loading.blocks import Blocks, telling_title
from qa.loading.opendocument.margins import Margins
from qa.loading.opendocument.sheets import sheets
from qa.loading.opendocument.slides import write_slides
from qa.loading.opendocument.styles import Styles
from qa.loading.opendocument.text import Text
from qa.loading.tables.sheet import write
from qa.records import Document

_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_ZIP = b"PK"
_MANIFEST = "META-INF/manifest.xml"


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The text, the sheets or the slides of the file.

    Raises:
        EncryptedFileError: it is protected by a password.
        EmptyFileError: there is no text in it.
    """
    if data.startswith(_ZIP):
        archive = Archive(data, source, limits)
        if _MANIFEST in archive and b"encryption-data" in archive.read(_MANIFEST):
            raise EncryptedFileError(f"{source} is protected by a password. Save it without one.")
        root = archive.xml(_CONTENT)
        about = [archive.xml(name) for name in (_STYLES, _META) if name in archive]
    else:  # in one piece of XML
        root, about = parse_xml(data), []
    styles = Styles([*about, root])
    title = telling_title(_title([*about, root]))
    body = next(iter(root.iterfind("{*}body/{*}*")), None)
    kind = "" if body is None else local_name(body)
    if kind == "spreadsheet":
        return write(sheets(body, styles), source, limits, [title])
    blocks = Blocks()
    if kind == "presentation":
        first = write_slides(body, styles, blocks)
        titles = [title, first]
    else:
        text = Text(blocks, styles)
        said = "" if body is None else "".join(body.itertext())
        margins = Margins([*about, root], said)
        for kind in ("header", "", "footer"):
            for element in margins.of(kind) if kind else [root if body is None else body]:
                text.write(element)
        titles = [title, *[one.text for one in blocks.headings if one.level == 1][:1]]
    limits.check(source, "max_characters", blocks.length, "has {} characters")
    if not blocks.length:
        raise EmptyFileError(
            f"{source} has no text; its content may be pictures. "
            "Leave it out, or run the pictures through OCR."
        )
    return blocks.document(source, titles)


def _title(roots: Sequence[Element]) -> str:
    """What the properties of the file say that its title is."""
    found = (e.text for root in roots for e in root.iterfind(".//{*}meta/{*}title"))
    return next(found, None) or ""
