"""Text without invisible or misleading characters, and text on one line."""

from __future__ import annotations

import re
from collections.abc import Callable

_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters, soft hyphens, byte order marks, non-characters and lone surrogates (which
# cannot be encoded, so that a store would refuse them).
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ufffe\uffff\ud800-\udfff]"
)
# What colours the words of a log in a terminal.
_COMMANDS = re.compile("\x1b\\[[0-9;?]{0,30}[A-Za-z]")
# Either of them: one search is faster than two.
_UNCLEAN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)
# Control characters except tabs and line ends, with which a text can command a terminal, and
# characters that change the direction of text, with which "gpj.exe" is read as "exe.jpg".
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str) -> str:
    r"""The text with `\n` as its only line end, and without invisible characters."""
    if text.isprintable() or _spaced(text).isprintable():  # most texts, and much faster to check
        return text
    if _UNCLEAN.search(text) is None:
        return text
    if "\x1b" in text:
        text = _COMMANDS.sub("", text)
    return _UNWANTED.sub("", _LINE_END.sub("\n", text))


def _spaced(text: str) -> str:
    """The text with spaces for what is wanted although it does not print."""
    return text.replace("\n", " ").replace("\t", " ").replace("\xa0", " ")


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def harmless(text: str, instead: Callable[[str], str] = lambda _: "") -> str:
    """The text without characters that command a terminal or change the direction of text.

    `instead` makes the replacement of such a character.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda found: instead(found[0]), text)
