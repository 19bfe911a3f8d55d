"""Typing mistakes in questions, put right as the texts that were found write the words."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.retrieval import as_written

PRICES = "Winter storage costs 900 crowns. Password managers are free; tell Ms Veldmere the state."


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("how mutch is winter storrage", "how much is winter storage"),
        ("waht does winter sotrage cost", "what does winter storage cost"),
        ("passwrd manager", "password manager"),
        # Known words that the texts lack, however near to one of theirs.
        ("when does an award go stale", "when does an award go stale"),
        ("whats the maternity leave", "whats the maternity leave"),
        # Names and codes that stand there, and those that do not.
        ("who is Veldmere", "who is Veldmere"),
        ("who is Kazianis, and what is E-4012", "who is Kazianis, and what is E-4012"),
        ("which password", "which password"),
        ("", ""),
    ],
)
def test_misspelt_words_are_corrected_and_known_ones_are_not_changed(
    question: str, written: str
) -> None:
    known = open_embedder(PACKAGED_EMBEDDER).is_token
    assert as_written(question, [PRICES], known) == written


@pytest.mark.parametrize(
    ("question", "written"),
    [
        # Neither words of another language nor other endings are mistakes.
        ("Wie lange dauert der Kurs, und wie melde ich mich an?", None),
        ("Was kostet der Krus für Anfänger?", "Was kostet der kurs für Anfänger?"),
    ],
)
def test_words_of_other_languages_are_no_misspelt_english(
    question: str, written: str | None
) -> None:
    known = open_embedder(PACKAGED_EMBEDDER).is_token
    text = "Dauer: 6 Wochen. Der Kurs ist much liked."
    assert as_written(question, [text], known) == (written or question)


def test_a_question_with_typing_mistakes_is_read_without_them(tmp_path: Path) -> None:
    (tmp_path / "prices.md").write_text(f"# Prices\n\n{PRICES}\n", encoding="utf-8")
    with qa.Assistant(index=tmp_path / "index") as assistant:
        assistant.sync([tmp_path / "prices.md"])
        answer = assistant.ask("how mutch is winter storrage")
    assert answer.found
    assert "900 crowns" in answer.text
    assert answer.sure
