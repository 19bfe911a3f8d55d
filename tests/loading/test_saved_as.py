"""Files that are something else than their suffix says, as programs write them, and whole pages."""

from __future__ import annotations

import pytest

from qa.errors import DamagedFileError
from qa.loading import read
from tests.loading.soundness import check

PAGE = "<html><body><table><tr><th>Zone<th>Fee<tr><td>North<td>40</table></body></html>"
TABLE = "Zone | Fee\nNorth | 40"
ARCHIVE = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n<meta charset='cp1252'><h1>Gebühren</h1>"
    f"{PAGE}\r\n--x\r\nContent-Type: image/png\r\n\r\n?\r\n--x--\r\n"
)
SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def workbook(*rows: str, sheet: str = "", styles: str = "") -> bytes:
    """A workbook as Excel 2003 saves it in XML; a cell is "kind:value"."""
    lines = ""
    for row in rows:
        cells = (cell.partition(":") for cell in row.split("|"))
        data = (f'<Data ss:Type="{kind}">{text}</Data>' if text else "" for kind, _, text in cells)
        lines += "<Row>" + "".join(f"<Cell ss:StyleID='s'>{one}</Cell>" for one in data) + "</Row>"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{SPREADSHEET}" xmlns:ss="{SPREADSHEET}">{styles}'
        f'<Worksheet ss:Name="Fees"><Table>{lines}</Table>{sheet}</Worksheet></Workbook>'
    ).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("fees.xls", PAGE.encode()),
        ("fees.xls", f"<?xml version='1.0'?>\n{PAGE}".encode()),
        ("fees.xls", b"Zone\tFee\r\nNorth\t40\r\n"),
        ("fees.xls", "Zone\tFee\r\nNorth\t40\r\n".encode("utf-16")),
        ("fees.doc", PAGE.encode()),
    ],
)
def test_pages_and_texts_under_the_suffix_of_old_office_files_are_read(
    name: str, data: bytes
) -> None:
    document = read(data, name)
    check(document)
    assert document.text == TABLE


def test_a_text_and_a_web_archive_may_be_called_word_documents() -> None:
    assert read(b"It closes at 22:00.", "quay.doc").text == "It closes at 22:00."
    assert TABLE in read(ARCHIVE.encode(), "quay.doc").text


def test_what_is_no_text_is_damaged_as_before() -> None:
    for name in ("quay.doc", "quay.xls"):
        with pytest.raises(DamagedFileError):
            read(bytes(range(256)), name)
    for name in ("quay.docx", "quay.pdf"):  # a page to sign in at, instead of the file
        with pytest.raises(DamagedFileError, match="web page"):
            read(PAGE.encode(), name)


def test_a_web_archive_is_the_page_in_it() -> None:
    document = read(ARCHIVE.encode(), "quay.mht")
    check(document)
    assert document.text == f"Gebühren\n\n{TABLE}"
    with pytest.raises(DamagedFileError, match="without a page"):
        read(b"MIME-Version: 1.0\r\n\r\nx", "quay.mhtml")


def test_a_workbook_in_xml_has_its_sheets() -> None:
    styles = '<Styles><Style ss:ID="s"><NumberFormat ss:Format="0.0"/></Style></Styles>'
    rows = [
        "String:Zone|String:Fee|String:Since",
        "String:North|Number:40|DateTime:2024-03-12T00:00:00.000",
    ]
    for name in ("fees.xls", "fees.xml"):
        document = read(workbook(*rows, styles=styles), name)
        check(document)
        assert document.text == "Fees\n\nZone | Fee | Since\nNorth | 40.0 | 2024-03-12"


def test_places_merged_and_hidden_parts_of_such_a_workbook() -> None:
    data = workbook("String:Zone|String:Fee", "String:North|Number:40", "String:East|Boolean:1")
    first, second = (
        f"<Cell ss:StyleID='s'><Data ss:Type=\"String\">{zone}".encode()
        for zone in ("North", "East")
    )
    merged = data.replace(b"<Row>" + first, b"<Row ss:Index='3'>" + first)
    merged = merged.replace(first, first.replace(b"<Cell", b"<Cell ss:MergeDown='1'"))
    merged = merged.replace(second + b"</Data></Cell><Cell", b"<Cell ss:Index='2'")
    assert read(merged, "fees.xml").text == "Fees\n\nZone | Fee\nNorth | 40\nNorth | TRUE"
    column = data.replace(b"<Table>", b"<Table><Column/><Column ss:Hidden='1'/>")
    assert "40" not in read(column, "fees.xml").text
    row = data.replace(b"<Row>", b"<Row ss:Hidden='1'>")
    with pytest.raises(Exception, match="no values"):
        read(row, "fees.xml")
    hidden = workbook(
        "String:x", sheet="<WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions>"
    )
    with pytest.raises(Exception, match="no values"):
        read(hidden, "fees.xml")


def test_an_opendocument_text_in_one_piece_is_read() -> None:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text")
    )
    title = '<office:meta><dc:title xmlns:dc="x">The fees</dc:title></office:meta>'
    heading = '<text:h text:outline-level="1">Fees</text:h>'
    body = (
        f"<office:body><office:text>{heading}<text:p>It is 40.</text:p></office:text></office:body>"
    )
    document = read(f"<office:document {names}>{title}{body}</office:document>".encode(), "a.fodt")
    check(document)
    assert (document.text, document.title) == ("Fees\n\nIt is 40.", "The fees")
