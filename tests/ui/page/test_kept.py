"""What the page says of what is kept: by every combination of settings that matters."""

from __future__ import annotations

from typing import Any

import pytest

import qa
from ui.page.app import kept_note
from ui.page.texts import ENGLISH, TEXTS

BOTH = {"audit": True, "audit_questions": True}
PEOPLE = {"sign_in": "password"}


@pytest.mark.parametrize(("settings", "said", "left_out"), [
    ({}, [], []),
    ({"audit_questions": True}, [], []),  # without the audit, nothing is written
    ({"audit": True}, [], []),  # nobody has a name
    ({"audit": True, "sign_in": "none"}, [], []),
    ({"audit": True, **PEOPLE}, ["who asks and votes", "for 90 days", "questions are not"], []),
    (BOTH, ["Questions are kept", "for 90 days"], ["name", "rate"]),
    ({**BOTH, **PEOPLE}, ["Questions are kept here with your name, for 90 days."], []),
    ({**BOTH, "audit_days": 0}, ["without a time limit"], ["days"]),
    ({**BOTH, "audit_days": 0.5}, ["for one day"], ["days"]),
    ({**BOTH, "trace_endpoint": "http://localhost:4318"}, ["without a time limit"], ["days"]),
    ({"feedback_texts": True, "feedback_days": 30}, ["rate", "for 30 days"], ["name", "asks"]),
    ({"feedback_texts": True, **PEOPLE}, ["without your name", "without a time limit"], []),
    # The audit has the name of whoever votes.
    ({"feedback_texts": True, "audit": True, **PEOPLE}, ["who asks", "rate"], ["without your"]),
])  # fmt: skip
def test_the_note_says_what_is_kept_and_nothing_else(
    settings: dict[str, Any], said: list[str], left_out: list[str]
) -> None:
    note = kept_note(qa.Settings.load(**settings), ENGLISH)
    assert bool(note) == bool(said)
    for words in said:
        assert words in note
    for words in left_out:
        assert words not in note


@pytest.mark.parametrize("language", TEXTS)
def test_it_is_whole_in_every_language(language: str) -> None:
    for settings in ({"audit": True}, BOTH):
        given = qa.Settings.load(**settings, **PEOPLE, feedback_texts=True, feedback_days=7)
        note = kept_note(given, TEXTS[language])
        assert "{" not in note
        assert "90" in note
        assert " 7 " in note
