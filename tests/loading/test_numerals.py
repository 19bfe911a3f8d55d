"""Lists and headings have the numbers that readers see, in every format that counts them itself."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from qa.loading import read
from qa.loading.numerals import marked, numeral
from qa.records import Document
from tests.loading.office.presentations import paragraph, presentation, shape
from tests.loading.opendocument.opendocuments import opendocument
from tests.loading.soundness import check

Level = tuple[str, str]
"""The kind and the text of a level: "decimal", "%1."."""


def word(
    levels: Sequence[Level],
    paragraphs: Sequence[str],
    numbers: str = "<w:num w:numId='78'><w:abstractNumId w:val='77'/></w:num>",
    more: str = "",
) -> Document:
    """A document of paragraphs: "78/1 Words" is an item at the second level of list 78."""
    document = docx.Document()
    numbering = document.part.numbering_part.element
    inside = "".join(
        f"<w:lvl w:ilvl='{at}'><w:numFmt w:val='{kind}'/>{more if at else ''}"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
        for at, (kind, text) in enumerate(levels)
    )
    both = f"<w:abstractNum w:abstractNumId='77'>{inside}</w:abstractNum>{numbers}"
    for element in reversed(parse_xml(f"<w:x {nsdecls('w')}>{both}</w:x>")):
        numbering.insert(0, element)
    for line in paragraphs:
        place, _, words = line.partition(" ")
        style, _, level = place.rpartition("/")
        added = document.add_paragraph(words, style=f"Heading {level}" if style == "h" else None)
        if style.isdecimal():
            properties = added._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = int(level)
            properties.get_or_add_numId().val = int(style)
    buffer = io.BytesIO()
    document.save(buffer)
    found = read(buffer.getvalue(), "lease.docx")
    check(found)
    return found


@pytest.mark.parametrize(
    ("number", "kind", "shown"),
    [
        *((7, "1", "7"), (7, "01", "07"), (26, "a", "z"), (27, "A", "AA"), (0, "a", "0")),
        *((1999, "i", "mcmxcix"), (4000, "I", "4000"), (10, "一", "十"), (45, "一", "四十五")),
        *((100, "一", "100"), (3, "unknown", "3"), (-2, "i", "-2")),
    ],
)
def test_numbers_have_letters_and_roman_and_chinese_forms(
    number: int, kind: str, shown: str
) -> None:
    assert numeral(number, kind) == shown


def test_a_bare_number_gets_a_full_stop_to_be_no_word_of_its_item() -> None:
    assert [marked(shown) for shown in ("3", "ii", "(a)", "2.1", "§ 4")] == [
        *("3.", "ii.", "(a)", "2.1", "§ 4")
    ]


def test_clauses_in_word_have_the_numbers_of_all_levels() -> None:
    clauses = ["78/0 Rent", "78/1 It is 900.", "78/0 Repairs", "78/1 Small.", "78/1 Large."]
    document = word([("decimal", "%1."), ("decimal", "%1.%2.")], clauses)
    assert document.text == ("1. Rent\n  1.1. It is 900.\n2. Repairs\n  2.1. Small.\n  2.2. Large.")
    legal = word(
        [("upperRoman", "Article %1"), ("decimal", "%1.%2")], clauses[:2], more="<w:isLgl/>"
    )
    assert legal.text == "Article I Rent\n  1.1 It is 900."


def test_a_list_in_word_is_of_its_kind() -> None:
    for kind, text, shown in (
        *(("lowerRoman", "(%1)", "(ii)"), ("decimal", "§ %1", "§ 2"), ("upperLetter", "%1", "B.")),
        *(("chineseCounting", "第%1条", "第二条"), ("bullet", "\uf0b7", "-"), ("none", "", "-")),
    ):
        assert word([(kind, text)], ["78/0 one", "78/0 two"]).text.split("\n")[1] == f"{shown} two"


def test_lists_in_word_share_a_count_unless_one_begins_again() -> None:
    two = "<w:num w:numId='{}'><w:abstractNumId w:val='77'/>{}</w:num>"
    again = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride>"
    steps = ["78/0 one", "78/0 two", "79/0 three"]
    shared = word([("decimal", "%1.")], steps, two.format(78, "") + two.format(79, ""))
    assert shared.text == "1. one\n2. two\n3. three"
    begun = word([("decimal", "%1.")], steps, two.format(78, "") + two.format(79, again))
    assert begun.text == "1. one\n2. two\n1. three"
    own = "<w:lvlOverride w:ilvl='0'><w:lvl w:ilvl='0'><w:numFmt w:val='upperLetter'/>"
    own += "<w:lvlText w:val='%1)'/></w:lvl></w:lvlOverride>"
    other = word([("decimal", "%1.")], ["78/0 one"], two.format(78, own))
    assert other.text == "A) one"


def test_headings_in_word_have_the_numbers_of_their_styles() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f"<w:lvl w:ilvl='{at}'><w:numFmt w:val='decimal'/><w:pStyle w:val='Heading{at + 1}'/>"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
        for at, text in enumerate(["%1", "%1.%2"])
    )
    number = "<w:num w:numId='78'><w:abstractNumId w:val='77'/></w:num>"
    both = f"<w:abstractNum w:abstractNumId='77'>{levels}</w:abstractNum>{number}"
    for element in reversed(parse_xml(f"<w:x {nsdecls('w')}>{both}</w:x>")):
        numbering.insert(0, element)
    for name in ("Heading 1", "Heading 2"):
        properties = document.styles[name].element.get_or_add_pPr()
        properties.get_or_add_numPr().get_or_add_numId().val = 78
    for text, level in (("Scope", 1), ("Termination", 1), ("Notice", 2)):
        document.add_heading(text, level)
    buffer = io.BytesIO()
    document.save(buffer)
    found = read(buffer.getvalue(), "lease.docx")
    check(found)
    assert [heading.text for heading in found.headings] == [
        *("1 Scope", "2 Termination", "2.1 Notice")
    ]


def test_headings_of_opendocument_are_numbered_as_their_outline_says() -> None:
    body = "".join(
        f'<text:h text:outline-level="{level}" {more}>{text}</text:h>'
        for text, level, more in (
            ("Scope", 1, ""),
            ("Foreword", 1, 'text:is-list-header="true"'),
            ("Termination", 1, ""),
            ("Notice", 2, ""),
            ("Form", 3, ""),
        )
    )
    levels = '<text:outline-level-style text:level="1" style:num-format="I" style:num-suffix="."/>'
    levels += '<text:outline-level-style text:level="2" style:num-format="1" '
    levels += 'text:display-levels="2" style:num-prefix="§ "/>'
    levels += '<text:outline-level-style text:level="3" style:num-format=""/>'
    outline = f"<text:outline-style>{levels}</text:outline-style>"
    found = read(opendocument("text", body, outline), "lease.odt")
    check(found)
    assert [heading.text for heading in found.headings] == [
        *("I. Scope", "Foreword", "II. Termination", "§ II.1 Notice", "Form")
    ]


def test_lists_of_opendocument_have_letters_and_begin_where_they_say() -> None:
    style = '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    style += 'style:num-format="a" style:num-suffix=")"/></text:list-style>'
    body = '<text:list text:style-name="L"><text:list-item><text:p>one</text:p></text:list-item>'
    body += '<text:list-item text:start-value="5"><text:p>two</text:p></text:list-item></text:list>'
    assert read(opendocument("text", body, style), "lease.odt").text == "a) one\ne) two"


@pytest.mark.parametrize(
    ("attributes", "second", "shown"),
    [
        *(('type="a"', "", "a. x|b. y"), ('start="3" type="I"', "", "III. x|IV. y")),
        *(("", 'value="7"', "1. x|7. y"), ("reversed", "", "2. x|1. y")),
        ('style="list-style: inside lower-roman"', "", "i. x|ii. y"),
    ],
)
def test_lists_of_web_pages_are_counted_as_a_browser_does(
    attributes: str, second: str, shown: str
) -> None:
    page = f"<ol {attributes}><li>x</li><li {second}>y</li></ol>"
    document = read(f"<html><body><h1>Steps</h1>{page}".encode(), "steps.html")
    assert document.text == "Steps\n\n" + shown.replace("|", "\n")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("alphaLcPeriod", "b."), ("romanUcParenBoth", "(II)"), ("arabicParenR", "2)"), ("", "2.")],
)
def test_lists_on_slides_have_their_kind_of_numbers(kind: str, shown: str) -> None:
    numbers = f'><a:buAutoNum type="{kind}"/>'
    items = [paragraph(text, numbers) for text in ("Switch off", "Open")]
    slide = shape("Steps", kind="title", at=(0, 0)) + shape(*items, kind="body", at=(0, 9))
    assert read(presentation(slide), "deck.pptx").text.endswith(f"\n{shown} Open")


def test_a_list_with_several_levels_in_its_numbers_goes_on_below_a_paragraph() -> None:
    document = word(
        [("decimal", "%1."), ("decimal", "%1.%2.")],
        ["78/0 Rent", "78/1 It is 900.", " Heating is extra.", "78/1 It is due on the first."],
    )
    assert document.text.endswith("1.2. It is due on the first.")
    assert [block.marker for block in document.blocks if block.kind == "item"] == [
        *("1.", "1.1.", "1.2.")
    ]
