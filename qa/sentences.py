"""Sentences of a text, as character ranges."""

from __future__ import annotations

import re

import sentencex

Range = tuple[int, int]

_LINE = re.compile(r"[^\n]+")


def sentences(text: str, language: str = "en") -> list[Range]:
    """The ranges of the sentences of `text`, white space around them left out.

    A sentence never crosses a line end: list items, table rows and headings
    stand alone. `language` is an ISO 639-1 code; scripts with marks of their
    own (Chinese, Hindi, Arabic…) are split under any code.
    """
    ranges: list[Range] = []
    for line in _LINE.finditer(text):
        for boundary in sentencex.get_sentence_boundaries(language, line.group()):
            trimmed = trim(text, line.start() + boundary["start_index"], line.start() + boundary["end_index"])
            if trimmed[0] < trimmed[1]:
                ranges.append(trimmed)
    return ranges


def trim(text: str, start: int, end: int) -> Range:
    """The range without the white space at its two ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
