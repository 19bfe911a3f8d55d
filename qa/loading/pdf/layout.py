"""Lines as a page was set, put back into paragraphs, list items and table rows.

Two lines belong to one paragraph if the first one ends because the next word
did not fit into the column any more; where it would have fitted, somebody ended
the line on purpose. Everything else here is about telling columns, gaps and
rows apart. Lengths are in points, y grows upwards.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from qa.loading.blocks import superscript
from qa.loading.pdf.columns import (
    HYPHEN,
    Line,
    RowKind,
    columns_apart,
    have_same_height,
    pieces_joined,
)
from qa.loading.pdf.tables.cells import broken, glue
from qa.loading.pdf.tables.rows import rows_apart
from qa.text.sentences import BULLETS, LIST_MARK
from qa.text.vocabulary.dictionary import dictionary

# Where a line begins a new entry, an initial does no harm.
_LIST_ITEM = re.compile(rf"{LIST_MARK.pattern}|(?:[a-zA-Z]|[ivx]{{2,4}})[.)]\s")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_WORD = re.compile(r"\w+(?:-\w+)*")
_LONGEST_WORD = 60


_SAME_LINE = 0.6  # of the letter height: raised and lowered pieces of one line differ by less
_PITCHES = (0.5, 2.6)  # of the letter height: what lines of one text lie apart
_DEFAULT_PITCH = 1.35
_GAP = 1.25  # of the usual pitch
_LONG_LINE = 45  # characters, from which a full line looks like one of running text
_NARROW_LINE = 20  # the same for a column that is known to hold running text
_LARGER = 1.12  # than the usual letters: what a heading is set in
_LONGEST_HEADING = 150
_MOST_OF_HEADINGS = 0.3  # of all characters
_ROW_SPREAD = 1.4  # of the usual letter width: there are wide gaps between cells


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What belongs together, on one line, and how it stands apart from what is before it."""

    text: str
    before: str
    height: float
    row: RowKind = ""
    bold: bool = False
    columns: tuple[tuple[float, float], ...] = ()
    """Those of its table, as of a line."""


def paragraphs(lines: Sequence[Line]) -> list[Paragraph]:
    """Those of one page; a word broken at a line end still holds a `HYPHEN`."""
    found: list[Paragraph] = []
    for _, run in groupby(lines, key=lambda line: line.turn):
        part = _paragraphs(list(run))
        if found and part:
            part[0] = replace(part[0], before="\n\n")
        found += part
    return found


def _paragraphs(lines: Sequence[Line]) -> list[Paragraph]:
    """Those of lines that run the same way."""
    lines = _merge_pieces(
        [
            piece
            for line in arranged(lines)
            for piece in ((line,) if line.row else line.pieces or (line,))
        ]
    )
    if not lines:
        return []
    page = _Page(lines)
    found: list[Paragraph] = []
    parts = [lines[0].text]
    before = ""
    lines_in_paragraph = 1
    bold = lines[0].bold
    for index, (upper, lower) in enumerate(pairwise(lines)):
        if page.continues(index):
            parts[-1] = broken(parts[-1], lower.text)
            parts.append(glue(parts[-1], lower.text))
            lines_in_paragraph += 1
            bold = bold and lower.bold
        else:
            found.append(
                Paragraph("".join(parts), before, upper.height, upper.row, bold, upper.columns)
            )
            parts.clear()
            ended = lines_in_paragraph > 1 and not _LIST_ITEM.match(lower.text)
            before = "\n\n" if page.is_apart(index) or ended else "\n"
            if upper.row or lower.row:
                before = "\n" if lower.row == "next" else "\n\n"
            lines_in_paragraph = 1
            bold = lower.bold
        parts.append(lower.text)
    return [*found, _paragraph(parts, before, lines[-1], bold=bold)]


def _paragraph(parts: Sequence[str], before: str, last: Line, *, bold: bool) -> Paragraph:
    return Paragraph("".join(parts), before, last.height, last.row, bold, last.columns)


def arranged(lines: Sequence[Line]) -> list[Line]:
    """The lines that run the same way, in the order in which they are read, and rows of tables."""
    return rows_apart(columns_apart(pieces_joined(lines)))


def goes_on(last: Paragraph, first: Paragraph) -> bool:
    """Whether a page begins in the middle of the sentence that the page before it ends with."""
    if last.row or first.row:
        return False
    if last.text.endswith(HYPHEN):
        return True
    return first.text[:1].islower() and not _SENTENCE_END.search(last.text)


def is_next_row(last: Paragraph, first: Paragraph) -> bool:
    """Whether a page begins with another row of the table that the page before it ends with."""
    same = len(last.columns) == len(first.columns) > 0 and all(
        one[0] < other[1] and other[0] < one[1]
        for one, other in zip(last.columns, first.columns, strict=True)
    )
    return same and not first.bold


def heading_levels(found: Sequence[Paragraph]) -> dict[int, int]:
    """The level of a heading by its place in `found`: short, and larger or bolder than most.

    What is bold and no larger is a heading, below all larger ones, where ordinary text follows.
    """
    letters: Counter[float] = Counter()
    for paragraph in found:
        letters[round(paragraph.height, 1)] += len(paragraph.text)
    usual = max(letters, key=letters.__getitem__, default=0.0)
    short = [
        place
        for place, paragraph in enumerate(found)
        if not paragraph.row and usual > 0 and _may_head(paragraph.text)
    ]

    def are_most(places: Iterable[int]) -> bool:
        return sum(len(found[place].text) for place in places) > _MOST_OF_HEADINGS * letters.total()

    larger = {
        place: round(found[place].height)
        for place in short
        if found[place].height >= _LARGER * usual
    }
    if are_most(larger):
        return {}
    bold = [place for place in short if place not in larger and _is_bold_above(found[place:])]
    sizes = sorted(set(larger.values()), reverse=True)
    levels = {place: sizes.index(size) + 1 for place, size in larger.items()}
    return levels if are_most(bold) else levels | dict.fromkeys(bold, len(sizes) + 1)


def _is_bold_above(found: Sequence[Paragraph]) -> bool:
    """Whether the first paragraph is bold and the second is ordinary text of the same size."""
    if len(found) < 2:
        return False
    first, second = found[:2]
    same = have_same_height(first, second)
    return first.bold and same and not (second.bold or second.row)


def _may_head(text: str) -> bool:
    if len(text) > _LONGEST_HEADING or text.endswith((".", ",", ";", ":", HYPHEN)):
        return False
    return sum(character.isalpha() for character in text) >= 2 and text[0] not in BULLETS


def mend_hyphens(texts: Sequence[str], broken: Collection[int] = ()) -> list[str]:
    """Put broken words together: between lower-case letters without the hyphen.

    A compound keeps its hyphen if the document elsewhere spells it with one
    and never as one word, or if it is no word and both of its parts are. The
    last word of the texts at `broken` goes on in the text after each.
    """
    if not any(HYPHEN in text for text in texts):
        return list(texts)
    words = {word.lower() for text in texts for word in _WORD.findall(text)}
    mended = []
    for place, text in enumerate(texts):
        pieces = text.split(HYPHEN)
        rest = texts[place + 1].split(HYPHEN)[0] if place in broken else ""
        whole = _mended([*pieces[:-1], pieces[-1] + rest], words)
        mended.append(whole[: len(whole) - len(rest)])
    return mended


def _mended(pieces: Sequence[str], words: set[str]) -> str:
    mended = [pieces[0]]
    for before, after in pairwise(pieces):
        left = re.split(r"\W", before[-_LONGEST_WORD:])[-1]
        right = re.split(r"\W", after[:_LONGEST_WORD])[0]
        mended += ("-" if _keeps_hyphen(left, right, words) else "", after)
    return "".join(mended)


def _keeps_hyphen(left: str, right: str, words: set[str]) -> bool:
    if len(left) == 1 or not (left[-1:].islower() and right[:1].islower()):
        return True
    joined = (left + right).lower()
    if joined in words:
        return False
    if f"{left}-{right}".lower() in words:
        return True
    known = dictionary()
    parts = (left.lower(), right.lower())
    return joined not in known and all(len(part) > 2 and part in known for part in parts)


class _Page:
    """What is usual on a page: how far lines lie apart, how wide columns and letters are."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._pitches = [upper.bottom - lower.bottom for upper, lower in pairwise(lines)]
        self._usual_pitch = self._find_usual_pitches()
        # The lower quartile: on a page full of tables most lines have gaps.
        relative = sorted(
            line.letter_width / line.height for line in lines if line.height > 0 and not line.row
        )
        self._letter_width = relative[len(relative) // 4] if relative else 0.0
        self._margins = [0.0] * len(lines)
        self._in_prose = [False] * len(lines)
        self._measure_columns()

    def continues(self, index: int) -> bool:
        """Whether line `index` and the next one belong to the same paragraph."""
        upper, lower = self._lines[index], self._lines[index + 1]
        if upper.row or lower.row:
            return False
        if upper.text.endswith(HYPHEN):
            return True
        if not self._is_set_together(index) or self._is_entry(upper, lower):
            return False
        goes_on = lower.text[:1].islower()
        if self._has_room(index):
            width = self._margins[index] - upper.left
            nearly_full = upper.right - upper.left >= 0.7 * width
            return goes_on and nearly_full and not _SENTENCE_END.search(upper.text)
        indented = lower.left - upper.left > 0.7 * lower.height
        begins_paragraph = indented and not _LIST_ITEM.match(upper.text)
        long = _NARROW_LINE if self._in_prose[index] else _LONG_LINE
        return goes_on or (not begins_paragraph and len(upper.text) >= long)

    def is_apart(self, index: int) -> bool:
        """Whether more than a line end lies between line `index` and the next one."""
        pitch = self._pitches[index]
        upper, lower = self._lines[index], self._lines[index + 1]
        if not have_same_height(upper, lower) or not self._is_pitch(index):
            return True
        around = [near for near in (index - 1, index + 1) if self._is_pitch(near)]
        even = any(abs(self._pitches[near] - pitch) <= 0.05 * pitch for near in around)
        return pitch > _GAP * self._usual(upper) and not even

    def _is_set_together(self, index: int) -> bool:
        """Whether the next line lies where the next line of the same column would."""
        upper, lower = self._lines[index], self._lines[index + 1]
        return (
            self._is_pitch(index)
            and have_same_height(upper, lower)
            and self._pitches[index] <= _GAP * self._usual(upper)
            and abs(upper.left - lower.left) <= 4 * upper.height
        )

    def _is_pitch(self, index: int) -> bool:
        if not 0 <= index < len(self._pitches):
            return False
        height = self._lines[index].height
        return _PITCHES[0] * height < self._pitches[index] < _PITCHES[1] * height

    def _usual(self, line: Line) -> float:
        return self._usual_pitch.get(round(line.height), _DEFAULT_PITCH * line.height)

    def _find_usual_pitches(self) -> dict[int, float]:
        """By height of letters, the closest pitch that is not rare."""
        found: defaultdict[int, list[float]] = defaultdict(list)
        for index, pitch in enumerate(self._pitches):
            upper, lower = self._lines[index : index + 2]
            if upper.row or lower.row:
                continue
            if self._is_pitch(index) and have_same_height(upper, lower):
                found[round(self._lines[index].height)].append(pitch)
        usual = {}
        for height, pitches in found.items():
            counts = Counter(round(pitch) for pitch in pitches)
            frequent = [pitch for pitch, count in counts.items() if count * 5 >= len(pitches)]
            usual[height] = float(min(frequent or pitches))
        return usual

    def _measure_columns(self) -> None:
        """For each line, how far right its column reaches, and whether it is in running text."""
        columns: dict[tuple[int, int], float] = {}
        runs: list[list[int]] = [[0]]
        for index, line in enumerate(self._lines):
            column = _column(line)
            columns[column] = max(columns.get(column, line.right), line.right)
            if index and self._is_set_together(index - 1):
                runs[-1].append(index)
            elif index:
                runs.append([index])
        for run in runs:
            widest = max(self._lines[index].right for index in run)
            going_on = sum(self._lines[index].text[:1].islower() for index in run[1:])
            in_prose = going_on * 3 >= len(run) - 1 > 0
            for index in run:
                trusted = in_prose and len(run) >= 3
                others = widest if trusted else columns[_column(self._lines[index])]
                self._margins[index] = max(widest, others)
                self._in_prose[index] = in_prose

    def _has_room(self, index: int) -> bool:
        """Whether the first word of the next line would have fitted into line `index`."""
        upper, lower = self._lines[index], self._lines[index + 1]
        word = lower.text.split(" ", 1)[0]
        return upper.right + upper.letter_width * (len(word) + 1) <= self._margins[index]

    def _is_entry(self, upper: Line, lower: Line) -> bool:
        """Whether `lower` begins an entry of a list, a table or a table of contents."""
        numbered = upper.text[:1].isdigit() and lower.text[:1].isdigit() and " " in lower.text
        if numbered or _LIST_ITEM.match(lower.text):
            return True
        return self._is_row(upper) or self._is_row(lower)

    def _is_row(self, line: Line) -> bool:
        return line.letter_width > _ROW_SPREAD * self._letter_width * line.height


def _merge_pieces(lines: Sequence[Line]) -> list[Line]:
    """Lines that are pieces of one line, such as raised numbers, put together."""
    merged: list[Line] = []
    for line in lines:
        if merged and _is_next_piece(merged[-1], line):
            merged[-1] = _merged(merged[-1], line)
        else:
            merged.append(line)
    return merged


def _is_next_piece(first: Line, second: Line) -> bool:
    height = max(first.height, second.height)
    gap = second.left - first.right
    return (
        not first.text.endswith(HYPHEN)
        and not (first.row or second.row)
        and abs(first.bottom - second.bottom) < _SAME_LINE * height
        and -0.5 * height <= gap <= 12 * height
    )


def _merged(first: Line, second: Line) -> Line:
    taller = max(first, second, key=lambda line: line.height)
    close = second.left - first.right < 0.2 * taller.height
    both_words = first.text[-1:].isalnum() and second.text[:1].isalnum()
    raised = not have_same_height(first, second)
    glue = "" if close and not (both_words and raised) else " "
    words = second.text
    if raised and taller is first and second.bottom > first.bottom and superscript(words) != words:
        glue, words = "" if close else " ", superscript(words)
    return replace(
        taller,
        text=first.text + glue + words,
        gaps=(),
        left=min(first.left, second.left),
        right=max(first.right, second.right),
        bold=first.bold and second.bold,
    )


def _column(line: Line) -> tuple[int, int]:
    return round(line.left / max(1.0, line.height)), round(line.height)
