"""RTF: commands, characters of all kinds, lists, tables and notes."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def shown(body: str) -> Document:
    data = r"{\rtf1\ansi\ansicpg1252\uc1 " + body + "}"
    document = read(data.encode("ascii"), "house_rules.rtf")
    check(document)
    return document


def text(body: str) -> str:
    return shown(body).text


def test_paragraphs_and_what_is_no_text() -> None:
    body = (
        r"{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\info{\title Rules of the house}{\author Ann}}"
        r"{\header Page 1}{\*\generator LibreOffice;}{\pict 0102}"
        "\\pard First\r\n paragraph.\\par\nSecond \\b one\\b0  {\\i here}.\\par"
    )
    document = shown(body)
    assert document.text == "First paragraph.\n\nSecond one here."
    assert document.title == "Rules of the house"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"gr\'f6\'dfer", "größer"),
        (r"\u1057?\u1090?\u1086?", "Сто"),
        (r"{\uc2\u8364\'a4\'a4} x", "€ x"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"a\emdash b\tab c\~d", "a—b\tc d"),
        (r"\{braces\} and \\", "{braces} and \\"),
        (r"10{\super 6} crowns", "10⁶ crowns"),
        (r"old {\strike and gone }{\v hidden }new", "old new"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt the rules}}", "the rules"),
    ],
)
def test_characters(written: str, read_as: str) -> None:
    assert text(written).replace("\u00a0", " ") == read_as


def test_a_font_may_have_a_code_page_of_its_own() -> None:
    fonts = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 Gothic;}}"
    assert text(fonts + r"\f1\'d1\'f2\'ee\f0  \f2\'93\'fa\'96\'7b") == "Сто 日本"


def test_headings_by_their_style_or_their_level() -> None:
    body = (
        r"{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s2 heading 2;}{\*\cs10 Default;}}"
        r"\pard\s1 Berths\par\pard\s2 Fees\par\pard\s0 Text.\par\pard\outlinelevel2 Deep\par"
    )
    document = shown(body)
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "Berths"), (2, "Fees"), (3, "Deep"),
    ]  # fmt: skip
    assert document.text == "Berths\n\nFees\n\nText.\n\nDeep"


def test_lists_keep_their_numbers_and_their_depth() -> None:
    body = (
        r"\pard\ls1{\listtext 1.\tab}Stop\par\pard\ls1{\listtext 2.\tab}Look\par"
        r"\pard\ls2\ilvl1{\listtext \u8226?\tab}both ways\par\pard After.\par"
    )
    document = shown(body)
    assert document.text == "1. Stop\n2. Look\n  - both ways\n\nAfter."
    assert [b.marker for b in document.blocks if b.kind == "item"] == ["1.", "2.", "-"]


def test_tables_and_notes() -> None:
    row = r"\trowd\cellx1\cellx2\pard\intbl {}\cell {}\cell\row"
    table = row.format("Zone", "Fee") + row.format("North", r"40\par crowns")
    document = shown(rf"Fees{{\footnote In crowns.}} apply.\par{table}\pard After.\par")
    assert document.text == ("Fees apply.\n\nIn crowns.\n\nZone | Fee\nNorth | 40 crowns\n\nAfter.")
    assert [b.kind for b in document.blocks if b.parent < 0] == [
        "paragraph", "note", "table", "paragraph",
    ]  # fmt: skip


def test_braces_without_end_and_binary_data_do_no_harm() -> None:
    assert text("{" * 5000 + "x") == "x"
    assert text("}" * 50 + r"{\bin3 }}}x}") == "x"


def test_a_document_without_text_is_empty() -> None:
    with pytest.raises(EmptyFileError, match=r"a\.rtf has no text"):
        read(rb"{\rtf1{\pict 00}}", "a.rtf")


def test_heads_and_feet_of_pages_are_said_once_and_their_numbers_never() -> None:
    head = r"{\header\pard Harbour Works, Quay 5\par}{\headerf\pard Harbour Works, Quay 5\par}"
    foot = r"{\footer\pard Page \chpgn  of {\field{\fldrslt 9}}\par IBAN CH93\par}"
    assert text(head + foot + r"\pard Dear Bob,\par") == (
        "Harbour Works, Quay 5\n\nDear Bob,\n\nIBAN CH93"
    )


def test_a_table_in_the_head_of_pages_is_none_of_the_text() -> None:
    head = r"{\header\trowd\cellx1\cellx2\intbl Harbour\cell Quay 5\cell\row\pard\par}"
    assert text(head + r"\trowd\cellx1\cellx2\intbl Zone\cell Fee\cell\row\pard x\par") == (
        "Harbour Quay 5\n\nZone | Fee\n\nx"
    )
