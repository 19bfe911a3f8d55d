"""What is said of pictures for those who cannot see them."""

from __future__ import annotations

import re

from qa.text.cleaning import one_line

_FEWEST_WORDS = 3
_BY_PROGRAM = re.compile(r"automatically generated|AI-generated", re.IGNORECASE)


def said_of_picture(text: str | None) -> str:
    """What somebody wrote about a picture for those who cannot see it; nothing for a name.

    What a program guessed is nobody's word.
    """
    line = one_line(text or "")
    told = len(line.split()) >= _FEWEST_WORDS and not _BY_PROGRAM.search(line)
    return line if told else ""
