"""PDF: the text layer, page by page, turned back into paragraphs.

PDFium gives the lines of a page. `qa.loading.pdf.layout`, which does not depend on PDFium, turns
them into paragraphs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, islice, pairwise, takewhile
from statistics import median
from typing import TYPE_CHECKING

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import telling_title, title_from_name
from qa.loading.lines import blocks_of_lines, headings_of_lines
from qa.loading.pdf import recognition
from qa.loading.pdf.characters import Characters
from qa.loading.pdf.columns import HYPHEN, Line, RowKind
from qa.loading.pdf.layout import (
    Paragraph,
    goes_on,
    heading_levels,
    is_next_row,
    mend_hyphens,
    paragraphs,
)
from qa.loading.pdf.opening import opened, opened_text, page_of
from qa.loading.pdf.recognition import Recognised
from qa.loading.pdf.running_lines import drop_running_lines
from qa.records import Document, Heading, Reading, Scan, hard_to_read
from qa.text.cleaning import one_line

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument  # type: ignore[import-untyped]

PAGE_SEPARATOR = "\n\n"
LONGEST_TITLE_LINE = 120

_DATE = re.compile(r"\W*(?:\w+\W+)?\d{1,4}\W+(?:\w+\W+)?\d{1,4}\W*|\W*\d*\W*")
_WHY_NONE = "it is a scan, blank, or in a font that does not tell its letters"
_WHY_BLANK = "blank, a picture, or in a font that does not tell its letters"
_TITLE_HEIGHT = 1.2  # of the usual letter height on the page
_MOST_TITLE_LINES = 3
_MOST_NAMED = 10  # pages without text, or files


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """The text of every page; running heads, feet and page numbers are left out.

    Raises:
        EncryptedFileError: it needs a password.
        DamagedFileError: PDFium cannot read it.
        EmptyFileError: no page has text.
        LoadError: all pages are scanned, and Tesseract, which reads them, is not installed.
        TooLargeError: there are too many pages, lines on one of them, or characters.
    """
    pages, title, scans, attached = _read(data, source, limits)
    if not any(pages):
        what = f"has no text on its {len(pages)} page(s): {_WHY_NONE}"
        recognition.required(source, what)
        raise EmptyFileError(f"{source} {what}, and nothing on it can be recognised. Leave it out.")
    document = document_of(pages, telling_title(title), source, scans)
    told = [f"Not read: {name}, which is attached to it" for name in attached]
    warnings = (*document.reading.warnings, *told)
    return replace(document, reading=replace(document.reading, warnings=warnings))


def document_of(
    pages: Sequence[Sequence[Line]], title: str, source: str, scans: Mapping[int, Recognised]
) -> Document:
    """The document on these pages; `scans` are those that are pictures, counted from 1."""
    lines = drop_running_lines(pages)
    text, starts, headings, rows = _put_together([paragraphs(page) for page in lines])
    headings = headings or headings_of_lines(text)
    title = title or _title_line(lines)
    sure = recognition.confidence(scans.values())
    return Document(
        text=text,
        source=source,
        title=title or title_from_name(source),
        pages=starts,
        headings=headings,
        metadata={} if sure is None else {recognition.CONFIDENCE: sure},
        blocks=blocks_of_lines(text, headings, rewrapped=True, rows=rows),
        reading=Reading(warnings=tuple(_warnings(pages, scans)), named=not title),
        scans=tuple(_scans(text, starts, scans)),
    )


def _scans(text: str, starts: Sequence[int], scans: Mapping[int, Recognised]) -> Iterator[Scan]:
    """The text of each page that is a picture, without the space around it."""
    for number, (start, end) in enumerate(pairwise([*starts, len(text)]), 1):
        words = text[start:end].strip()
        if number in scans and words:
            begin = text.index(words, start)
            yield Scan(begin, begin + len(words), round(scans[number].confidence, 2))


def _warnings(pages: Sequence[Sequence[Line]], scans: Mapping[int, Recognised]) -> Iterator[str]:
    if blank := [number for number, page in enumerate(pages, 1) if not page]:
        told = f"{len(blank)} of {len(pages)} pages have no text ({_WHY_BLANK})"
        yield f"{told}: {_named(blank)}"
    unsure = [n for n, page in scans.items() if page.lines and hard_to_read(page.confidence)]
    if unsure:
        yield f"{len(unsure)} of {len(pages)} pages are hard to read in the scan: {_named(unsure)}"


def _named(pages: Sequence[int]) -> str:
    return ", ".join(map(str, pages[:_MOST_NAMED])) + (", …" if len(pages) > _MOST_NAMED else "")


def _put_together(
    pages: Sequence[Sequence[Paragraph]],
) -> tuple[str, tuple[int, ...], tuple[Heading, ...], dict[int, RowKind]]:
    """The text of all pages, their starts, the headings by letter size, and rows by their start."""
    found = [paragraph for page in pages for paragraph in page]
    firsts = list(accumulate((len(page) for page in pages), initial=0))[:-1]
    ends = Counter(firsts[1:])  # of pages, before each paragraph
    levels = heading_levels(found)
    crossing = {
        top
        for top, count in ends.items()
        if count == 1 and 0 < top < len(found) and top - 1 not in levels
        if goes_on(found[top - 1], found[top])
    }
    headers = Counter(paragraph.text for paragraph in found if paragraph.row == "header")
    repeated = {place for place, one in enumerate(found) if headers[one.text] > 1}
    going_on = {
        top
        for top, count in ends.items()
        if count == 1 and 0 < top < len(found) and is_next_row(found[top - 1], found[top])
    } - repeated
    broken = {top - 1 for top in crossing if found[top - 1].text.endswith(HYPHEN)}
    parts: list[str] = []
    starts, headings = [0], []
    rows: dict[int, RowKind] = {}
    length = 0
    for place, text in enumerate(mend_hyphens([p.text for p in found], broken)):
        before = [found[place].before]
        if place in crossing:
            before = ["" if place - 1 in broken else " "]
        elif place in going_on:
            before = ["\n"]
        elif place in ends:
            before = [PAGE_SEPARATOR] * ends[place]
        for separator in before:
            length += len(separator)
            if place in ends:
                starts.append(length)
        parts += (*before, text)
        if place in levels and place not in crossing:
            headings.append(Heading(length, levels[place], text))
        if found[place].row:
            rows[length] = "next" if place in going_on else found[place].row
        length += len(text)
    starts += [length] * (len(pages) - len(starts))
    return "".join(parts), tuple(starts), tuple(headings), rows


def _read(
    data: bytes, source: str, limits: Limits
) -> tuple[list[list[Line]], str, dict[int, Recognised], list[str]]:
    """The lines of each page, the title in the file's properties, what was recognised, and the
    names of the files that are attached.
    """
    with opened(data, source) as document:
        limits.check(source, "max_pages", len(document), "has {} pages")
        pages: list[list[Line]] = []
        characters = 0
        for number in range(len(document)):
            pages.append(_page_lines(document, number, source, limits))
            characters += sum(len(line.text) for line in pages[-1])
            limits.check(source, "max_characters", characters, "has {} characters")
        scans: dict[int, Recognised] = {}
        blank = [number for number, page in enumerate(pages, 1) if not page]
        if blank and recognition.program():
            for number in blank:
                scans[number] = recognition.recognise_page(document, number, source, limits)
                pages[number - 1] += scans[number].lines
        return pages, document.get_metadata_value("Title"), scans, _attached(document)


def _attached(document: PdfDocument) -> list[str]:
    """The names of the files that are attached to a PDF."""
    import pypdfium2

    try:
        count = min(document.count_attachments(), _MOST_NAMED)
        return [one_line(document.get_attachment(place).get_name()) for place in range(count)]
    except pypdfium2.PdfiumError:
        return []


def _page_lines(document: PdfDocument, number: int, source: str, limits: Limits) -> list[Line]:
    """The lines of a page; none if just that page is damaged."""
    import pypdfium2

    try:
        page = page_of(document, number)
    except pypdfium2.PdfiumError:
        return []
    try:
        with opened_text(page) as text_page:
            characters = Characters(page, text_page)
            limits.check(source, "max_page_lines", len(characters), "has {} lines on a page")
            return list(characters.lines())
    except pypdfium2.PdfiumError:
        return []
    finally:
        page.close()


def _title_line(pages: Sequence[Sequence[Line]]) -> str:
    """The largest text of the first page, else its first line if that is short."""
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
