from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from ui.texts import ENGLISH, GERMAN, TEXTS, Texts, choose, refusal

SAME = {"title"}


def test_every_string_is_there_in_every_language() -> None:
    for name, english in asdict(ENGLISH).items():
        german = getattr(GERMAN, name)
        assert english.strip(), name
        assert german.strip(), name
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", german))
        assert name in SAME or english != german, name


@pytest.mark.parametrize(("wanted", "accepted", "language"), [
    (None, "", "en"),
    (None, "de", "de"),
    (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
    (None, "fr-FR,fr;q=0.9,de;q=0.5,en;q=0.7", "en"),
    (None, "en;q=0.1, de;q=0.2", "de"),
    (None, "de;q=0", "en"),
    (None, "*;;;q=x,,", "en"),
    (None, "de;q=0.0.1", "en"),
    ("de", "en", "de"),
    ("DE-at", "en", "de"),
    ("tlh", "de", "de"),
])  # fmt: skip
def test_the_language_is_the_one_asked_for_else_the_one_liked_best(
    wanted: str | None, accepted: str, language: str
) -> None:
    assert choose(wanted, accepted).language == language


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_every_reason_has_its_sentence(texts: Texts) -> None:
    reasons = ("empty", "greeting", "too long", "no documents", "nothing close", "not said")
    assert len({refusal(reason, texts) for reason in (*reasons, "changed")}) == 7
    assert refusal("something new", texts) == refusal(None, texts) == texts.refused_not_said
