"""Whether a turn only asks for more of what was said before, and which question it goes on with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.questions.other_languages import said_in
from qa.records import Turn
from qa.text.vocabulary.words import WORDS

_MORE = re.compile("|".join(WORDS["more"]), re.IGNORECASE)


def asks_for_more(text: str) -> bool:
    """Whether a text only asks to go on, as "tell me more" does."""
    said = " ".join(text.split()).rstrip(" ?!.…")
    return _MORE.fullmatch(said) is not None or said_in(text, "more") is not None


def gone_on_with(question: str, history: Sequence[Turn]) -> int | None:
    """The place in the history of the question that this one goes on with; None without one."""
    if not asks_for_more(question):
        return None
    asked = (
        at for at in range(len(history) - 1, -1, -1) if not asks_for_more(history[at].question)
    )
    return next(asked, None)
