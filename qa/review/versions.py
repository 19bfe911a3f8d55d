"""Documents that another one has replaced: an older version beside a newer one.

They have the same title or the same name except for what marks a version (a year, “v2”, “draft”,
“old”, “copy”), and share text; or one of them says that it replaces the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from qa.index import Entry
from qa.review.texts import Sentence, Text
from qa.text.ages import dated
from qa.text.terms import stems

# Chosen by reading what they add and take; see the table in tests/benchmarks/README.md.
LEAST_SHARED = 0.3
"""How much of the text of one version must be in the other."""
LEAST_OF_SERIES = 0.6
"""The same, where there are several of one name with different dates, such as minutes."""
SERIES = 4
"""How many documents of one name with dates are a series."""

_OLD = re.compile(
    r"\b(?:old|obsolete|outdated|deprecated|legacy|superseded|archived?|previous|retired|expired"
    r"|withdrawn|backup|bak|draft)\b",
    re.I,
)
# “New” by itself begins many titles: “New colleagues”.
_NEW = re.compile(r"\b(?:new(?=\W*$)|final|latest|updated|revised)\b", re.I)
_COPY = re.compile(r"\b(?:copy(?: of)?|kopie)\b|\(\d\)", re.I)
_VERSION = re.compile(
    r"\b(?:v|ver|version|rev|revision|edition|release)[ .]?(\d+(?:\.\d+)*)\b", re.I
)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[ .]?(?:0[1-9]|1[0-2])(?:[ .]?\d\d)?)?(?!\d)")
_MARKS = (_OLD, _NEW, _COPY, _VERSION, _DATE)
# Names that many documents have.
_OF_MANY = frozenset(("index", "readm", "overview", "introduct", "about", "home", "faq", "main"))

_SELF = (
    r"\bthis (?:page|document|policy|guide|handbook|manual|section|version|guidance|article"
    r"|procedure|process|form|memo|standard)\b.{0,40}?"
)
_REPLACES = re.compile(_SELF + r"\b(?:supersedes|replaces|is the successor of)\b", re.I)
_REPLACED = re.compile(
    _SELF + r"\b(?:(?:been|is|was) (?:superseded|replaced)(?: by)?|(?:has )?moved to"
    r"|is (?:deprecated|obsolete|outdated|out of date|no longer)\b.{0,80}\b(?:see|use|read|by))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """Two versions of one document; `newer` is 0 or 1, or None if neither says so.

    `said` is the sentence of `one` that says so, if one does.
    """

    score: float
    newer: int | None
    said: Sentence | None = None


def name_of(title: str) -> str:
    """A title or the name of a file without what marks a version; "" if nothing else is left."""
    text = _spaced(title)
    for mark in _MARKS:
        text = mark.sub(" ", text)
    return " ".join(stems(text))


def names_of(entry: Entry) -> frozenset[str]:
    """The names by which other versions of a document are looked for."""
    own = _file(entry.source)
    return frozenset((name_of(entry.title), name_of(own))) - _OF_MANY - {""}


def replaced(one: Text, other: Text, of_one_name: int) -> Replaced | None:
    """Whether one is a version of the other; `of_one_name` is how many documents have their name.

    `one` and `other` may be swapped; `newer` counts from the first.
    """
    if not _marked_apart(one.entry, other.entry):
        return None
    shared = max(one.share_in(other), other.share_in(one))
    series = of_one_name >= SERIES and _DATE.search(_told(one.entry))
    if shared < (LEAST_OF_SERIES if series else LEAST_SHARED):
        return None
    return Replaced(0.6 + 0.4 * shared, newer_of(one.entry, other.entry))


def said_to_replace(
    one: Text, targets: Collection[tuple[int, str]], entries: Collection[str]
) -> list[tuple[str, Replaced]]:
    """The documents of which `one` says that it replaces them or is replaced by them.

    `targets` are its links: where each begins, and the id of the document that it leads to.
    """
    found: list[tuple[str, Replaced]] = []
    for sentence in one.sentences:
        older, newer = _REPLACED.search(sentence.text), _REPLACES.search(sentence.text)
        if not (older or newer):
            continue
        for start, id in targets:
            if sentence.start <= start < sentence.end and id in entries and id != one.entry.id:
                found.append((id, Replaced(0.9, 1 if older else 0, sentence)))
    return found


def newer_of(one: Entry, other: Entry) -> int | None:
    """Which is newer by its marks or dates: 0, 1, or None if that cannot be told."""
    first, second = ((_age(entry), _version(entry)) for entry in (one, other))
    if first != second:
        return 0 if first > second else 1
    days = [dated(entry.title, entry.source, entry.metadata) for entry in (one, other)]
    if all(days) and days[0] != days[1]:
        return 0 if days[0] > days[1] else 1
    return None


def _age(entry: Entry) -> int:
    text = _told(entry)
    return bool(_NEW.search(text)) - bool(_OLD.search(text)) * 2


def _version(entry: Entry) -> tuple[int, ...]:
    found = _VERSION.search(_told(entry))
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _marked_apart(one: Entry, other: Entry) -> bool:
    """Whether they have one name, and are marked as versions in different ways.

    Of documents with one title, the names of their files and folders may mark them, too.
    """
    first, second = name_of(one.title), name_of(other.title)
    if first == second != "" and first not in _OF_MANY:
        return _marks(_told(one)) != _marks(_told(other))
    files = [_spaced(_file(entry.source)) for entry in (one, other)]
    first, second = map(name_of, files)
    return first == second and first not in _OF_MANY and _marks(files[0]) != _marks(files[1])


def _marks(text: str) -> list[list[str]]:
    return [mark.findall(text.lower()) for mark in _MARKS]


def _told(entry: Entry) -> str:
    """What a document says of its version: its title, its name and its folders."""
    return f"{_spaced(entry.source)} | {_spaced(entry.title)}"


def _file(source: str) -> str:
    name = source.rstrip("/").rpartition("/")[2]
    return name.partition(".")[0] if not re.search(r"\d\.\d", name) else name.rpartition(".")[0]


def _spaced(text: str) -> str:
    return re.sub(r"[-_/]+", " ", text)
