"""E-books: the order of the chapters, and their names."""

from __future__ import annotations

import pytest

from qa.errors import DamagedFileError, EmptyFileError, EncryptedFileError
from qa.loading import read
from tests.loading.html.books import book
from tests.loading.packing import archive
from tests.loading.soundness import check


def test_chapters_come_in_their_order_under_their_names() -> None:
    first = (
        '<?xml version="1.0"?><html><head><title/></head><body><h1>Berths</h1>'
        "<p>A berth costs 40 crowns.</p></body></html>"
    )
    second = "<html><body><p>Fees are due in May.</p></body></html>"
    named = {"z.xhtml": "First", "a.xhtml": "Fees"}
    made = book({"z.xhtml": first, "a.xhtml": second}, named)
    document = read(made, "harbour.epub")
    check(document)
    assert document.text == ("Berths\n\nA berth costs 40 crowns.\n\nFees\n\nFees are due in May.")
    assert [h.text for h in document.headings] == ["Berths", "Fees"]
    assert document.title == "The Harbour"
    assert document.metadata == {"author": "Ann Moor"}


def test_links_between_chapters_lead_within_the_document() -> None:
    first = (
        "<html><body><p>See <a href='b.xhtml#fees'>the fees</a>, <a href='b.xhtml'>the rest</a>, "
        "<a href='https://harbour.example/map'>a map</a>, <a href='lost.xhtml#x'>a leaf</a> and "
        "<a href='#here'>this</a>.</p></body></html>"
    )
    made = book({"a.xhtml": first, "b.xhtml": "<html><body><h1>Fees</h1><p>4.</p></body></html>"})
    document = read(made, "harbour.epub")
    check(document)
    told = {document.text[link.start : link.end]: link.target for link in document.links}
    assert told == {
        "the fees": "#fees",
        "the rest": "#",
        "a map": "https://harbour.example/map",
        "a leaf": "lost.xhtml#x",
        "this": "#here",
    }


def test_a_book_that_is_locked_empty_or_damaged_is_refused() -> None:
    kind = {"mimetype": "application/epub+zip"}
    with pytest.raises(EncryptedFileError, match="copy protection"):
        read(archive({**kind, "META-INF/rights.xml": "x"}), "a.epub")
    with pytest.raises(EmptyFileError, match=r"a\.epub has no text"):
        read(book({"a.xhtml": "<html><body><img src='x'/></body></html>"}), "a.epub")
    with pytest.raises(DamagedFileError, match=r"a\.epub"):
        read(archive(kind), "a.epub")
