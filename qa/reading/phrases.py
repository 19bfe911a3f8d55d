"""Where the phrase that answers may begin and end, and in which part of its sentence it stands.

The reader's model says of each token how likely an answer begins or ends there. It does not see
that a token belongs to an address or a number, and where a sentence says the same of several things
(“3 days for a drill and 10 days for a ladder”), it hardly sees which of them was asked for. Both
are told by the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.text.sentences import Range
from qa.text.terms import stems

# Addresses, and numbers with the marks and the ranges that belong to them: 15.05.2025, 12 to 16.
_SMALL = r"\d{1,3}(?:[.,]\d{1,3})?"
_TOGETHER = re.compile(
    r"(?<![^\s@,;:<>()\[\]\"“”])[^\s@,;:<>()\[\]\"“”]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:https?://|www\.)[^\s<>\"“”]*\w"
    rf"|(?<![\d.,]){_SMALL} ?(?:–|-|to) ?{_SMALL}(?![\d.,]\d|\d)"
    r"|\d+(?:[.,:/]\d+)*"
)
# No address is longer than this.
_LONGEST = 200
# “Children under 14:” in a line such as “Adults: 12 crowns Children under 14: 6 crowns”. It begins
# with a capital, not more than so many words before its colon.
_LABEL = re.compile(r"(?<!\S)[^\W\d_a-z][^\s:.;!?]*(?: [^\s:.;!?]+){0,4}:(?=\s)")
_FEWEST_LABELS = 2
# Between the columns of a line.
_GAP = re.compile(r"\t\s*|(?<![ \u00a0])[ \u00a0]{3,}")
_CLAUSE = re.compile(r"[,;]\s+(?:(?:and|but|or)\s+)?|(?<!\s)\s+(?:and|but|or)\s+")
# What a phrase does not end with: “one day for moving house and three”, “16 may”.
_JOINT = re.compile(r"(?:[,;]|,?\s(?:and|but|or))\s+$")
_HANGING = re.compile(
    r"(?<!\s)\s+(?:and|but|or|may|can|must|is|are|was|were|has|have)$|(?<![\s,;:])[\s,;:]+$"
)


class Part(NamedTuple):
    """A part of a sentence that speaks of one of several things.

    `start` and `end` are where its phrase may stand, `telling` begins where its own words do: those
    before belong to all the parts.
    """

    start: int
    end: int
    telling: int

    def held(self, text: str) -> frozenset[str]:
        """The stems of its own words."""
        return frozenset(stems(text[self.telling : self.end]))


def of_whole_tokens(text: str, start: int, end: int, measured: Iterable[Range] = ()) -> Range:
    """A range that neither begins nor ends within a word, a number or an address.

    Of the amounts that are `measured` in the text, none is cut off at the end: it is left out.
    """
    for first, last in measured:
        if start < first < end < last and _JOINT.search(text[start:first]):
            end = first
    while hanging := _HANGING.search(text[start:end]):
        if not hanging.start():
            break
        end = start + hanging.start()
    while start > 0 and _inside_word(text, start):
        start -= 1
    while end < len(text) and _inside_word(text, end):
        end += 1
    for match in _TOGETHER.finditer(text, max(0, start - _LONGEST), end + _LONGEST):
        if match.start() < end and start < match.end():
            start, end = min(start, match.start()), max(end, match.end())
    return start, end


def _inside_word(text: str, at: int) -> bool:
    """Whether the letters around a place belong to one word of a script with spaces."""
    around = text[at - 1 : at + 1]
    return around.isalnum() and max(around) < "\u2e80"


def labelled(text: str, start: int, end: int) -> list[Part]:
    """The lines that run on in a range of the text, each behind its label; none if it is one."""
    labels = list(_LABEL.finditer(text, start, end))
    if len(labels) < _FEWEST_LABELS:
        return []
    ends = [*(label.start() for label in labels[1:]), end]
    return [
        Part(label.end(), last, label.start()) for label, last in zip(labels, ends, strict=True)
    ]


def columns(text: str, start: int, end: int) -> list[Part]:
    """The columns of a line, all of which speak of the same thing; none if it has one."""
    gaps = [gap.span() for gap in _GAP.finditer(text, start, end)]
    starts, ends = [start, *(last for _, last in gaps)], [*(first for first, _ in gaps), end]
    return [Part(*place, place[1]) for place in zip(starts, ends, strict=True)] if gaps else []


def clauses(text: str, start: int, end: int, found: Sequence[Range]) -> list[Part]:
    """The clauses of a sentence, each with one or more of what was `found` in it; none if it is
    one.
    """
    found = sorted(found)
    joints = [
        joint.end()
        for joint in _CLAUSE.finditer(text, start, end)
        # “2011 and 2012” is one answer.
        if not (_ends_at(found, joint.start()) and _begins_at(found, joint.end()))
    ]
    parts: list[Part] = []
    for first, last in pairwise([start, *joints, end]):
        inside = [one for one in found if first <= one[0] and one[1] <= last]
        if inside:
            # The words before the first amount are what all of them are about.
            parts.append(Part(first, last, first if parts else inside[0][1]))
        elif parts:
            parts[-1] = parts[-1]._replace(end=last)
    return parts if len(parts) > 1 else []


def _begins_at(found: Iterable[Range], place: int) -> bool:
    return any(first == place for first, _ in found)


def _ends_at(found: Iterable[Range], place: int) -> bool:
    return any(last == place for _, last in found)
