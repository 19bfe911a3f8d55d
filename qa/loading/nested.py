"""A file inside another one, read by the loader of its own format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qa.errors import LoadError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.text.cleaning import clean, one_line

DEEPEST = 3
"""How many files may lie in each other."""

_LONGEST_NAME = 200
_depth: ContextVar[int] = ContextVar("depth", default=0)


def readable_name(name: str) -> str:
    """The name of a file on one line, as it may stand in a text."""
    return one_line(clean(name))[:_LONGEST_NAME] or "unnamed"


def add_file(
    blocks: Blocks, data: bytes, name: str, heading: str, level: int, limits: Limits
) -> None:
    """Add a section with the text of a file, its own headings below that of the section.

    Raises:
        LoadError: it cannot be read; nothing was added then.
    """
    from qa.loading import read

    with _one_deeper(name):
        document = read(data, readable_name(name), limits)
    blocks.heading(heading, level)
    blocks.embed(document, level)


@contextmanager
def _one_deeper(name: str) -> Iterator[None]:
    depth = _depth.get()
    if depth >= DEEPEST:
        raise LoadError(f"{readable_name(name)} lies in more than {DEEPEST} files. Unpack them.")
    token = _depth.set(depth + 1)
    try:
        yield
    finally:
        _depth.reset(token)
