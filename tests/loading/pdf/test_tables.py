"""Tables of PDFs, with ruled lines and without: what stands in which column."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa.loading import read
from qa.loading.pdf.columns import Gap, Line, rows_apart
from qa.loading.pdf.layout import paragraphs
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
