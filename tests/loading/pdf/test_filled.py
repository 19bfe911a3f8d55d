"""PDF: what is filled into forms, and what is typed onto pages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa.limits import DEFAULTS
from qa.loading import read
from qa.loading.pdf.columns import Line
from qa.loading.pdf.filled import beside_their_labels
from qa.loading.pdf.marks import marks
from tests.loading.pdf.of_objects import pdf_of
from tests.loading.soundness import check

FONTS = b"/Resources << /Font << /F1 3 0 R /Z 5 0 R >> >>"


def stream(content: bytes, about: bytes = b"") -> bytes:
    return b"<< %b /Length %d >> stream\n%b\nendstream" % (about, len(content), content)


def drawn(text: bytes, font: bytes = b"F1") -> bytes:
    """What a note or a field looks like."""
    content = b"/Tx BMC BT /%b 12 Tf 2 4 Td (%b) Tj ET EMC" % (font, text)
    wide = b"15" if font == b"Z" else b"200"
    return stream(content, b"/Subtype /Form /BBox [0 0 %b 20] %b" % (wide, FONTS))


def page(lines: Sequence[bytes], *notes: tuple[bytes, bytes, bytes, bytes]) -> bytes:
    """A page with lines of text and notes: what it is, where, its text, and its font."""
    text = b" ".join(b"(%b) Tj T*" % line for line in lines)
    shown = b" ".join(b"%d 0 R" % (7 + 2 * place) for place in range(len(notes)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%b] >> >>" % shown,
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R /Annots [%b] %b >>"
        % (shown, FONTS),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>",
        stream(b"BT /F1 12 Tf 60 780 Td 20 TL %b ET" % text),
    ]
    for place, (kind, where, said, font) in enumerate(notes):
        look = b"/AP << /N %d 0 R >>" % (8 + 2 * place)
        objects.append(b"<< /Type /Annot %b /Rect [%b] /P 4 0 R %b >>" % (kind, where, look))
        objects.append(drawn(said, font))
    return pdf_of(objects)


FIELD = b"/Subtype /Widget /FT /Tx /T (a) /V (x)"
BOX = b"/Subtype /Widget /FT /Btn /T (b) /V /Yes"


def test_what_is_filled_in_stands_with_its_label() -> None:
    data = page(
        [b"Name:", b"Vegetarian", b"The dinner begins at seven."],
        (FIELD, b"120 776 320 796", b"Ann Moor", b"F1"),
        (BOX, b"40 756 55 776", b"4", b"Z"),
    )
    document = read(data, "dinner.pdf")
    check(document)
    assert document.text.split("\n")[:2] == ["Name: Ann Moor", "✔ Vegetarian"]
    assert "begins at seven" in document.text
    start = document.text.index("Ann")
    found = marks(data, "dinner.pdf", [(1, document.text, start, start + 8)], DEFAULTS)
    assert found[0]


def test_text_that_is_typed_onto_a_page_is_read() -> None:
    data = page([], (b"/Subtype /FreeText", b"60 600 260 620", b"Closed on Mondays", b"F1"))
    assert read(data, "hours.pdf").text == "Closed on Mondays"


def line(text: str, left: float, bottom: float = 100.0, *, filled: bool = False) -> Line:
    return Line(text, left, left + 10 * len(text), bottom, 10.0, filled=filled)


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ([line("Name", 0), line("Ann", 50, 103, filled=True)], ["Name Ann"]),
        ([line("Name", 0), line("Ann", 50, 90, filled=True)], ["Name", "Ann"]),
        ([line("Name", 90), line("Ann", 50, filled=True)], ["Name", "Ann"]),
        ([line("Vegan", 90), line("✔", 70, filled=True)], ["✔ Vegan"]),
        ([line("Name", 0), line("Day", 100), line("Ann", 50, filled=True)], ["Name Ann", "Day"]),
        ([line("Name", 0), line("Ann", 50)], ["Name", "Ann"]),
        ([line("Ann", 50, filled=True)], ["Ann"]),
        # A page that is drawn of parts keeps its order.
        ([line("Head", 0, filled=True), line("Text", 0, 50)], ["Head", "Text"]),
        ([line("a", 0), line("Ann", 50, filled=True), line("Text", 0, 50)], ["a", "Ann", "Text"]),
    ],
)
def test_a_label_is_the_nearest_line_at_the_same_height(
    lines: list[Line], texts: list[str]
) -> None:
    assert [one.text for one in beside_their_labels(lines)] == texts
