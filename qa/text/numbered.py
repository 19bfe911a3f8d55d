"""Names that end in a number, such as "Bittern 300", "P430" and "Server 2.9"."""

from __future__ import annotations

import re

from qa.text.dates import dates

# In a text, a name begins with a capital, so that "after 5" is none; all of "EUR 300" are capitals,
# so it is an amount, but in "P430" nothing is between.
_NAMED = re.compile(
    r"\b(?P<joined>[^\W\d_]{1,6})-?(?P<code>\d[\d.]*\d|\d)(?![\w%])"
    r"|\b(?P<name>[^\W\d_]+) (?P<number>\d[\d.]*\d|\d)(?![\w%:])"
)
_VERSION = re.compile(r"(?<![\w.])\d++(?:\.\d++)++(?!\w)")


def numbered(text: str) -> dict[str, frozenset[str]]:
    """The names in a text, in lower case, each with the numbers that it has there.

    >>> numbered("The P410 and the P420 replace the Bittern 300 of 12 March 2019.")
    {'p': frozenset({'410', '420'}), 'bittern': frozenset({'300'})}
    """
    return _found(text, capital=True)


def numbered_above(headings: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """The same for headings, where no capital is needed; one that is a version has the name ""."""
    found = _found("\n".join(headings), capital=False)
    versions = frozenset(one for one in map(str.strip, headings) if _VERSION.fullmatch(one))
    return {**found, "": versions} if versions else found


def numbered_asked(question: str) -> dict[str, frozenset[str]]:
    """The same for a question, whose numbers with dots may all be versions."""
    return {**_found(question, capital=False), "": frozenset(_VERSION.findall(question))}


def _found(text: str, *, capital: bool) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for match in _NAMED.finditer(text):
        name, number = match["name"], match["number"]
        if match["joined"]:
            name, number = match["joined"], match["code"]
        elif dates(match[0]) or (capital and (name.isupper() or not name[0].isupper())):
            continue
        found.setdefault(name.lower(), set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}
