"""Sentences of a text, as character ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sentencex

Range = tuple[int, int]

_LINE = re.compile(r"[^\n]+")
_FIRST_WORD = re.compile(r"\S+")
LIST_MARK = re.compile(r"^(?:[-*•·–]|\d{1,3}[.)]|[a-z]\))\s+")
"""What a list item begins with."""
_COLUMNS = re.compile(r"\t| \| |\S {3,}\S")
# Whoever breaks lines by hand, or with an editor, does it within these widths.
_NARROWEST, _WIDEST = 40, 160
_USUAL = range(60, 101)


def sentences(text: str, language: str = "en") -> list[Range]:
    """The ranges of the sentences of `text`, white space around them left out.

    A sentence ends with its line, so that list items, table rows and headings
    stand alone, unless the line was plainly broken only for want of width.
    `language` is an ISO 639-1 code; scripts with marks of their own (Chinese,
    Hindi, Arabic…) are split under any code.
    """
    ranges: list[Range] = []
    for start, end in _unbroken(text):
        line = text[start:end].replace("\n", " ")
        for boundary in sentencex.get_sentence_boundaries(language, line):
            first, last = boundary["start_index"], boundary["end_index"]
            trimmed = trim(text, start + first, start + last)
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


def _unbroken(text: str) -> Iterator[Range]:
    """The ranges of the lines, those of a hard-wrapped paragraph taken together."""
    block: list[Range] = []
    for match in _LINE.finditer(text):
        line = trim(text, *match.span())
        if block and (line[0] == line[1] or match.start() > block[-1][1] + 1):
            yield from _rejoined(text, block)
            block = []
        if line[0] < line[1]:
            block.append(match.span())
    if block:
        yield from _rejoined(text, block)


def _rejoined(text: str, block: list[Range]) -> Iterator[Range]:
    widest = max(end - start for start, end in block)
    start = block[0][0]
    for line, following in pairwise(block):
        if not _goes_on(text[slice(*line)], text[slice(*following)], widest):
            yield start, line[1]
            start = following[0]
    yield start, block[-1][1]


def _goes_on(line: str, following: str, widest: int) -> bool:
    """Whether a line was broken only because the next word did not fit into it."""
    line, following = line.rstrip(), following.strip()
    if not _NARROWEST <= len(line) <= widest <= _WIDEST or LIST_MARK.match(following):
        return False
    if _COLUMNS.search(line.strip()) or _COLUMNS.search(following):
        return False
    word = _FIRST_WORD.match(following)
    if word is None or len(line) + 1 + len(word.group()) <= widest:
        return False
    if following[0].islower() or line[-1] == ",":
        return True
    return line[-1] not in ":;" and len(line) in _USUAL and widest in _USUAL
