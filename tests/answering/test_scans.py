"""How sure the recognition of a scan is: shown wherever a quote from it is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path

import pytest

import qa
from qa.cli.output.terminal import Terminal
from qa.loading.pdf.recognition import program
from qa.records import from_scan, in_file, recognised
from tests.loading.pdf.scanned import page, saved
from ui.page.conversations import Exchange
from ui.page.render import message
from ui.page.texts import TEXTS

PAGES = (
    "A berth in the harbour costs 40 crowns a night.",
    "The crane lifts nine tonnes of freight.",
    "The lighthouse was built by Captain Ferrand.",
)
STARTS = tuple(sum(len(text) + 2 for text in PAGES[:number]) for number in range(3))
SHOWN = {
    "en": "hard to read in the scan, 61 % sure",
    "de": "im Scan schwer zu lesen, zu 61 % sicher",
    "fr": "difficile à lire dans le scan, sûr à 61 %",
    "es": "difícil de leer en el escaneo, con un 61 % de certeza",
}


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    """A document whose first page is text, and whose others were read from scans."""
    scans = (
        qa.Scan(STARTS[1], STARTS[1] + len(PAGES[1]), 0.93),
        qa.Scan(STARTS[2], STARTS[2] + len(PAGES[2]), 0.61),
    )
    document = qa.Document("\n\n".join(PAGES), "harbour.pdf", pages=STARTS, scans=scans)
    with qa.Assistant(tmp_path_factory.mktemp("scans") / "index") as assistant:
        assistant.add([document])
        yield assistant


@pytest.mark.parametrize(
    ("question", "sure"),
    [
        ("What does a berth cost?", None),
        ("How many tonnes does the crane lift?", 0.93),
        ("Who built the lighthouse?", 0.61),
    ],
)
def test_a_citation_says_how_sure_the_recognition_is(
    harbour: qa.Assistant, question: str, sure: float | None
) -> None:
    answer = harbour.ask(question)
    [cited] = answer.citations
    assert cited.recognised == sure
    assert answer.to_dict()["citations"][0]["recognised"] == sure
    assert from_scan(sure) in cited.place
    assert from_scan(sure) in answer.with_footnotes
    assert ("scan" in cited.place) == (sure is not None)
    out = StringIO()
    Terminal(out, StringIO()).answer(answer)
    assert f"harbour.pdf · {in_file(cited, None, 'p.')}\n" in out.getvalue()
    assert ("scan" in out.getvalue()) == (sure is not None)


def test_a_quote_that_is_hard_to_read_is_marked_in_every_language(harbour: qa.Assistant) -> None:
    exchange = Exchange.of(harbour.ask("Who built the lighthouse?"))
    for language, texts in TEXTS.items():
        assert SHOWN[language] in " ".join(unescape(message(exchange, 0, texts)).split())
    sure = Exchange.of(harbour.ask("How many tonnes does the crane lift?"))
    assert "read from a scan, 93 % sure" in unescape(message(sure, 0, TEXTS["en"]))


def test_the_script_of_the_page_has_the_same_limit_for_hard_to_read() -> None:
    script = Path(__file__).parents[2] / "ui" / "static" / "source" / "place.js"
    found = re.search(r"HARD_TO_READ = ([\d.]+);", script.read_text(encoding="utf-8"))
    assert found
    assert not qa.hard_to_read(float(found[1]))
    assert qa.hard_to_read(float(found[1]) - 0.01)


def test_a_passage_says_how_sure_the_recognition_is(harbour: qa.Assistant) -> None:
    hits = {hit.passage.page: hit for hit in harbour.search("crane lighthouse berth harbour")}
    assert {page: hit.passage.recognised for page, hit in hits.items()} == {
        1: None,
        2: 0.93,
        3: 0.61,
    }
    assert hits[3].to_dict()["recognised"] == 0.61
    found = harbour.as_retriever().invoke("Who built the lighthouse?")[0]
    assert found.metadata["recognised"] == 0.61
    assert harbour.document("harbour.pdf").scans[1].sure == 0.61


def test_a_quote_across_two_scans_is_as_sure_as_their_characters() -> None:
    scans = (qa.Scan(10, 20, 0.9), qa.Scan(22, 42, 0.6))
    assert recognised(scans, 0, 50) == 0.7
    assert recognised(scans, 15, 27) == 0.75
    assert recognised(scans, 20, 22) is None
    assert recognised(scans, 0, 10) is None
    assert recognised((), 0, 50) is None


def test_scans_outside_their_document_are_refused(harbour: qa.Assistant) -> None:
    for scans in ((qa.Scan(0, 99, 0.5),), (qa.Scan(0, 2, 1.5),), ("scan",), 7):
        with pytest.raises(qa.ArgumentError, match=r"^a\.txt: scans are qa\.Scan"):
            harbour.add([qa.Document("Text.", "a.txt", scans=scans)])  # type: ignore[arg-type]


@pytest.mark.skipif(program() is None, reason="Tesseract is not installed")
def test_scans_are_known_in_files_and_in_files_of_archives(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    scan = saved([page(PAGES[1]), page(PAGES[2])])
    (folder / "harbour.pdf").write_bytes(scan)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("fees.txt", PAGES[0])
        archive.writestr("lights.png", saved([page("The buoy flashes every six seconds.")], "PNG"))
    with qa.Assistant(tmp_path / "index") as assistant:
        assert not assistant.sync([folder]).skipped
        for question, source in (
            ("How many tonnes does the crane lift?", "docs/harbour.pdf"),
            ("How often does the buoy flash?", "docs/more.zip"),
        ):
            [cited] = assistant.ask(question).citations
            assert cited.source == source
            assert cited.recognised is not None
            assert 0.8 < cited.recognised <= 1
        [cited] = assistant.ask("What does a berth cost?").citations
        assert (cited.source, cited.recognised) == ("docs/more.zip", None)
