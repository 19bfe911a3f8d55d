"""The places of verdicts; `tests/indexing/test_erasing.py` tests their removal."""

from __future__ import annotations

import json
from pathlib import Path

import platformdirs
import pytest

from qa.index.verdicts import CitedRange, Verdict, Verdicts

SOURCE = "handbook/leave.md"
ONE, OTHER = "http://chroma.example:8000", "http://chroma.example:8001"
SAID = Verdict("a" * 32, "How long?", "For nineteen days. [1]", "up", sources=(SOURCE,))


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: tmp_path / name)
    return tmp_path


def test_each_server_has_verdicts_of_its_own() -> None:
    for url in (ONE, OTHER):
        Verdicts.of(url).keep(SAID)
    assert Verdicts.of(ONE).erase([SOURCE], ["For nineteen days."], {}) == 1
    answers = [answer(Verdicts.of(url).file) for url in (ONE, OTHER)]
    assert answers == ["", SAID.answer]


@pytest.mark.parametrize("same", [f"{ONE}/", "HTTP://Chroma.example:8000"])
def test_a_server_has_one_file_however_it_is_written(same: str) -> None:
    assert Verdicts.of(same).file == Verdicts.of(ONE).file


@pytest.mark.parametrize(
    "url", ["http://../../etc", "http://[::1]:8000", "x://\ud800", "://" * 999]
)
def test_no_url_leads_out_of_the_folder_or_is_too_long_a_name(data: Path, url: str) -> None:
    verdicts = Verdicts.of(url)
    verdicts.keep(SAID)
    assert verdicts.file.resolve().parent.parent == (data / "footnote-qa" / "feedback").resolve()


def test_indexes_beside_each_other_have_verdicts_of_their_own(tmp_path: Path) -> None:
    leave, travel = (str(tmp_path / name) for name in ("leave", "travel"))
    for index in (leave, travel):
        Verdicts.of(index).keep(SAID)
    assert Verdicts.of(leave).erase([SOURCE], (), {}) == 1
    assert [answer(Verdicts.of(index).file) for index in (leave, travel)] == ["", SAID.answer]


def test_a_link_to_an_index_leads_to_its_verdicts(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "index").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to(tmp_path / "index")
    assert Verdicts.of(str(link)).file == Verdicts.of(str(tmp_path / "index")).file


@pytest.mark.parametrize("name", ["index", "other"])
def test_what_is_removed_is_removed_from_the_file_that_all_indexes_shared(
    tmp_path: Path, name: str
) -> None:
    shared = Verdicts(tmp_path / "feedback")
    shared.keep(SAID)
    verdicts = Verdicts.of(str(tmp_path / name))
    assert verdicts.any()
    assert verdicts.erase([SOURCE], (), {}) == 1
    assert answer(shared.file) == ""
    verdicts.keep(SAID)
    assert len(shared.file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("For nineteen days. [1]", False),
        ("The documents disagree. For nineteen days. [1] For twenty. [2]", False),
        ("For nineteen weeks. [1]", True),
        ("Nineteen. [1]", True),
    ],
)
def test_a_short_quote_is_removed_from_lines_without_sources(
    tmp_path: Path, said: str, kept: bool
) -> None:
    verdicts = Verdicts(tmp_path / "feedback")
    verdicts.keep(Verdict("a" * 32, "How long?", said, "up"))
    verdicts.erase([SOURCE], ["# Leave\n\nIt is given for nineteen days."], {})
    assert answer(verdicts.file) == (said if kept else "")


def test_what_was_cited_goes_with_its_source_and_takes_its_new_name(tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path / "feedback")
    ranges = (CitedRange(SOURCE, 0, 9), CitedRange("pay.md", 3, 7))
    verdicts.keep(Verdict("", "", "", "down", sources=(SOURCE, "pay.md"), ranges=ranges))
    assert verdicts.erase(["other.md"], (), {}) == 0
    assert verdicts.erase([SOURCE], (), {"pay.md": "wages.md"}) == 1
    line = json.loads(verdicts.file.read_text())
    assert line["ranges"] == [{"source": "wages.md", "start": 3, "end": 7}]
    assert line["sources"] == [SOURCE, "wages.md"]


def answer(file: Path) -> str:
    return str(json.loads(file.read_text())["answer"])
