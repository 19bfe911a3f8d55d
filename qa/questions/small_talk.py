"""Turns that do not ask the documents: greetings, thanks, and questions about the assistant."""

from __future__ import annotations

import re
from typing import Literal

from qa.questions.other_languages import said_in

_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening|day)|greetings|bye|goodbye"
    r"|how are you|yes|yeah|yep|no|nope|sure|got it|i see"
    r"|(?:ok(?:ay)?|great|perfect|cool|good|nice|well)(?:[\s,.!]+(?:great|good|perfect))?"
    r"|(?:(?:ok(?:ay)?|great|perfect|cool|good|well|many)[\s,.!]+)*(?:thanks|thank you)"
    r"(?: a lot| so much| very much| again)?(?:[,.!]* that (?:helps|helped))?"
    r")(?: there| all| everyone)?[\s!.,?]*",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"(?:(?:ok(?:ay)?|and|so|hi|hello|hey)[\s,.!]+)?(?:who|what) are you|what(?: else)? can you do"
    r"(?: for (?:me|us))?|what can (?:i|we) ask(?: you)?|how (?:do|can) (?:you|i) (?:work|use you)"
    r"|what do you (?:do|know)|(?:can you )?help(?: me)?"
    r"|are you (?:a (?:bot|robot|person|human)|human|sure)|is (?:that|this) (?:right|true|correct)"
    r"|how do you know(?: (?:that|this))?|where did you get (?:that|this)(?: from)?",
    re.IGNORECASE,
)


def small_talk_of(text: str) -> Literal["about", "greeting"] | None:
    """Whether a text only greets, thanks, or asks who is speaking, in any of the languages."""
    if _ABOUT_ITSELF.fullmatch(text.rstrip(" ?!.")) or said_in(text, "about"):
        return "about"
    return "greeting" if _GREETING.fullmatch(text) or said_in(text, "greeting") else None
