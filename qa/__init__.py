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
    from qa.access import Viewer
    from qa.answering import AnswerStream
    from qa.assistant import Assistant
    from qa.backups import backup, restore
    from qa.errors import (
        AccessError,
        ArgumentError,
        BackupError,
        BusyError,
        ClusterError,
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
        SignInUnavailableError,
        TimeLimitError,
        TooLargeError,
        TooManyRequestsError,
        UnknownCallerError,
        UnknownSourceError,
        UnsupportedFormatError,
    )
    from qa.evaluation import Evaluation, Expected, evaluate
    from qa.events import (
        AccessChanged,
        Answered,
        Asker,
        Erased,
        Event,
        FindingSetAside,
        Judged,
        Published,
        Searched,
        SignedIn,
        SignedOut,
        SignInRefused,
        SourceOpened,
        Synced,
        Unanswered,
        Uploaded,
    )
    from qa.index import CitedRange, Verdict, Verdicts
    from qa.places import folders_above
    from qa.places.private_folder import PrivateFolder
    from qa.places.regular_file import open_regular
    from qa.records import (
        Answer,
        Backup,
        Block,
        Citation,
        Document,
        Forgotten,
        Heading,
        Hit,
        Insights,
        Link,
        OpenTopic,
        PageMarks,
        Passage,
        PermitReport,
        Permitted,
        Progress,
        Reading,
        Review,
        ReviewFinding,
        Scan,
        Skipped,
        Source,
        Span,
        Status,
        SyncReport,
        Turn,
        Unread,
        hard_to_read,
        headings_below,
        rows_of,
        words_above,
    )
    from qa.schemas import AnswerFields, AnswerJSON, CitationJSON
    from qa.settings import Settings
    from qa.text.excerpts import excerpt
    from qa.text.markup.links import answer_links, web_address
    from qa.text.markup.markdown import answer_markdown, plain_markdown
    from qa.text.markup.shapes import AnswerPart, answer_parts, repeated

_HOMES = {
    "qa.access": ("Viewer",),
    "qa.answering": ("AnswerStream",),
    "qa.assistant": ("Assistant",),
    "qa.backups": ("backup", "restore"),
    "qa.errors": (
        "AccessError", "ArgumentError", "BackupError", "BusyError", "ClusterError",
        "DamagedFileError", "EmptyFileError", "EncryptedFileError", "EvaluationError",
        "GenerationError", "IndexLockedError", "IndexMismatchError", "IndexUnavailableError",
        "LoadError", "ModelUnavailableError", "QAError", "SettingsError", "SignInUnavailableError",
        "TimeLimitError", "TooLargeError", "TooManyRequestsError", "UnknownCallerError",
        "UnknownSourceError",
        "UnsupportedFormatError",
    ),
    "qa.evaluation": ("Evaluation", "Expected", "evaluate"),
    "qa.events": (
        "AccessChanged", "Answered", "Asker", "Erased", "Event", "FindingSetAside", "Judged",
        "Published", "Searched", "SignInRefused", "SignedIn", "SignedOut", "SourceOpened",
        "Synced", "Unanswered", "Uploaded",
    ),
    "qa.index": ("CitedRange", "Verdict", "Verdicts"),
    "qa.places": ("folders_above",),
    "qa.places.private_folder": ("PrivateFolder",),
    "qa.records": (
        "Answer", "Backup", "Block", "Citation", "Document", "Forgotten", "Heading", "Hit",
        "Insights", "Link", "OpenTopic", "PageMarks", "Passage", "PermitReport", "Permitted",
        "Progress", "Reading", "Review", "ReviewFinding", "Scan", "Skipped", "Source", "Span",
        "Status", "SyncReport", "Turn", "Unread", "hard_to_read", "headings_below", "rows_of",
        "words_above",
    ),
    "qa.places.regular_file": ("open_regular",),
    "qa.schemas": ("AnswerFields", "AnswerJSON", "CitationJSON"),
    "qa.settings": ("Settings",),
    "qa.text.excerpts": ("excerpt",),
    "qa.text.markup.links": ("answer_links", "web_address"),
    "qa.text.markup.markdown": ("answer_markdown", "plain_markdown"),
    "qa.text.markup.shapes": ("AnswerPart", "answer_parts", "repeated"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AccessChanged",
    "AccessError",
    "Answer",
    "AnswerFields",
    "AnswerJSON",
    "AnswerPart",
    "AnswerStream",
    "Answered",
    "ArgumentError",
    "Asker",
    "Assistant",
    "Backup",
    "BackupError",
    "Block",
    "BusyError",
    "Citation",
    "CitationJSON",
    "CitedRange",
    "ClusterError",
    "DamagedFileError",
    "Document",
    "EmptyFileError",
    "EncryptedFileError",
    "Erased",
    "Evaluation",
    "EvaluationError",
    "Event",
    "Expected",
    "FindingSetAside",
    "Forgotten",
    "GenerationError",
    "Heading",
    "Hit",
    "IndexLockedError",
    "IndexMismatchError",
    "IndexUnavailableError",
    "Insights",
    "Judged",
    "Link",
    "LoadError",
    "ModelUnavailableError",
    "OpenTopic",
    "PageMarks",
    "Passage",
    "PermitReport",
    "Permitted",
    "PrivateFolder",
    "Progress",
    "Published",
    "QAError",
    "Reading",
    "Review",
    "ReviewFinding",
    "Scan",
    "Searched",
    "Settings",
    "SettingsError",
    "SignInRefused",
    "SignInUnavailableError",
    "SignedIn",
    "SignedOut",
    "Skipped",
    "Source",
    "SourceOpened",
    "Span",
    "Status",
    "SyncReport",
    "Synced",
    "TimeLimitError",
    "TooLargeError",
    "TooManyRequestsError",
    "Turn",
    "Unanswered",
    "UnknownCallerError",
    "UnknownSourceError",
    "Unread",
    "UnsupportedFormatError",
    "Uploaded",
    "Verdict",
    "Verdicts",
    "Viewer",
    "answer_links",
    "answer_markdown",
    "answer_parts",
    "backup",
    "evaluate",
    "excerpt",
    "folders_above",
    "hard_to_read",
    "headings_below",
    "open_regular",
    "plain_markdown",
    "repeated",
    "restore",
    "rows_of",
    "web_address",
    "words_above",
]


def __getattr__(name: str) -> Any:
    # Settings need pydantic and the Assistant LangChain, a second of imports together:
    # they are imported when first used, so that `qa.Document` alone stays cheap.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
