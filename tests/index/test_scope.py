"""The folder and metadata of a question apply to everything that its answer shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import qa
from qa.errors import UnknownSourceError
from qa.index.scope import Scope

BERTH = "# Berths\n\nA berth for one night costs {} crowns. Berths are booked at the {}."
DOCUMENTS = [
    qa.Document(
        "The harbour master of Norby is Ada Lind. Ada Lind was born in Narvik. "
        "The Norby regatta is held in August. Boats are kept in the boathouse.",
        "north/people.md",
        "People of Norby",
        metadata={"year": 2023},
    ),
    qa.Document(BERTH.format(40, "kiosk"), "north/berths.md", metadata={"year": 2023}),
    qa.Document(BERTH.format(75, "office"), "south/berths.md", metadata={"year": 2024}),
    qa.Document(
        "The harbour master of Sudby is Bo Ek. The Sudby fair is held in June. "
        "The winch on the pier lifts two tonnes.",
        "south/people.md",
        "People of Sudby",
        metadata={"year": 2024},
    ),
]
SOUTH = [
    {"folder": "south"},
    {"where": {"year": 2024}},
    {"folder": "south/", "where": {"year": 2024}},
]


@pytest.fixture(scope="module")
def harbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    assistant = qa.Assistant(index=tmp_path_factory.mktemp("scope") / "index")
    assistant.add(DOCUMENTS)
    yield assistant
    assistant.close()


def shown(answer: qa.Answer) -> set[str]:
    return {hit.passage.source for hit in answer.hits} | {c.source for c in answer.citations}


@pytest.mark.parametrize("scope", SOUTH)
def test_hits_and_quotes_are_within_the_scope(
    harbours: qa.Assistant, scope: dict[str, Any]
) -> None:
    answer = harbours.ask("How much is a berth for one night?", **scope)
    assert "75 crowns" in answer.text
    assert "40" not in answer.text
    assert not answer.disagreement
    assert all(source.startswith("south/") for source in shown(answer))


def test_a_suggestion_is_answered_within_the_scope(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with qa.Assistant(index=tmp_path_factory.mktemp("suggest") / "i", threshold=0.9) as assistant:
        gate = "The Blue Gate of the yard is opened by a badge."
        parking = "Parking permits are valid for two years and cost 30 euros."
        assistant.add(
            [
                qa.Document(gate, "yard/gate.md", metadata={"year": 2024}),
                qa.Document(parking, "office/parking.md", "Parking permits"),
            ]
        )
        history = [("Where do I get parking permits?", ""), ("What about the Blue Gate?", "")]

        def suggested(**scope: Any) -> str | None:
            return assistant.ask("How long are they valid?", history=history, **scope).suggestion

        assert suggested() == suggested(folder="office") == "How long are parking permits valid?"
        assert suggested(folder="yard") is None
        assert suggested(where={"year": 2024}) is None


@pytest.mark.parametrize("scope", SOUTH)
def test_examples_are_within_the_scope(harbours: qa.Assistant, scope: dict[str, Any]) -> None:
    assert any("Norby" in question for question in harbours.examples(9))
    found = harbours.examples(9, **scope)
    assert found
    assert not any("Norby" in question for question in found)
    for question in found:
        assert harbours.ask(question, **scope).found


def test_a_misspelt_word_stands_for_one_of_the_scope(harbours: qa.Assistant) -> None:
    # There is a winch in the south; in the north nothing is like it.
    for folder, held in (("south", True), ("north", False)):
        hits = harbours.search("winche", folder=folder)
        assert any(hit.keyword for hit in hits) is held, folder


def test_a_word_that_only_others_hold_is_misspelt(tmp_path_factory: pytest.TempPathFactory) -> None:
    with qa.Assistant(index=tmp_path_factory.mktemp("spelt") / "index") as assistant:
        assistant.add(
            [
                qa.Document("The zanthorp is grey.", "a/x.md"),
                qa.Document("The large boat is blue, and the large crane is new.", "b/y.md"),
                qa.Document("The zanhorp is green.", "b/z.md"),
                qa.Document("The zantorp sleeps.", "c/z.md"),
            ]
        )
        hits = assistant.search("zanthorp", folder="c")
        assert [hit.passage.source for hit in hits if hit.keyword] == ["c/z.md"]


def test_other_indexes_are_taken_whole(
    harbours: qa.Assistant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = harbours.with_index(tmp_path_factory.mktemp("scope") / "other")
    other.add([qa.Document("A berth for guests costs 90 crowns.", "mine.md")])
    asked = "How much is a berth?"
    found = {h.passage.source for h in harbours.search(asked, folder="south", also=[other])}
    assert "mine.md" in found
    assert not any(source.startswith("north/") for source in found)
    # A private file does not make a folder known that the main index lacks.
    with pytest.raises(UnknownSourceError):
        harbours.search(asked, folder="west", also=[other])
    other.close()


@pytest.mark.parametrize("verb", ["ask", "search"])
def test_the_error_for_an_unknown_folder_names_the_known_ones(
    harbours: qa.Assistant, verb: str
) -> None:
    with pytest.raises(UnknownSourceError, match=r"no folder 'sout'. It holds: south, north\."):
        getattr(harbours, verb)("How much is a berth?", folder="sout")
    assert getattr(harbours, verb)("How much is a berth?", folder="south/berths.md")


def test_a_name_that_merely_begins_alike_is_no_folder() -> None:
    scope = Scope("north")
    assert scope.holds("north/a.md", {})
    assert not scope.holds("northern/a.md", {})
    with pytest.raises(UnknownSourceError):
        Scope("nort").check(["north/a.md"], ())
    Scope("empty").check(["north/a.md"], ["empty"])  # mirrored, with nothing in it yet


@pytest.mark.parametrize(
    ("source", "above"),
    [
        ("notes.md", []),
        ("docs/travel/trains.md", ["docs", "docs/travel"]),
        ("/srv/notes.md", ["/srv"]),
        ("https://x.example/", ["https://x.example"]),
        ("https://x.example/a/b?c=d", ["https://x.example", "https://x.example/a"]),
    ],
)
def test_the_folders_above_a_source_are_beginnings_of_it(source: str, above: list[str]) -> None:
    assert qa.folders_above(source) == above
