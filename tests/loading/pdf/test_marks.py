"""Where quotes are on their pages: on every PDF we have, what is in the boxes is the quote."""

from __future__ import annotations

import ctypes
import random
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from pypdfium2 import raw

from qa.errors import LoadError
from qa.limits import DEFAULTS, Limits
from qa.loading import read
from qa.loading.blocks import not_raised
from qa.loading.pdf.columns import HYPHEN, Line
from qa.loading.pdf.marks import marks, traced
from qa.records import Document, PageBox
from tests.loading.pdf.test_file import STORY, Paper, paper
from tests.loading.soundness import SHARED
from tests.loading.workers.test_pool import lines_pdf

PROJECT = Path(__file__).resolve().parents[3]
OURS = sorted([*PROJECT.glob("seeds/*.pdf"), *PROJECT.glob("tests/**/*.pdf")])
THEIRS = sorted(SHARED.parent.rglob("*.pdf")) if SHARED.is_dir() else []
QUOTES = 15  # of each page
_UNWRITTEN = re.compile("[\\s\u00ad\ufffe\x02|–-]")
_BULLETS = str.maketrans("\uf0b7\uf0a7\uf0d8\uf0fc\uf02d", "•▪➢✓-")


def pages_of(document: Document) -> Iterator[tuple[int, str]]:
    """The pages with text, by number."""
    ends = [*document.pages[1:], len(document.text)]
    for number, (start, end) in enumerate(zip(document.pages, ends, strict=True), 1):
        if document.text[start:end].strip():
            yield number, document.text[start:end]


def letters(data: bytes, number: int) -> list[tuple[str, float, float]]:
    """The characters of a page and the middle of each, in parts of the page as it is shown."""
    document = pypdfium2.PdfDocument(data)
    page = document[number - 1]
    text = page.get_textpage()
    x, y = ctypes.c_int(), ctypes.c_int()
    found = []
    for index in range(text.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(text, index))
        if character.isspace() or raw.FPDFText_IsGenerated(text, index) == 1:
            continue
        left, bottom, right, top = text.get_charbox(index)
        middle = (left + right) / 2, (bottom + top) / 2
        raw.FPDF_PageToDevice(page, 0, 0, 1_000_000, 1_000_000, 0, *middle, x, y)
        found.append((character, x.value / 1e6, y.value / 1e6))
    for one in (text, page, document):
        one.close()
    return found


def within(boxes: list[PageBox], there: list[tuple[str, float, float]]) -> str:
    return "".join(
        character
        for left, top, right, bottom in boxes
        for character, x, y in there
        if left <= x <= right and top <= y <= bottom
    )


def written(text: str) -> str:
    """A text without spaces, hyphens, signs between cells and raised digits."""
    return not_raised(_UNWRITTEN.sub("", text)).translate(_BULLETS)


def check_quotes(data: bytes, source: str) -> int:
    """That the boxes of quotes hold the quotes; how many were tried."""
    document = read(data, source, DEFAULTS)
    dice = random.Random(source)
    tried = 0
    for number, text in pages_of(document):
        there = letters(data, number)
        words = [w.span() for w in re.finditer(r"\S+", text) if written(w[0])]
        for _ in range(QUOTES):
            first = dice.randrange(len(words))
            last = min(len(words) - 1, first + dice.randrange(dice.choice((4, 40))))
            start, end = words[first][0], words[last][1]
            [boxes] = marks(data, source, [[number, text, start, end]], DEFAULTS)
            assert boxes, text[start:end]
            assert all(0 <= edge <= 1 for box in boxes for edge in box)
            assert written(within(boxes, there)) == written(text[start:end])
            tried += 1
    return tried


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_the_text_under_the_marks_is_the_quote(file: Path) -> None:
    assert check_quotes(file.read_bytes(), file.name) >= QUOTES


@pytest.mark.shared
@pytest.mark.skipif(not THEIRS, reason="the folder of test material is not beside the checkout")
@pytest.mark.parametrize("file", THEIRS, ids=lambda file: file.name)
def test_the_text_under_the_marks_is_the_quote_in_others_files(file: Path) -> None:
    data = file.read_bytes()
    try:
        document = read(data, file.name, DEFAULTS)
    except LoadError as error:
        pytest.skip(f"no text can be read of it: {error}")
    if not document.pages:
        pytest.skip("it is no PDF, whatever its name says")
    if document.scans:
        number, text = next(pages_of(document))
        [boxes] = marks(data, file.name, [[number, text, 0, len(text)]], DEFAULTS)
        assert len(boxes) >= text.count("\n\n") + 1
        assert all(0 <= edge <= 1 for box in boxes for edge in box)
    else:
        assert check_quotes(data, file.name) >= QUOTES


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_that_is_turned_or_cropped_is_marked_where_it_is_seen(turn: int) -> None:
    document = pypdfium2.PdfDocument(paper(f"{STORY}\n\n{STORY.upper()}"))
    page = document[0]
    page.set_rotation(turn)
    left, bottom, right, top = page.get_mediabox()
    page.set_cropbox(left + 20, bottom + 300, right - 10, top - 15)
    file = BytesIO()
    document.save(file)
    document.close()
    assert check_quotes(file.getvalue(), f"turned-{turn}.pdf") == QUOTES


def test_hyphens_running_heads_and_columns_do_not_move_a_mark() -> None:
    def columns(page: Paper) -> None:
        half = len(STORY) // 2
        page.multi_cell(60, 6, STORY[:half].replace("interval", "inter\u00ad\nval"))
        page.set_xy(110, 18)
        page.multi_cell(60, 6, STORY[half:])

    data = paper(columns, STORY, STORY, head="Rules of the harbour", foot="Page {}")
    assert "Rules" not in read(data, "columns.pdf", DEFAULTS).text
    assert check_quotes(data, "columns.pdf") == 3 * QUOTES


def test_turned_words_beside_a_text_are_marked_alone() -> None:
    def beside(page: Paper) -> None:
        page.set_left_margin(40)
        page.multi_cell(0, 6, STORY)
        with page.rotation(90, 20, 100):
            page.text(20, 100, "Draft of the harbour office")

    assert check_quotes(paper(beside), "beside.pdf") == QUOTES


def test_a_repeated_line_is_found_where_it_is_text() -> None:
    """Of a head that is the same as the first line, the head is the one that is left out."""
    rows = (("Rules", 90), ("Rules", 80), ("of all", 70), ("Rules", 1))
    lines = [
        Line(text, 0, 9, bottom, 9, ink=tuple(range(10 * place, 10 * place + 5)))
        for place, (text, bottom) in enumerate(rows)
    ]
    assert traced("Rules\nof all", lines) == [*range(10, 15), *range(20, 25)]
    assert traced("Other rules", lines) is None


def test_a_hyphen_at_a_line_end_may_stay_or_not() -> None:
    lines = [Line(f"long{HYPHEN}", 0, 9, 90, 9, ink=tuple(range(5))),
             Line("term", 0, 9, 80, 9, ink=tuple(range(5, 9)))]  # fmt: skip
    assert traced("longterm", lines) == [0, 1, 2, 3, 5, 6, 7, 8]
    assert traced("long-term", lines) == [*range(9)]


def test_another_text_than_the_page_has_is_refused() -> None:
    data = paper(STORY)
    with pytest.raises(LoadError, match=r"Page 1 of a\.pdf does not have the text"):
        marks(data, "a.pdf", [[1, STORY.replace("river", "lake"), 0, 9]], DEFAULTS)
    with pytest.raises(LoadError, match="Page 2"):
        marks(data, "a.pdf", [[2, STORY, 0, 9]], DEFAULTS)
    with pytest.raises(LoadError, match="lines on a page"):
        marks(lines_pdf(150), "a.pdf", [[1, STORY, 0, 9]], Limits(max_page_lines=100))


def test_a_page_of_many_equal_lines_takes_no_time() -> None:
    lines = [Line("same", 0, 9, float(place), 9, ink=(1, 2, 3, 4)) for place in range(4000)]
    assert traced("same " * 2000, lines) is None  # in too many ways
