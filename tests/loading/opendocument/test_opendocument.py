"""Texts, spreadsheets and presentations of LibreOffice."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError, EncryptedFileError
from qa.loading import read
from qa.records import Document
from tests.loading.opendocument.opendocuments import opendocument, rows
from tests.loading.packing import archive
from tests.loading.soundness import check

STYLES = (
    '<style:style style:name="Old" style:family="text"><style:text-properties '
    'style:text-line-through-style="solid"/></style:style>'
    '<style:style style:name="Older" style:family="text" style:parent-style-name="Old"/>'
    '<style:style style:name="Up" style:family="text"><style:text-properties '
    'style:text-position="super 58%"/></style:style>'
    '<style:style style:name="Gone" style:family="table"><style:table-properties '
    'table:display="false"/></style:style>'
    '<style:style style:name="Skip" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    'style:num-format="1" text:start-value="3"/><text:list-level-style-bullet text:level="2"/>'
    "</text:list-style>"
)


def shown(kind: str, body: str, name: str = "house rules.odt", title: str = "") -> Document:
    document = read(opendocument(kind, body, STYLES, title), name)
    check(document)
    return document


def text(body: str) -> str:
    return shown("text", body).text


def test_headings_paragraphs_and_what_is_in_them() -> None:
    body = (
        '<text:p text:style-name="P1">Rules</text:p><text:h text:outline-level="2">Berths</text:h>'
        '<text:p>A  berth<text:s text:c="2"/>costs<text:line-break/>10<text:span '
        'text:style-name="Up">3</text:span> crowns<text:span text:style-name="Older">, or '
        "more</text:span>, see <text:a xlink:href='https://x.example'>here</text:a>.</text:p>"
    )
    document = shown("text", body)
    assert document.text == "Rules\n\nBerths\n\nA berth  costs\n10³ crowns, see here."
    assert [(h.level, h.text) for h in document.headings] == [(1, "Rules"), (2, "Berths")]
    assert document.title == "Rules"
    assert [link.target for link in document.links] == ["https://x.example"]


def test_lists_are_counted_and_nest() -> None:
    body = (
        '<text:list text:style-name="L"><text:list-item><text:p>Stop</text:p><text:list>'
        "<text:list-item><text:p>at once</text:p></text:list-item></text:list></text:list-item>"
        "<text:list-item><text:p>Look</text:p></text:list-item></text:list>"
    )
    document = shown("text", body)
    assert document.text == "3. Stop\n  - at once\n4. Look"
    assert [b.marker for b in document.blocks if b.kind == "item"] == ["3.", "-", "4."]


def test_notes_stand_below_their_paragraph_and_comments_nowhere() -> None:
    body = (
        "<text:p>Fees<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>In crowns.</text:p></text:note-body></text:note> apply<office:annotation>"
        "<text:p>why?</text:p></office:annotation>.</text:p><text:tracked-changes><text:p>old"
        "</text:p></text:tracked-changes><text:table-of-content><text:p>Fees 1</text:p>"
        "</text:table-of-content>"
    )
    document = shown("text", body)
    assert document.text == "Fees apply.\n\nIn crowns."
    assert "note" in {block.kind for block in document.blocks}


def test_tables_say_merged_cells_in_each_place() -> None:
    def cell(words: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{words}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    wide, high = 'table:number-columns-spanned="2"', 'table:number-rows-spanned="2"'
    body = (
        "<table:table><table:table-header-rows><table:table-row>"
        f"{cell('')}{cell('Summer', wide)}{covered}</table:table-row></table:table-header-rows>"
        f"<table:table-row>{cell('A', high)}{cell('1')}{cell('2')}</table:table-row>"
        f"<table:table-row>{covered}{cell('3')}{cell('4')}</table:table-row></table:table>"
    )
    document = shown("text", body)
    assert document.text == "– | Summer | Summer\nA | 1 | 2\nA | 3 | 4"
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0, 0]


def test_names_in_bold_or_above_values_are_a_header() -> None:
    def table(style: str, span: str, *lines: str) -> str:
        found = ""
        for place, line in enumerate(lines):
            named = (style, span) if place == 0 else ("", "")
            found += "<table:table-row>" + "".join(
                f'<table:table-cell><text:p text:style-name="{named[0]}">'
                f'<text:span text:style-name="{named[1]}">{cell}</text:span>'
                "</text:p></table:table-cell>"
                for cell in line.split("|")
            )
            found += "</table:table-row>"
        return f"<table:table>{found}</table:table>"

    body = "<text:p>and</text:p>".join(
        (
            table("Table_20_Heading", "", "Pitch|Power", "Lake|10 A"),
            table("", "Strong", "Pitch|Power", "Lake|10 A"),
            table("", "", "Pitch|Power", "Lake|10 A"),
            table("", "", "Pitch|Power|Fee", "Lake|10 A|12.50", "Wood|none|9.00"),
        )
    )
    bold = (
        '<style:style style:name="Strong" style:family="text">'
        '<style:text-properties fo:font-weight="bold"/></style:style>'
    )
    document = read(opendocument("text", body, bold), "camp.odt")
    check(document)
    levels = [b.level for b in document.blocks if b.kind == "row"]
    assert levels == [1, 0, 1, 0, 0, 0, 1, 0, 0]


def test_a_spreadsheet_is_read_as_a_workbook_is() -> None:
    hidden = rows("Secret|=1", visible="collapse")
    body = (
        f'<table:table table:name="Fees">{rows("Zone|Fee")}{hidden}{rows("North|=40.00 crowns")}'
        f"{rows('', repeated=1000000)}</table:table>"
        f'<table:table table:name="Old" table:style-name="Gone">{rows("a|b")}</table:table>'
        f'<table:table table:name="Staff">{rows("Name|Since", "Ann|=2020")}</table:table>'
    )
    document = shown("spreadsheet", body, "fees.ods", "Fees of the harbour")
    assert document.title == "Fees of the harbour"
    assert document.text == (
        "Fees\n\nZone | Fee\nNorth | 40.00 crowns\n\nStaff\n\nName | Since\nAnn | 2020"
    )
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0, 1, 0]


def test_each_slide_of_a_presentation_is_a_section() -> None:
    def frame(words: str, kind: str = "", y: str = "1cm") -> str:
        named = f'presentation:class="{kind}"' if kind else ""
        return (
            f'<draw:frame {named} svg:y="{y}" svg:x="1cm"><draw:text-box><text:p>{words}</text:p>'
            "</draw:text-box></draw:frame>"
        )

    notes = f"<presentation:notes>{frame('Say hello.', 'notes')}</presentation:notes>"
    body = (
        f"<draw:page>{frame('Below', y='9cm')}{frame('Above')}{frame('Safety', 'title', '5cm')}"
        f"{frame('7', 'page-number')}{notes}</draw:page>"
        f'<draw:page draw:style-name="Skip">{frame("Hidden")}</draw:page>'
        f"<draw:page>{frame('Last')}</draw:page>"
    )
    document = shown("presentation", body, "deck.odp")
    assert document.text == (
        "Slide 1: Safety\n\nAbove\n\nBelow\n\nNotes:\n\nSay hello.\n\nSlide 3\n\nLast"
    )
    assert document.title == "Safety"


def test_a_file_without_text_or_with_a_password_is_refused() -> None:
    with pytest.raises(EmptyFileError, match=r"a\.odt has no text"):
        read(opendocument("text", "<text:p/>"), "a.odt")
    locked = archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": "<a><encryption-data/></a>",
            "content.xml": "x",
        }
    )
    with pytest.raises(EncryptedFileError, match=r"a\.odt"):
        read(locked, "a.odt")


def test_elements_that_lie_very_deep_are_left_out() -> None:
    deep = "<text:section>" * 200 + "<text:p>x</text:p>" + "</text:section>" * 200
    assert text(f"<text:p>Above</text:p>{deep}") == "Above"


def test_a_letterhead_is_said_once_and_the_numbers_of_pages_never() -> None:
    number = "<text:p>Page <text:page-number>1</text:page-number></text:p>"
    head = "<text:p>Harbour Works, Quay 5</text:p>"
    pages = "".join(
        f"<style:master-page><style:{kind}>{inside}</style:{kind}></style:master-page>"
        for kind, inside in (("header", head), ("footer", number + "<text:p>IBAN CH93</text:p>"))
    )
    body = "<text:p>Dear Bob,</text:p>"
    data = opendocument("text", body, pages + pages.replace("header", "header-first"))
    assert read(data, "letter.odt").text == "Harbour Works, Quay 5\n\nDear Bob,\n\nIBAN CH93"
    again = opendocument("text", f"{head}{body}", pages)
    assert read(again, "letter.odt").text.count("Quay 5") == 1


def test_what_is_said_of_a_picture_is_read() -> None:
    def frame(inside: str) -> str:
        said = "<svg:desc>A map with the assembly point</svg:desc>"
        return f"<text:p>Below: <draw:frame>{inside}{said}</draw:frame></text:p>"

    picture = opendocument("text", frame("<draw:image/>"))
    assert read(picture, "plan.odt").text == "Below: A map with the assembly point"
    box = opendocument("text", frame("<draw:text-box/>"))
    assert read(box, "plan.odt").text == "Below:"
