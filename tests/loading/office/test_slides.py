"""Presentations: slides, the order in which they are read, lists, tables, charts and notes."""

from __future__ import annotations

import pytest

from qa.errors import DamagedFileError, EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.office.presentations import paragraph, presentation, shape, table
from tests.loading.packing import archive
from tests.loading.soundness import check


def shown(*slides: str, **options: object) -> Document:
    document = read(presentation(*slides, **options), "decks/safety.pptx")  # type: ignore[arg-type]
    check(document)
    return document


def text(*slides: str, **options: object) -> str:
    return shown(*slides, **options).text.removeprefix("Slide 1\n\n")


def test_each_slide_is_a_section_with_its_number_and_title() -> None:
    first = shape("Harbour", " safety", kind="ctrTitle") + shape("2024 edition", kind="subTitle")
    second = shape("Wear a life vest.")
    document = shown(first, second)
    assert document.title == "Harbour safety"
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "Slide 1: Harbour safety"),
        (1, "Slide 2"),
    ]
    assert document.text.endswith("2024 edition\n\nSlide 2\n\nWear a life vest.")


def test_slides_that_are_hidden_are_left_out_and_still_counted() -> None:
    found = shown(shape("One"), shape("Two"), shape("Three"), show={2: "0"}).text
    assert found == "Slide 1\n\nOne\n\nSlide 3\n\nThree"


def test_shapes_are_read_row_by_row_whatever_lies_on_top() -> None:
    shapes = [
        shape("Below", at=(0, 100)),
        shape("Right", at=(50, 5)),
        shape("Left", at=(0, 10)),
        shape("Title", kind="title", at=(0, 300)),
    ]
    assert text("".join(shapes)) == "Slide 1: Title\n\nLeft\n\nRight\n\nBelow"


def test_what_is_furniture_hidden_or_struck_is_left_out() -> None:
    struck = paragraph("old", ">", '<a:rPr strike="sngStrike"/>')
    shapes = shape("7", kind="sldNum") + shape("ACME", kind="ftr") + shape("x", hidden="1")
    assert text(shapes + shape("Kept", struck)) == "Kept"


def test_paragraphs_of_a_body_are_items_and_lists_nest_and_count() -> None:
    body = shape(
        "One", paragraph("Two", 'lvl="1">'), paragraph("Plain", "><a:buNone/>"), kind="body"
    )
    assert text(body) == "- One\n  - Two\n\nPlain"
    steps = shape(
        "Do this:",
        paragraph("Stop", '><a:buAutoNum type="arabicPeriod"/>'),
        paragraph("Look", '><a:buAutoNum type="arabicPeriod"/>'),
        paragraph("Both ways", 'lvl="1"><a:buChar char="•"/>'),
    )
    document = shown(steps)
    assert document.text == "Slide 1\n\nDo this:\n\n1. Stop\n2. Look\n  - Both ways"
    assert [b.marker for b in document.blocks if b.kind == "item"] == ["1.", "2.", "-"]
    assert text(shape("Alone.", kind="body")) == "Alone."


def test_raised_numbers_and_links_are_kept() -> None:
    power = '<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r></a:p>'
    link = paragraph("the rules", ">", '<a:rPr><a:hlinkClick r:id="h"/></a:rPr>')
    related = [("h", "hyperlink", "https://harbour.example/rules")]
    document = shown(shape(power, link), related=related)
    assert document.text == "Slide 1\n\n10⁶\n\nthe rules"
    (found,) = document.links
    assert document.text[found.start : found.end] == "the rules"
    assert found.target == "https://harbour.example/rules"


def test_a_table_has_a_header_and_its_merged_cells_are_said_in_each_place() -> None:
    document = shown(table(["", "Summer", ">"], ["A", "1", "2"], ["^", "3", "4"]))
    assert document.text == "Slide 1\n\n– | Summer | Summer\nA | 1 | 2\nA | 3 | 4"
    assert [b.level for b in document.blocks if b.kind == "row"] == [1, 0, 0]
    document = shown(table(["1", "2"], ["3", "4"], first="0"))
    assert [b.level for b in document.blocks if b.kind == "row"] == [0, 0]


CHART = (
    '<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><a:t>Berths sold</a:t></c:title>'
    "<c:plotArea><c:barChart><c:ser><c:tx><c:v>North</c:v></c:tx><c:cat><c:strCache>"
    '<c:pt idx="0"><c:v>2022</c:v></c:pt><c:pt idx="1"><c:v>2023</c:v></c:pt></c:strCache></c:cat>'
    '<c:val><c:numCache><c:formatCode>0%</c:formatCode><c:pt idx="0"><c:v>0.25</c:v></c:pt>'
    '<c:pt idx="1"><c:v>0.5</c:v></c:pt></c:numCache></c:val></c:ser></c:barChart></c:plotArea>'
    "</c:chart></c:chartSpace>"
)


def test_a_chart_is_the_table_that_it_is_drawn_from() -> None:
    frame = '<p:graphicFrame><c:chart xmlns:c="c" r:id="c"/></p:graphicFrame>'
    related = [("c", "chart", "../charts/chart1.xml")]
    found = text(frame, related=related, parts={"ppt/charts/chart1.xml": CHART})
    assert found == "Berths sold\n\n– | North\n2022 | 25%\n2023 | 50%"


def test_shapes_in_a_group_and_in_an_alternative_are_read_once() -> None:
    group = f"<p:grpSp>{shape('In a group')}</p:grpSp>"
    either = (
        '<m:AlternateContent xmlns:m="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<m:Choice>{shape('Chosen')}</m:Choice><m:Fallback>{shape('Instead')}</m:Fallback>"
        "</m:AlternateContent>"
    )
    assert text(group + either) == "In a group\n\nChosen"


def test_the_notes_of_a_slide_stand_below_it_as_a_note() -> None:
    document = shown(shape("Berths"), shape("Fees"), notes={1: "Say hello.|Then go on."})
    assert document.text == (
        "Slide 1\n\nBerths\n\nNotes: Say hello.\n\nThen go on.\n\nSlide 2\n\nFees"
    )
    notes = [b for b in document.blocks if b.kind == "note"]
    assert [document.text[b.start : b.end] for b in notes] == ["Notes: Say hello.\n\nThen go on."]


def test_slides_without_text_are_empty() -> None:
    with pytest.raises(EmptyFileError, match=r"a\.pptx has no text"):
        read(presentation("<p:pic/>", ""), "a.pptx")


def test_a_presentation_that_lacks_its_slides_is_damaged() -> None:
    kind = {"[Content_Types].xml": "presentationml.presentation.main+xml"}
    with pytest.raises(DamagedFileError, match=r"a\.pptx"):
        read(archive(kind), "a.pptx")


def test_the_heads_of_a_comparison_are_read_with_what_stands_below_them() -> None:
    def box(text: str, left: int, top: int, height: int) -> str:
        return shape(text, at=(left, top)).replace('cy="40"', f'cy="{height}"')

    heads = box("For", 0, 100, 20) + box("Against", 50, 100, 20)
    bodies = box("It is cheap.", 0, 130, 90) + box("It is loud.", 50, 130, 90)
    assert read(presentation(heads + bodies), "deck.pptx").text.split("\n\n")[1:] == [
        *("For", "It is cheap.", "Against", "It is loud.")
    ]
    equal = bodies.replace('cy="90"', 'cy="20"')
    assert read(presentation(heads + equal), "deck.pptx").text.split("\n\n")[1:3] == [
        *("For", "Against")
    ]


def test_what_is_said_of_a_picture_is_read_and_no_name_of_it() -> None:
    def picture(said: str) -> str:
        name = f'<p:cNvPr id="4" name="Picture 3" descr="{said}"/>'
        return f"<p:pic><p:nvPicPr>{name}</p:nvPicPr></p:pic>"

    slide = shape("Stay calm.") + picture("A map with the assembly point") + picture("logo.png")
    assert read(presentation(slide), "deck.pptx").text == (
        "Slide 1\n\nStay calm.\n\nA map with the assembly point"
    )


def test_a_line_end_that_xml_cannot_hold_is_one() -> None:
    assert read(presentation(shape("Opening_x000B_hours")), "deck.pptx").text == (
        "Slide 1\n\nOpening hours"
    )
