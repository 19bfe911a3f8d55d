"""Every error that Footnote raises on purpose.

::

    QAError
    ├── SettingsError              a setting is unknown, malformed or contradicts another
    ├── LoadError                  a file could not be read
    │   ├── UnsupportedFormatError   no loader for this kind of file
    │   ├── EncryptedFileError       a password is needed
    │   ├── DamagedFileError         the file is not what its name says, or is cut off
    │   ├── EmptyFileError           there is no text in it (a scan, a blank page)
    │   └── TooLargeError            larger than the setting allows
    ├── IndexMismatchError         the index was made by another embedder or splitter
    ├── IndexLockedError           another process is writing to the index
    ├── IndexUnavailableError      the store cannot be reached or opened
    ├── UnknownSourceError         the index holds no such source
    ├── ModelUnavailableError      a model, its weights or the package that runs it is missing
    ├── GenerationError            a chat model failed while it was writing
    ├── EvaluationError            a question set or a saved evaluation cannot be used
    └── AccessError                this caller may not see this

A message names the file or value at fault and the next step, in one or two
lines, so that the command line and the page can show it as it is.
"""


class QAError(Exception):
    """The root: catch this one to catch them all."""


class SettingsError(QAError):
    """A setting is unknown, malformed or contradicts another."""


class LoadError(QAError):
    """A file could not be read."""


class UnsupportedFormatError(LoadError):
    """There is no loader for this kind of file."""


class EncryptedFileError(LoadError):
    """The file asks for a password."""


class DamagedFileError(LoadError):
    """The file is not what its name says, or is cut off."""


class EmptyFileError(LoadError):
    """The file holds no text: a scan without a text layer, or nothing at all."""


class TooLargeError(LoadError):
    """The file is larger than `Settings.max_file_megabytes`."""


class IndexMismatchError(QAError):
    """The index was made by another embedder, dimension or splitter."""


class IndexLockedError(QAError):
    """Another process is writing to the index and did not finish in time."""


class IndexUnavailableError(QAError):
    """The store cannot be reached or opened."""


class UnknownSourceError(QAError):
    """The index holds no source of this name."""


class ModelUnavailableError(QAError):
    """A model, its weights or the package that runs it is missing."""


class GenerationError(QAError):
    """A chat model failed while it was writing."""


class EvaluationError(QAError):
    """A question set or a saved evaluation cannot be used."""


class AccessError(QAError):
    """Whoever asks may not see what was asked for."""
