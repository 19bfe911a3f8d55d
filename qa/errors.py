"""Every error that Footnote raises on purpose.

::

    QAError
    ├── SettingsError              a setting is unknown, malformed or contradicts another
    ├── ArgumentError              a call was given what it cannot take
    ├── LoadError                  a file could not be read
    │   ├── UnsupportedFormatError   no loader for this kind of file
    │   ├── EncryptedFileError       a password is needed
    │   ├── DamagedFileError         the file is not what its name says, or is cut off
    │   ├── EmptyFileError           there is no text in it (a scan, a blank page)
    │   └── TooLargeError            larger than the setting allows
    ├── IndexMismatchError         the index was made by another embedder or splitter
    ├── IndexLockedError           another process is writing to the index
    ├── IndexUnavailableError      the store cannot be reached or opened
    ├── UnknownSourceError         the index holds no such source or folder
    ├── ModelUnavailableError      a model, its weights or the package that runs it is missing
    ├── GenerationError            a chat model failed while it was writing
    ├── BusyError                  more questions wait than the setting allows
    ├── TooManyRequestsError       whoever asks has had their share for now
    ├── TimeLimitError             a question took longer than the setting allows
    ├── EvaluationError            a question set or a saved evaluation cannot be used
    ├── BackupError                a backup cannot be written, read or restored
    ├── ClusterError               a Ray cluster is away, or has something else installed
    ├── SignInUnavailableError     what knows the people who sign in cannot be reached
    └── AccessError                this caller may not see this
        └── UnknownCallerError       nobody knows who is calling: a key is missing or not valid

A message names the file or value at fault and the next step, in one or two lines, so that the
command line and the page can show it unchanged.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def message_of(error: BaseException, longest: int = 200) -> str:
    """An error's message on one line, short enough to be part of another message."""
    text = " ".join(str(error).split()).rstrip(" .")
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return text or type(error).__name__


def described(value: object) -> str:
    """A value in a message: its type, and the value itself if that is short."""
    kind = type(value).__name__
    shown = (
        repr(value) if isinstance(value, str | bytes | int | float | list | tuple | dict) else ""
    )
    return "None" if value is None else f"{kind} {shown}".strip()[:80]


class QAError(Exception):
    """The root: catch this one to catch them all.

    Only a call that does not fit the signature is not among them; it raises Python's own
    `TypeError`.
    """


class SettingsError(QAError):
    """A setting is unknown, malformed or contradicts another."""


class ArgumentError(QAError):
    """A call got an argument that it cannot take; the message says what it takes."""


class LoadError(QAError):
    """A file could not be read."""

    format = ""
    """What it was to be read as, such as "docx 1" (see `Reading.formats`); "" if unknown."""


class UnsupportedFormatError(LoadError):
    """There is no loader for this kind of file."""


class EncryptedFileError(LoadError):
    """The file asks for a password."""


class DamagedFileError(LoadError):
    """The file is not what its name says, or is cut off."""


class EmptyFileError(LoadError):
    """The file holds no text: a scan without a text layer, or nothing at all."""


class TooLargeError(LoadError):
    """The file has, or its reading takes, more than a setting allows."""


class IndexMismatchError(QAError):
    """The index was made by another embedder, dimension or splitter."""


class IndexLockedError(QAError):
    """Another process is writing to the index and did not finish in time."""


class IndexUnavailableError(QAError):
    """The store cannot be reached or opened."""


class UnknownSourceError(QAError):
    """The index holds no source or folder of this name."""


class ModelUnavailableError(QAError):
    """A model, its weights or the package that runs it is missing."""


class GenerationError(QAError):
    """A chat model failed while it was writing."""


class BusyError(QAError):
    """More questions are waiting than `Settings.max_waiting_questions`."""


class TooManyRequestsError(QAError):
    """Whoever asks has had their share of what all share; more is theirs in `retry_seconds`."""

    def __init__(self, message: str, retry_seconds: float = 5) -> None:
        super().__init__(message)
        self.retry_seconds = max(1, ceil(retry_seconds))


class TimeLimitError(QAError):
    """There was no answer after `Settings.question_timeout` seconds."""


class EvaluationError(QAError):
    """A question set or a saved evaluation cannot be used."""


class BackupError(QAError):
    """A backup cannot be written, read or restored; what was there before is as it was."""


class ClusterError(QAError):
    """A Ray cluster cannot be reached, or its machines have something else installed."""


class SignInUnavailableError(QAError):
    """What knows the people who sign in, or keeps their sessions, cannot be used at the moment."""


class AccessError(QAError):
    """The caller is not allowed to see what was asked for."""


class UnknownCallerError(AccessError):
    """A key is needed, and there is none, or it is unknown or has expired."""


@contextmanager
def needed_for(purpose: str, package: str, install: str) -> Iterator[None]:
    """Turn a failure to import `package` into advice: what needs it, and what to install.

    Raises:
        ModelUnavailableError: something could not be imported in the block.
    """
    try:
        yield
    except ImportError as error:
        raise ModelUnavailableError(
            f"{purpose} needs the package {package}. Run: pip install {install}"
        ) from error


def extra(name: str) -> str:
    """What to install for one of our extras, quoted for a shell."""
    return f'"footnote-qa[{name}]"'


def need(purpose: str, module: str, package: str, install: str) -> None:
    """Make sure that `module` can be imported.

    Raises:
        ModelUnavailableError: its `package` is missing.
    """
    with needed_for(purpose, package, install):
        import_module(module)
