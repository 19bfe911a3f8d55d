"""PDF: the text layer page by page, put back into paragraphs.

PDFium gives the lines as they were set. `qa.loading.pdf_layout` knows nothing
of PDFium; it turns those lines into paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from statistics import median
from threading import Lock
from typing import TYPE_CHECKING

from qa.errors import DamagedFileError, EmptyFileError, EncryptedFileError
from qa.loading.blocks import clean, one_line, telling_title, title_from_name
from qa.loading.pdf_layout import HYPHEN, Line, mend_hyphens, paragraphs
from qa.loading.pdf_running import drop_running_lines
from qa.records import Document

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage  # type: ignore[import-untyped]

PAGE_SEPARATOR = "\n\n"
LONGEST_TITLE_LINE = 120

Box = tuple[float, float, float, float]

_ONE_AT_A_TIME = Lock()  # PDFium keeps global state and is not made for threads
# PDFium writes U+FFFE (once U+0002) for a hyphen at a line end, and leaves the line end out.
_LINE_END = re.compile("(?P<hyphen>[\ufffe\x02])?(?:\r?\n|(?<=[\ufffe\x02]))|\\Z")
_DATE = re.compile(r"\W*(?:\w+\W+)?\d{1,4}\W+(?:\w+\W+)?\d{1,4}\W*|\W*\d*\W*")
_TITLE_HEIGHT = 1.2  # of the usual height of letters on the page
_MOST_TITLE_LINES = 3
# Symbol fonts have their bullets in the private area.
_BULLETS = str.maketrans("\uf0b7\uf0a7\uf0d8\uf0fc\uf02d", "•▪➢✓-")


def parse(data: bytes, source: str) -> Document:
    """The text of every page; running heads, feet and page numbers are left out.

    Raises:
        EncryptedFileError: it asks for a password.
        DamagedFileError: PDFium cannot make sense of it.
        EmptyFileError: no page has text, as in a scan.
    """
    with _ONE_AT_A_TIME:
        pages, title = _read(data, source)
    if not any(pages):
        raise EmptyFileError(
            f"{source} has no text on its {len(pages)} page(s): it is a scan. "
            "Run it through OCR (ocrmypdf, for instance) and load the result."
        )
    lines = drop_running_lines(pages)
    texts = mend_hyphens([paragraphs(page) for page in lines])
    starts, length = [], 0
    for text in texts:
        starts.append(length)
        length += len(text) + len(PAGE_SEPARATOR)
    text = PAGE_SEPARATOR.join(texts)
    return Document(
        text=text,
        source=source,
        title=telling_title(title) or _title_line(lines) or title_from_name(source),
        pages=tuple(starts),
    )


def _read(data: bytes, source: str) -> tuple[list[list[Line]], str]:
    """The lines of each page, and the title that the file claims."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise EncryptedFileError(
                f"{source} asks for a password. Print or export it to a PDF without one."
            ) from error
        raise DamagedFileError(
            f"{source} is a PDF that is cut off or damaged. Get it again from its origin."
        ) from error
    try:
        pages = [_page_lines(document, number) for number in range(len(document))]
        return pages, document.get_metadata_value("Title")
    finally:
        document.close()


def _page_lines(document: PdfDocument, number: int) -> list[Line]:
    """The lines of a page; none where that page alone is damaged."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return []
    try:
        text_page = page.get_textpage()
        try:
            return list(_lines(text_page))
        finally:
            text_page.close()
    except pypdfium2.PdfiumError:
        return []
    finally:
        page.close()


def _lines(text_page: PdfTextPage) -> Iterator[Line]:
    text = text_page.get_text_range()
    start = beyond = 0  # PDFium counts the characters beyond U+FFFF twice
    for end in _LINE_END.finditer(text):
        piece = text[start : end.start()]
        words = one_line(clean(piece).translate(_BULLETS))
        if words:
            first = beyond + start + len(piece) - len(piece.lstrip())
            beyond += sum(character > "\uffff" for character in piece)
            last = beyond + start + len(piece.rstrip()) - 1
            if end["hyphen"] or piece.endswith("\u00ad"):
                words += HYPHEN
            yield _line(words, _box(text_page, first), _box(text_page, last))
        start = end.end()


def _line(words: str, first: Box, last: Box) -> Line:
    return Line(
        text=words,
        left=min(first[0], last[0]),
        right=max(first[2], last[2]),
        bottom=first[1],
        height=max(0.0, first[3] - first[1]),
    )


def _box(text_page: PdfTextPage, index: int) -> Box:
    """Left, bottom, right and top of a character, by its index in the text."""
    from pypdfium2 import PdfiumError, raw

    try:
        box: Box = text_page.get_charbox(
            raw.FPDFText_GetCharIndexFromTextIndex(text_page, index), loose=True
        )
    except PdfiumError:
        return (0.0, 0.0, 0.0, 0.0)
    return box


def _title_line(pages: Sequence[Sequence[Line]]) -> str:
    """What the first page sets largest, else its first line if that is short."""
    lines = next((page for page in pages if page), [])
    tallest = max(lines, key=lambda line: line.height, default=None)
    if tallest is None:
        return ""
    usual = median(line.height for line in lines)
    if tallest.height >= _TITLE_HEIGHT * usual:
        position = list(lines).index(tallest)
        same = takewhile(lambda line: line.height >= 0.95 * tallest.height, lines[position:])
        title = " ".join(line.text for line in islice(same, _MOST_TITLE_LINES))
    else:
        title = next((line.text for line in lines if not _DATE.fullmatch(line.text)), "")
    title = title.replace(HYPHEN, "-")
    is_short = len(title) <= LONGEST_TITLE_LINE
    return title if is_short and not title.endswith((".", ",", ":", ";")) else ""
