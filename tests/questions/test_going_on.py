"""Turns that only ask to go on, in the languages of the page."""

from __future__ import annotations

import pytest

from qa.questions import asks_for_more, gone_on_with, language_of
from qa.records import Turn


@pytest.mark.parametrize(("said", "language"), [
    ("tell me more", None), ("More", None), ("go on!", None), ("Can you tell me more about this?",
    None), ("ok, continue please", None), ("What else?", None), ("more details", None),
    ("Anything else?", None),
    ("Erzähl mir mehr", "german"), ("mehr dazu", "german"), ("Weiter …", "german"),
    ("Können Sie mir mehr dazu sagen?", "german"), ("Was noch?", "german"),
    ("Dis-m'en plus", "french"), ("Continuez, s’il vous plaît", "french"),
    ("Plus de détails", "french"), ("Quoi d'autre ?", "french"),
    ("Cuéntame más", "spanish"), ("¿Qué más?", "spanish"), ("Continúa por favor", "spanish"),
    ("más información", "spanish"),
])  # fmt: skip
def test_what_only_asks_for_more(said: str, language: str | None) -> None:
    assert asks_for_more(said)
    assert language_of(said) == language


@pytest.mark.parametrize(
    "said",
    [
        "Tell me more about parental leave", "Who gets more?", "Is there more leave for parents?",
        "continue the lease", "What else do I need for the visa?", "Noch mehr Urlaub",
        "Encore un jour ?", "más días de vacaciones", "moreover", "and", "",
    ],
)  # fmt: skip
def test_turns_that_ask_something_of_their_own(said: str) -> None:
    assert not asks_for_more(said)


def test_the_question_that_goes_on() -> None:
    history = [Turn("Who pays?", "We do."), Turn("How much?", "Ten euros."), Turn("more", "…")]
    assert gone_on_with("Weiter", history) == 1
    assert gone_on_with("weiter", history[:1]) == 0
    assert gone_on_with("go on", []) is None
    assert gone_on_with("go on", [Turn("more")]) is None
    assert gone_on_with("Who pays more?", history) is None
