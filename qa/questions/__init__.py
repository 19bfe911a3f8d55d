"""What is asked: the kind of a question, and what a follow-up means."""

from __future__ import annotations

from qa.questions.followups import background, recent, restated, standalone
from qa.questions.forms import LONG, Form, form_of, sides
from qa.questions.going_on import asks_for_more, gone_on_with
from qa.questions.kinds import (
    LOOSE_WORDS,
    MEASURED,
    ORDINALS,
    Kind,
    asked_words,
    asks_whether,
    candidates,
    kind_of,
)
from qa.questions.other_languages import language_of
from qa.questions.small_talk import small_talk_of

__all__ = [
    "LONG", "LOOSE_WORDS", "MEASURED", "ORDINALS", "Form", "Kind", "asked_words", "asks_for_more",
    "asks_whether", "background", "candidates", "form_of", "gone_on_with", "kind_of", "language_of",
    "recent", "restated", "sides", "small_talk_of", "standalone",
]  # fmt: skip
