"""The numbers of lists and headings, as they are shown: 3, c, iii."""

from __future__ import annotations

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_DIGITS = 6
_LARGEST_ROMAN = 3999
_LARGEST_LETTERS = 18_278  # zzz
_CHINESE = "〇一二三四五六七八九"


def numeral(number: int, kind: str) -> str:
    """A number as lists show it: `kind` is "1", "01", "a", "A", "i", "I" or "一".

    A number that has no such form, and one of another kind, is shown in digits.

    >>> [numeral(28, kind) for kind in ("1", "01", "a", "I", "一")]
    ['28', '28', 'ab', 'XXVIII', '二十八']
    """
    shown = ""
    if kind == "01":
        return f"{number:02}"
    if kind in ("a", "A") and 0 < number <= _LARGEST_LETTERS:
        shown = _letters(number)
    elif kind in ("i", "I") and 0 < number <= _LARGEST_ROMAN:
        shown = _roman(number)
    elif kind == "一" and 0 < number < 100:
        shown = _chinese(number)
    return (shown.upper() if kind in ("A", "I") else shown) or str(number)


def marked(shown: str) -> str:
    """What stands before an item that is shown with this number: "3" gets a full stop.

    Without one, the number would be read as one of the item's words.
    """
    return f"{shown}." if shown.isascii() and shown.isalnum() else shown


def begins_at(said: str) -> int:
    """The number that a list says it begins at; 1 where it says none, or one beyond all sense."""
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else 1


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("a") + place) + letters
    return letters


def _roman(number: int) -> str:
    letters = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        letters += sign * count
    return letters


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    before = ("" if tens == 1 else _CHINESE[tens]) + "十" if tens else ""
    return before + (_CHINESE[ones] if ones else "")
