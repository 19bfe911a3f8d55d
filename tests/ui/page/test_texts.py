from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from ui.brand.brand import LANGUAGES
from ui.page.texts import ENGLISH, TEXTS, Texts, choose, refusal

FOREIGN = [texts for code, texts in TEXTS.items() if code != "en"]
# The words that are the same in another language.
SAME = {
    "de": {"title", "panel_as_text"},
    "es": {"title"},
    "fr": {"title", "question", "conversation", "page", "state_one", "state_many", "panel_label",
           "panel_page", "panel_as_page"},
}  # fmt: skip


@pytest.mark.parametrize("texts", FOREIGN, ids=lambda texts: texts.language)
def test_every_string_is_there_in_every_language(texts: Texts) -> None:
    for name, english in asdict(ENGLISH).items():
        other = getattr(texts, name)
        assert english.strip(), name
        assert other.strip(), name
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", other))
        assert (name in SAME[texts.language]) == (english == other), name


def test_there_are_four_languages() -> None:
    assert sorted(TEXTS) == ["de", "en", "es", "fr"] == sorted(LANGUAGES)


def test_no_french_punctuation_begins_a_line() -> None:
    for name, text in TEXTS["fr"].to_dict().items():
        assert not re.search(r" [?!;:%»]|« |\w[?!;»]", text), name


@pytest.mark.parametrize(("wanted", "accepted", "language"), [
    (None, "", "en"),
    (None, "de", "de"),
    (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
    (None, "it-IT,it;q=0.9,de;q=0.5,en;q=0.7", "en"),
    (None, "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
    (None, "es-419,es;q=0.9", "es"),
    (None, "en;q=0.1, de;q=0.2", "de"),
    (None, "de;q=0", "en"),
    (None, "*;;;q=x,,", "en"),
    (None, "de;q=0.0.1", "en"),
    ("de", "en", "de"),
    ("DE-at", "en", "de"),
    ("tlh", "de", "de"),
])  # fmt: skip
def test_the_language_is_the_one_requested_or_else_the_one_preferred(
    wanted: str | None, accepted: str, language: str
) -> None:
    assert choose(wanted, accepted, LANGUAGES).language == language


@pytest.mark.parametrize(("wanted", "accepted", "language"), [
    ("fr", "", "de"),
    ("fr", "es, en;q=0.5", "en"),
    (None, "fr-CA,fr;q=0.9", "de"),
    ("en", "de", "en"),
])  # fmt: skip
def test_a_language_that_the_pages_do_not_have_is_not_chosen(
    wanted: str | None, accepted: str, language: str
) -> None:
    assert choose(wanted, accepted, ("de", "en")).language == language


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_every_reason_has_its_sentence(texts: Texts) -> None:
    reasons = (
        "empty",
        "greeting",
        "about",
        "too long",
        "no documents",
        "nothing close",
        "not said",
    )
    assert len({refusal(reason, texts) for reason in (*reasons, "changed")}) == 8
    assert refusal("something new", texts) == refusal(None, texts) == texts.refused_not_said
