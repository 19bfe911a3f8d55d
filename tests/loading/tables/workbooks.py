"""Workbooks made by hand: in the XML of today, and in the records of before 2007."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from tests.loading.packing import archive, compound

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def relations(*related: tuple[str, str, str]) -> str:
    """The relations of a part: names, the last words of types, targets."""
    inside = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}" '
        f'TargetMode="{"External" if "://" in target else "Internal"}"/>'
        for name, kind, target in related
    )
    return f'<Relationships xmlns="{_RELATIONS}">{inside}</Relationships>'


def types(part: str, content: str) -> str:
    """The types of an archive's parts: that of its main part is what matters."""
    return f'<Types xmlns="{_TYPES}"><Override PartName="{part}" ContentType="{content}"/></Types>'


def workbook(
    sheets: Mapping[str, str],
    strings: Sequence[str] = (),
    formats: Sequence[str] = (),
    states: Mapping[str, str] | None = None,
    more: str = "",
) -> bytes:
    """A workbook whose sheets are XML; style 1 + n has the n-th format, the last one is struck."""
    parts = {
        "[Content_Types].xml": types(
            "/xl/workbook.xml",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        ),
        "_rels/.rels": relations(("r", "officeDocument", "xl/workbook.xml")),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(map("<si>{}</si>".format, strings))}'
        "</sst>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>'
        + "".join(
            f'<numFmt numFmtId="{200 + place}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
            for place, code in enumerate(formats)
        )
        + "</numFmts><fonts><font/><font><strike/></font></fonts><cellXfs><xf/>"
        + "".join(f'<xf numFmtId="{200 + place}"/>' for place in range(len(formats)))
        + '<xf fontId="1"/></cellXfs></styleSheet>',
    }
    listed, related = (
        "",
        [("t", "sharedStrings", "sharedStrings.xml"), ("y", "styles", "styles.xml")],
    )
    for number, (name, inside) in enumerate(sheets.items(), 1):
        state = (states or {}).get(name, "visible")
        listed += f'<sheet name="{name}" sheetId="{number}" state="{state}" r:id="s{number}"/>'
        related.append((f"s{number}", "worksheet", f"/xl/worksheets/sheet{number}.xml"))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{MAIN}">{inside}</worksheet>'
        )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">{more}<sheets>{listed}</sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = relations(*related)
    return archive(parts)


def rows(*texts: str, start: int = 1) -> str:
    """Rows whose cells are parted by "|": texts, and where it is written "=…", numbers."""
    found = ""
    for number, text in enumerate(texts, start):
        cells = ""
        for cell in text.split("|"):
            if cell.startswith("="):
                value, _, style = cell[1:].partition("@")
                cells += f'<c s="{style or 0}"><v>{value}</v></c>'
            elif cell:
                cells += f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
            else:
                cells += "<c/>"
        if text:
            found += f'<row r="{number}">{cells}</row>'
    return f"<sheetData>{found}</sheetData>"


def old_workbook(name: str, cells: Sequence[Sequence[str | float]]) -> bytes:
    """A workbook of before 2007: numbers have two decimals, and the second row is hidden."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    font = record(
        0x31, struct.pack("<HHHHHBBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 1, 1) + b"A\0"
    )
    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0)
    book = record(0x809, begin) + record(0x42, struct.pack("<H", 1200)) + 5 * record(0x31, font)
    book += record(0x41E, struct.pack("<H", 164) + text("#,##0.00"))
    for place in range(18):
        book += record(0xE0, struct.pack("<HHHBBBBIIH", 0, 164 if place == 17 else 0, 0xFFF5 if
                       place < 15 else 1, 0, 0, 0, 0, 0, 0, 0))  # fmt: skip
    sheet = record(0x809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for number, row in enumerate(cells):
        options = 0x20 if number == 1 else 0
        sheet += record(0x208, struct.pack("<HHHHHHI", number, 0, len(row), 255, 0, 0, options))
    for number, row in enumerate(cells):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet += record(0x204, struct.pack("<HHH", number, column, 16) + text(value))
            else:
                sheet += record(0x203, struct.pack("<HHHd", number, column, 17, value))
    sheet += record(0x0A, b"")
    named = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    start = len(book) + 4 + 6 + len(named) + 4
    book += record(0x85, struct.pack("<IBB", start, 0, 0) + named) + record(0x0A, b"")
    return compound({"Workbook": (book + sheet).ljust(4096, b"\0")})
