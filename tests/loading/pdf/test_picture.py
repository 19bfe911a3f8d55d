"""Pages as pictures: as wide as was asked, turned and cropped as they are shown."""

from __future__ import annotations

from io import BytesIO

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image

from qa.errors import DamagedFileError
from qa.loading.pdf.picture import picture
from tests.loading.pdf.test_file import STORY, paper


def drawn(data: bytes, page: int = 1, width: int = 600) -> Image.Image:
    image = Image.open(BytesIO(picture(data, "a.pdf", page, width)))
    assert image.format == "WEBP"
    return image


def changed(turn: int = 0, box: tuple[float, float, float, float] | None = None) -> bytes:
    document = pypdfium2.PdfDocument(paper(STORY))
    page = document[0]
    page.set_rotation(turn)
    if box:
        page.set_mediabox(*box)
    file = BytesIO()
    document.save(file)
    document.close()
    return file.getvalue()


def test_a_page_is_as_wide_as_was_asked_and_shows_its_letters() -> None:
    image = drawn(paper(STORY), width=900)
    assert image.width in (900, 901)
    assert abs(image.height / image.width - 297 / 210) < 0.01
    dark = sum(image.convert("L").histogram()[:100])
    assert 0.005 < dark / (image.width * image.height) < 0.2


def test_a_turned_page_is_wide() -> None:
    image = drawn(changed(90), width=600)
    assert image.width in (600, 601)
    assert image.height < image.width


@pytest.mark.parametrize(
    "box", [(0, 0, 14_400, 14_400), (0, 0, 10, 14_400), (0, 0, 14_400, 10), (0, 0, 2e9, 2e9)]
)
def test_a_page_of_any_size_makes_a_picture_of_ours(box: tuple[float, ...]) -> None:
    image = drawn(changed(box=(box[0], box[1], box[2], box[3])), width=600)
    assert image.width <= 601
    assert image.height <= 1801


def test_a_page_that_is_not_there_is_named() -> None:
    for page in (0, 2, 10**9):
        with pytest.raises(DamagedFileError, match=rf"Page {page} of a\.pdf"):
            picture(paper(STORY), "a.pdf", page, 600)
