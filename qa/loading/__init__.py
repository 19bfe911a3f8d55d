"""From the bytes of a file to a `Document`: one small module per family of formats.

To add a format, write `qa/loading/<name>.py` with one function, ::

    def parse(data: bytes, source: str) -> Document: ...

and add one line per suffix to `MODULES` below. `parse` may raise any
`LoadError` with a message of its own, leaves `id` empty, and may let the
exceptions of its parser pass: `read` turns them into a `DamagedFileError` and
refuses blank text. `qa.loading.blocks` puts text and headings together with
the right offsets, `qa.loading.decoding` turns bytes into characters. If the
format can be told from its first bytes, teach it to `qa.loading.kinds` too.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path, PurePath

from qa.errors import DamagedFileError, EmptyFileError, LoadError, TooLargeError
from qa.loading.kinds import choose
from qa.records import Document

MODULES = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
"""The module that reads files of a suffix."""


def supported_suffixes() -> frozenset[str]:
    """The suffixes that `load` and `read` know, in lower case, with the dot."""
    return frozenset(MODULES)


def load(path: Path, source: str, *, max_megabytes: float = 100) -> Document:
    """The document in the file at `path`; errors name it by `source`.

    Raises:
        TooLargeError: the file is larger than `max_megabytes` (millions of bytes).
        LoadError: it could not be opened, or as for `read`.
    """
    try:
        size = path.stat().st_size
        if size > max_megabytes * 1_000_000:
            raise TooLargeError(
                f"{source} has {size / 1e6:.1f} MB and the limit is {max_megabytes:g} MB. "
                "Split it, or raise the setting max_file_megabytes."
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise LoadError(
            f"{source} cannot be opened: {reason}. Check that it is a file and may be read."
        ) from error
    return read(data, source)


def read(data: bytes, source: str) -> Document:
    """The document in `data`: its content says which kind it is, else the suffix of `source`.

    Raises:
        LoadError: one of its subclasses, naming `source` and the next step.
    """
    name = choose(data, source, PurePath(source).suffix.lower(), MODULES)
    if not data:
        raise EmptyFileError(f"{source} is empty (0 bytes). Save it again with text in it.")
    try:
        document: Document = import_module(f"{__name__}.{name}").parse(data, source)
    except LoadError:
        raise
    except ImportError as error:
        raise LoadError(
            f"{source} needs the package {error.name}, which cannot be imported ({error}). "
            "Install footnote-qa again."
        ) from error
    except MemoryError as error:
        raise TooLargeError(
            f"{source} needs more memory than there is. Split it into smaller files."
        ) from error
    except Exception as error:  # a parser may raise anything at all on a damaged file
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise DamagedFileError(
            f"{source} is damaged, or not a {name} file ({detail}). "
            "Open it in the program that made it and save it again."
        ) from error
    if not document.text.strip():
        raise EmptyFileError(f"{source} holds no text. Leave it out, or save it with text in it.")
    return document
