"""Sentences of a text, as character ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sentencex

Range = tuple[int, int]

_LINE = re.compile(r"[^\n]+")
_FIRST_WORD = re.compile(r"\S+")
# Geometric shapes, stars, squares and arrows. A cross says that something is not so.
_SHAPES = (
    *range(0x25A0, 0x2600),
    *range(0x2720, 0x274C),
    *range(0x274F, 0x2753),
    *range(0x2794, 0x27C0),
)
COLONS = (":", "：")
"""Ends of a text that announces what follows."""
BULLETS = f"*•‣·✓✔❍❖{''.join(map(chr, _SHAPES))}–—-"
LIST_MARK = re.compile(
    rf"^(?:[{BULLETS}]|\(?(?:\d{{1,3}}|[a-z]|[ivx]{{2,4}})\)|\d{{1,3}}(?:\.\d{{1,2}})*\.)\s+"
)
"""The marker of a list item."""
CELL_SEPARATOR = " | "
"""The text between the cells of a table row."""
NO_VALUE = "–"
"""What is written for an empty cell at the beginning of a row."""
_MARK_ALONE = re.compile(r"\s*\(?(?:\d{1,3}(?:\.\d{1,2})*|[a-zA-Z]|[ivx]{2,4}|[IVX]{2,4})[.)]\s*")
_COLUMNS = re.compile(rf"\t|{re.escape(CELL_SEPARATOR)}|\S {{3,}}\S")
# Lines broken by hand, or by an editor, have one of these widths.
_NARROWEST, _WIDEST = 40, 160
# A column may be this narrow only if most of its lines continue in lower case.
_NARROW_COLUMN = 12
_FEWEST_LINES = 3
_USUAL = range(60, 101)


def sentences(text: str, language: str = "en") -> list[Range]:
    """The ranges of the sentences of `text`, without white space around them.

    A sentence ends with its line, so that list items, table rows and headings stand alone, unless
    the line was clearly broken only because it was full. `language` is an ISO 639-1 code; scripts
    with their own punctuation (Chinese, Hindi, Arabic…) are split under any code.
    """
    ranges: list[Range] = []
    for start, end in _unbroken(text):
        line = text[start:end].replace("\n", " ")
        mark = None
        for boundary in sentencex.get_sentence_boundaries(language, line):
            first, last = boundary["start_index"], boundary["end_index"]
            trimmed = trim(text, start + first, start + last)
            if mark is None and last < len(line) and _MARK_ALONE.fullmatch(text[slice(*trimmed)]):
                mark = trimmed[0]  # the number of an item is not a sentence
            elif trimmed[0] < trimmed[1]:
                ranges.append((trimmed[0] if mark is None else mark, trimmed[1]))
                mark = None
    return ranges


def trim(text: str, start: int, end: int) -> Range:
    """The range without white space at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _unbroken(text: str) -> Iterator[Range]:
    """The ranges of the lines; those of a hard-wrapped paragraph are joined."""
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
    narrowest = _NARROW_COLUMN if _is_narrow_column(text, block) else _NARROWEST
    start = block[0][0]
    for line, following in pairwise(block):
        if not _goes_on(text[slice(*line)], text[slice(*following)], narrowest, widest):
            yield start, line[1]
            start = following[0]
    yield start, block[-1][1]


def _is_narrow_column(text: str, block: list[Range]) -> bool:
    """Whether lines are running text in a narrow column, and not entries of a list."""
    if len(block) < _FEWEST_LINES or not text[slice(*block[-1])].rstrip().endswith((".", "!", "?")):
        return False
    going_on = sum(text[start:end].lstrip()[0].islower() for start, end in block[1:])
    return text[slice(*block[0])].lstrip()[0].isupper() and 2 * going_on >= len(block) - 1


def _goes_on(line: str, following: str, narrowest: int, widest: int) -> bool:
    """Whether a line was only broken because the next word did not fit."""
    line, following = line.rstrip(), following.strip()
    if not narrowest <= len(line) <= widest <= _WIDEST or LIST_MARK.match(following):
        return False
    if _COLUMNS.search(line.strip()) or _COLUMNS.search(following):
        return False
    word = _FIRST_WORD.match(following)
    if word is None or len(line) + 1 + len(word.group()) <= widest:
        return False
    if following[0].islower() or line[-1] == ",":
        return True
    return line[-1] not in ":;" and len(line) in _USUAL and widest in _USUAL
