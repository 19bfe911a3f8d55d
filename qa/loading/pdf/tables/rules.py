"""The lines that are drawn on a page, level and upright: the rules of its tables.

The edges of filled boxes are such lines, too. What is drawn with very many lines is a picture, and
has none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.loading.pdf.unseen import Box, is_white, objects, turned

if TYPE_CHECKING:
    from pypdfium2 import PdfPage  # type: ignore[import-untyped]

NEAR = 2.5  # points: what is this close together is at one place
_SHORTEST = 4.0  # points
_MOST_EDGES = 8_000  # of a page
_MOST_RULES = 400  # level or upright
_MOST_POINTS = 2_000  # of a path


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that is drawn at this height, from one place across to another; or the other way."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a page, turned until its text is upright."""

    level: tuple[Rule, ...] = ()
    upright: tuple[Rule, ...] = ()

    def part(self, left: float, right: float, height: float) -> bool:
        """Whether an upright rule stands between two places at this height."""
        return any(
            left - 1 <= rule.at <= right + 1 and rule.start <= height <= rule.end
            for rule in self.upright
        )


def rules_of(page: PdfPage, turn: int) -> Rules:
    """Those of a page that is turned clockwise by so many degrees."""
    level: list[Rule] = []
    upright: list[Rule] = []
    for edge in _edges(page):
        left, bottom, right, top = turned(edge, turn)
        if top - bottom <= NEAR and right - left >= _SHORTEST:
            level.append(Rule((bottom + top) / 2, left, right))
        elif right - left <= NEAR and top - bottom >= _SHORTEST:
            upright.append(Rule((left + right) / 2, bottom, top))
        if len(level) + len(upright) > _MOST_EDGES:
            return Rules()
    found = Rules(tuple(_joined(level)), tuple(_joined(upright)))
    return found if max(len(found.level), len(found.upright)) <= _MOST_RULES else Rules()


def _joined(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Rules in order, those that lie on one another or go on in one another as one."""
    same: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if same and rule.at - same[0].at > NEAR:
            yield from _end_to_end(same)
            same = []
        same.append(rule)
    yield from _end_to_end(same)


def _end_to_end(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Rules at one place, those that touch as one."""
    whole: Rule | None = None
    for rule in sorted(rules, key=lambda rule: rule.start):
        if whole and rule.start <= whole.end + NEAR:
            whole = Rule(whole.at, whole.start, max(whole.end, rule.end))
        else:
            if whole:
                yield whole
            whole = rule
    if whole:
        yield whole


def _edges(page: PdfPage) -> Iterator[Box]:
    """The straight lines that are drawn, each as the box around it."""
    from pypdfium2 import raw

    colour = [ctypes.c_uint() for _ in range(4)]
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    for element in objects(page):
        if raw.FPDFPageObj_GetType(element) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPath_GetDrawMode(element, fill, stroke)
        if stroke.value or (fill.value and not is_white(element, colour)):
            yield from _edges_of(element)


def _edges_of(path: Any) -> Iterator[Box]:
    from pypdfium2 import raw

    count = raw.FPDFPath_CountSegments(path)
    if count > _MOST_POINTS:
        return
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(path, matrix)
    first = last = (0.0, 0.0)
    x, y = ctypes.c_float(), ctypes.c_float()
    for place in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, place)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_LINETO:
            yield _box(last, point)
        elif kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            yield _box(point, first)


def _box(one: tuple[float, float], other: tuple[float, float]) -> Box:
    (left, right), (bottom, top) = (sorted(pair) for pair in zip(one, other, strict=True))
    return left, bottom, right, top
