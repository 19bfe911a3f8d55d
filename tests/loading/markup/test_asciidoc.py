"""AsciiDoc: what is left when its marks are gone."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def asciidoc(text: str) -> Document:
    document = read(text.encode(), "harbour.adoc")
    check(document)
    return document


def test_title_author_and_attributes() -> None:
    document = asciidoc(
        "= Harbour guide\nAnn Quay <ann@quay.example>\nv1.0, 2024-03-01\n:night: Night berth\n\n"
        "A {night} is quiet;{nbsp}so is {unknown}.\n\n== Fees\n\n// not this\nForty crowns."
    )
    assert document.title == "Harbour guide"
    assert document.metadata == {"author": "Ann Quay"}
    assert [(h.level, h.text) for h in document.headings] == [(1, "Harbour guide"), (2, "Fees")]
    assert document.text == (
        "Harbour guide\n\nA Night berth is quiet; so is {unknown}.\n\nFees\n\nForty crowns."
    )


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        (
            "*Bold*, **b**old, _slanted_, `code` and snake_case_name",
            "Bold, bold, slanted, code and",
        ),
        ("10^6^ litres of H~2~O", "10⁶ litres of H2O"),
        ("[.line-through]#40# 50 crowns", "50 crowns"),
        ("Press kbd:[Ctrl+C] or menu:File[Save As]", "Press Ctrl+C or File › Save As"),
        (
            "See <<fees,the fees>>, <<fees>> and xref:a.adoc#b[leaving]",
            "See the fees, fees and lea",
        ),
        ("A berthfootnote:[By night.] is free", "A berth (By night.) is free"),
        ("5 * 3 * 2 and 2 < 3 & 4 > 1", "5 * 3 * 2 and 2 < 3 & 4 > 1"),
        ("First. +\nSecond", "First.\nSecond"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_marks_within_a_line(marked: str, plain: str) -> None:
    assert asciidoc(marked).text.startswith(plain)


def test_links_keep_their_targets() -> None:
    document = asciidoc("Ask link:https://a.example/x[the office] or https://b.example[].")
    told = [(document.text[link.start : link.end], link.target) for link in document.links]
    assert told == [
        ("the office", "https://a.example/x"),
        ("https://b.example", "https://b.example"),
    ]


def test_lists_nest_and_items_hold_blocks() -> None:
    document = asciidoc(
        ".How to pay\n. Go to the office.\n. Pay\nat once.\n+\n[source,bash]\n----\npay --now\n"
        "----\n"
        ".. In cash\n.. By card\n. Leave.\n\n''\n\n* [x] North\n** [ ] Inner\n- South"
    )
    assert document.text.startswith(
        "How to pay\n\n1. Go to the office.\n2. Pay at once.\n\npay --now\n\n"
        "  1. In cash\n  2. By card\n3. Leave."
    )
    assert [block.kind for block in document.blocks if block.kind == "code"] == ["code"]
    assert "- ☑ North\n  - ☐ Inner" in document.text


def test_terms_have_their_meanings() -> None:
    text = asciidoc("Berth:: A place for a boat,\nby night.\nQuay:: A wall.").text
    assert text == "- Berth: A place for a boat, by night.\n- Quay: A wall."


@pytest.mark.parametrize(
    "table",
    [
        "|===\n|Zone |Fee\n\n|North |40\n|South |50\n|===",
        "[cols=2*,options=header]\n|===\n|Zone\n|Fee\n|North\n|40\n|South\n|50\n|===",
        '[%header,cols="1,2"]\n|===\n|Zone |Fee\n|North\na|40\n|South |50\n|===',
    ],
)
def test_tables_have_rows_and_a_header(table: str) -> None:
    document = asciidoc(f"Fees are due.\n\n{table}")
    assert document.text == "Fees are due.\n\nZone | Fee\nNorth | 40\nSouth | 50"
    rows = [block for block in document.blocks if block.kind == "row"]
    assert len(rows) == 3


def test_remarks_and_quotes_are_notes() -> None:
    document = asciidoc(
        "NOTE: Bring a rope.\n\n[WARNING]\n====\nMind the crane.\n====\n\n____\nAhoy!\n____"
    )
    notes = [document.text[b.start : b.end] for b in document.blocks if b.kind == "note"]
    assert notes == ["Note:\n\nBring a rope.", "Warning:\n\nMind the crane.", "Ahoy!"]


def test_what_is_not_for_readers_is_left_out() -> None:
    document = asciidoc(
        "Words.\n\n////\nhidden\n////\n\ninclude::/etc/passwd[]\n\nifdef::x[]\nMore.\nendif::[]\n\n"
        "image::crane.png[A crane]\n\n[[anchor]]\n++++\n<b>raw</b>\n++++\n"
    )
    assert document.text == "Words.\n\nMore."


def test_a_block_that_is_not_closed_goes_on_to_the_end() -> None:
    assert asciidoc("Words.\n\n----\ncode\n\nmore").text == "Words.\n\ncode\n\nmore"


def test_blocks_in_blocks_in_blocks() -> None:
    fences = ["=" * n for n in range(4, 200)]
    document = asciidoc("\n".join([*fences, "Deep.", *reversed(fences)]))
    assert "Deep." in document.text


def test_nothing_but_marks_is_refused() -> None:
    with pytest.raises(EmptyFileError, match=r"^harbour\.adoc "):
        asciidoc(":a: b\n\n// nothing\n\nimage::x.png[]\n")


@pytest.mark.parametrize(
    "table",
    [
        '[%header,format=csv]\n|===\nItem,Price\n"Rope, long",12\n|===',
        ',===\nItem,Price\n\n"Rope, long",12\n,===',
        "[%header,format=dsv]\n|===\nItem:Price\nRope, long:12\n|===",
    ],
)
def test_a_table_may_be_written_as_csv(table: str) -> None:
    assert read(f"= Stock\n\n{table}\n".encode(), "a.adoc").text == (
        "Stock\n\nItem | Price\nRope, long | 12"
    )


def test_a_file_that_is_included_is_told() -> None:
    document = read(b"= Fees\n\nThey are:\n\ninclude::fees.adoc[]\n", "a.adoc")
    assert document.reading.warnings == ("Not read: fees.adoc, which it includes",)
