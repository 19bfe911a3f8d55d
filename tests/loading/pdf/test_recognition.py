"""Scans and images, made here and read by Tesseract."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
from fpdf import FPDF
from PIL import Image

from qa.errors import DamagedFileError, EmptyFileError, LoadError, TooLargeError
from qa.limits import Limits
from qa.loading import read
from qa.loading.pdf.recognition import CONFIDENCE, program
from tests.loading.pdf.scanned import FONT, TEXT, page, saved, word_error_rate
from tests.loading.soundness import check

needs_tesseract = pytest.mark.skipif(program() is None, reason="Tesseract is not installed")


@needs_tesseract
@pytest.mark.parametrize(
    ("turned", "noise"), [(0, 0), (2, 0), (-3, 25), (90, 0), (180, 0), (270, 0)], ids=str
)
def test_a_scan_is_read_however_it_lies(turned: float, noise: float) -> None:
    document = read(saved([page(turned=turned, noise=noise)]), "claims.pdf")
    check(document)
    assert word_error_rate(TEXT, document.text) <= 0.1
    assert "\n" not in document.text
    assert 0.7 <= float(document.metadata[CONFIDENCE]) <= 1


@needs_tesseract
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_images_are_read(format: str) -> None:
    data = saved([page(title="Travel costs")], format)
    document = read(data, f"claims.{format.lower()}")
    check(document)
    assert document.title == "Travel costs"
    assert word_error_rate(f"Travel costs {TEXT}", document.text) <= 0.1


@needs_tesseract
def test_a_picture_of_a_screen_has_small_letters() -> None:
    small = page("The code for the door is 4711.", size=(700, 400), points=16)
    assert read(saved([small], "PNG"), "door.png").text == "The code for the door is 4711."


@needs_tesseract
def test_pictures_in_one_file_are_its_pages() -> None:
    data = saved(
        [page("The first page is about boats."), page("The second is about quays.")], "TIFF"
    )
    document = read(data, "harbour.tiff")
    assert len(document.pages) == 2
    assert document.page_at(document.text.index("quays")) == 2


@needs_tesseract
def test_scanned_pages_stand_between_pages_with_text() -> None:
    drawn = FPDF()
    drawn.add_page()
    drawn.set_font("helvetica", size=12)
    drawn.cell(text="A berth costs 40 crowns a night.")
    text = bytes(drawn.output())
    joined = pypdfium2.PdfDocument.new()
    for part in (text, saved([page("The crane is repaired on Mondays.")]), text):
        joined.import_pages(pypdfium2.PdfDocument(part), [0])
    file = BytesIO()
    joined.save(file)
    document = read(file.getvalue(), "mixed.pdf")
    check(document)
    assert document.page_at(document.text.index("The crane is repaired on Mondays.")) == 2
    assert document.text.count("A berth costs 40 crowns a night.") == 2


def of_unknown_letters(private: int) -> bytes:
    """A page in a font that does not tell its letters, or only places in the private area."""
    pdf = FPDF()
    pdf.set_compression(False)
    pdf.add_font("Serif", "", FONT)
    pdf.set_font("Serif", size=14)
    pdf.add_page()
    pdf.multi_cell(0, 8, TEXT)
    if not private:
        return bytes(pdf.output()).replace(b"/ToUnicode", b"/ToNothing")

    def moved(letter: re.Match[bytes]) -> bytes:
        return b"<%b> <%04X>" % (letter[1], private + int(letter[2], 16))

    return re.sub(rb"<(\w{4})> <(\w{4})>", moved, bytes(pdf.output()))


@needs_tesseract
@pytest.mark.parametrize("private", [0, 0xE000])
def test_letters_that_a_font_does_not_tell_are_recognised(private: int) -> None:
    document = read(of_unknown_letters(private), "claims.pdf")
    check(document)
    assert word_error_rate(TEXT, document.text) <= 0.05
    assert [scan.sure > 0.7 for scan in document.scans] == [True]


@pytest.mark.parametrize("private", [0, 0xE000])
def test_letters_that_a_font_does_not_tell_are_said(
    private: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("qa.loading.pdf.recognition._PLACES", ())
    with pytest.raises(LoadError, match=r"^claims\.pdf .* font .* Install Tesseract"):
        read(of_unknown_letters(private), "claims.pdf")


@needs_tesseract
def test_a_picture_without_letters_has_no_text() -> None:
    stains = np.random.default_rng(3).integers(0, 255, (600, 800), dtype=np.uint8)
    for name, image in (
        ("blank", Image.new("L", (800, 600), 255)),
        ("stains", Image.fromarray(stains)),
    ):
        with pytest.raises(EmptyFileError, match=rf"^{name}\.png "):
            read(saved([image], "PNG"), f"{name}.png")
        with pytest.raises(EmptyFileError, match=rf"^{name}\.pdf "):
            read(saved([image]), f"{name}.pdf")


@needs_tesseract
def test_a_page_may_not_take_longer_than_a_file_may() -> None:
    with pytest.raises(TooLargeError, match=r"^claims\.pdf .*parsing_seconds"):
        read(saved([page()]), "claims.pdf", Limits(parsing_seconds=0.02))


@needs_tesseract
def test_an_image_that_is_cut_off_is_damaged() -> None:
    data = saved([page()], "PNG")
    with pytest.raises(DamagedFileError, match=r"^half\.png "):
        read(data[: len(data) // 2], "half.png")


def test_without_tesseract_the_error_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("qa.loading.pdf.recognition._PLACES", ())
    with pytest.raises(LoadError, match=r"^claims\.pdf has no text .* scan.* Install Tesseract"):
        read(saved([page()]), "claims.pdf")
    with pytest.raises(LoadError, match=r"^claims\.png is an image\. Install Tesseract"):
        read(saved([page()], "PNG"), "claims.png")
