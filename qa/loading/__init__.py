"""From the bytes of a file to a `Document`: a small module for each family of formats.

To add a format, write `qa/loading/<name>.py` with one function, ::

    def parse(data: bytes, source: str, limits: Limits) -> Document: ...

and name it in the format's record in `qa.loading.formats`. `parse` may raise any `LoadError` with
its own message, leaves `id` empty, and may let its parser's exceptions pass: `read` turns them into
a `DamagedFileError` and refuses blank text. It runs in a worker (`qa.loading.workers.pool`), which
limits its time and memory; what is cheap to count, it checks against `limits` itself.
`qa.loading.blocks` puts text and headings together with the right offsets, `qa.loading.decoding`
turns bytes into characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module

from qa.errors import DamagedFileError, EmptyFileError, LoadError, message_of
from qa.limits import DEFAULTS, Limits
from qa.loading.blocks import title_from_name as title_from_name
from qa.loading.formats import CURRENT as CURRENT
from qa.loading.formats import READABLE, choose
from qa.loading.lines import blocks_of_lines as blocks_of_lines
from qa.records import Document


def supported_suffixes() -> frozenset[str]:
    """The suffixes that `read` knows, in lower case, with the dot."""
    return READABLE


def read(data: bytes, source: str, limits: Limits = DEFAULTS, suffix: str = "") -> Document:
    """The document in `data`, whose format is detected from its content or the suffix of `source`.

    A `suffix` that is given counts instead of that of `source`.
    This parses in the calling process; `qa.loading.workers.pool` does it in another one.

    Raises:
        LoadError: one of its subclasses, naming `source` and the next step.
    """
    chosen = choose(data, source, suffix)
    try:
        document = _parsed(chosen.parser or "", data, source, limits)
    except LoadError as error:
        error.format = chosen.read_as
        raise
    formats = dict.fromkeys((chosen.read_as, *document.reading.formats))
    return replace(document, reading=replace(document.reading, formats=tuple(formats)))


def _parsed(name: str, data: bytes, source: str, limits: Limits) -> Document:
    if not data:
        raise EmptyFileError(f"{source} is empty (0 bytes). Save it again with text in it.")
    with telling_damage(source, name.rpartition(".")[2], limits):
        document: Document = import_module(f"{__name__}.{name}").parse(data, source, limits)
    limits.check(source, "max_characters", len(document.text), "has {} characters")
    if not document.text.strip():
        raise EmptyFileError(f"{source} holds no text. Leave it out, or save it with text in it.")
    return document


@contextmanager
def telling_damage(source: str, kind: str, limits: Limits) -> Iterator[None]:
    """Turn whatever a parser raises in the block into a `LoadError` that names the file."""
    try:
        yield
    except LoadError:
        raise
    except ImportError as error:
        raise LoadError(
            f"{source} needs the package {error.name}, which cannot be imported ({error}). "
            "Install footnote-qa again."
        ) from error
    except MemoryError as error:
        raise limits.exceeded(source, "parsing_megabytes", "needs too much memory") from error
    except Exception as error:  # a parser may raise any exception on a damaged file
        detail = message_of(error, 120)
        raise DamagedFileError(
            f"{source} is damaged, or not a {kind} file ({detail}). "
            "Open it in the program that made it and save it again."
        ) from error
