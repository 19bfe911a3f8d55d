"""What nobody sees is not read, and signs and merged cells are, in each format that has them."""

from __future__ import annotations

import io

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from qa.loading import read
from tests.loading.office.presentations import paragraph, presentation, shape
from tests.loading.opendocument.opendocuments import opendocument
from tests.loading.pdf.of_objects import pdf_of
from tests.loading.soundness import check
from tests.loading.tables.workbooks import workbook


def as_word(body: str, styles: str = "") -> bytes:
    document = docx.Document()
    for element in parse_xml(f"<w:body {nsdecls('w')}>{body}</w:body>"):
        document.element.body.insert(-1, element)
    for element in parse_xml(f"<w:styles {nsdecls('w')}>{styles}</w:styles>"):
        document.styles.element.append(element)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def run(text: str, looks: str = "") -> str:
    return f'<w:r><w:rPr>{looks}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def word(*runs: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}{''.join(runs)}</w:p>"


def style(kind: str, name: str, looks: str) -> str:
    head = f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{name}"/>'
    return f"{head}<w:rPr>{looks}</w:rPr></w:style>"


def cells(*texts: str, about: str = "") -> str:
    inside = "".join(f"<w:tc>{word(run(text))}</w:tc>" for text in texts)
    return f"<w:tr><w:trPr>{about}</w:trPr>{inside}</w:tr>"


def form(answer: str) -> bytes:
    """A PDF with a field of a form that is filled in."""
    font = b"<</Font<</F1 5 0 R>>>>"
    drawn = b"BT /F1 12 Tf 72 700 Td (Name of employee:) Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/DR%s/DA(/F1 12 Tf)>>>>" % font,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources%s"
        b"/Annots[6 0 R]>>" % font,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(%s)/Rect[180 695 400 715]/F 4"
        b"/DA(/F1 12 Tf 0 g)/P 3 0 R>>" % answer.encode(),
    ]
    return pdf_of(parts)


def page(body: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><h1>Fees</h1><p>As of May.</p>{body}</body></html>"


def rich(text: str) -> str:
    return r"{\rtf1\ansi{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}{\f2\fcharset2 Wingdings;}}" + (
        rf"\f0 {text}\par}}"
    )


OPEN_STYLES = "".join(
    f'<style:style style:name="{name}" style:family="{family}"><style:text-properties {looks}/>'
    "</style:style>"
    for name, family, looks in (
        ("struck", "text", 'style:text-line-through-type="single"'),
        ("white", "text", 'fo:color="#ffffff"'),
        ("tiny", "text", 'fo:font-size="1pt"'),
        ("old", "paragraph", 'style:text-line-through-style="solid"'),
        ("gone", "table-cell", 'style:text-line-through-style="solid"'),
    )
)
STRUCK, RAISED = "<w:strike/>", '<w:vertAlign w:val="superscript"/>'


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        pytest.param(
            as_word(
                word(run("Fee 30"), run(" or 40", '<w:rStyle w:val="Gone"/>'), run(" euro."))
                + word(run("Old."), style="Old"),
                style("character", "Gone", STRUCK) + style("paragraph", "Old", STRUCK),
            ),
            "a.docx",
            "Fee 30 euro.",
            id="word: a style strikes through",
        ),
        pytest.param(
            as_word(
                word(
                    run("12 m"),
                    run("3", '<w:rStyle w:val="Up"/>'),
                    run(" or m"),
                    run("2", '<w:position w:val="8"/>'),
                ),
                style("character", "Up", RAISED),
            ),
            "a.docx",
            "12 m³ or m²",
            id="word: a style or a position raises",
        ),
        pytest.param(
            as_word(
                word(
                    run("5 "),
                    run("m", '<w:rFonts w:ascii="Symbol"/>'),
                    run("g "),
                    run("\uf0fc", '<w:rFonts w:ascii="Wingdings"/>'),
                    "<w:r><w:ptab/><w:t>end</w:t></w:r>",
                )
            ),
            "a.docx",
            "5 μg ✓\tend",
            id="word: fonts of symbols",
        ),
        pytest.param(
            as_word(
                "<w:tbl>"
                + cells("Name", "May", "June")
                + cells("3", "4", about='<w:gridBefore w:val="1"/>')
                + cells("x", "x", "x", about="<w:hidden/>")
                + "</w:tbl>"
            ),
            "a.docx",
            "Name | May | June\n– | 3 | 4",
            id="word: rows that begin further right, and hidden ones",
        ),
        pytest.param(
            as_word(
                word(
                    '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>'
                    '<w:default w:val="1"/></w:checkBox></w:ffData></w:fldChar></w:r>',
                    run(" Agreed"),
                )
            ),
            "a.docx",
            "☒ Agreed",
            id="word: a ticked box",
        ),
        pytest.param(
            page(
                '<p class="gone">No.</p><p class="was">30</p><p>40 <b id="q">no</b> euro</p>',
                "<style>/* .kept */ .gone { display: none } p.was, .x { text-decoration:"
                " line-through } #q{visibility:hidden} @media print{p{display:none}}</style>",
            ),
            "a.html",
            "Fees\n\nAs of May.\n\n40 euro",
            id="page: a style sheet hides",
        ),
        pytest.param(
            page(
                '<p class="tab">One</p>',
                "<style>.tab{display:none} .tab.open{display:block}</style>",
            ),
            "a.html",
            "Fees\n\nAs of May.\n\nOne",
            id="page: what a click shows stays",
        ),
        pytest.param(
            page(
                '<p><font color="white">no</font> 40</p><div style="height:0;overflow:hidden">no'
                '</div><p style="position:absolute;clip:rect(0 0 0 0)">no</p>'
                '<p style="transform: scale(0)">no</p>'
            ),
            "a.html",
            "Fees\n\nAs of May.\n\n40",
            id="page: white letters and boxes of no size",
        ),
        pytest.param(
            'Fee <span style="display:none">30 <span>or</span> 35</span> 40 <b hidden>no</b> euro',
            "a.md",
            "Fee 40 euro",
            id="markdown: hidden elements",
        ),
        pytest.param(
            "Leave\n: Time off work.\n\nNotice\n\n:   Four weeks,\n    in writing.\n",
            "a.md",
            "- Leave: Time off work.\n- Notice: Four weeks, in writing.",
            id="markdown: definitions",
        ),
        pytest.param(
            "```\nterm\n: no definition\n```\n",
            "a.md",
            "term\n: no definition",
            id="markdown: code",
        ),
        pytest.param(
            rich(r"5 {\f1 m}g at 20 {\f1\'b0}C, {\f1\'a3} 3 {\f2\u-3844?} n{\up6 3}"),
            "a.rtf",
            "5 μg at 20 °C, ≤ 3 ✓ n³",
            id="rtf: fonts of symbols",
        ),
        pytest.param(
            rich(
                r"\trowd\clvmgf\cellx1\cellx2\intbl Red\cell Ann\cell\row"
                r"\trowd\clvmrg\cellx1\cellx2\intbl\cell Bob\cell\row"
                r"\trowd\clmgf\cellx1\clmrg\cellx2\intbl both\cell\cell\row\pard end"
            ),
            "a.rtf",
            "Red | Ann\nRed | Bob\nboth | both\n\nend",
            id="rtf: merged cells",
        ),
        pytest.param(
            opendocument(
                "text",
                '<text:p>20 \uf0b0C<text:span text:style-name="struck"> a</text:span>'
                '<text:span text:style-name="white"> b</text:span>'
                '<text:span text:style-name="tiny"> c</text:span></text:p>'
                '<text:p text:style-name="old">d</text:p>',
                OPEN_STYLES,
            ),
            "a.odt",
            "20 °C",
            id="opendocument: struck, white, tiny, and signs",
        ),
        pytest.param(
            opendocument(
                "spreadsheet",
                '<table:table table:name="Q"><table:table-row><table:table-cell>'
                "<text:p>Ann</text:p>"
                '</table:table-cell><table:table-cell table:style-name="gone"><text:p>30</text:p>'
                "</table:table-cell></table:table-row></table:table>",
                OPEN_STYLES,
            ),
            "a.ods",
            "Q\n\nAnn",
            id="opendocument: a struck cell",
        ),
        pytest.param(
            workbook(
                {
                    "Q": '<cols><col min="2" max="2" width="0"/></cols><sheetData><row r="1">'
                    '<c r="A1" t="s"><v>0</v></c><c r="B1"><v>7</v></c></row>'
                    '<row r="2" ht="0"><c r="A2"><v>8</v></c></row></sheetData>'
                },
                strings=[
                    "<r><t>Area in m</t></r>"
                    '<r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r>'
                ],
            ),
            "a.xlsx",
            "Q\n\nArea in m²",
            id="workbook: raised, and rows and columns of no size",
        ),
        pytest.param(
            presentation(
                shape(
                    paragraph("\u00e0 für", ">", '<a:rPr><a:sym typeface="Wingdings"/></a:rPr>'),
                    paragraph("m", ">", '<a:rPr><a:latin typeface="Symbol"/></a:rPr>'),
                )
            ),
            "a.pptx",
            "Slide 1\n\n→ für\n\nμ",
            id="slides: fonts of symbols",
        ),
        pytest.param(
            "|===\n|Team |Name |Fee\n\n.2+|Red |Ann |1\n|Bob |2\n2+|both |3\n|===\n",
            "a.adoc",
            "Team | Name | Fee\nRed | Ann | 1\nRed | Bob | 2\nboth | both | 3",
            id="asciidoc: cells of several rows and columns",
        ),
        pytest.param(
            "Fee :strike:`30` 40 euro.\n", "a.rst", "Fee 40 euro.", id="restructuredtext: struck"
        ),
        pytest.param(
            as_word(
                '<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>'
                + run("The lease")
                + "</w:p>"
                + word(run(" ends in May."))
            ),
            "a.docx",
            "The lease ends in May.",
            id="word: a deleted end of a paragraph",
        ),
        pytest.param(
            page(
                '<p style="color:#fefefe">no</p><p style="color:white;background:#000">40</p>'
                '<p style="background:#fff;color:rgb(255 255 255)">no</p>'
                '<p style="color:#eee; background-color:#eee">no</p>'
            ),
            "a.html",
            "Fees\n\nAs of May.\n\n40",
            id="page: letters in the colour of their ground",
        ),
        pytest.param(
            r"{\rtf1 Body.{\*\do\dptxbx{\dptxbxtext In a box.\par}}}",
            "a.rtf",
            "Body.In a box.",
            id="rtf: an old text box",
        ),
        pytest.param(form("Ann Lee"), "a.pdf", "Name of employee: Ann Lee", id="pdf: a form"),
    ],
)
def test_a_file_is_read_as_it_is_seen(data: bytes | str, name: str, text: str) -> None:
    document = read(data.encode("utf-8") if isinstance(data, str) else data, name)
    check(document)
    assert document.text.strip() == text
