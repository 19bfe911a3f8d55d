"""A PDF, open, and its pages; what PDFium cannot open becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from qa.errors import DamagedFileError, EncryptedFileError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage  # type: ignore[import-untyped]

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
        page = document[number - 1]
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise DamagedFileError(
            f"Page {number} of {source} is damaged or not there. Get the file again from its "
            "origin."
        ) from error
    try:
        yield page
    finally:
        page.close()
