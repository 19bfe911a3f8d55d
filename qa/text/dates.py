"""Dates in a text, in one form however they are written, as search terms.

"12 March 2024", "March 12th, 2024", "12.03.2024" and "2024-03-12" all give `2024-03-12`, the day in
any year `--03-12` and the month `2024-03` (the forms of ISO 8601 and of XML Schema's gMonthDay and
gYearMonth). "03/12/2024" is read both ways, because the order of day and month differs between
Britain and America.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date

from qa.text.vocabulary.words import WORDS

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
"""Their names in English, which those of the standard library are not on every machine."""
_MONTHS = {
    name: number
    for number, names in enumerate(WORDS["dates"]["months"], start=1)
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
# The verb is no month: “anyone over 16 may join”.
_NO_VERB = r"(?!(?-i:may)\s+(?-i:(?!(?:and|at|by|for|from|in|of|on|or|to|until)\b)[a-z]))"
_DAY = r"(?<![\d.,])(?P<day>\d{1,2})"
_YEAR = r"(?P<year>[12]\d{3})(?!\.?\d|-)"
# A year of the last century or of this one, on its own.
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# What makes a year the first or the last one of many, in the languages with words of their own.
_SINCE = re.compile(
    r"\b(?:since|from|after|as of|seit|ab|depuis|à partir de|desde)"
    rf"\s+(?:\w+\s+){{0,2}}{YEAR.pattern}",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\b(?:until|till|up to|before|through|bis|vor|jusqu['’]en|avant|hasta|antes de)"
    rf"\s+(?:\w+\s+){{0,2}}{YEAR.pattern}",
    re.IGNORECASE,
)
_NUMERIC = (
    re.compile(r"(?<![\d-])(?P<year>[12]\d{3})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)"),
    re.compile(rf"(?<![\d.])(?P<day>\d{{1,2}})([-/.])(?P<month>\d{{1,2}})\2{_YEAR}"),
)
_WORDED = (
    re.compile(
        rf"{_DAY}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_NO_VERB}(?P<name>{_MONTH})\b\.?(?:,?\s+{_YEAR})?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.]\d|\d)(?:,?\s+{_YEAR})?",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?P<name>{_MONTH})\.?,?\s+{_YEAR}", re.IGNORECASE),
)


def in_words(day: date) -> str:
    """A day as English documents write it.

    >>> in_words(date(2024, 3, 12))
    '12 March 2024'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def dates(text: str) -> list[str]:
    """The dates of `text` as terms; a part that is missing in a date is missing in its terms.

    >>> dates("on 12 March 2024"), dates("March 12"), dates("in March 2024")
    (['2024-03-12', '--03-12', '2024-03'], ['--03-12'], ['2024-03'])
    """
    return list(dict.fromkeys(_found(text)))


def are_apart(years: Sequence[int], text: str) -> bool:
    """Whether all years of a text are before or all after these.

    >>> are_apart([2023], "In 2019 it was 400."), are_apart([2023], "Since 2019 it is 400.")
    (True, False)
    """
    named = [int(year) for year in YEAR.findall(text)]
    if not named:
        return False
    first = -math.inf if _UNTIL.search(text) else min(named)
    last = math.inf if _SINCE.search(text) else max(named)
    return max(years) < first or last < min(years)


def _found(text: str) -> Iterator[str]:
    for pattern in _NUMERIC:
        for match in pattern.finditer(text):
            year, month, day = (match[part] for part in ("year", "month", "day"))
            yield from _terms(year, int(month), int(day))
            if match[2] == "/" and pattern is _NUMERIC[1]:
                yield from _terms(year, int(day), int(month))
    for pattern in _WORDED:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            day = parts.get("day")
            yield from _terms(parts["year"], _MONTHS[match["name"].lower()], int(day) if day else 0)


def _terms(year: str | None, month: int, day: int) -> Iterator[str]:
    """`day` is 0 where there is none."""
    if not 1 <= month <= 12 or day > 31:
        return
    if year and day:
        yield f"{year}-{month:02}-{day:02}"
    if day:
        yield f"--{month:02}-{day:02}"
    if year:
        yield f"{year}-{month:02}"
