"""Workbooks: what is not in the cells of a sheet, and cells that programs left unfinished."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from qa.loading import read
from qa.records import Document
from tests.loading.office.test_word_parts import CHART_PART
from tests.loading.opendocument.opendocuments import opendocument
from tests.loading.soundness import check
from tests.loading.tables.workbooks import MAIN, relations, rows, workbook

DRAWING = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
FEES = rows("Zone|Fee", "North|=40", "South|=50")
NOTE = f'<comments xmlns="{MAIN}"><comment ref="{{}}"><text><t>{{}}</t></text></comment></comments>'


def book(parts: Mapping[str, str], *related: tuple[str, str, str], sheet: str = FEES) -> Document:
    """A workbook of one sheet, to which parts of the file are related."""
    buffer = io.BytesIO(workbook({"Fees": sheet}))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("xl/worksheets/_rels/sheet1.xml.rels", relations(*related))
        for name, part in parts.items():
            file.writestr(f"xl/{name}", part)
    document = read(buffer.getvalue(), "fees.xlsx")
    check(document)
    return document


def noted(place: str, text: str, sheet: str = FEES, kind: str = "comments") -> list[str]:
    related = [("c", "comments", "../comments1.xml"), ("x", kind, "../other.xml")]
    document = book({"comments1.xml": NOTE.format(place, text)}, *related, sheet=sheet)
    return [document.text[b.start : b.end] for b in document.blocks if b.kind == "note"]


def test_a_note_at_a_cell_is_said_with_the_row_that_it_is_about() -> None:
    assert noted("B2", "Without\ntax.") == ["Note (North | 40): Without tax."]
    assert noted("A3", "Closed.") == ["Note (South): Closed."]
    assert noted("D9", "Nowhere.") == []


def test_a_note_at_what_is_hidden_is_left_out_and_so_is_talk_about_cells() -> None:
    hidden = '<cols><col min="2" max="2" hidden="1"/></cols>' + FEES
    assert noted("B2", "Without tax.", hidden) == []
    assert noted("B2", "[Threaded comment] …", kind="threadedComment") == []


def test_notes_of_opendocument_are_read_too() -> None:
    cell = "<table:table-cell><text:p>North</text:p></table:table-cell><table:table-cell>"
    note = "<office:annotation><dc:creator>Ann</dc:creator><text:p>No tax.</text:p>"
    row = f"{cell}{note}</office:annotation><text:p>40</text:p></table:table-cell>"
    table = f'<table:table table:name="Fees"><table:table-row>{row}</table:table-row></table:table>'
    assert read(opendocument("spreadsheet", table), "fees.ods").text == (
        "Fees\n\nNorth | 40\n\nNote (North | 40): No tax."
    )


def test_text_boxes_charts_and_what_is_said_of_pictures_stand_below_the_cells() -> None:
    box = "<xdr:sp><xdr:txBody><a:p><a:r><a:t>Valid until 30 June.</a:t></a:r></a:p></xdr:txBody>"
    chart = '<xdr:graphicFrame><c:chart r:id="c"/></xdr:graphicFrame>'
    name = '<xdr:cNvPr id="1" name="Picture" descr="A map of the north zone"/>'
    picture = f"<xdr:pic><xdr:nvPicPr>{name}</xdr:nvPicPr></xdr:pic>"
    parts = {
        "drawings/drawing1.xml": f"<xdr:wsDr {DRAWING}>{box}</xdr:sp>{chart}{picture}</xdr:wsDr>",
        "drawings/_rels/drawing1.xml.rels": relations(("c", "chart", "../charts/chart1.xml")),
        "charts/chart1.xml": CHART_PART,
    }
    document = book(parts, ("d", "drawing", "../drawings/drawing1.xml"))
    assert document.text.partition("50\n\n")[2] == (
        "Valid until 30 June.\n\nVisitors\n\n– | Adults\n2023 | 5,230\n\nA map of the north zone"
    )


def test_formulas_that_nobody_has_worked_out_are_told() -> None:
    formulas = "<c><f>20*2</f></c><c><f>A1</f><v></v></c><c><f>1+1</f><v>2</v></c>"
    empty = '<c t="str"><f>""</f><v></v></c>'
    name = '<c t="inlineStr"><is><t>Fee</t></is></c>'
    sheet = f'<sheetData><row r="1">{name}{formulas}{empty}</row></sheetData>'
    (warning,) = read(workbook({"Fees": sheet}), "fees.xlsx").reading.warnings
    assert warning.startswith("2 formulas in the sheet “Fees” have no value yet")
    assert read(workbook({"Fees": FEES}), "fees.xlsx").reading.warnings == ()


def test_characters_that_xml_cannot_hold_are_no_text() -> None:
    sheet = rows("Item|Remark", "Rope|One_x000D_ and _x0041_ two", "Pump|a_x_b")
    text = read(workbook({"S": sheet}), "s.xlsx").text
    assert "Rope | One and A two" in text
    assert "Pump | a_x_b" in text


def test_tables_side_by_side_are_tables_of_their_own() -> None:
    same = rows("Zone|Fee||Zone|Fee", "North|=40||East|=60", "South|=50||West|=70")
    assert read(workbook({"S": same}), "s.xlsx").text == (
        "S\n\nZone | Fee\nNorth | 40\nSouth | 50\n\nZone | Fee\nEast | 60\nWest | 70"
    )
    longer = rows(
        "Zone|Fee||Name|Phone", "North|=40||Ann|=5512", "South|=50||Bob|=5513", "|||Cy|=5"
    )
    assert read(workbook({"S": longer}), "s.xlsx").text == (
        "S\n\nZone | Fee\nNorth | 40\nSouth | 50\n\nName | Phone\nAnn | 5512\nBob | 5513\nCy | 5"
    )


def test_an_empty_column_within_a_table_parts_nothing() -> None:
    for sheet in (
        rows("Name|Since||Phone|Room", "Ann|=2019||=5512|=4", "Bob|=2020||=5513|=7"),
        rows("Item|||2023|2024", "Rope|||=12|=13"),
        rows("Item|Goodwill|||Goodwill|Other", "Rope|=12|||—|=3", "Pump|=9|||—|—"),
    ):
        assert len(read(workbook({"S": sheet}), "s.xlsx").text.split("\n\n")) == 2
