"""The arguments of the library: accepted in their usual forms, or refused by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from qa.access import Viewer
from qa.errors import ArgumentError, described
from qa.events import Way
from qa.places import CLUSTER, is_remote
from qa.records import (
    Answer,
    Block,
    BlockKind,
    Document,
    Heading,
    Scan,
    are_apart,
    are_nested,
)

MOST_HITS = 1000

_KINDS = frozenset(get_args(BlockKind))
_METHODS = {"retrieval": "__call__", "reader": "read", "answerer": "stream"}


def viewer_of(value: object) -> Viewer | None:
    """Whoever asks, if somebody is named.

    Raises:
        ArgumentError: it is no viewer.
    """
    if value is not None and not isinstance(value, Viewer):
        raise ArgumentError(
            f'viewer is a qa.Viewer("ada", groups=["people"]), not {described(value)}.'
        )
    return value


def way_of(value: object) -> Way:
    """The interface by which somebody asks.

    Raises:
        ArgumentError: there is no such one.
    """
    ways: tuple[Way, ...] = get_args(Way)
    for way in ways:
        if value == way:
            return way
    raise ArgumentError(f"way is one of {', '.join(ways)}, not {described(value)}.")


def groups_of(value: object) -> list[str] | None:
    """The groups that may read documents; None if nothing is said of them.

    Raises:
        ArgumentError: they are no list of strings.
    """
    if value is None:
        return None
    if not isinstance(value, list | tuple | set | frozenset) or not all(
        isinstance(one, str) and one for one in value
    ):
        raise ArgumentError(
            f'groups is a list of names, as ["people", "board"], not {described(value)}.'
        )
    return list(value)


def cluster_of(value: object) -> str | None:
    """The address of a Ray cluster; None if there is none.

    Raises:
        ArgumentError: it is no string, or no address.
    """
    if value is None or (isinstance(value, str) and re.fullmatch(CLUSTER, value)):
        return value
    raise ArgumentError(f'ray is "HOST:PORT" of a Ray cluster, or "auto", not {described(value)}.')


def question_of(value: object) -> str:
    """A question as text.

    Raises:
        ArgumentError: it is no string.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"A question is a string, not {described(value)}.")
    return encodable(value)


def questions_of(value: object) -> list[str]:
    """Several questions as texts.

    Raises:
        ArgumentError: they are no strings.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ArgumentError(f"asked is a list of questions, not {described(value)}.")
    return [question_of(one) for one in value]


def answer_of(value: object) -> Answer:
    """An answer that `ask` returned.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, Answer):
        raise ArgumentError(f"An answer is what ask returns, a qa.Answer, not {described(value)}.")
    return value


def seconds_of(value: object) -> float:
    """A length of time.

    Raises:
        ArgumentError: it is not a number, or negative.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ArgumentError(f"seconds is a number from 0, not {described(value)}.")
    return float(value)


def limit_of(value: object, usual: int) -> int:
    """The number of hits wanted.

    Raises:
        ArgumentError: it is not a whole number from 1 to 1000.
    """
    if value is None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_HITS:
        raise ArgumentError(
            f"limit must be a whole number from 1 to {MOST_HITS}, not {described(value)}."
        )
    return value


def whole_number(value: object, name: str) -> int:
    """A whole number, such as a page.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ArgumentError(f"{name} is a whole number, not {described(value)}.")
    return value


def source_of(value: object) -> str:
    """The name of a source.

    Raises:
        ArgumentError: it is no string.
    """
    if not isinstance(value, str):
        raise ArgumentError(
            f"A source is named by a string, as `qa status` lists it, not by {described(value)}."
        )
    return value


def place_of(value: object, what: str) -> str:
    """A folder, a file or a URL.

    Raises:
        ArgumentError: it is neither a string nor a path, or it is empty.
    """
    place = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(place, str) or not place.strip():
        raise ArgumentError(f"{what} is a string or a path, not {described(value)}.")
    try:
        encoded = os.fsencode(place)
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        raise ArgumentError(f"{what} {place!r} has a character that no path can have.")
    return place


def folders_of(value: object) -> list[Path | str] | None:
    """The folders and files to sync, and addresses as strings; None for those synced before.

    Raises:
        ArgumentError: they are neither names nor paths, or there are none.
    """
    if value is None:
        return None
    given = [value] if isinstance(value, str | os.PathLike) else value
    if isinstance(given, bytes | Mapping) or not isinstance(given, Iterable):
        raise ArgumentError(
            f"sync takes folders and files by name or path, and addresses of the web or a storage, "
            f"not {described(value)}."
        )
    places = [place_of(item, "A folder to sync") for item in given]
    folders = [place if is_remote(place) else Path(place) for place in places]
    if not folders:
        raise ArgumentError(
            "sync was given an empty list. Name a folder, or call sync() for those synced before."
        )
    return folders


def documents_of(value: object) -> Iterator[Document]:
    """Documents to add, each checked when its turn comes.

    Raises:
        ArgumentError: they are not documents, or a field has a wrong type.
    """
    if isinstance(value, Document | str | bytes | Mapping) or not isinstance(value, Iterable):
        raise ArgumentError(
            f"add takes a list of qa.Document(text, source), not {described(value)}. "
            "Files and folders are added by sync."
        )
    return (_document(item) for item in value)


def check_parts(**parts: object) -> None:
    """Refuse an object that cannot replace a part of the Assistant.

    Raises:
        ArgumentError: it lacks the method that is called.
    """
    for name, part in parts.items():
        method = _METHODS[name]
        if part is not None and not callable(getattr(part, method, None)):
            raise ArgumentError(f"{name} needs a method {method}; {described(part)} has none.")


def _document(value: object) -> Document:
    if not isinstance(value, Document):
        raise ArgumentError(
            f"add takes qa.Document(text, source), not {described(value)}. "
            "Files and folders are added by sync."
        )
    for name in ("text", "source", "title", "id"):
        if not isinstance(field := getattr(value, name), str):
            raise ArgumentError(f"A document's {name} is a string, not {described(field)}.")
    if not value.source.strip():
        raise ArgumentError("A document needs a source: the name that citations give.")
    if not _rising(value.pages, len(value.text)):
        raise ArgumentError(
            f"{value.source}: pages are the offsets at which pages start, rising; "
            f"not {described(value.pages)}."
        )
    headings = value.headings
    if not isinstance(headings, Sequence) or not all(map(_is_heading, headings)):
        raise ArgumentError(
            f"{value.source}: headings are qa.Heading(start, level, text), "
            f"not {described(headings)}."
        )
    blocks = value.blocks
    known = isinstance(blocks, Sequence) and all(map(_is_block, blocks))
    if not known or not are_nested(blocks, len(value.text)):
        raise ArgumentError(
            f"{value.source}: blocks are qa.Block(kind, start, end, level, marker, parent) in the "
            f"order of the text, each after the one that holds it; not {described(blocks)}."
        )
    scans = value.scans
    known = isinstance(scans, Sequence) and all(map(_is_scan, scans))
    if not known or not are_apart(scans, len(value.text)):
        raise ArgumentError(
            f"{value.source}: scans are qa.Scan(start, end, sure) in the order of the text, "
            f"sure from 0 to 1; not {described(scans)}."
        )
    if not isinstance(value.metadata, Mapping) or not all(
        isinstance(name, str) for name in value.metadata
    ):
        raise ArgumentError(
            f'{value.source}: metadata are names with values, as {{"year": 2024}}, '
            f"not {described(value.metadata)}."
        )
    return value


def _rising(offsets: object, length: int) -> bool:
    if not isinstance(offsets, Sequence) or isinstance(offsets, str | bytes):
        return False
    whole = all(isinstance(offset, int) and 0 <= offset <= length for offset in offsets)
    return whole and list(offsets) == sorted(offsets)


def _is_block(value: object) -> bool:
    return (
        isinstance(value, Block)
        and value.kind in _KINDS
        and all(isinstance(n, int) for n in (value.start, value.end, value.level, value.parent))
        and isinstance(value.marker, str)
    )


def _is_scan(value: object) -> bool:
    return (
        isinstance(value, Scan)
        and all(isinstance(n, int) for n in (value.start, value.end))
        and isinstance(value.sure, int | float)
        and 0 <= value.sure <= 1
    )


def _is_heading(value: object) -> bool:
    return (
        isinstance(value, Heading)
        and isinstance(value.start, int)
        and isinstance(value.level, int)
        and isinstance(value.text, str)
    )


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which cannot be encoded."""
    return text.encode("utf-8", "ignore").decode()
