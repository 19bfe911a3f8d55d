"""Workbooks, new and old: what is seen of them, as it is shown."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from qa.errors import DamagedFileError, EmptyFileError, TooLargeError
from qa.indexing.preparing.units import units
from qa.limits import Limits
from qa.loading import read
from qa.records import Document
from tests.loading.packing import archive
from tests.loading.soundness import check
from tests.loading.tables.workbooks import old_workbook, rows, workbook


def text(*sheets: str, **options: object) -> str:
    named = {f"Sheet {number}": sheet for number, sheet in enumerate(sheets, 1)}
    document = read(workbook(named, **options), "fees.xlsx")  # type: ignore[arg-type]
    check(document)
    return document.text.removeprefix("Sheet 1\n\n")


def table_rows(document: Document) -> list[tuple[int, str]]:
    return [
        (block.level, document.text[block.start : block.end])
        for block in document.blocks
        if block.kind == "row"
    ]


def test_each_sheet_is_a_section_and_its_first_row_names_the_columns() -> None:
    book = workbook({"Berths": rows("Zone|Fee", "North|=40"), "Staff": rows("Name", "Ann")})
    document = read(book, "prices/harbour_fees.xlsx")
    check(document)
    assert document.title == "harbour fees"
    assert [heading.text for heading in document.headings] == ["Berths", "Staff"]
    assert document.text == "Berths\n\nZone | Fee\nNorth | 40\n\nStaff\n\nName\n\nAnn"
    assert table_rows(document) == [(1, "Zone | Fee"), (0, "North | 40")]


def test_numbers_and_dates_are_said_as_they_are_shown() -> None:
    codes = ["#,##0.00 [$€-407]", "0.0%", "d mmmm yyyy", '0 "days"', "[h]:mm"]
    sheet = rows("Zone|Fee|Share|Day|Stay|Hours", "A|=1234.5@1|=0.125@2|=45363@3|=3@4|=1.5@5")
    assert text(sheet, formats=codes).endswith(
        "A | 1,234.50 € | 12.5% | 12 March 2024 | 3 days | 36:00"
    )


def test_a_workbook_may_count_its_days_from_1904() -> None:
    sheet = rows("Day|Note", "=43901@1|x")
    found = text(sheet, formats=["yyyy-mm-dd"], more='<workbookPr date1904="1"/>')
    assert found.endswith("2024-03-12 | x")


def test_shared_texts_without_what_is_struck_or_only_tells_how_to_speak() -> None:
    strings = [
        "<t>Zone</t>", "<t>Fee</t>",
        "<r><t>North</t></r><r><rPr><strike/></rPr><t> East</t></r><rPh><t>ノース</t></rPh>",
    ]  # fmt: skip
    cells = "".join(f'<row r="{r}"><c r="A{r}" t="s"><v>{a}</v></c><c r="B{r}" t="s"><v>{b}</v></c>'
                    "</row>" for r, a, b in ((1, 0, 1), (2, 2, 1), (3, 99, 0)))  # fmt: skip
    assert text(f"<sheetData>{cells}</sheetData>", strings=strings) == (
        "Zone | Fee\nNorth | Fee\n– | Zone"
    )


def test_what_is_hidden_or_struck_is_left_out() -> None:
    seen = "<cols><col min='2' max='2' hidden='1'/></cols>" + rows(
        "Zone|Secret|Fee|Old", "A|=1|=40|x", "B|=2|=50|=60@1", "C|=3|=70|y"
    ).replace('<row r="2">', '<row r="2" hidden="1">')
    sheets = {"Seen": seen, "Hidden": rows("a|b", "c|d"), "Very": rows("e|f", "g|h")}
    book = workbook(sheets, states={"Hidden": "hidden", "Very": "veryHidden"})
    assert read(book, "a.xlsx").text == "Seen\n\nZone | Fee | Old\nB | 50\nC | 70 | y"


def test_a_formula_is_what_it_comes_to_and_an_error_is_nothing() -> None:
    sheet = (
        '<sheetData><row><c t="str"><f>A()</f><v>Zone</v></c><c t="str"><v>Open</v></c></row>'
        '<row><c t="inlineStr"><is><t>A</t></is></c><c t="b"><v>1</v></c></row>'
        '<row><c t="inlineStr"><is><t>B</t></is></c><c t="e"><v>#REF!</v></c></row>'
        '<row><c t="inlineStr"><is><t>C</t></is></c><c><f>1+1</f><v>2</v></c></row></sheetData>'
    )
    assert text(sheet) == "Zone | Open\nA | TRUE\nB\nC | 2"


def test_a_merged_cell_is_said_in_each_of_its_places() -> None:
    sheet = rows("Prices 2024", "Zone|Summer||Winter", "North|=1|=2|=3", "|=4|=5|=6")
    merged = "<mergeCells><mergeCell ref='A1:D1'/><mergeCell ref='B2:C2'/><mergeCell ref='A3:A4'/>"
    assert text(sheet + merged + "</mergeCells>") == (
        "Prices 2024\n\nZone | Summer | Summer | Winter\nNorth | 1 | 2 | 3\nNorth | 4 | 5 | 6"
    )


def test_titles_and_notes_stand_around_a_table_and_two_tables_apart() -> None:
    sheet = rows(
        *("Fees", "In crowns", "", "Zone|Fee", "", "A|=40", "B|=50", "(a) a night", "", ""),
        *("Name|Phone", "Ann|x", "Bob|y", "", "|=90"),
    )
    assert text(sheet) == (
        "Fees\n\nIn crowns\n\nZone | Fee\nA | 40\nB | 50\n\n(a) a night\n\n"
        "Name | Phone\nAnn | x\nBob | y\n– | 90"
    )


def test_a_header_of_two_rows_is_put_together() -> None:
    sheet = rows("|Sales||Costs", "Zone|=2022|=2023|=2023", "A|=1|=2|=3")
    merged = "<mergeCells><mergeCell ref='B1:C1'/></mergeCells>"
    assert text(sheet + merged) == ("Zone | Sales 2022 | Sales 2023 | Costs 2023\nA | 1 | 2 | 3")


def test_a_header_of_two_rows_above_texts_is_put_together() -> None:
    sheet = rows("Vehicle|Range|", "|summer|winter", "Truck|310 km|240 km", "Bus|220 km|150 km")
    merged = "<mergeCells><mergeCell ref='B1:C1'/><mergeCell ref='A1:A2'/></mergeCells>"
    assert text(sheet + merged).startswith("Vehicle | Range summer | Range winter\nTruck | ")


def test_values_without_names_have_no_header() -> None:
    document = read(workbook({"S": rows("=1|=2", "=3|=4")}), "a.xlsx")
    assert table_rows(document) == [(0, "1 | 2"), (0, "3 | 4")]


def test_a_long_table_says_its_header_again() -> None:
    lines = [f"Berth number {n} at the long quay|={n}" for n in range(200)]
    document = read(workbook({"S": rows("Berth|Fee", *lines)}), "a.xlsx")
    check(document)
    found = table_rows(document)
    assert [row for level, row in found if not level] == [
        line.replace("|=", " | ") for line in lines
    ]
    headers = [place for place, (level, _) in enumerate(found) if level]
    assert len(headers) > 5
    assert {found[place][1] for place in headers} == {"Berth | Fee"}
    tables = [block for block in document.blocks if block.kind == "table"]
    assert len(tables) == len(headers)
    assert all(table.end - table.start < 900 for table in tables)
    assert sum(unit.kind == "row" for unit in units(document)) == 200


def test_a_workbook_without_values_is_empty() -> None:
    with pytest.raises(EmptyFileError, match=r"a\.xlsx has no values"):
        read(workbook({"S": "<sheetData/>"}), "a.xlsx")


def test_a_workbook_that_lacks_a_part_is_damaged() -> None:
    whole = workbook({"S": rows("a|b")})
    parts = {"[Content_Types].xml": "spreadsheetml.sheet.main+xml", "xl/workbook.xml": "<a/>"}
    for data in (archive(parts), whole[: len(whole) // 2]):
        with pytest.raises(DamagedFileError, match=r"a\.xlsx"):
            read(data, "a.xlsx")


def test_a_workbook_is_known_by_what_it_says_of_itself() -> None:
    assert read(workbook({"S": rows("a|b")}), "a.docx").text == "S\n\na | b"
    assert read(old_workbook("S", [["a", "b"]]), "a.doc").text == "S\n\na | b"


def test_no_sheet_is_larger_than_a_document_may_be() -> None:
    sheet = rows("Zone|Fee", *["North quay|=40"] * 200)
    with pytest.raises(TooLargeError, match="max_characters"):
        read(workbook({"S": sheet}), "a.xlsx", Limits(max_characters=500))
    far = rows("a|b") + "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>"
    assert text(far) == "a | b"


def test_an_entity_leads_to_no_other_file() -> None:
    book = workbook({"S": rows("Zone|x"), "T": rows("a|b")})
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        held = {name: parts.read(name) for name in parts.namelist()}
    sheet = held["xl/worksheets/sheet1.xml"].replace(b"x</t>", b"&e;</t>")
    kind = f'<!DOCTYPE worksheet [<!ENTITY e SYSTEM "{Path(__file__).as_uri()}">]>'.encode()
    found = read(archive({**held, "xl/worksheets/sheet1.xml": kind + sheet}), "a.xlsx").text
    assert "Workbooks" not in found
    assert found.endswith("T\n\na | b")


def test_an_old_workbook_is_read_like_a_new_one() -> None:
    cells: list[list[str | float]] = [
        ["Zone", "Fee"],
        ["Hidden", 1.0],
        ["South", 1234.5],
        ["Nörth", 7.0],
    ]
    document = read(old_workbook("Fees", cells), "fees.xls")
    check(document)
    assert document.text == "Fees\n\nZone | Fee\nSouth | 1,234.50\nNörth | 7.00"
    assert table_rows(document)[0] == (1, "Zone | Fee")
