"""Word documents, made with python-docx and, where it has no words for it, with XML."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import RGBColor

from qa.errors import EmptyFileError, TooLargeError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check

NAMESPACES = (
    f"{nsdecls('w')} xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math' "
    "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
)


def saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word(write: Callable[[Any], None]) -> Document:
    document = docx.Document()
    write(document)
    found = read(saved(document), "house-rules.docx")
    check(found)
    return found


def xml(*blocks: str) -> Document:
    """A document whose body is `blocks`; `{...}` in them is a run of text."""

    def write(document: Any) -> None:
        for block in blocks:
            block = block.replace("{", "<w:r><w:t xml:space='preserve'>").replace(
                "}", "</w:t></w:r>"
            )
            document.element.body.insert(-1, parse_xml(f"<w:x {NAMESPACES}>{block}</w:x>")[0])

    return word(write)


def test_paragraphs_and_tables_come_in_their_order() -> None:
    def write(document: Any) -> None:
        document.add_paragraph("Before.")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ["City", "Limit", "Bern", "210"], strict=True):
            cell.text = text
        document.add_paragraph("After.")

    assert word(write).text == "Before.\n\nCity | Limit\nBern | 210\n\nAfter."


def test_headings_are_recognised_by_their_styles_and_by_styles_built_on_them() -> None:
    def write(document: Any) -> None:
        own = document.styles.add_style("Our own", WD_STYLE_TYPE.PARAGRAPH)
        own.base_style = document.styles["Heading 3"]
        document.add_heading("The title", 0)
        document.add_heading("One", 1)
        document.add_paragraph("Text.")
        document.add_paragraph("Two", style="Heading 2")
        document.add_paragraph("Three", style="Our own")

    document = word(write)
    assert document.text == "The title\n\nOne\n\nText.\n\nTwo\n\nThree"
    assert [(h.level, h.text) for h in document.headings] == [
        *((1, "The title"), (1, "One"), (2, "Two"), (3, "Three"))
    ]
    assert all(document.text[h.start :].startswith(h.text) for h in document.headings)


def test_an_outline_level_makes_a_heading() -> None:
    document = xml("<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr>{Deep}</w:p>", "<w:p>{x}</w:p>")
    assert [(h.level, h.text) for h in document.headings] == [(2, "Deep")]


def test_the_title_is_the_property_else_the_title_style_else_the_name() -> None:
    def write(document: Any) -> None:
        document.core_properties.title = "Rules of the house"
        document.add_heading("Another", 0)

    assert word(write).title == "Rules of the house"
    assert word(lambda document: document.add_heading("Another", 0)).title == "Another"
    assert word(lambda document: document.add_paragraph("Text")).title == "house rules"


def test_lists_have_marks_and_numbers() -> None:
    def write(document: Any) -> None:
        document.add_paragraph("Bring:")
        document.add_paragraph("boots", style="List Bullet")
        document.add_paragraph("a kit", style="List Bullet")
        document.add_paragraph("inside", style="List Bullet 2")
        document.add_paragraph("Then:")
        document.add_paragraph("open", style="List Number")
        document.add_paragraph("close", style="List Number")

    assert word(write).text == (
        "Bring:\n\n- boots\n- a kit\n  - inside\n\nThen:\n\n1. open\n2. close"
    )


def test_direct_numbering_counts_by_level() -> None:
    def write(document: Any) -> None:
        levels = "".join(
            f"<w:lvl w:ilvl='{level}'><w:start w:val='{start}'/><w:numFmt w:val='{kind}'/></w:lvl>"
            for level, (start, kind) in enumerate([(3, "decimal"), (1, "lowerLetter")])
        )
        numbering = document.part.numbering_part.element
        numbering.insert(
            0,
            parse_xml(
                f"<w:abstractNum {nsdecls('w')} w:abstractNumId='77'>{levels}</w:abstractNum>"
            ),
        )
        numbering.append(
            parse_xml(f"<w:num {nsdecls('w')} w:numId='78'><w:abstractNumId w:val='77'/></w:num>")
        )
        for level, text in ((0, "c"), (1, "x"), (1, "y"), (0, "d"), (1, "z")):
            properties = document.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = level
            properties.get_or_add_numId().val = 78

    assert word(write).text == "3. c\n  a. x\n  b. y\n4. d\n  a. z"


def test_merged_cells_are_said_in_each_place_and_nested_tables_are_kept() -> None:
    def write(document: Any) -> None:
        table = document.add_table(3, 3)
        for number, cell in enumerate(table._cells):
            cell.text = "abcdefghi"[number]
        table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
        table.cell(1, 2).merge(table.cell(2, 2)).text = "tall"
        inner = table.cell(1, 0).add_table(1, 2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "side"

    assert word(write).text == "wide | wide | c\nd in | side | e | tall\ng | h | tall"


def test_a_header_may_name_the_parts_of_columns_in_a_second_row() -> None:
    rows = ["Vehicle|Range|Range", "|summer|winter", "Truck|310 km|240 km"]

    def write(document: Any) -> None:
        table = document.add_table(3, 3)
        for cell, text in zip(table._cells, "|".join(rows).split("|"), strict=True):
            cell.text = text
        table.cell(0, 1).merge(table.cell(0, 2)).text = "Range"
        table.cell(0, 0).merge(table.cell(1, 0)).text = "Vehicle"

    document = word(write)
    assert document.text == (
        "Vehicle | Range | Range\nVehicle | summer | winter\nTruck | 310 km | 240 km"
    )
    assert [block.level for block in document.blocks if block.kind == "row"] == [1, 1, 0]


def test_a_frame_of_one_cell_is_read_as_paragraphs() -> None:
    def write(document: Any) -> None:
        cell = document.add_table(1, 1).cell(0, 0)
        cell.text = "First."
        cell.add_paragraph("Second.")

    assert word(write).text == "First.\n\nSecond."


def field(instruction: str, result: str) -> str:
    return (
        "<w:r><w:fldChar w:fldCharType='begin'/></w:r>"
        f"<w:r><w:instrText> {instruction} </w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r>"
        f"<w:r><w:t>{result}</w:t></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )


def test_headers_and_footers_are_read_once_and_without_page_numbers() -> None:
    def write(document: Any) -> None:
        document.add_heading("House rules", 1)
        document.add_paragraph("Be quiet.")
        first, second = document.sections[0], document.add_section()
        document.add_paragraph("Be kind.")
        first.header.paragraphs[0].text = "Spokes Ltd, valid from 1 May 2025"
        first.header.add_paragraph("House rules")  # the heading again
        first.footer.paragraphs[0].text = "Telephone 0555 2211"
        numbers = f"{{Page }}{field('PAGE', '7')}{{ of }}{field('NUMPAGES', '12')}"
        for number in (numbers, "{Quay 4, p. }<w:fldSimple w:instr='PAGE'>{7}</w:fldSimple>"):
            runs = number.replace("{", "<w:r><w:t xml:space='preserve'>").replace(
                "}", "</w:t></w:r>"
            )
            paragraph = parse_xml(f"<w:p {NAMESPACES}>{runs}</w:p>")
            first.footer._element.append(paragraph)
        second.header.is_linked_to_previous = False
        second.header.paragraphs[0].text = "Spokes Ltd, valid from 1 May 2025"
        second.header.add_paragraph("Annex")
        second.even_page_header.paragraphs[0].text = "Not shown"
        second.first_page_footer.paragraphs[0].text = "Not shown either"

    document = word(write)
    assert document.text == (
        "Spokes Ltd, valid from 1 May 2025\n\nAnnex\n\nHouse rules\n\nBe quiet.\n\nBe kind.\n\n"
        "Telephone 0555 2211\n\nQuay 4, p."
    )
    notes = [document.text[b.start : b.end] for b in document.blocks if b.kind == "note"]
    assert notes == [
        *("Spokes Ltd, valid from 1 May 2025", "Annex", "Telephone 0555 2211\n\nQuay 4, p.")
    ]
    assert document.title == "House rules"


def test_first_and_left_pages_have_headers_of_their_own_and_a_letterhead_may_be_a_table() -> None:
    def write(document: Any) -> None:
        document.add_paragraph("Version")
        document.settings.odd_and_even_pages_header_footer = True
        section = document.sections[0]
        section.different_first_page_header_footer = True
        section.header.paragraphs[0].text = "On the right"
        section.even_page_header.paragraphs[0].text = "On the left"
        head = section.first_page_header
        link = head.part.relate_to("https://a.example/x", RELATIONSHIP_TYPE.HYPERLINK, True)
        head._element.append(
            parse_xml(
                f"<w:p {NAMESPACES} {nsdecls('r')}><w:hyperlink r:id='{link}'><w:r><w:t>Our page"
                "</w:t></w:r></w:hyperlink></w:p>"
            )
        )
        table = head.add_table(1, 2, 5_000_000)
        for cell, text in zip(table._cells, ["Version", "3"], strict=True):
            cell.text = text

    document = word(write)
    assert document.text == ("Our page\n\nVersion | 3\n\nOn the right\n\nOn the left\n\nVersion")
    assert [link.target for link in document.links] == ["https://a.example/x"]


def test_insertions_stay_and_deletions_go() -> None:
    document = xml(
        "<w:p>{The limit is }<w:del><w:r><w:delText>100</w:delText></w:r></w:del>"
        "<w:ins>{120}</w:ins>{ francs.}</w:p>",
        "<w:p><w:moveFrom>{Gone.}</w:moveFrom><w:moveTo>{Come.}</w:moveTo></w:p>",
    )
    assert document.text == "The limit is 120 francs.\n\nCome."


def test_links_fields_breaks_and_controls_give_what_is_seen() -> None:
    document = xml(
        "<w:p><w:hyperlink>{the page}</w:hyperlink>{, }<w:r><w:instrText>PAGE</w:instrText></w:r>"
        "<w:fldSimple w:instr='DATE'>{today}</w:fldSimple><w:r><w:br/><w:t>next</w:t><w:tab/>"
        "<w:t>non</w:t><w:noBreakHyphen/><w:t>stop</w:t></w:r>"
        "<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>{ chosen}</w:sdtContent>"
        "</w:sdt>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>"
    )
    assert document.text == "the page, today\nnext\tnon-stop chosen"


def test_text_boxes_follow_their_paragraph_and_come_once() -> None:
    box = "<w:txbxContent><w:p>{In the box.}</w:p></w:txbxContent>"
    document = xml(
        f"<w:p>{{Around.}}<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
        "<w:p>{After.}</w:p>",
    )
    assert document.text == "Around.\n\nIn the box.\n\nAfter."


def test_a_table_of_contents_is_left_out() -> None:
    document = xml(
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        "</w:sdtPr><w:sdtContent><w:p>{One ..... 1}</w:p></w:sdtContent></w:sdt>",
        "<w:sdt><w:sdtContent><w:p>{Kept.}</w:p></w:sdtContent></w:sdt>",
    )
    assert document.text == "Kept."


@pytest.mark.parametrize("name", ["footnote", "endnote"])
def test_notes_follow_the_paragraph_that_refers_to_them(name: str) -> None:
    def write(document: Any) -> None:
        paragraph = document.add_paragraph("The limit applies.")
        paragraph.add_run()._r.append(parse_xml(f"<w:{name}Reference {nsdecls('w')} w:id='2'/>"))
        document.add_paragraph("More.")
        note = (
            f"<w:{name}s {nsdecls('w')}><w:{name} w:type='separator' w:id='0'><w:p/></w:{name}>"
            f"<w:{name} w:id='2'><w:p><w:r><w:t>Except in Bern.</w:t></w:r></w:p></w:{name}>"
            f"</w:{name}s>"
        )
        kind = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{name}s+xml"
        part = Part(
            PackURI(f"/word/{name}s.xml"),
            kind,
            note.encode(),
            document.part.package,
        )
        document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, f"{name.upper()}S"))

    document = word(write)
    assert document.text == "The limit applies.\n\nExcept in Bern.\n\nMore."
    assert [block.kind for block in document.blocks] == [
        *("paragraph", "note", "paragraph", "paragraph")
    ]


@pytest.mark.parametrize(
    "unseen",
    [
        *("<w:strike/>", "<w:dstrike w:val='true'/>", "<w:vanish/>", "<w:sz w:val='2'/>"),
        "<w:color w:val='ffffff'/>",
    ],
)
def test_text_that_nobody_is_meant_to_read_is_left_out(unseen: str) -> None:
    run = f"<w:r><w:rPr>{unseen}</w:rPr><w:t>4 crowns</w:t></w:r>"
    assert (
        xml(f"<w:p>{{Parking costs }}{run}{{ 6 crowns.}}</w:p>").text == "Parking costs 6 crowns."
    )


@pytest.mark.parametrize(
    "seen",
    [
        *("<w:strike w:val='0'/>", "<w:color w:val='FF0000'/>", "<w:sz w:val='20'/>"),
        "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='000000'/>",
    ],
)
def test_text_that_is_only_set_in_another_way_stays(seen: str) -> None:
    assert xml(f"<w:p><w:r><w:rPr>{seen}</w:rPr><w:t>6 crowns</w:t></w:r></w:p>").text == "6 crowns"


def test_white_words_on_the_ground_of_a_table_stay() -> None:
    def write(document: Any) -> None:
        table = document.add_table(1, 2)
        for cell, text in zip(table._cells, ["City", "Limit"], strict=True):
            cell.paragraphs[0].add_run(text).font.color.rgb = RGBColor(255, 255, 255)

    assert word(write).text == "City | Limit"


def test_signs_of_symbol_fonts_are_read() -> None:
    document = xml(
        "<w:p>{5 }<w:r><w:sym w:font='Symbol' w:char='F0B0'/></w:r>{C }"
        "<w:r><w:sym w:font='Symbol' w:char='F0B1'/></w:r>{ 2, pH \uf0b3 7, }"
        "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/></w:r>"
        "<w:r><w:sym w:font='Arial' w:char='20AC'/></w:r>"
        "<w:r><w:sym w:font='Symbol' w:char='no'/></w:r></w:p>"
    )
    assert document.text == "5 °C ± 2, pH ≥ 7, ✓€"


def test_a_numbered_list_goes_on_after_a_paragraph_and_holds_it() -> None:
    def write(document: Any) -> None:
        document.add_paragraph("open", style="List Number")
        document.add_paragraph("The lid.")
        document.add_paragraph("close", style="List Number")

    assert [block.kind for block in word(write).blocks] == ["list", "item", "paragraph", "item"]


def test_a_question_in_bold_and_the_first_row_of_a_table_are_recognised() -> None:
    def write(document: Any) -> None:
        document.add_paragraph().add_run("May I?").bold = True
        document.add_paragraph("Why?")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ["City", "Limit", "Bern", "210"], strict=True):
            cell.text = text

    blocks = word(write).blocks
    assert [(block.kind, block.level) for block in blocks] == [
        *(("question", 0), ("paragraph", 0), ("table", 0), ("row", 1), ("row", 0))
    ]


def test_formulas_are_written_on_one_line() -> None:
    def run(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    fraction = f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('n')}</m:sup></m:sSup>"
    root = f"<m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e>{run('y')}</m:e></m:rad>"
    document = xml(f"<w:p>{{So }}<m:oMath>{fraction}{run('=')}{power}{root}</m:oMath>{{.}}</w:p>")
    assert document.text == "So (a+b)/2=x^n√y."


def test_raised_numbers_are_raised_digits() -> None:
    def write(document: Any) -> None:
        paragraph = document.add_paragraph("40 m")
        paragraph.add_run("2").font.superscript = True

    assert word(write).text == "40 m²"


def test_a_document_without_text_says_so() -> None:
    with pytest.raises(EmptyFileError, match=r"house-rules\.docx has no text"):
        word(lambda document: document.add_paragraph(" "))


def test_a_small_file_that_unpacks_to_a_huge_one_is_too_large() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as original,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
    ):
        for name in original.namelist():
            if name != "word/document.xml":
                bomb.writestr(name, original.read(name))
        with bomb.open("word/document.xml", "w") as part:
            part.write(f"<w:document {nsdecls('w')}><w:body><w:p>".encode())
            for _ in range(90):
                part.write(b"<w:r><w:t>0</w:t></w:r>" * 45_000)
            part.write(b"</w:p></w:body></w:document>")
    assert len(buffer.getvalue()) < 2_000_000
    with pytest.raises(TooLargeError, match=r"bomb\.docx unpacks to \d+ MB"):
        read(buffer.getvalue(), "bomb.docx")


def test_an_element_without_a_meaning_here_does_not_hide_its_text() -> None:
    document = xml("<w:p><w:smartTag w:element='place'>{Bern}</w:smartTag></w:p>")
    assert document.text == "Bern"
