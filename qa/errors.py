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
    ├── TimeLimitError             a question took longer than the setting allows
    ├── EvaluationError            a question set or a saved evaluation cannot be used
    └── AccessError                this caller may not see this
        └── UnknownCallerError       nobody knows who is calling: a key is missing or not valid

A message names the file or value at fault and the next step, in one or two lines, so that the
command line and the page can show it unchanged.
"""


def message_of(error: BaseException, longest: int = 200) -> str:
    """An error's message on one line, short enough to be part of another message."""
    text = " ".join(str(error).split()).rstrip(" .")
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return text or type(error).__name__


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


class TimeLimitError(QAError):
    """There was no answer after `Settings.question_timeout` seconds."""


class EvaluationError(QAError):
    """A question set or a saved evaluation cannot be used."""


class AccessError(QAError):
    """The caller is not allowed to see what was asked for."""


class UnknownCallerError(AccessError):
    """A key is needed, and there is none, or it is unknown or has expired."""
