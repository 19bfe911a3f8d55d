"""Footnote: answers from your own documents, with a checked footnote on everything it says.

>>> import qa
>>> assistant = qa.Assistant()
>>> assistant.ask("Where might the second summit be held?").text
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.errors import (
        AccessError,
        DamagedFileError,
        EmptyFileError,
        EncryptedFileError,
        EvaluationError,
        GenerationError,
        IndexLockedError,
        IndexMismatchError,
        IndexUnavailableError,
        LoadError,
        ModelUnavailableError,
        QAError,
        SettingsError,
        TooLargeError,
        UnknownSourceError,
        UnsupportedFormatError,
    )
    from qa.evaluation import Evaluation, evaluate
    from qa.evaluation_sets import Expected
    from qa.records import (
        Answer,
        Citation,
        Document,
        Forgotten,
        Heading,
        Hit,
        Passage,
        Progress,
        Skipped,
        Source,
        Span,
        Status,
        SyncReport,
        Turn,
    )
    from qa.settings import Settings
    from qa.streaming import AnswerStream

_HOMES = {
    "qa.assistant": ("Assistant",),
    "qa.errors": (
        "AccessError", "DamagedFileError", "EmptyFileError", "EncryptedFileError",
        "EvaluationError", "GenerationError", "IndexLockedError", "IndexMismatchError",
        "IndexUnavailableError", "LoadError", "ModelUnavailableError", "QAError", "SettingsError",
        "TooLargeError", "UnknownSourceError", "UnsupportedFormatError",
    ),
    "qa.evaluation": ("Evaluation", "evaluate"),
    "qa.evaluation_sets": ("Expected",),
    "qa.records": (
        "Answer", "Citation", "Document", "Forgotten", "Heading", "Hit", "Passage", "Progress",
        "Skipped", "Source", "Span", "Status", "SyncReport", "Turn",
    ),
    "qa.settings": ("Settings",),
    "qa.streaming": ("AnswerStream",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AccessError",
    "Answer",
    "AnswerStream",
    "Assistant",
    "Citation",
    "DamagedFileError",
    "Document",
    "EmptyFileError",
    "EncryptedFileError",
    "Evaluation",
    "EvaluationError",
    "Expected",
    "Forgotten",
    "GenerationError",
    "Heading",
    "Hit",
    "IndexLockedError",
    "IndexMismatchError",
    "IndexUnavailableError",
    "LoadError",
    "ModelUnavailableError",
    "Passage",
    "Progress",
    "QAError",
    "Settings",
    "SettingsError",
    "Skipped",
    "Source",
    "Span",
    "Status",
    "SyncReport",
    "TooLargeError",
    "Turn",
    "UnknownSourceError",
    "UnsupportedFormatError",
    "evaluate",
]


def __getattr__(name: str) -> Any:
    # Settings need pydantic and the Assistant LangChain, a second of imports together:
    # they are paid when first used, not by whoever only wants `qa.Document`.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
