"""Tables of PDFs, with ruled lines and without: what stands in which column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from qa.loading import read
from qa.loading.pdf.columns import Gap, Line
from qa.loading.pdf.layout import paragraphs
from qa.loading.pdf.tables.rows import rows_apart
from qa.records import Document
from tests.loading.pdf.test_file import STORY, Paper, paper
from tests.loading.pdf.test_marks import QUOTES, check_quotes
from tests.loading.soundness import check

FEES = (
    ("Berth", "Fee per night", "Contact"),
    ("North quay", "40 crowns", "Ann Berg"),
    ("South quay", "35 crowns", "Ole Dahl"),
    ("Guest pier", "55 crowns", "Eva Lind"),
)
YEARS = (("Year", "Income", "Costs"), ("2021", "", "300"), ("2022", "400", ""), ("", "410", "310"))


def with_table(rows: Sequence[Sequence[str]], *, align: str = "L", border: str = "") -> bytes:
    """A page with a table between two texts."""

    def drawn(page: Paper) -> None:
        page.multi_cell(0, 6, STORY)
        page.ln(4)
        for row in rows:
            for number, cell in enumerate(row):
                page.cell(40, 6, cell, align=align if number else "L", border=border or 0)
            page.ln()
        page.ln(4)
        page.multi_cell(0, 6, STORY)

    return paper(drawn)


def rows_of(document: Document) -> list[tuple[str, int]]:
    """The text and the level of each row; all of them are in one table."""
    check(document)
    tables = [place for place, block in enumerate(document.blocks) if block.kind == "table"]
    rows = [block for block in document.blocks if block.kind == "row"]
    assert {row.parent for row in rows} == set(tables)
    assert len(tables) <= 1
    return [(document.text[row.start : row.end], row.level) for row in rows]


@pytest.mark.parametrize("border", ["", "LRTB"])
@pytest.mark.parametrize("align", ["L", "C", "R"])
def test_the_cells_of_a_table_are_apart(align: str, border: str) -> None:
    document = read(with_table(FEES, align=align, border=border), "fees.pdf")
    assert rows_of(document) == [(" | ".join(row), int(row is FEES[0])) for row in FEES]
    assert document.text.count("\n\n") == 2


def test_an_empty_cell_keeps_its_column() -> None:
    document = read(with_table(YEARS, align="R"), "years.pdf")
    assert [text for text, _ in rows_of(document)] == [
        "Year | Income | Costs", "2021 |  | 300", "2022 | 400", "– | 410 | 310",
    ]  # fmt: skip


def test_a_table_of_values_alone_has_no_header() -> None:
    document = read(with_table([("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")]), "a.pdf")
    assert rows_of(document) == [("1 | 2 | 3", 0), ("4 | 5 | 6", 0), ("7 | 8 | 9", 0)]


def test_two_rows_and_a_list_are_no_table() -> None:
    for rows in (FEES[:2], [("1.", "Open the gate"), ("2.", "Sail in"), ("3.", "Pay the fee")]):
        assert rows_of(read(with_table(rows), "a.pdf")) == []


def test_a_quote_from_a_table_is_marked() -> None:
    data = with_table(YEARS, align="R")
    assert check_quotes(data, "years.pdf") == QUOTES

    def first(page: Paper) -> None:
        for row in FEES:
            for cell in row:
                page.cell(40, 6, cell)
            page.ln()

    # A running head with gaps of its own is right above it.
    assert check_quotes(paper(first, STORY, STORY, head="Rules {}"), "fees.pdf") == 3 * QUOTES


def test_cells_that_pdfium_gives_as_lines_of_their_own_are_a_row() -> None:
    def drawn(page: Paper) -> None:
        for number in range(8):
            for cell in (f"Station H{number}", str(number), "yes", f"23:4{number}"):
                page.cell(49, 6, cell)
            page.ln()

    data = paper(drawn)
    rows = [f"Station H{number} | {number} | yes | 23:4{number}" for number in range(8)]
    assert [row for row, _ in rows_of(read(data, "stations.pdf"))] == rows
    assert check_quotes(data, "stations.pdf") == QUOTES


WRAPPED = (
    ("Article", "Description", "Price"),
    ("Rope 12 mm", "Braided polyester rope for mooring, sold by the metre", "3.20"),
    ("Winch handle with lock", "Forged aluminium handle that floats and fits all winches", "79.90"),
    ("Shackle", "Stainless steel", "6.50"),
    ("Fender", "Inflatable, white or blue", "48.00"),
)


def wrapped(rows: Sequence[Sequence[str]], **how: Any) -> bytes:
    """A page with a table whose cells have several lines, between two texts."""

    def drawn(page: Paper) -> None:
        page.multi_cell(0, 6, STORY, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.ln(4)
        with page.table(rows, width=120, col_widths=(30, 60, 25), **how):
            pass
        page.ln(4)
        page.multi_cell(0, 6, STORY)

    return paper(drawn)


@pytest.mark.parametrize("align", ["T", "M", "B"])
@pytest.mark.parametrize("borders", ["ALL", "NONE", "HORIZONTAL_LINES", "MINIMAL", "INTERNAL"])
def test_a_cell_of_several_lines_is_one(borders: str, align: str) -> None:
    data = wrapped(WRAPPED, borders_layout=borders, v_align=align)
    document = read(data, "prices.pdf")
    assert rows_of(document) == [
        (" | ".join(row), int(place == 0)) for place, row in enumerate(WRAPPED)
    ]
    assert document.text.count("\n\n") == 2
    assert check_quotes(data, "prices.pdf") == QUOTES


def test_a_line_that_goes_on_in_some_columns_belongs_to_the_row_above() -> None:
    rows = (
        ("Article", "Description", "Price"),
        ("Rope", "Braided polyester,", "3.20"), ("", "sold by the metre", ""),
        ("Fender", "Inflatable, with a", "48.00"), ("", "steel eye", ""),
        ("", "", "51.20"),
    )  # fmt: skip
    data = with_table(rows)
    assert [text for text, _ in rows_of(read(data, "prices.pdf"))] == [
        "Article | Description | Price", "Rope | Braided polyester, sold by the metre | 3.20",
        "Fender | Inflatable, with a steel eye | 48.00",
    ]  # fmt: skip
    assert check_quotes(data, "prices.pdf") == QUOTES


def test_a_cell_that_spans_rows_or_columns_counts_for_each() -> None:
    def drawn(page: Paper) -> None:
        with page.table(width=140, num_heading_rows=2, col_widths=(20, 40, 20, 20)) as table:
            first = table.row()
            for text, down, across in (("Season", 2, 1), ("Berth", 2, 1), ("Fee", 1, 2)):
                first.cell(text, rowspan=down, colspan=across)
            table.row(("a night", "a week"))
            row = table.row()
            row.cell("Summer", rowspan=2)
            for text in ("North quay, with water at each berth", "40", "200"):
                row.cell(text)
            table.row(("South quay", "35", "180"))

    data = paper(drawn)
    assert rows_of(read(data, "fees.pdf")) == [
        ("Season | Berth | Fee a night | Fee a week", 1),
        ("Summer | North quay, with water at each berth | 40 | 200", 0),
        ("Summer | South quay | 35 | 180", 0),
    ]
    assert check_quotes(data, "fees.pdf") == QUOTES


@pytest.mark.parametrize("repeated", [1, 0])
def test_a_table_goes_on_on_the_next_page(repeated: int) -> None:
    rows = [("Code", "Goods")] + [(f"T-{n}", f"Goods of group {n} in boxes") for n in range(120)]

    def drawn(page: Paper) -> None:
        with page.table(rows, repeat_headings=repeated, headings_style=FontFace(emphasis=None)):
            pass

    document = read(paper(drawn), "tariff.pdf")
    check(document)
    found = [
        (document.text[block.start : block.end], block.level)
        for block in document.blocks
        if block.kind == "row"
    ]
    assert [row for row, level in found if not level] == [" | ".join(row) for row in rows[1:]]
    headers = {row for row, level in found if level}
    tables = sum(block.kind == "table" for block in document.blocks)
    assert headers == {"Code | Goods"}
    assert len(document.pages) > 3
    assert tables == (len(document.pages) if repeated else 1)


def test_frames_around_several_rows_are_no_cells() -> None:
    names = ("Insured", "Claim", "Policy", "Phone", "Email")

    def drawn(page: Paper) -> None:
        for title, top, height in ((1, 20, 8), (0, 28, 40)):
            for side in (10, 100):
                page.rect(side, top, 90, height)
                page.set_xy(side, top + 1)
                page.cell(90, 6, "Customer" if side == 10 else "Vehicle") if title else None
        for place, name in enumerate(names):
            for side, cell in ((10, name), (55, "Ann"), (100, f"{name} two"), (145, "Ole")):
                page.set_xy(side, 30 + 7 * place)
                page.cell(40, 6, cell)

    rows = [row for row, _ in rows_of(read(paper(drawn), "claim.pdf"))]
    assert rows[-len(names) :] == [f"{name} | Ann | {name} two | Ole" for name in names]


def test_a_text_with_a_frame_and_clauses_with_wide_gaps_are_no_table() -> None:
    def framed(page: Paper) -> None:
        page.rect(8, 8, 194, 100)
        page.line(8, 80, 202, 80)
        page.multi_cell(0, 6, STORY)

    def clauses(page: Paper) -> None:
        for number in range(1, 5):
            page.cell(14, 6, f"2.{number}")
            page.multi_cell(150, 6, STORY, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    assert read(paper(framed), "a.pdf").text == STORY
    lines = read(paper(clauses), "a.pdf").text.split("\n")
    assert [line for line in lines if line] == [f"2.{number} {STORY}" for number in range(1, 5)]


def test_pieces_at_one_height_that_are_no_table_stay_as_they_are() -> None:
    pieces = [Line(text, left, left + 40, 100, 10) for text, left in (("Ann", 0), ("Oslo", 200))]
    assert [one.text for one in paragraphs(pieces)] == ["Ann", "Oslo"]


def line(bottom: float, *cells: tuple[float, float]) -> Line:
    """A line of cells that reach from here to there."""
    texts = [f"x{left:.0f}" for left, _ in cells]
    ends = [len(" ".join(texts[:place])) for place in range(1, len(texts))]
    gaps = (Gap(end, one[1], two[0]) for end, one, two in zip(ends, cells, cells[1:], strict=False))
    return Line(" ".join(texts), cells[0][0], cells[-1][1], bottom, 10, tuple(gaps))


def test_a_line_whose_cells_run_across_columns_ends_a_table() -> None:
    rows = [line(100 - 12 * n, (0, 20), (50, 70), (90, 110)) for n in range(3)]
    across = line(64, (0, 30), (40, 120))
    assert [one.row for one in rows_apart([*rows, across])] == ["header", "next", "next", ""]
    wide = line(64, (0, 30), (60, 80), (85, 120))
    assert [one.row for one in rows_apart([*rows, wide])] == ["header", "next", "next", "next"]
    # Earlier cells would come together in one column.
    for joins in (line(64, (0, 60), (95, 120)), line(64, (0, 60), (95, 120), (130, 150))):
        assert [one.row for one in rows_apart([*rows, joins])] == ["header", "next", "next", ""]


def test_a_table_ends_where_the_next_line_is_far_below_or_beside() -> None:
    rows = [line(bottom, (0, 20), (50, 70)) for bottom in (100, 88, 76)]
    for bottom in (40, 76, 100):
        found = rows_apart([*rows, line(bottom, (0, 20), (50, 70))])
        assert [one.row for one in found] == ["header", "next", "next", ""]


def test_many_rows_take_no_time() -> None:
    rows = [line(-12.0 * n, *((40.0 * c, 40.0 * c + 20) for c in range(9))) for n in range(20_000)]
    assert sum(bool(one.row) for one in rows_apart(rows)) == len(rows)
