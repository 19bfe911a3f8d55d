"""The lines of a page from PDFium, with more than its plain text says.

That is: which characters are invisible, which digits are raised, and where a line has a gap wide
enough to separate two columns.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from qa.loading.blocks import superscript
from qa.loading.pdf.columns import HYPHEN, WIDE, Gap, Line
from qa.loading.pdf.filled import beside_their_labels, own_texts
from qa.loading.pdf.opening import turn_for, upright_at
from qa.loading.pdf.tables.ruled import ruled
from qa.loading.pdf.tables.rules import rules_of
from qa.loading.pdf.unseen import Box, address_of, is_unknown, turned, unseen
from qa.text.cleaning import clean, one_line

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage  # type: ignore[import-untyped]

# PDFium writes U+FFFE (once U+0002) for a hyphen at a line end, and leaves the line end out.
_LINE_END = re.compile("(?P<hyphen>[\ufffe\x02])?(?:\r?\n|(?<=[\ufffe\x02]))|\\Z")
# Symbol fonts have their bullets in the private area.
_BULLETS = str.maketrans("\uf0b7\uf0a7\uf0d8\uf0fc\uf02d", "•▪➢✓-")
_DIGITS = re.compile(r"\d+")
_SOME = 5  # letters of a line, which are measured
_SMALL = 0.85  # of the letter height
_RAISED = (0.12, 0.8)  # of the letter height: how far a raised digit is above its line
_SMALLEST = 1.0  # points
_ANOTHER_LINE = 0.9  # of the letter height
_BESIDE_RULE = 0.2  # of the letter height: a gap in which a rule stands
_MOST_PIECES = 100  # of a line, among which gaps are looked for
# Few PDFs say how heavy a font is; its name nearly always does ("CMBX" and "Medi" are TeX's).
_BOLD = 600
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|[-,]medi$|^(?:[A-Z]{6}\+)?cmbx", re.IGNORECASE)
_LONGEST_NAME = 100
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


class Characters:
    """The characters of a page, by their positions in PDFium's text."""

    def __init__(self, page: PdfPage, text_page: PdfTextPage, *, traced: bool = False) -> None:
        """`traced` lines have the indices of their characters in `ink`."""
        import pypdfium2

        self._traced = traced
        self._raw, self._error = pypdfium2.raw, pypdfium2.PdfiumError
        self._page, self._text_page = page, text_page
        self._text: str = text_page.get_text_range()
        self._unseen: frozenset[int] = frozenset()
        self._own: frozenset[int] | None = None  # texts, where others are put onto the page
        self._usual = self._turn = upright_at(text_page)
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self.rules = rules_of(page, self._usual)

    def __len__(self) -> int:
        """The number of lines, including invisible ones."""
        return self._text.count("\n") + 1

    def lines(self) -> Iterator[Line]:
        """The visible text, line by line; those that run another way than most in their order.

        What stands within the rules of a table is a line for each of its rows. A page of letters
        that its fonts do not tell has none.
        """
        if is_unknown(self._text_page):
            return
        found = self._found()
        if (own := own_texts(self._page)) is not None:
            self._own = own
            found = iter(beside_their_labels(list(found)))
        for turn, run in groupby(ruled(list(found), self.rules), key=lambda line: line.turn):
            lines = list(run)
            # PDFium takes them for columns that are read from the left.
            yield from sorted(lines, key=_from_the_top) if turn else lines

    def _found(self) -> Iterator[Line]:
        text = self._text
        self._unseen = unseen(self._page)
        start = beyond = 0  # PDFium counts the characters beyond U+FFFF twice
        for end in _LINE_END.finditer(text):
            piece = text[start : end.start()]
            *others, (at, part) = self._parted(piece, beyond + start)
            for place, other in others:
                if found := self._line(other, place):
                    yield found
            line = self._line(part, at) if part.strip() else None
            if line and (end["hyphen"] or piece.endswith("\u00ad")):
                last = beyond + end.start() + _doubled(piece) - (0 if end["hyphen"] else 1)
                line = replace(
                    line,
                    text=line.text + HYPHEN,
                    ink=(*line.ink, last) if self._traced else (),
                )
            if line:
                yield line
            beyond += _doubled(piece)
            start = end.end()

    def _parted(self, piece: str, start: int) -> list[tuple[int, str]]:
        """A piece of the text; where things are put onto the page, what has one height of it.

        PDFium may take the contents of two fields for one line.
        """
        parts: list[tuple[int, str]] = []
        begin = 0
        for space in re.finditer(r"\s+", piece) if self._own is not None else ():
            before, after = space.start() - 1, space.end()
            if begin > before or after >= len(piece):
                continue
            ends = (start + at + _doubled(piece[:at]) for at in (before, after))
            (_, low), (_, high) = map(self._origin, ends)
            box = self._upright_box(start + before + _doubled(piece[:before]))
            if abs(high - low) > _ANOTHER_LINE * (box[3] - box[1]):
                parts.append((start + begin + _doubled(piece[:begin]), piece[begin : before + 1]))
                begin = after
        return [*parts, (start + begin + _doubled(piece[:begin]), piece[begin:])]

    def _line(self, piece: str, start: int) -> Line | None:
        if self._unseen:
            piece = self._without_unseen(piece, start)
        first = start + len(piece) - len(piece.lstrip())
        last = start + _doubled(piece) + len(piece.rstrip()) - 1
        if last < first:
            return None
        self._turn = self._turn_of(first)
        left, right = self._upright_box(first), self._upright_box(last)
        bottom, height = self._standing(piece, start)
        if self._is_off(left, right) or 0 < height < _SMALLEST:
            return None
        piece = self._with_raised_digits(piece, start, height)
        words = one_line(clean(piece).translate(_BULLETS))
        if not words:
            return None
        line = Line(
            text=words,
            left=min(left[0], right[0]),
            right=max(left[2], right[2]),
            bottom=bottom,
            height=height,
            ink=tuple(_ink(piece, start)) if self._traced else (),
            bold=self._is_bold(first) and self._is_bold(last),
            turn=(self._turn - self._usual) % 360,
            filled=self._own is not None and self._address(first) not in self._own,
        )
        gaps = self._gaps(piece, start, line)
        return replace(line, gaps=gaps) if gaps else line

    def _standing(self, piece: str, start: int) -> tuple[float, float]:
        """The bottom and the height of a middling letter of a piece.

        The first one may be a bullet in another font, or reach lower than the rest.
        """
        places = [at for at, character in enumerate(piece) if not character.isspace()]
        some = places[:: -(-len(places) // _SOME)]
        boxes = (self._upright_box(start + at + _doubled(piece[:at])) for at in some)
        found = sorted((max(0.0, box[3] - box[1]), box[1]) for box in boxes if box != NOWHERE)
        height, bottom = found[len(found) // 2] if found else (0.0, 0.0)
        return bottom, height

    def _without_unseen(self, piece: str, start: int) -> str:
        """The piece with spaces for invisible characters."""
        kept = []
        for place, character in enumerate(piece):
            text_index = start + place + _doubled(piece[:place])
            hidden = self._address(text_index) in self._unseen
            kept.append(" " * (1 + _doubled(character)) if hidden else character)
        return "".join(kept)

    def _address(self, text_index: int) -> int:
        """The address of the object that draws a character; 0 if there is none."""
        index = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, text_index)
        element = self._raw.FPDFText_GetTextObject(self._text_page, index) if index >= 0 else None
        return address_of(element) if element else 0

    def _is_off(self, first: Box, last: Box) -> bool:
        if first == NOWHERE or last == NOWHERE:
            return False
        left, bottom, right, top = turned(self._page.get_bbox(), self._turn)
        across = max(first[2], last[2]) < left or min(first[0], last[0]) > right
        return across or first[3] < bottom or first[1] > top

    def _turn_of(self, index: int) -> int:
        """How far the page must be turned for a character to stand upright."""
        character = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, index)
        angle = self._raw.FPDFText_GetCharAngle(self._text_page, character)
        return turn_for(angle) if angle >= 0 else self._usual

    def _with_raised_digits(self, piece: str, start: int, height: float) -> str:
        """The piece with raised digits as superscripts: 12³ is not 123."""
        parts: list[str] = []
        end = 0
        if _doubled(piece):
            return piece
        for digits in _DIGITS.finditer(piece):
            before = piece[: digits.start()].rstrip()
            if not before:
                continue
            apart = len(before) < digits.start()
            base = self._origin(start + len(before) - 1)
            first = digits.end()
            while first > digits.start() and self._is_raised(
                base, self._origin(start + first - 1), height
            ):
                first -= 1
            whole = apart and first == digits.start()
            if whole and not self._is_small(start + first, height):
                continue  # a table cell that is set a little higher
            if first < digits.end():
                parts += (piece[end:first], superscript(piece[first : digits.end()]))
                end = digits.end()
        return "".join([*parts, piece[end:]]) if parts else piece

    def _is_raised(
        self, base: tuple[float, float], origin: tuple[float, float], height: float
    ) -> bool:
        across, up = origin[0] - base[0], origin[1] - base[1]
        return _RAISED[0] * height < up < min(_RAISED[1] * height, across)

    def _is_small(self, index: int, height: float) -> bool:
        box = self._upright_box(index)
        return box[3] - box[1] < _SMALL * height

    def _is_bold(self, index: int) -> bool:
        character = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, index)
        if self._raw.FPDFText_GetFontWeight(self._text_page, character) >= _BOLD:
            return True
        name, flags = ctypes.create_string_buffer(_LONGEST_NAME), ctypes.c_int()
        self._raw.FPDFText_GetFontInfo(self._text_page, character, name, _LONGEST_NAME, flags)
        return bool(_BOLD_NAME.search(name.value.decode(errors="replace")))

    def _gaps(self, piece: str, start: int, line: Line) -> tuple[Gap, ...]:
        """The wide gaps of a line that was joined from several pieces."""
        text = piece.strip()
        if _doubled(piece) or " " not in text:
            return ()
        begin = start + len(piece) - len(piece.lstrip())
        count = self._text_page.count_rects(*self._char_range(begin, begin + len(text)))
        if not 1 < count <= _MOST_PIECES:
            return ()
        rects = map(self._text_page.get_rect, range(count))
        boxes = sorted(turned(rect, self._turn) for rect in rects)
        wide = [
            (left[2], right[0])
            for left, right in pairwise(boxes)
            if right[0] - left[2] >= WIDE * line.height
            or (
                right[0] - left[2] >= _BESIDE_RULE * line.height
                and self.rules.part(left[2], right[0], (left[1] + left[3]) / 2)
            )
        ]
        found: list[Gap] = []
        for space in re.finditer(r"\s+", text) if wide else ():
            if len(found) < len(wide) and (
                self._upright_box(begin + space.end(), loose=False)[0] >= wide[len(found)][1] - 1
            ):
                before = one_line(clean(text[: space.start()]).translate(_BULLETS))
                bottom = self._upright_box(begin + space.end())[1]
                found.append(Gap(len(before), *wide[len(found)], bottom))
        return tuple(found) if len(found) == len(wide) else ()

    def _char_range(self, begin: int, end: int) -> tuple[int, int]:
        first = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, begin)
        last = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, end - 1)
        return first, last - first + 1

    def _origin(self, index: int) -> tuple[float, float]:
        character = self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, index)
        self._raw.FPDFText_GetCharOrigin(self._text_page, character, self._x, self._y)
        x, y = self._x.value, self._y.value
        left, bottom, *_ = turned((x, y, x, y), self._turn)
        return left, bottom

    def _upright_box(self, index: int, *, loose: bool = True) -> Box:
        """The same as `box`, with the page turned so that its text stands upright."""
        box = self.box(index, loose=loose)
        return box if box == NOWHERE else turned(box, self._turn)

    def box(self, index: int, *, loose: bool = True) -> Box:
        """Left, bottom, right and top of a character, by its index in the text.

        A `loose` box is as high as its line; the other one is around what is drawn.
        """
        try:
            box: Box = self._text_page.get_charbox(
                self._raw.FPDFText_GetCharIndexFromTextIndex(self._text_page, index), loose=loose
            )
        except self._error:
            return NOWHERE
        return box


def _from_the_top(line: Line) -> tuple[int, float]:
    return -round(line.bottom), line.left


def _ink(piece: str, start: int) -> Iterator[int]:
    """The indices of the characters that remain of a piece, without its spaces."""
    index = start
    for character in piece:
        if not character.isspace() and clean(character):
            yield index
        index += 1 + (character > "\uffff")


def _doubled(text: str) -> int:
    """The number of characters of a text that PDFium counts twice."""
    if text.isascii() or max(text) <= "\uffff":
        return 0
    return sum(character > "\uffff" for character in text)
