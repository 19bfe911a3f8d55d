"""A PDF, open, and its pages; what PDFium cannot open becomes an error of ours."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from qa.errors import DamagedFileError, EncryptedFileError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage  # type: ignore[import-untyped]

_ASKED_FOR_ANGLE = 200  # characters of a page
_MOST_NOTES = 1000  # of a page, among which fields are looked for
_ONE_AT_A_TIME = Lock()  # PDFium has global state and does not support threads


@contextmanager
def opened(data: bytes, source: str) -> Iterator[PdfDocument]:
    """The PDF in `data`, closed when the block ends; one at a time in a process.

    Raises:
        EncryptedFileError: it needs a password.
        DamagedFileError: PDFium cannot read it.
    """
    import pypdfium2
    from pypdfium2 import raw

    with _ONE_AT_A_TIME:
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
            document.init_forms()  # draws filled-in fields that the file has only as values
            yield document
        finally:
            document.close()


@contextmanager
def opened_page(document: PdfDocument, number: int, source: str) -> Iterator[PdfPage]:
    """A page, counted from 1, closed when the block ends.

    Raises:
        DamagedFileError: there is no such page, or it is damaged.
    """
    import pypdfium2

    try:
        page = page_of(document, number - 1)
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise DamagedFileError(
            f"Page {number} of {source} is damaged or not there. Get the file again from its "
            "origin."
        ) from error
    try:
        yield page
    finally:
        page.close()


def page_of(document: PdfDocument, index: int) -> PdfPage:
    """A page, counted from 0, what is filled into a form or typed onto the page as text of it.

    Raises:
        PdfiumError: there is no such page, or it is damaged.
    """
    from pypdfium2 import raw

    page = document[index]
    if _has_fields(document, page) and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == 1:
        page.close()
        page = document[index]
    return page


def _has_fields(document: PdfDocument, page: PdfPage) -> bool:
    """Whether a page has fields to fill in, and not only buttons, or text typed onto it."""
    from pypdfium2 import raw

    filled = (
        *(raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX),
        *(raw.FPDF_FORMFIELD_LISTBOX, raw.FPDF_FORMFIELD_CHECKBOX),
    )
    for place in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_NOTES)):
        note = raw.FPDFPage_GetAnnot(page, place)
        kind = raw.FPDFAnnot_GetFormFieldType(document.formenv, note) if document.formenv else -1
        typed = raw.FPDFAnnot_GetSubtype(note) == raw.FPDF_ANNOT_FREETEXT
        raw.FPDFPage_CloseAnnot(note)
        if typed or kind in filled:
            return True
    return False


@contextmanager
def opened_text(page: PdfPage) -> Iterator[PdfTextPage]:
    """The text of a page, closed when the block ends.

    PDFium takes lines that run downwards, as the page is shown, for columns to be read from the
    left. So its text is found with the page turned until most of it stands upright.
    """
    text_page = page.get_textpage()
    upright, shown = upright_at(text_page), page.get_rotation()
    if upright != shown:
        text_page.close()
        page.set_rotation(upright)
        text_page = page.get_textpage()
        page.set_rotation(shown)
    try:
        yield text_page
    finally:
        text_page.close()


def upright_at(text_page: PdfTextPage) -> int:
    """The rotation of a page at which most of its text is upright, in degrees clockwise."""
    from pypdfium2 import raw

    count = text_page.count_chars()
    places = range(0, count, max(1, count // _ASKED_FOR_ANGLE))
    angles = (raw.FPDFText_GetCharAngle(text_page, place) for place in places)
    turns = Counter(turn_for(angle) for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


def turn_for(angle: float) -> int:
    """The rotation of a page at which a character at this angle stands upright, as above."""
    return -round(math.degrees(angle) / 90) * 90 % 360
