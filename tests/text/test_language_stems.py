from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.records import Document
from qa.text.language import asked_native_stems, native_stems, stemmed_language
from qa.text.terms import stems

BUILDINGS = (
    "Die Häuser am Hafen werden im Frühjahr von der Verwaltung der Gemeinde gestrichen. "
    "Alle anderen Gebäude bleiben so, wie sie nach dem Umbau übergeben worden sind."
)
PARKING = (
    "Die Plätze vor der Halle gehören den Besuchern der Verwaltung. Wer dort länger als einen Tag "
    "steht, braucht einen Ausweis, den die Pforte für zehn Euro im Monat ausgibt."
)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("german", "Häuser", "Hauses"),
        ("french", "généraux", "générale"),
        ("spanish", "entregadas", "entregar"),
    ],
)
def test_forms_of_a_word_are_one_stem_in_its_language(language: str, one: str, other: str) -> None:
    assert stems(one) != stems(other)
    assert native_stems(one, language) == native_stems(other, language) != []


def test_english_has_no_second_stems() -> None:
    english = "The houses at the harbour are painted in spring by the administration of the town."

    assert stemmed_language(english) is None
    assert native_stems(english, stemmed_language(english)) == []
    assert asked_native_stems("Which houses are painted in the spring?") == []


def test_words_that_only_ask_are_left_out() -> None:
    assert asked_native_stems("Wann wird das Haus gestrichen?") == [
        "german_haus",
        "german_gestrich",
    ]


def test_a_german_question_finds_another_form_of_its_word(tmp_path: Path) -> None:
    with qa.Assistant(index=str(tmp_path)) as assistant:
        assistant.add([Document(BUILDINGS, "buildings.md"), Document(PARKING, "parking.md")])
        hits = assistant.search("Wann wird das Haus gestrichen?")
        keywords = {hit.passage.source: hit.keyword for hit in hits}

        assert hits[0].passage.source == "buildings.md"
        assert hits[0].keyword is not None
        assert hits[0].keyword > 0
        assert keywords.get("parking.md") is None
