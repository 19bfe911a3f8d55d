"""A short excerpt of a passage, around what a question is about."""

from __future__ import annotations

import re
from collections.abc import Collection

from qa.text.asking import asked_stems
from qa.text.cleaning import clean, one_line
from qa.text.sentences import sentences
from qa.text.terms import stems

# Words shown before the first match where its sentence is too long to show from the start.
_WORDS_BEFORE = 6
_WORD = re.compile(r"\S+")


def excerpt(text: str, length: int, question: str = "", above: Collection[str] = ()) -> str:
    """A part of a text on one line: its beginning, or the part with most words of a question.

    Lines at its top that are in `above`, such as a title or headings shown anyway, are left out.
    `length` is in characters.
    """
    text = _below(clean(text), above)
    start = _closest(text, length, question) if question else 0
    line = one_line(text[start:])
    if len(line) > length:
        line = line[:length].rsplit(" ", 1)[0].rstrip(" ,;:.|") + " …"
    return f"… {line}" if start else line


def _below(text: str, above: Collection[str]) -> str:
    lines = text.split("\n")
    told = 0
    while told < len(lines) - 1 and (not lines[told].strip() or lines[told].strip() in above):
        told += 1
    return "\n".join(lines[told:])


def _closest(text: str, length: int, question: str) -> int:
    """The start of the sentence with most words of a question, or shortly before the first."""
    wanted = set(asked_stems(question))
    ranges = list(sentences(text))
    counts = [len(wanted & set(stems(text[start:end]))) for start, end in ranges]
    if not any(counts):
        return 0
    start, end = ranges[counts.index(max(counts))]
    if end - start <= length:
        return start
    places: list[int] = []
    for word in _WORD.finditer(text, start, end):
        places.append(word.start())
        if wanted & set(stems(word[0])):
            fits = word.end() - start <= length
            return start if fits else places[max(0, len(places) - 1 - _WORDS_BEFORE)]
    return start
