"""Word documents: what stands in other parts of the file, in fields, and in files that are odd."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from qa.loading import read
from qa.records import Document
from tests.loading.office.test_word import saved
from tests.loading.soundness import check

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
NAMESPACES = f"{nsdecls('w', 'r', 'wp', 'a')} xmlns:c='{CHART}' xmlns:dgm='{DIAGRAM}'"

CHART_PART = (
    f"<c:chartSpace xmlns:c='{CHART}' xmlns:a='{DRAWING}'><c:chart><c:title><a:t>Visitors</a:t>"
    "</c:title><c:plotArea><c:ser><c:tx><c:v>Adults</c:v></c:tx><c:cat><c:strCache><c:pt idx='0'>"
    "<c:v>2023</c:v></c:pt></c:strCache></c:cat><c:val><c:numCache><c:formatCode>#,##0"
    "</c:formatCode><c:pt idx='0'><c:v>5230</c:v></c:pt></c:numCache></c:val></c:ser></c:plotArea>"
    "</c:chart></c:chartSpace>"
)
DIAGRAM_PART = (
    f"<dgm:dataModel xmlns:dgm='{DIAGRAM}' xmlns:a='{DRAWING}'><dgm:pt type='doc'/><dgm:pt><a:t>"
    "Receive</a:t></dgm:pt><dgm:pt><a:t>Weigh</a:t></dgm:pt></dgm:dataModel>"
)


def word(body: str, part: tuple[str, str, str] | None = None) -> Document:
    """A document of XML, `{...}` in it a run of text; `part` is related to it by the name "ID"."""
    document = docx.Document()
    if part is not None:
        name, kind, content = part
        made = Part(PackURI(f"/word/{name}"), "text/plain", content.encode(), document.part.package)
        body = body.replace("ID", document.part.relate_to(made, f"{RELATIONS}/{kind}"))
    body = re.sub(r"\{(.*?)\}", r"<w:r><w:t xml:space='preserve'>\1</w:t></w:r>", body)
    for element in list(parse_xml(f"<w:x {NAMESPACES}>{body}</w:x>")):
        document.element.body.insert(-1, element)
    found = read(saved(document), "report.docx")
    check(found)
    return found


def drawn(graphic: str, about: str = "") -> str:
    return (
        f"<w:p>{{Below:}}<w:r><w:drawing><wp:inline><wp:docPr id='1' name='Picture 1' {about}/>"
        f"<a:graphic><a:graphicData>{graphic}</a:graphicData></a:graphic></wp:inline></w:drawing>"
        "</w:r></w:p><w:p>{After.}</w:p>"
    )


def test_a_chart_is_the_table_that_it_is_drawn_from() -> None:
    document = word(drawn("<c:chart r:id='ID'/>"), ("charts/chart1.xml", "chart", CHART_PART))
    assert document.text == "Below:\n\nVisitors\n\n– | Adults\n2023 | 5,230\n\nAfter."


def test_a_diagram_is_a_list() -> None:
    part = "diagrams/data1.xml", "diagramData", DIAGRAM_PART
    assert word(drawn("<dgm:relIds r:dm='ID'/>"), part).text == (
        "Below:\n\n- Receive\n- Weigh\n\nAfter."
    )


def test_a_chart_whose_part_is_gone_leaves_the_text() -> None:
    assert word(drawn("<c:chart r:id='rId99'/>")).text == "Below:\n\nAfter."


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("descr='A map with the assembly point beside gate 4'", " A map with the assembly point"),
        *(("descr='logo'", ""), ("descr=''", ""), ("title='Our logo, in blue'", "")),
        ("descr='A picture of a cat Description automatically generated'", ""),
    ],
)
def test_what_is_said_of_a_picture_for_those_who_cannot_see_it_is_read(
    about: str, said: str
) -> None:
    text = word(drawn("", about)).text
    assert text.startswith(f"Below:{said}")
    assert said or text == "Below:\n\nAfter."


def test_a_file_of_another_format_in_the_text_is_read_where_it_stands() -> None:
    page = "<html><body><h2>Quay</h2><p>It closes at 22:00.</p></body></html>"
    body = "<w:p>{Before.}</w:p><w:altChunk r:id='ID'/><w:p>{After.}</w:p>"
    document = word(body, ("chunk1.html", "aFChunk", page))
    assert document.text == "Before.\n\nQuay\n\nIt closes at 22:00.\n\nAfter."
    assert [heading.text for heading in document.headings] == ["Quay"]


def test_a_file_in_the_text_that_cannot_be_read_is_named() -> None:
    body = "<w:p>{Before.}</w:p><w:altChunk r:id='ID'/>"
    document = word(body, ("chunk1.xyz", "aFChunk", "?"))
    assert document.text == "Before."
    assert "chunk1.xyz" in document.reading.warnings[0]


def test_a_field_that_nobody_has_filled_in_says_nothing() -> None:
    field = "<w:sdt><w:sdtPr>{0}</w:sdtPr><w:sdtContent>{{Choose an item.}}</w:sdtContent></w:sdt>"
    empty = field.format("<w:showingPlcHdr/>")
    assert word(f"<w:p>{{Status: }}{empty}</w:p>").text == "Status:"
    assert word(f"<w:p>{{Status: }}{field.format('')}</w:p>").text == "Status: Choose an item."
    cell = "<w:tc><w:p>{0}</w:p></w:tc>"
    row = f"<w:tr>{cell.format('{Status}')}{cell.format(empty)}</w:tr>"
    assert word(f"<w:tbl>{row}{row}</w:tbl>").text == "Status\nStatus"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("<w:result w:val='1'/>", "Finance"),
        *(("<w:default w:val='2'/>", "Legal"), ("", "Sales"), ("<w:result w:val='9'/>", "")),
    ],
)
def test_what_is_chosen_in_a_form_is_read(chosen: str, said: str) -> None:
    entries = "".join(f"<w:listEntry w:val='{name}'/>" for name in ("Sales", "Finance", "Legal"))
    field = f"<w:ffData><w:ddList>{chosen}{entries}</w:ddList></w:ffData>"
    begin = f"<w:r><w:fldChar w:fldCharType='begin'>{field}</w:fldChar></w:r>"
    document = word(f"<w:p>{{Department: }}{begin}</w:p><w:p>{{After.}}</w:p>")
    assert document.text == f"Department: {said}".rstrip() + "\n\nAfter."


BOLD = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{}</w:t></w:r></w:p>"


def headings(body: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for heading in word(body).headings]


def test_short_lines_in_bold_are_headings_of_a_document_that_has_no_others() -> None:
    plain = "<w:p>{Call before nine.}</w:p>"
    sick, parking = BOLD.format("Sick leave"), BOLD.format("Parking")
    assert headings(sick + plain + parking + plain) == [(2, "Sick leave"), (2, "Parking")]
    styled = "<w:p><w:pPr><w:pStyle w:val='Heading1'/></w:pPr>{Leave}</w:p>"
    assert headings(styled + sick + plain) == [(1, "Leave")]


@pytest.mark.parametrize("line", ["Never open the lid.", "Note:", "x" * 81])
def test_a_sentence_in_bold_is_no_heading(line: str) -> None:
    assert headings(BOLD.format(line) + "<w:p>{Else.}</w:p>") == []


def test_a_line_in_bold_that_nothing_follows_is_no_heading() -> None:
    assert headings("<w:p>{Yours,}</w:p>" + BOLD.format("Ann Moor")) == []
    assert headings(BOLD.format("Ann Moor") + BOLD.format("Bob Reed") + "<w:p>{x}</w:p>") == [
        (2, "Bob Reed")
    ]


def changed(change: Callable[[bytes], bytes]) -> Document:
    """A document with a table, each part of whose file is changed."""
    document = docx.Document()
    document.add_heading("Quay", 1)
    for cell, text in zip(
        document.add_table(2, 2)._cells, "City Limit Bern 210".split(), strict=True
    ):
        cell.text = text
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(document))) as file, zipfile.ZipFile(buffer, "w") as copy:
        for name in file.namelist():
            copy.writestr(name, change(file.read(name)))
    found = read(buffer.getvalue(), "quay.docx")
    check(found)
    return found


def test_the_strict_form_of_the_standard_is_read() -> None:
    def strict(part: bytes) -> bytes:
        for kind in (b"officeDocument", b"wordprocessingml"):
            part = part.replace(
                b"http://schemas.openxmlformats.org/" + kind + b"/2006/",
                b"http://purl.oclc.org/ooxml/" + kind + b"/",
            )
        return part

    document = changed(strict)
    assert document.text == "Quay\n\nCity | Limit\nBern | 210"
    assert [heading.text for heading in document.headings] == ["Quay"]


@pytest.mark.parametrize("target", ["../NULL", "media/gone.png", "#_top"])
def test_a_relation_that_leads_nowhere_harms_nothing(target: str) -> None:
    def with_dead_end(part: bytes) -> bytes:
        relation = f'<Relationship Id="x" Type="{RELATIONS}/image" Target="{target}"/>'
        return part.replace(b"</Relationships>", relation.encode() + b"</Relationships>")

    assert changed(with_dead_end).text == "Quay\n\nCity | Limit\nBern | 210"
