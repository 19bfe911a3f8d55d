"""What an answer says of itself, in the language of its question: refusals, and disagreements."""

from __future__ import annotations

from qa.questions import language_of
from qa.records import Reason
from qa.text.vocabulary.words import WORDS, words_of


def why_not(reason: Reason, question: str = "", name: str | None = None) -> str:
    """Why there is no answer to a question; asked who is speaking, it says its `name`, if any."""
    said = _said(reason, question)
    if reason == "about" and name:
        return f"{_said('named', question).format(name=name)} {said}"
    return said


def disagreement(question: str) -> str:
    """That the documents contradict each other."""
    return _said("disagreement", question)


def _said(name: str, question: str) -> str:
    language = language_of(question)
    own = words_of(language).get("said", {}) if language else {}
    return str(own.get(name, WORDS["said"][name]))
