"""Where in its file a quote is: slide, sheet and row, as the program that shows the file counts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

import qa
from qa.cli.output.terminal import Terminal
from tests.loading.office.presentations import presentation, shape
from tests.loading.opendocument.opendocuments import opendocument
from tests.loading.opendocument.opendocuments import rows as open_rows
from tests.loading.soundness import SHARED
from tests.loading.tables.workbooks import MAIN, old_workbook, rows, workbook
from ui.page.conversations import Exchange
from ui.page.render import message, place
from ui.page.texts import TEXTS

SHEET = rows(
    "Berth|Fee", "North|=40", "", "Harbour office", "", "Crane|Price", "Blue|=75", "Red|=90"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    folder = tmp_path_factory.mktemp("places") / "docs"
    folder.mkdir()
    slides = [
        shape("Harbour safety", kind="title") + shape("Wear a vest in the harbour."),
        shape("Cranes", kind="title") + shape("The crane lifts nine tonnes."),
    ]
    (folder / "safety.pptx").write_bytes(presentation(*slides))
    (folder / "fees.xlsx").write_bytes(
        workbook({"Staff": rows("Name|Age", "Ann|=40"), "Q3": SHEET})
    )
    yield from _read(folder)


def _read(folder: Path) -> Iterator[qa.Assistant]:
    with qa.Assistant(folder.parent / "index") as assistant:
        assert not assistant.sync([folder]).skipped
        yield assistant


def test_a_slide_has_its_number(own: qa.Assistant) -> None:
    answer = own.ask("How many tonnes does the crane lift?")
    [cited] = answer.citations
    assert (cited.slide, cited.page, cited.sheet, cited.rows) == (2, None, None, None)
    assert answer.to_dict()["citations"][0]["slide"] == 2
    shown = place(Exchange.of(answer).citations[0], TEXTS["de"])
    assert shown == "Harbour safety › Cranes · Folie 2 · docs/safety.pptx"
    assert "Harbour safety · Cranes · slide 2 · docs/safety.pptx" in printed(answer)


def test_a_row_has_its_sheet_and_its_number(own: qa.Assistant) -> None:
    answer = own.ask("What is the price of the red crane?")
    rows_cited = {cited.quote: cited.rows for cited in answer.citations}
    assert rows_cited["Red | 90"] == (8, 8)
    assert all(cited.sheet == "Q3" for cited in answer.citations)
    told = answer.to_dict()["citations"][-1]
    assert (told["sheet"], list(told["rows"])) == ("Q3", [8, 8])
    assert "sheet Q3, row" in printed(answer)
    html = unescape(message(Exchange.of(answer), 0, TEXTS["fr"]))
    assert re.search(r"feuille Q3, lignes? (6, )?8", html)


def test_conversations_that_were_stored_without_places_are_still_read(own: qa.Assistant) -> None:
    kept = Exchange.of(own.ask("What is the price of the red crane?")).model_dump()
    for cited in kept["citations"]:
        for name in ("slide", "sheet", "rows"):
            del cited[name]
    assert Exchange.model_validate(kept).citations[0].sheet is None


def printed(answer: qa.Answer) -> str:
    out = StringIO()
    Terminal(out, StringIO()).answer(answer)
    return out.getvalue()


def numbers(document: qa.Document) -> dict[str, str]:
    """The rows and lines of a document that have numbers, by their text."""
    return {
        document.text[block.start : block.end]: block.marker
        for block in document.blocks
        if block.marker and block.kind != "item"
    }


def test_rows_are_counted_as_they_are_shown() -> None:
    from qa.loading import read

    found = {"Berth | Fee": "1", "North | 40": "2", "Harbour office": "4", "Crane | Price": "6",
             "Blue | 75": "7", "Red | 90": "8"}  # fmt: skip
    assert numbers(read(workbook({"Q3": SHEET}), "a.xlsx")) == found
    hidden = SHEET.replace('<row r="2"', '<row r="2" hidden="1"')
    assert hidden != SHEET
    shown = numbers(read(workbook({"Q3": hidden}), "a.xlsx"))
    assert shown.pop("Red | 90") == "8"
    old = old_workbook("Q3", [["Berth", "Fee"], ["x", 1.0], ["North", 40.0]])
    assert numbers(read(old, "a.xls"))["North | 40.00"] == "3"
    table = open_rows("Berth|Fee", "South|=30", "North|=40")
    open_ = opendocument("spreadsheet", f'<table:table table:name="Q3">{table}</table:table>')
    assert numbers(read(open_, "a.ods"))["North | 40"] == "3"
    assert numbers(read(b"Berth,Fee\n\nSouth,30\nNorth,40\n", "a.csv"))["North | 40"] == "4"
    assert numbers(read(b'[{"berth": "North", "fee": 40}]', "a.json")) == {}


def test_hidden_slides_are_counted() -> None:
    from qa.loading import read

    texts = [shape(text) for text in ("One.", "Two.", "Three.")]
    deck = read(presentation(*texts, show={2: "0"}), "a.pptx")
    assert [(h.part, h.number) for h in deck.headings] == [("slide", 1), ("slide", 3)]
    box = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    pages = (f"<draw:page>{box.format(text)}</draw:page>" for text in ("One.", "Two."))
    deck = read(opendocument("presentation", "".join(pages)), "a.odp")
    assert [(h.part, h.number) for h in deck.headings] == [("slide", 1), ("slide", 2)]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of test material is not there")
@pytest.mark.parametrize(
    "name", ["test.xlsx", "2023-half-year-analyses-by-segment.xlsx", "more-than-1k-cells.xlsx"]
)
def test_rows_of_real_workbooks_have_the_numbers_of_their_files(name: str) -> None:
    from qa.loading import read

    file = SHARED / name
    document = read(file.read_bytes(), name)
    told = numbers(document)
    assert told
    with zipfile.ZipFile(file) as parts:
        strings = _strings(parts)
        there: dict[str, set[str]] = {}
        for part in parts.namelist():
            if part.startswith("xl/worksheets/sheet"):
                for number, words in _cells(parts.read(part).decode(), strings):
                    there.setdefault(number, set()).update(words)
    for text, number in told.items():
        first = text.split(" | ")[0]
        if first.isalpha():  # text is shown as it is written
            assert first in there[number], (text, number)


def _strings(parts: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in parts.namelist():
        return []
    root = ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))
    return ["".join(one.itertext()).strip() for one in root.iter(f"{{{MAIN}}}si")]


def _cells(sheet: str, strings: list[str]) -> Iterator[tuple[str, list[str]]]:
    for row in ElementTree.fromstring(sheet.encode()).iter(f"{{{MAIN}}}row"):
        words = []
        for cell in row.iter(f"{{{MAIN}}}c"):
            value = "".join(cell.itertext()).strip()
            shared = cell.get("t") == "s" and value
            words.append(" ".join((strings[int(value)] if shared else value).split()))
        yield row.attrib["r"], words


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of test material is not there")
def test_the_slides_of_a_real_presentation_have_their_numbers() -> None:
    from qa.loading import read

    deck = read((SHARED / "test.pptx").read_bytes(), "test.pptx")
    assert [h.number for h in deck.headings] == [*range(1, len(deck.headings) + 1)]
    assert {h.part for h in deck.headings} == {"slide"}
    assert deck.headings[2].text == "Slide 3: A table to test parsing:"
